// One session of many users on the complete graph, with dropouts in every round, at any size.
import type { Adversary } from '../../src/index.ts';
import { Session } from './session.ts';

export interface LargeGroup {
  /** Users that are asked to take part; no multiple of 7. */
  readonly users: number;
  readonly threshold: number;
  readonly adversary?: Adversary;
  /** How many of them fall silent in each round. */
  readonly silent: readonly number[];
}

/** Asserts that the sum is that of the users that have sent their input. @returns the session that has ended. */
export async function expectSumOfLargeGroup({ users, threshold, adversary, silent }: LargeGroup): Promise<Session> {
  const ids = Array.from({ length: users }, (_, i) => 7 * i + 1);
  // Who falls silent is taken from all over the group.
  const shuffled = ids.map((_, i) => ids[(i * 7) % users]!);
  let from = 0;
  const quiet = silent.map((count) => shuffled.slice(from, (from += count)));
  const session = new Session({
    ids,
    threshold,
    vecLen: 10,
    options: { bits: 25, ...(adversary === undefined ? {} : { adversary }) },
    vectorOf: (index) => Array.from({ length: 10 }, (_, j) => index * index - 40_000 + j),
  });
  const sum = await session.finish(quiet);
  const gone = quiet.slice(0, 3).flat();
  session.expectSum(
    sum,
    ids.filter((id) => !gone.includes(id)),
  );
  return session;
}
