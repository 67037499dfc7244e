// Whole sessions that are too large for the gate.
import { expect } from 'chai';
import { Session } from '../support/session.ts';
import { expectSumWithDropouts } from '../support/sparse-sizes.ts';

describe('a session on a large sparse graph', () => {
  it('of 2000 users with 48 neighbors each gives the exact sum, with dropouts in every round', async function () {
    this.timeout(600_000);
    await expectSumWithDropouts([2000, 48, 33]);
  });
});

describe('a session on the complete graph', () => {
  it('of 300 users with a threshold of 160 gives the exact sum, although 136 of them drop out over the rounds', async function () {
    this.timeout(600_000);
    const ids = Array.from({ length: 306 }, (_, i) => 7 * i + 1);
    // Who falls silent in rounds 0 to 4, taken from all over the group.
    const shuffled = ids.map((_, i) => ids[(i * 5) % ids.length]!);
    let from = 0;
    const silent = [6, 90, 20, 10, 10].map((count) => shuffled.slice(from, (from += count)));
    const session = new Session({
      ids,
      threshold: 160,
      vecLen: 10,
      options: { bits: 25 },
      vectorOf: (index) => Array.from({ length: 10 }, (_, j) => index * index - 40_000 + j),
    });
    const sum = await session.finish(silent);
    const gone = silent.slice(0, 3).flat();
    session.expectSum(
      sum,
      ids.filter((id) => !gone.includes(id)),
    );
    expect(session.server.progress().dropped.map(({ reason }) => reason)).to.deep.equal([
      ...new Array<string>(90).fill('no-shares'),
      ...new Array<string>(20).fill('no-masked-input'),
      ...new Array<string>(10).fill('no-signature'),
      ...new Array<string>(10).fill('no-answer'),
    ]);
  });
});
