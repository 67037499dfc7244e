// One session on a sparse graph with dropouts in every round, at any size.
import { expect } from 'chai';
import { positionsOf, sparseSession } from './sparse.ts';

/** Users of U1, neighbors of each, shares that open a secret. */
export type Size = readonly [users: number, neighbors: number, shareThreshold: number];

export async function expectSumWithDropouts([users, neighbors, shareThreshold]: Size): Promise<void> {
  const session = sparseSession(users + 1, { neighbors, shareThreshold }, { threshold: users - neighbors + 2 });
  const { ids } = session.setup;
  // One is lost before it advertises keys: U1 has the size that the title says.
  const absent = ids[5]!;
  await session.round([absent]);
  const places = positionsOf(session);
  expect(places).to.have.length(users).and.not.include(absent);
  // Later one a round, each far from the others in the order of positions, so that no neighborhood loses more than two; of ten users only
  // two, for more would let the others fall apart.
  const at = (i: number): number => places[Math.floor((i * users) / 4)]!;
  const lost = users === 10 ? [[at(0)], [], [at(2)], []] : [[at(0)], [at(1)], [at(2)], [at(3)]];
  const sum = await session.finish([[], ...lost]);
  session.expectSum(
    sum,
    ids.filter((id) => id !== absent && ![...lost[0]!, ...lost[1]!].includes(id)),
  );
  const reasons = ['no-shares', 'no-masked-input', 'no-signature', 'no-answer'] as const;
  const expected = lost.flatMap((ids, i) => ids.map((id) => [id, reasons[i]]));
  const { dropped } = session.server.progress();
  expect(dropped.map(({ userId, reason }) => [userId, reason])).to.deep.equal(expected);
}
