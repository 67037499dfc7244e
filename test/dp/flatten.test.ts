// Flattening: a public rotation that keeps lengths and spreads them.
import { expect } from 'chai';
import * as fc from 'fast-check';
import { blockOf, flatten, unflatten } from '../../src/dp/flatten.ts';

const SEED = new Uint8Array(32).fill(7);
const norm = (values: Float64Array): number => Math.hypot(...values);

describe('flattening', () => {
  it('keeps the L2 norm, and is undone exactly but for rounding errors, at any length', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 300 }), (given) => {
        const values = Float64Array.from(given);
        flatten(values, SEED);
        expect(norm(values)).to.be.closeTo(Math.hypot(...given), 1e-9 * (1 + Math.hypot(...given)));
        unflatten(values, SEED);
        for (const [i, value] of given.entries()) expect(values[i]).to.be.closeTo(value, 1e-9);
      }),
    );
  });

  for (const length of [64, 100, 127, 1000, 4096, 5000]) {
    it(`spreads a vector of ${length} components that lies in one: none exceeds the bound by which rings are planned`, () => {
      // 200 seeds and 3 places: a false alarm has a probability below 600 · 1e-9.
      const limit = Math.sqrt(2 * Math.log((2 * length) / 1e-9)) / Math.sqrt(blockOf(length));
      for (let seed = 0; seed < 200; seed++) {
        for (const place of [0, length >> 1, length - 1]) {
          const values = new Float64Array(length);
          values[place] = 1;
          flatten(values, Uint8Array.from([seed]));
          expect(Math.max(...values.map(Math.abs)), `seed ${seed}, place ${place}`).to.be.below(limit);
        }
      }
    });
  }

  it('has another rotation for another seed, so that nobody can prepare a vector that becomes a spike', () => {
    const spike = new Float64Array(1024);
    spike[5] = 1;
    unflatten(spike, SEED); // becomes a spike under SEED
    const [same, other] = [spike.slice(), spike.slice()];
    flatten(same, SEED);
    flatten(other, new Uint8Array(32).fill(8));
    expect(Math.max(...same)).to.be.closeTo(1, 1e-12);
    expect(Math.max(...other.map(Math.abs))).to.be.below(0.25);
  });

  it('is the transform that its definition says: signs from SHA-256, then Walsh–Hadamard over the root of the length', () => {
    const values = Float64Array.from([1, 0, 0, 0]);
    flatten(values, SEED);
    expect(new Set(values.map(Math.abs))).to.deep.equal(new Set([0.5]));
    expect(new Set(values).size).to.equal(1); // the first column of the matrix is constant
  });
});
