// Whole sessions on sparse graphs of several sizes, with dropouts in every round. The long run has larger ones.
import { expectSumWithDropouts } from '../../support/sparse-sizes.ts';

describe('a session on a sparse graph', () => {
  for (const size of [
    [10, 4, 2],
    [12, 6, 4],
    [60, 12, 8],
    [260, 8, 5],
  ] as const) {
    const [users, neighbors] = size;
    it(`of ${users} users with ${neighbors} neighbors each gives the exact sum, with dropouts in every round`, async function () {
      this.timeout(120_000);
      await expectSumWithDropouts(size);
    });
  }
});
