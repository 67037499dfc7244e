// Conditional rounding: the norm of what leaves a user is limited in integers.
import { expect } from 'chai';
import * as fc from 'fast-check';
import { roundConditionally } from '../../src/dp/conditional-rounding.ts';
import { vectorGrid } from '../../src/dp/grid.ts';
import { privacyTerms } from '../../src/dp/privacy-terms.ts';
import { roundedSensitivity } from '../../src/dp/sensitivity.ts';
import { seeded } from './seeded.ts';

const squares = (values: Float64Array): bigint => values.reduce((sum, value) => sum + BigInt(value) ** 2n, 0n);
const TERMS = { maxUsers: 10, threshold: 7, noiseMultiplier: 2 } as const;
const always = (byte: number) => (length: number) => new Uint8Array(length).fill(byte);

describe('conditional rounding', () => {
  it('gives neighboring integers within the norm, for every vector within the radius', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 80 }),
        fc.integer(),
        (given, seed) => {
          const length = Math.hypot(...given);
          fc.pre(length > 1e-100 || length === 0); // doubles near 1e-324 have no digits to scale
          const radius = 40;
          const exact = Float64Array.from(given, (x) => (length === 0 ? 0 : (x / length) * radius));
          const { l2Squared } = roundedSensitivity(radius, exact.length);
          const values = exact.slice();
          roundConditionally(values, l2Squared, seeded(String(seed)));
          for (const [i, value] of values.entries()) {
            expect(Number.isInteger(value)).to.equal(true);
            expect(Math.abs(value - exact[i]!)).to.be.below(1);
          }
          expect(squares(values) <= BigInt(l2Squared)).to.equal(true);
        },
      ),
    );
  });

  it('gives zeros for what has no norm: NaN would leave a user without noise', () => {
    const values = Float64Array.of(3, NaN, Infinity);
    roundConditionally(values, 100, seeded('no norm'));
    expect([...values]).to.deep.equal([0, 0, 0]);
  });

  it('rounds toward zero if chance makes every try too long: a norm above the plan never leaves a user', () => {
    const exact = new Float64Array(10_000).fill(0.01);
    const { l2Squared } = roundedSensitivity(1, exact.length);
    roundConditionally(exact, l2Squared, always(0xff)); // rounds every component up
    expect(exact.every((value) => value === 0)).to.equal(true);
    const negative = new Float64Array(10_000).fill(-0.01);
    roundConditionally(negative, l2Squared, always(0)); // rounds every component down
    expect(negative.every((value) => value === 0)).to.equal(true);
  });

  for (const dimensions of [1, 2, 16, 1000, 4096]) {
    it(`refuses no try in plans of ${dimensions} components, so that their number tells nothing`, () => {
      const { steps } = vectorGrid({ dimensions, clip: 1, block: null }, privacyTerms(TERMS));
      const { l2Squared } = roundedSensitivity(steps, dimensions);
      for (const byte of [0, 0xff]) {
        let draws = 0;
        // The furthest from zero that a vector within the clip can be rounded: every component away from it.
        const values = new Float64Array(dimensions).fill((byte === 0 ? -1 : 1) * (steps / Math.sqrt(dimensions)) * (1 - 1e-15));
        roundConditionally(values, l2Squared, (length) => {
          draws += length / 8;
          return always(byte)(length);
        });
        expect(draws).to.equal(dimensions);
      }
    });
  }

  it('leaves integers as they are, whatever the generator gives', () => {
    for (const byte of [0, 0xff]) {
      const values = Float64Array.from([0, 1, -1, 4096, -(2 ** 40)]);
      const before = [...values];
      roundConditionally(values, Number(squares(values)), always(byte));
      expect([...values]).to.deep.equal(before);
    }
  });

  it('gives zeros for a vector that is longer than its plan allows even toward zero', () => {
    const values = Float64Array.from([30, 40]);
    roundConditionally(values, 50 ** 2 - 1, seeded('long'));
    expect([...values]).to.deep.equal([0, 0]);
  });

  it('leaves a vector of zeros as it is, whatever the randomness', () => {
    for (const byte of [0, 0x80, 0xff]) {
      const values = new Float64Array(100);
      roundConditionally(values, 1, always(byte));
      expect(values.every((value) => value === 0)).to.equal(true);
    }
  });

  it('has no bias where no rounding is refused: 40,000 roundings of a third are a third on average', () => {
    const values = new Float64Array(40_000).fill(1 / 3);
    roundConditionally(values, 2 ** 52, seeded('bias'));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    // Five standard deviations of √(2/9/40,000).
    expect(mean).to.be.closeTo(1 / 3, 5 * Math.sqrt(2 / 9 / 40_000));
  });

  it('refuses at most a share e^(−½) of all roundings', () => {
    const radius = 60;
    const exact = new Float64Array(3600).fill(1); // no fraction, so the norm is 60
    for (let i = 0; i < exact.length; i++) exact[i] = 0.5 + (i % 2);
    const scale = radius / Math.hypot(...exact);
    const { l2Squared } = roundedSensitivity(radius, exact.length);
    const [random, tries] = [seeded('share'), 400];
    let refused = 0;
    for (let i = 0; i < tries; i++) {
      let drawn = 0;
      const counting = (length: number): Uint8Array => {
        drawn++;
        return random(length);
      };
      const values = exact.map((x) => x * scale);
      roundConditionally(values, l2Squared, counting);
      refused += drawn - 1;
    }
    // Every accepted rounding follows refused / tries refused ones on average: β / (1 − β) at most.
    const beta = Math.exp(-1 / 2);
    expect(refused / tries).to.be.below(beta / (1 - beta));
    expect(refused).to.be.above(0);
  });
});
