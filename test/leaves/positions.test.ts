// Positions: an index that is none throws instead of naming another user.
import { expect } from 'chai';
import { allPositions, positionAt } from '../../src/leaves/positions.ts';

describe('a position', () => {
  it('is an index of the directory', () => {
    for (const index of [0, 1, 4]) expect(positionAt(index, 5)).to.equal(index);
  });

  it('is no negative number, no fraction, and nothing beyond the directory', () => {
    for (const index of [-1, 5, 6, 0.5, NaN, Infinity, 2 ** 53]) {
      expect(() => positionAt(index, 5), String(index)).to.throw(RangeError);
    }
    expect(() => positionAt(0, 0)).to.throw(RangeError);
    expect(() => positionAt('1' as never, 5)).to.throw(RangeError);
  });

  it('is one of as many as the directory has lines, ascending', () => {
    expect(allPositions(3)).to.deep.equal([0, 1, 2]);
    expect(allPositions(0)).to.deep.equal([]);
  });
});
