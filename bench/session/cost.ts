// The cost of one session: real messages between real objects in one process, beside the same vectors added in the clear. The
// setup is not measured, and the sum is checked.
import { ServerWrapper, round0Msg, type SessionOptions } from '../../src/index.ts';
import { addInPlace, registerUsers, requireSum, usersOf, vectorOf } from '../registered-users.ts';
import { timed } from '../statistics.ts';

export interface Size {
  readonly users: number;
  readonly vecLen: number;
  readonly bits: number;
  /** On a sparse graph; null for the complete graph. */
  readonly neighbors: number | null;
  /** Share of the users that deal and send no input. */
  readonly dropout: number;
}

/** Milliseconds and bytes of one round: of one user on average, and of the server. */
export interface RoundCost {
  readonly userMs: number;
  readonly serverMs: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

export interface SessionCost extends Size {
  readonly rounds: readonly RoundCost[];
  readonly clearMs: number;
}

type Terms = readonly [threshold: number, options: SessionOptions];

/** Runs a session. @throws if the sum is wrong. */
export async function costOf(size: Size, [threshold, options]: Terms = termsOf(size)): Promise<SessionCost> {
  const { users, vecLen, dropout } = size;
  const registered = registerUsers(users);
  // On one thread whatever the size, so that costs can be compared.
  const server = new ServerWrapper(threshold, vecLen, { ...options, publicKeys: registered.publicKeys, threads: 0 });
  const parties = usersOf(registered, { threshold, vecLen, options, vectors: false });
  const dropped = Math.floor(users * dropout);
  let messages = new Map(parties.map(({ id }) => [id, round0Msg()]));
  const rounds: RoundCost[] = [];
  for (let round = 0; round < 5; round++) {
    let [userMs, serverMs, up] = [0, 0, 0];
    const down = [...messages.values()].reduce((total, { length }) => total + length, 0);
    const speakers = parties.filter(({ id }) => messages.has(id) && !(round === 2 && id < dropped));
    for (const user of speakers) {
      if (round === 2) user.setVector(vectorOf(user.id, vecLen)); // not before, as together they are long
      const [answer, ms] = await timed(() => user.round(messages.get(user.id) ?? round0Msg()));
      const [, receiving] = await timed(() => server.recv(user.id, answer));
      [userMs, serverMs, up] = [userMs + ms, serverMs + receiving, up + answer.length];
    }
    const [output, closing] = await timed(() => server.round());
    rounds.push({
      userMs: userMs / speakers.length,
      serverMs: serverMs + closing,
      bytesUp: Math.round(up / speakers.length),
      bytesDown: Math.round(down / messages.size),
    });
    if (output.isMessages()) messages = output.getMessages();
  }
  const plain = new Int32Array(vecLen);
  let clearMs = 0;
  for (const { id } of parties.slice(dropped)) {
    const vector = vectorOf(id, vecLen);
    clearMs += (await timed(() => addInPlace(plain, vector)))[1];
  }
  requireSum(server.output()?.getVector(), plain);
  return { ...size, rounds, clearMs };
}

function termsOf({ users, bits, neighbors }: Size): Terms {
  if (neighbors === null) return [Math.floor(users / 2) + 1, { bits }];
  // 3t ≥ 2k + 2, the condition against a server that lies once the graph is drawn.
  const graph = { neighbors, shareThreshold: Math.ceil((2 * neighbors + 2) / 3) };
  return [users, { bits, graph, adversary: 'semi-malicious' }];
}
