// Bisection against a search one by one.
import { expect } from 'chai';
import fc from 'fast-check';
import { leastHolding } from '../../src/leaves/bisection.ts';

describe('bisection', () => {
  it('finds the least integer for which a condition holds, and tries only integers between the two bounds', () => {
    const bounds = fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 1000 }), fc.nat(1000));
    fc.assert(
      fc.property(bounds, ([failing, width, offset]) => {
        const holding = failing + width;
        const least = failing + 1 + (offset % width);
        const holds = (integer: number): boolean => {
          expect(integer).to.be.within(failing + 1, holding - 1);
          return integer >= least;
        };
        expect(leastHolding(failing, holding, holds)).to.equal(least);
      }),
    );
  });

  it('gives the upper bound if the condition holds for no integer below it', () => {
    expect(leastHolding(-1, 10, () => false)).to.equal(10);
  });

  it('tries about as many integers as the distance of the bounds has bits', () => {
    let tried = 0;
    const holds = (integer: number): boolean => {
      tried++;
      return integer >= 123_456_789;
    };
    expect(leastHolding(0, 2 ** 40, holds)).to.equal(123_456_789);
    expect(tried).to.equal(40);
  });
});
