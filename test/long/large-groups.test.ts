// Whole sessions that are too large for the gate.
import { expect } from 'chai';
import { expectSumOfLargeGroup } from '../support/large-group.ts';
import { expectSumWithDropouts } from '../support/sparse-sizes.ts';

describe('a session on a large sparse graph', function () {
  this.timeout(600_000);

  it('of 300 users with 24 neighbors each gives the exact sum, with dropouts in every round', () =>
    expectSumWithDropouts([300, 24, 16]));

  it('of 2000 users with 48 neighbors each gives the exact sum, with dropouts in every round', () =>
    expectSumWithDropouts([2000, 48, 33]));
});

describe('a session on the complete graph', () => {
  it('of 300 users with a threshold of 160 gives the exact sum, although 136 of them drop out over the rounds', async function () {
    this.timeout(600_000);
    const session = await expectSumOfLargeGroup({ users: 306, threshold: 160, silent: [6, 90, 20, 10, 10] });
    expect(session.server.progress().dropped.map(({ reason }) => reason)).to.deep.equal([
      ...new Array<string>(90).fill('no-shares'),
      ...new Array<string>(20).fill('no-masked-input'),
      ...new Array<string>(10).fill('no-signature'),
      ...new Array<string>(10).fill('no-answer'),
    ]);
  });
});
