// Run as a process of its own: one session of real users, in which each message is heard once and the sum is checked. Prints
// the rates of round 2 as JSON. Arguments: users, components, bits.
import { createHash } from 'node:crypto';
import { round0Msg, ServerWrapper } from '../../src/index.ts';
import { addInTheClear, registerUsers, requireSum, thresholdFor, usersOf, vectorOf } from '../registered-users.ts';
import { median, timed } from '../statistics.ts';
import type { Rate } from '../receiving.ts';

const [users, vecLen, bits] = process.argv.slice(2).map(Number) as [number, number, number];
const threshold = thresholdFor(users);
const registered = registerUsers(users);
const parties = usersOf(registered, { threshold, vecLen, options: { bits } });
const server = new ServerWrapper(threshold, vecLen, { bits, publicKeys: registered.publicKeys });
const times: { bytes: number; recv: number; sha256: number }[] = [];
let messages = new Map(parties.map(({ id }) => [id, round0Msg()]));
for (let round = 0; round < 5; round++) {
  const answers: [user: number, bytes: Uint8Array][] = [];
  for (const user of parties) answers.push([user.id, await user.round(messages.get(user.id) ?? round0Msg())]);
  // All answers are made before the first is heard, because the work of users would drive the sum of the server from the caches.
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
console.log(JSON.stringify({ bits, bytes, recv: rate('recv'), sha256: rate('sha256') } satisfies Rate));
