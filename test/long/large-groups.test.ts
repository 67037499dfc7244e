// Whole sessions that are too large for the gate.
import { expectSumWithDropouts } from '../support/sparse-sizes.ts';

describe('a session on a large sparse graph', () => {
  it('of 2000 users with 48 neighbors each gives the exact sum, with drop-outs in every round', async function () {
    this.timeout(600_000);
    await expectSumWithDropouts([2000, 48, 33]);
  });
});
