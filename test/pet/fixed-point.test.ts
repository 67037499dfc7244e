// Numbers as elements of a group, against their definition with rationals: ⌊(w·s + A)·E⌋, clamped to 0 … 2·A·E.
import { expect } from 'chai';
import fc from 'fast-check';
import { exactOf, FixedPoint, MOST_DIGITS } from '../../src/pet/masking/fixed-point.ts';
import type { DataType } from '../../src/pet/masking/mask-config.ts';
import { mantissasOf, type Model } from '../../src/pet/masking/model.ts';
import { groupOf } from '../../src/pet/masking/orders.ts';
import { wordsOf } from '../../src/pet/masking/words.ts';

/** ⌊a / b⌋ for b > 0. */
const floored = (a: bigint, b: bigint): bigint => a / b - (a % b < 0n ? 1n : 0n);

const shifted = (mantissa: bigint, exponent: number): { numerator: bigint; denominator: bigint } =>
  exponent < 0
    ? { numerator: mantissa, denominator: 1n << BigInt(-exponent) }
    : { numerator: mantissa << BigInt(exponent), denominator: 1n };

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });
const small = fc.double({ min: -2, max: 2, noNaN: true });
const NUMBERS: Readonly<Record<DataType, fc.Arbitrary<Model>>> = {
  F32: fc.oneof(float32, small).map((value) => Float32Array.of(value)),
  F64: fc.oneof(finite, small).map((value) => Float64Array.of(value)),
  I32: fc.integer().map((value) => Int32Array.of(value)),
  I64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => BigInt64Array.of(value)),
};
const WEIGHTS = fc.oneof(fc.constantFrom(0, 1, 0.5, 1 / 3), fc.double({ min: 0, max: 1, noNaN: true }));

describe('a number of a model', () => {
  for (const dataType of ['F32', 'F64', 'I32', 'I64'] as const) {
    it(`is the element that its rational gives, also next to the bounds and for subnormal numbers: ${dataType}`, () => {
      fc.assert(
        fc.property(
          NUMBERS[dataType],
          NUMBERS[dataType],
          WEIGHTS,
          fc.constantFrom('B0', 'B2', 'B4', 'B6', 'Bmax' as const),
          (model, before, weight, boundType) => {
            const group = groupOf({ groupType: 'Prime', dataType, boundType, modelType: 'M3' });
            const fixedPoint = new FixedPoint(group, weight);
            const number = { digits: new Float64Array(MOST_DIGITS), count: 0, exponent: 0, negative: false };
            // What the one before has left must not matter.
            mantissasOf(before)(0, number);
            fixedPoint.elementOf(number);
            mantissasOf(model)(0, number);
            const found = fixedPoint.elementOf(number).slice();
            const value = typeof model[0] === 'bigint' ? { mantissa: model[0], exponent: 0 } : exactOf(model[0]!);
            const factor = exactOf(weight);
            const { numerator, denominator } = shifted(value.mantissa * factor.mantissa, value.exponent + factor.exponent);
            const scale = 10n ** BigInt(group.decimals);
            const element = floored((numerator + group.addShift * denominator) * scale, denominator);
            const largest = 2n * group.addShift * scale;
            const clamped = element < 0n ? 0n : element > largest ? largest : element;
            expect(found).to.deep.equal(wordsOf(clamped, group.words));
          },
        ),
        { numRuns: 2000 },
      );
    });
  }
});
