// A model of 110 million parameters in one vector: one session, so one set of users for all of it.
import { expect } from 'chai';
import { sum, weightedMean, type Encoding } from '../../src/encoding/index.ts';
import type { SumVector } from '../../src/index.ts';
import { Session } from '../support/session.ts';

const LENGTH = 110_000_000;
const ids = [3, 8, 21, 34];
/** Drops out before it sends its vector, so that the server removes its masks from all others. */
const DROPS = 8;
const included = ids.filter((id) => id !== DROPS);

/** Plays a session; the vector of one user at a time is in memory. */
async function play(
  { vecLen, options }: Encoding<never, unknown, unknown>,
  vectorOf: (id: number) => SumVector,
): Promise<SumVector> {
  const session = new Session({ ids, threshold: 3, vecLen, options, vectorOf: () => null });
  await session.before(2);
  for (const id of included) {
    session.user(id).setVector(vectorOf(id));
    session.server.recv(id, await session.user(id).round(session.messages.get(id)!));
  }
  await session.close();
  await session.round();
  const output = await session.round();
  expect(session.server.progress().included).to.deep.equal(included);
  expect(session.server.progress().dropped.map(({ userId }) => userId)).to.deep.equal([DROPS]);
  return output.getVector();
}

/** An integer in [−most, most] that differs for each user and component. */
const integerOf = (id: number, j: number, most: number): number =>
  ((Math.imul(j + 1, 2_654_435 + 2 * id) >>> 4) % (2 * most + 1)) - most;

describe('a session of vectors of 110 million components', () => {
  it('gives the exact sum in 16 bits, over one set of users', async function () {
    this.timeout(1_200_000);
    const most = 8000;
    const plan = sum({ maxUsers: ids.length, shapes: { body: [109_000, 1000], head: [1_000_000] }, min: -most, max: most });
    expect([plan.bits, plan.vecLen]).to.deep.equal([16, LENGTH]);
    const total = await play(plan, (id) => {
      const values = Int32Array.from({ length: LENGTH }, (_, j) => integerOf(id, j, most));
      const body = { shape: [109_000, 1000], data: values.subarray(0, 109_000_000) };
      return plan.encode({ body, head: { shape: [1_000_000], data: values.subarray(109_000_000) } }).vector;
    });
    const { body, head } = plan.decode(total, { users: included.length }).sum;
    let wrong = 0;
    for (let j = 0; j < LENGTH; j++) {
      const expected = included.reduce((result, id) => result + integerOf(id, j, most), 0);
      if ((j < 109_000_000 ? body.data[j] : head.data[j - 109_000_000]) !== expected) wrong++;
    }
    expect(wrong).to.equal(0);
  });

  it('gives the weighted mean in 32 bits, with a user that has no examples', async function () {
    this.timeout(1_200_000);
    const weights = new Map([
      [3, 20],
      [21, 0],
      [34, 60],
    ]);
    const plan = weightedMean({ maxUsers: ids.length, length: LENGTH, quantizationRange: 2 ** 28, rounding: 'nearest' });
    expect(plan.bits).to.be.within(29, 32);
    const valueOf = (id: number, j: number): number => Math.fround(integerOf(id, j, 1000) / 256);
    const total = await play(plan, (id) => {
      if (weights.get(id) === 0) return plan.encode(null, 0).vector;
      return plan.encode(
        Float32Array.from({ length: LENGTH }, (_, j) => valueOf(id, j)),
        weights.get(id),
      ).vector;
    });
    const users = included.length;
    const result = plan.decode(total, { users });
    expect(result.totalWeight).to.equal(80);
    const { worst } = plan.errorBound({ users, totalWeight: 80 });
    let farthest = 0;
    for (let j = 0; j < LENGTH; j++) {
      const exact = (20 * valueOf(3, j) + 60 * valueOf(34, j)) / 80;
      farthest = Math.max(farthest, Math.abs(result.mean[j]! - exact));
    }
    expect(farthest).to.be.at.most(worst);
  });
});
