// How fast does a server take masked inputs? Beside SHA-256 of the same bytes, which each of them needs once. Every message
// is one of a real user, heard once; the session is played to its end and the sum checked.
import { createHash } from 'node:crypto';
import { round0Msg, ServerWrapper } from '../src/index.ts';
import type { Bench } from './bench.ts';
import { addInTheClear, cohortOf, requireSum, thresholdFor, usersOf, vectorOf } from './cohort.ts';
import { blocks, table, whole } from './markdown.ts';
import { median, timed } from './statistics.ts';

/** GB/s of message bytes, medians over the users. */
interface Rate {
  readonly bits: number;
  readonly bytes: number;
  readonly recv: number;
  readonly sha256: number;
}

export interface ReceivingFigures {
  readonly users: number;
  readonly vecLen: number;
  readonly rates: readonly Rate[];
}

export const receiving: Bench<ReceivingFigures> = {
  question: 'How fast does a server take masked inputs?',

  async measure(quick) {
    const [users, vecLen] = quick ? [6, 2 ** 17] : [24, 2 ** 20];
    const rates: Rate[] = [];
    for (const bits of [16, 20, 32, 33, 64]) rates.push(await measureRate(users, vecLen, bits));
    return { users, vecLen, rates };
  },

  describe: ({ users, vecLen, rates }) =>
    blocks(
      `\`recv\` of ${whole(vecLen)} components, medians of ${String(users)} messages, one after the other.`,
      table(
        ['bits', 'MB', 'recv, GB/s', 'SHA-256 alone, GB/s', 'recv, ms'],
        rates.map(({ bits, bytes, recv, sha256 }) => [bits, bytes / 1e6, recv, sha256, bytes / 1e6 / recv]),
      ),
    ),
};

async function measureRate(users: number, vecLen: number, bits: number): Promise<Rate> {
  const threshold = thresholdFor(users);
  const cohort = cohortOf(users);
  const parties = usersOf(cohort, { threshold, vecLen, options: { bits } });
  const server = new ServerWrapper(threshold, vecLen, { bits, publicKeys: cohort.publicKeys });
  const times: { bytes: number; recv: number; sha256: number }[] = [];
  let messages = new Map(parties.map(({ id }) => [id, round0Msg()]));
  for (let round = 0; round < 5; round++) {
    const answers: [user: number, bytes: Uint8Array][] = [];
    for (const user of parties) answers.push([user.id, await user.round(messages.get(user.id) ?? round0Msg())]);
    // All are there before the first is heard: a server has no users beside it, whose work drives its sum from the caches.
    for (const [id, answer] of answers) {
      const [, sha256] = await timed(() => createHash('sha256').update(answer).digest());
      const [, recv] = await timed(() => server.recv(id, answer));
      if (round === 2) times.push({ bytes: answer.length, recv, sha256 });
    }
    const output = await server.round();
    if (output.isMessages()) messages = output.getMessages();
  }
  const vectors = parties.map(({ id }) => vectorOf(id, vecLen));
  requireSum(server.output()?.getVector(), addInTheClear(vectors, vecLen));
  const bytes = times[0]?.bytes ?? NaN;
  const rate = (of: 'recv' | 'sha256'): number => bytes / 1e6 / median(times.map((each) => each[of]));
  return { bits, bytes, recv: rate('recv'), sha256: rate('sha256') };
}
