// Lists: an index that is out of range throws instead of giving undefined.
import { expect } from 'chai';
import { at } from '../../src/leaves/lists.ts';

describe('an element of a list', () => {
  it('is given by its index', () => {
    expect([0, 1].map((index) => at(['a', 'b'], index))).to.deep.equal(['a', 'b']);
    expect(at([0], 0)).to.equal(0);
  });

  it('is never undefined: an index that is out of range throws', () => {
    for (const index of [-1, 2, 0.5, NaN]) expect(() => at(['a', 'b'], index)).to.throw(RangeError);
  });
});
