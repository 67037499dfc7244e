// What must not matter: the order of ids, a user that adds nothing, how a vector is cut, which user is which.
import { expect } from 'chai';
import fc from 'fast-check';
import { registeredUsers } from '../support/registered-users.ts';
import { Session } from '../support/session.ts';

const USERS = registeredUsers([0, 3, 77, 1000, 5_000_000_000]);
const component = fc.integer({ min: -1000, max: 1000 });
const vectorsOf = (vecLen: number): fc.Arbitrary<number[][]> =>
  fc.array(fc.array(component, { minLength: vecLen, maxLength: vecLen }), { minLength: 5, maxLength: 5 });

async function sum(vectors: readonly number[][], order: readonly number[] = [0, 1, 2, 3, 4]): Promise<bigint[]> {
  const session = new Session({
    ids: order.map((i) => USERS.ids[i]!),
    registered: USERS,
    threshold: 4,
    vecLen: vectors[0]!.length,
    options: { bits: 20 },
    vectorOf: (_, id) => vectors[USERS.ids.indexOf(id)]!,
  });
  return session.finish();
}

describe('it does not matter', () => {
  const RUNS = { numRuns: 5 };

  it('in which order users are made and heard', async () => {
    await fc.assert(
      fc.asyncProperty(vectorsOf(4), fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), async (vectors, order) => {
        expect(await sum(vectors, order)).to.deep.equal(await sum(vectors));
      }),
      RUNS,
    );
  });

  it('who has which vector', async () => {
    await fc.assert(
      fc.asyncProperty(vectorsOf(3), fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), async (vectors, order) => {
        expect(await sum(order.map((i) => vectors[i]!))).to.deep.equal(await sum(vectors));
      }),
      RUNS,
    );
  });

  it('whether a user of zeros is in or has dropped out', async () => {
    await fc.assert(
      fc.asyncProperty(vectorsOf(2), async (vectors) => {
        const given = [...vectors.slice(0, 4), [0, 0]];
        const session = new Session({
          registered: USERS,
          threshold: 4,
          vecLen: 2,
          options: { bits: 20 },
          vectorOf: (i) => given[i]!,
        });
        expect(await session.finish([[], [], [USERS.ids[4]!]])).to.deep.equal(await sum(given));
      }),
      RUNS,
    );
  });

  it('whether a vector is summed whole or in pieces', async () => {
    await fc.assert(
      fc.asyncProperty(vectorsOf(7), fc.integer({ min: 1, max: 6 }), async (vectors, cut) => {
        const pieces = [
          ...(await sum(vectors.map((vec) => vec.slice(0, cut)))),
          ...(await sum(vectors.map((vec) => vec.slice(cut)))),
        ];
        expect(pieces).to.deep.equal(await sum(vectors));
      }),
      RUNS,
    );
  });

  it('how many users there are, from the fewest on', async () => {
    for (const users of [2, 3, 4, 8, 9, 16, 17]) {
      const ids = Array.from({ length: users }, (_, i) => i);
      const session = new Session({ ids, threshold: Math.max(2, Math.floor(users / 2) + 1), vecLen: 1 });
      session.expectSum(await session.finish(), ids);
    }
  });
});
