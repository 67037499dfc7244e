// More than 255 users share over GF(2^16): whole sessions, and the border between the two fields. The long run has a larger one.
import { SMALL_GROUP } from '../../src/crypto/shamir.ts';
import { Session } from '../support/session.ts';

describe('large groups', () => {
  it('260 users, 60 of them dealing, with dropouts in every later round', async function () {
    this.timeout(120_000);
    const ids = Array.from({ length: 260 }, (_, i) => 7 * i + 1);
    // Who falls silent in rounds 1 to 4, taken from all over the group.
    const shuffled = ids.map((_, i) => ids[(i * 7) % ids.length]!);
    let from = 0;
    const silent = [0, 200, 8, 4, 4].map((count) => shuffled.slice(from, (from += count)));
    const session = new Session({
      ids,
      threshold: 44,
      vecLen: 10,
      options: { adversary: 'semi-honest', bits: 25 },
      vectorOf: (index) => Array.from({ length: 10 }, (_, j) => index * index - 40_000 + j),
    });
    const sum = await session.finish(silent);
    const gone = silent.slice(0, 3).flat();
    session.expectSum(
      sum,
      ids.filter((id) => !gone.includes(id)),
    );
  });

  for (const users of [SMALL_GROUP, SMALL_GROUP + 1]) {
    it(`${users} users, on the border between the fields, with few of them dealing`, async function () {
      this.timeout(120_000);
      const ids = Array.from({ length: users }, (_, i) => i);
      const dealing = ids.filter((id) => id % 40 === 0);
      const session = new Session({
        ids,
        threshold: 4,
        options: { adversary: 'semi-honest', bits: 32 },
        vectorOf: (index) => [index, 1, -index],
      });
      const silent = ids.filter((id) => !dealing.includes(id));
      const sum = await session.finish([[], silent, [80]]);
      session.expectSum(
        sum,
        dealing.filter((id) => id !== 80),
      );
    });
  }
});
