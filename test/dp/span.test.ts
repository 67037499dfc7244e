// How wide the ring must be so that noise almost never leaves it.
import { expect } from 'chai';
import { randomSpan, type SpanTerms } from '../../src/dp/span.ts';

const TERMS: SpanTerms = { mechanism: 'discrete-gaussian', variance: 100, dimensions: 1, probability: 1e-3, spread: 0 };

/** The probability that a law of this unnormalized mass has a magnitude above `limit`. */
function tail(logMass: (x: number) => number, limit: number): number {
  let [inside, outside] = [0, 0];
  for (let x = -2000; x <= 2000; x++) {
    const mass = Math.exp(logMass(x));
    if (Math.abs(x) > limit) outside += mass;
    else inside += mass;
  }
  return outside / (inside + outside);
}

/** ln I_x(V) up to a constant, by its power series. */
function logSkellam(variance: number): (x: number) => number {
  const known = new Map<number, number>();
  return (x) => {
    const order = Math.abs(x);
    const found = known.get(order);
    if (found !== undefined) return found;
    let [term, sum] = [0, 0];
    for (let i = 1; i <= order; i++) term += Math.log(variance / 2 / i);
    for (let m = 0, log = term; m < 400; m++) {
      sum += Math.exp(log - term);
      log += 2 * Math.log(variance / 2) - Math.log((m + 1) * (m + 1 + order));
    }
    known.set(order, term + Math.log(sum));
    return term + Math.log(sum);
  };
}

describe('the span of noise', () => {
  it('is exceeded by discrete Gaussian noise less often than it says', () => {
    for (const variance of [1, 25, 400]) {
      for (const probability of [0.1, 1e-3, 1e-9]) {
        const span = randomSpan({ ...TERMS, variance, probability });
        expect(tail((x) => -(x * x) / (2 * variance), span)).to.be.below(probability);
      }
    }
  });

  it('is exceeded by Skellam noise less often than it says, and is not far too wide', () => {
    for (const variance of [2, 25, 100]) {
      const logMass = logSkellam(variance);
      for (const probability of [0.1, 1e-3, 1e-9]) {
        const span = randomSpan({ ...TERMS, mechanism: 'skellam', variance, probability });
        expect(tail(logMass, span)).to.be.below(probability);
        expect(tail(logMass, 0.6 * span), `${variance}, ${probability}`).to.be.above(probability / 1000);
      }
    }
  });

  it('is wider for Skellam noise, whose tails are heavier, and as wide in the limit', () => {
    const both = (variance: number, probability: number): number => {
      const gaussian = randomSpan({ ...TERMS, variance, probability });
      return randomSpan({ ...TERMS, mechanism: 'skellam', variance, probability }) / gaussian;
    };
    expect(both(2, 1e-9)).to.be.above(1.2);
    expect(both(1e8, 1e-9)).to.be.within(1, 1.0001);
  });

  it('grows with the components and with what flattening leaves to chance, by the closed form', () => {
    const span = randomSpan({ ...TERMS, dimensions: 1000, spread: 30 });
    expect(span).to.be.closeTo(Math.sqrt(2 * Math.log(2000 / 1e-3) * (900 + 100)), 1e-9);
  });
});
