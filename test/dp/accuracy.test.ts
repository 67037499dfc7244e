// Private means are as exact as the papers' formulas say where these measure theirs. `npm run accuracy` measures all of it.
import { expect } from 'chai';
import { accuracyOf } from '../../bench/accuracy/measure.ts';
import { centralError, publishedError, SETTINGS } from '../../bench/accuracy/published.ts';

const [hundred, thousand] = SETTINGS as [(typeof SETTINGS)[0], (typeof SETTINGS)[0]];

describe('the error of a private mean', () => {
  it('is compared with the least Gaussian noise of a trusted server', () => {
    // σ of the analytic Gaussian mechanism at δ = 1e-5: 3.730632 at ε = 1.
    expect(Math.sqrt(centralError(hundred, 1)) * 10).to.be.closeTo(3.730632, 1e-6);
    expect(centralError(thousand, 1)).to.be.closeTo(centralError(hundred, 1) / 100, 1e-12);
  });

  it('is compared with formulas that approach it up to what curves lose, with ever more bits', () => {
    const ratio = (bits: number): number => publishedError(hundred, 'discrete-gaussian', bits, 2) / centralError(hundred, 2);
    expect(ratio(20)).to.be.within(1.15, 1.17);
    expect(ratio(10)).to.be.above(ratio(14));
    expect(ratio(14)).to.be.within(ratio(20), ratio(20) * 1.01);
  });

  for (const mechanism of ['discrete-gaussian', 'skellam'] as const) {
    it(`is that of the formulas at 14 bits and 100 users, with ${mechanism} noise`, () => {
      const { ours, published } = accuracyOf({ setting: hundred, mechanism, bits: 14, epsilon: 2 }, 6);
      // 1,500 squares of nearly normal errors: a standard deviation of 3.7 %.
      expect(ours / published).to.be.within(0.8, 1.2);
    });
  }
});
