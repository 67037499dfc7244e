// More than 255 users share over GF(2^16): whole sessions, and the border between the two fields. The long run has a larger one.
import { SMALL_GROUP } from '../../src/crypto/shamir.ts';
import { expectSumOfLargeGroup } from '../support/large-group.ts';
import { Session } from '../support/session.ts';

describe('large groups', () => {
  it('260 users, 32 of them dealing, with dropouts in every later round', async function () {
    this.timeout(120_000);
    await expectSumOfLargeGroup({ users: 260, threshold: 16, adversary: 'semi-honest', silent: [0, 228, 8, 4, 4] });
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
