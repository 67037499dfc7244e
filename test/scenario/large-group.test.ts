// More than 255 users share over GF(2^16): a whole session of 300, with dropouts in every round; and the border.
import { expect } from 'chai';
import { SMALL_GROUP } from '../../src/crypto/shamir.ts';
import { Session } from '../support/session.ts';

describe('large groups', () => {
  it('300 users, threshold 160, 130 of them dropping out over the rounds', async function () {
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
