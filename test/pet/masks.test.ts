// Masks, masked models and their means, against those of xaynet-core itself.
import { createHash } from 'node:crypto';
import { chacha20 } from '@noble/ciphers/chacha.js';
import { expect } from 'chai';
import fc from 'fast-check';
import { Aggregation } from '../../src/pet/masking/aggregation.ts';
import { deriveMask } from '../../src/pet/masking/derive-mask.ts';
import { maskModel } from '../../src/pet/masking/mask-model.ts';
import { MaskObject } from '../../src/pet/masking/mask-object.ts';
import type { Model } from '../../src/pet/masking/model.ts';
import { groupOf } from '../../src/pet/masking/orders.ts';
import { FastQuotients } from '../../src/pet/masking/fast-quotients.ts';
import { nearestDouble, writeNearest, writeQuotient } from '../../src/pet/masking/quotients.ts';
import { bigintAt, wordsOf } from '../../src/pet/masking/words.ts';
import { fromHex } from '../support/vectors.ts';
import { configOf, crateVectors } from './crate-vectors.ts';

const digest = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex');

function modelOf(dataType: string, numbers: string): Model {
  const bits = numbers.split(' ').map((digits) => BigInt(`0x${digits}`));
  switch (dataType) {
    case 'F32':
      return new Float32Array(Uint32Array.from(bits, Number).buffer);
    case 'F64':
      return new Float64Array(BigUint64Array.from(bits).buffer);
    case 'I32':
      return new Int32Array(Uint32Array.from(bits, Number).buffer);
    default:
      return new BigInt64Array(BigUint64Array.from(bits).buffer);
  }
}

function fractionOf(text: string): { readonly numerator: bigint; readonly denominator: bigint } {
  const [numerator = '', denominator = ''] = text.split('/');
  const negative = numerator.startsWith('-');
  const absolute = BigInt(`0x${negative ? numerator.slice(1) : numerator}`);
  return { numerator: negative ? -absolute : absolute, denominator: BigInt(`0x${denominator}`) };
}

describe('masks of xaynet-core', () => {
  const { length, masks } = crateVectors.masks;

  it('are those of the same seeds in all 240 configurations, and so are the orders of the groups', async () => {
    expect(masks).to.have.length(240);
    for (const [k, { vect, unit, order, mask }] of masks.entries()) {
      const config = { vect: configOf(vect), unit: configOf(unit) };
      expect(digest(groupOf(config.vect).order.toString()), vect).to.equal(order);
      const seed = Uint8Array.from({ length: 32 }, (_, i) => k + 7 * i);
      expect(digest((await deriveMask(seed, length, config)).toBytes()), vect).to.equal(mask);
    }
  });

  it('hide models exactly as the crate does, and leave their weighted mean', async () => {
    for (const { vect, unit, terms, mask, mean } of crateVectors.models) {
      const config = { vect: configOf(vect), unit: configOf(unit) };
      const models = new Aggregation(config, 16);
      const masksOfAll = new Aggregation(config, 16);
      for (const { seed, weight, numbers, masked } of terms) {
        const model = modelOf(config.vect.dataType, numbers);
        const made = await maskModel(model, { config, length: 16, weight, unsafeRandom: () => fromHex(seed) });
        expect(digest(made.masked.toBytes()), vect).to.equal(masked);
        models.add(MaskObject.fromBytes(made.masked.toBytes()));
        masksOfAll.add(await deriveMask(fromHex(seed), 16, config));
      }
      expect(digest(masksOfAll.total.toBytes()), vect).to.equal(mask);
      const found = models.unmask(masksOfAll.total);
      for (const [i, text] of mean.entries()) {
        const { numerator, denominator } = fractionOf(text);
        const isInteger = config.vect.dataType.startsWith('I');
        const expected = isInteger ? numerator / denominator : nearestDouble(numerator, denominator);
        const rounded = config.vect.dataType === 'F32' ? Math.fround(Number(expected)) : expected;
        expect(isInteger ? BigInt(found[i] ?? NaN) : found[i], `${vect} [${i}]`).to.equal(rounded);
      }
    }
  });
});

describe('masks of the group Bits, which xaynet does not have', () => {
  it('are the low bits of key stream, of which nothing is rejected, in all 80 configurations', async () => {
    const length = 20;
    const seed = Uint8Array.from({ length: 32 }, (_, i) => 11 * i);
    for (const { vect } of crateVectors.masks.masks.slice(-80)) {
      expect(configOf(vect).groupType).to.equal('Power2');
      const one = { ...configOf(vect), groupType: 'Bits' as const };
      const { order, words } = groupOf(one);
      expect(order).to.equal(groupOf(configOf(vect)).order);
      // The first draw is the mask of the weight.
      const keystream = chacha20(seed, new Uint8Array(12), new Uint8Array(4 * words * (length + 1)));
      const draws = Array.from(
        { length: length + 1 },
        (_, i) => bigintAt(new Uint32Array(keystream.buffer), i * words, words) % order,
      );
      const { elements } = await deriveMask(seed, length, { vect: one, unit: one });
      const found = Array.from({ length }, (_, i) => bigintAt(elements.vect, i * words, words));
      expect([bigintAt(elements.unit, 0, words), ...found], vect).to.deep.equal(draws);
    }
  });

  it('have a configuration whose first byte is 3, which xaynet refuses', async () => {
    const one = configOf('Bits F32 B0 M3');
    const mask = await deriveMask(new Uint8Array(32), 2, { vect: one, unit: one });
    // [xaynet-core 0.2.0] src/mask/config/mod.rs: a group type is 0, 1 or 2.
    expect([...mask.toBytes().subarray(0, 4)]).to.deep.equal([3, 0, 0, 3]);
    expect(MaskObject.fromBytes(mask.toBytes()).equals(mask)).to.equal(true);
    const power2 = { ...one, groupType: 'Power2' as const };
    expect(mask.equals(await deriveMask(new Uint8Array(32), 2, { vect: power2, unit: power2 }))).to.equal(false);
  });
});

describe('quotients', () => {
  it('are rounded once, to the double or float that is nearest', () => {
    // Next to the middle of two subnormal doubles, and on it.
    expect(nearestDouble(2n ** 54n + 11n, 2n ** 1077n)).to.equal((2 ** 51 + 1) * Number.MIN_VALUE);
    expect(nearestDouble(2n ** 54n + 12n, 2n ** 1077n)).to.equal((2 ** 51 + 2) * Number.MIN_VALUE);
    expect(nearestDouble(2n ** 54n + 4n, 2n ** 1077n)).to.equal(2 ** 51 * Number.MIN_VALUE);
    // Next to the middle of two floats, which the nearest double is on.
    const model = new Float32Array(1);
    for (const [beside, expected] of [
      [1n, 1 + 2 ** -23],
      [0n, 1],
      [-1n, 1],
    ] as const) {
      const denominator = 2n ** 80n;
      const numerator = denominator + 2n ** 56n + beside;
      expect(nearestDouble(numerator, denominator)).to.equal(1 + 2 ** -24);
      expect(writeNearest(model, 0, 1 + 2 ** -24)).to.equal(false);
      expect(writeQuotient(model, 0, { numerator, denominator })).to.equal(true);
      expect(model[0]).to.equal(expected);
    }
    expect(writeNearest(model, 0, 1 + 2 ** -24 + 2 ** -52)).to.equal(true);
    expect(model[0]).to.equal(1 + 2 ** -23);
    // In the middle between the largest float and what would be the next one: the latter is none.
    expect(writeQuotient(model, 0, { numerator: 2n ** 128n - 2n ** 103n - 1n, denominator: 1n })).to.equal(true);
    expect(writeQuotient(model, 0, { numerator: 2n ** 128n - 2n ** 103n, denominator: 1n })).to.equal(false);
  });

  it('of subnormal doubles and floats are those of exact integers', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 58n }), (n) => {
        const down = (n >> 3n) * 8n;
        const rest = n - down;
        const up = rest > 4n || (rest === 4n && (n >> 3n) % 2n === 1n);
        const expected =
          n < 2n ** 55n ? Number((down >> 3n) + (up ? 1n : 0n)) * Number.MIN_VALUE : Number(n) * 2 ** -1000 * 2 ** -77;
        expect(nearestDouble(n, 2n ** 1077n)).to.equal(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe('quotients of elements of up to 128 bits', () => {
  const element = fc.tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
    fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
  );
  const positive = fc
    .tuple(fc.bigInt({ min: 1n, max: 2n ** 100n }), fc.integer({ min: 0, max: 99 }))
    .map(([value, bits]) => (value >> BigInt(bits)) + 1n);

  it('are the nearest doubles, or there are none', () => {
    let found = 0;
    fc.assert(
      fc.property(element, positive, positive, ([words, n, zero], numerator, denominator) => {
        const modulus = 2n ** BigInt(32 * words);
        const quotients = FastQuotients.of(wordsOf(zero % modulus, words), numerator, denominator)!;
        const quotient = quotients.at(wordsOf(n % modulus, words), 0);
        if (quotient === null) return;
        found++;
        expect(quotient).to.equal(nearestDouble(((n % modulus) - (zero % modulus)) * numerator, denominator));
      }),
      { numRuns: 3000 },
    );
    expect(found).to.be.greaterThan(2500);
  });

  it('are not told when they are in the middle between two doubles', () => {
    const quotients = FastQuotients.of(wordsOf(0n, 2), 1n, 1n)!;
    expect(quotients.at(wordsOf(2n ** 53n + 1n, 2), 0)).to.equal(null);
    expect(quotients.at(wordsOf(2n ** 53n + 2n, 2), 0)).to.equal(2 ** 53 + 2);
    expect(FastQuotients.of(wordsOf(0n, 5), 1n, 1n)).to.equal(null);
  });

  it('are none where products of doubles overflow, or lose bits by underflow', () => {
    const zero = wordsOf(0n, 2);
    expect(FastQuotients.of(zero, 2n ** 901n, 1n)).to.equal(null);
    expect(FastQuotients.of(zero, 10n ** 400n, 1n)).to.equal(null);
    expect(FastQuotients.of(zero, 1n, 2n ** 901n)).to.equal(null);
    expect(FastQuotients.of(zero, 1n, 10n ** 400n)).to.equal(null);
    expect(FastQuotients.of(zero, 2n ** 900n, 1n)!.at(wordsOf(3n, 2), 0)).to.equal(3 * 2 ** 900);
    expect(FastQuotients.of(zero, 1n, 2n ** 900n)!.at(wordsOf(3n, 2), 0)).to.equal(3 * 2 ** -900);
  });

  it('end, whatever weights an update participant makes up: a sum of weights that is next to zero', async () => {
    const config = { vect: configOf('Prime F32 B0 M3'), unit: configOf('Prime F64 Bmax M3') };
    const { seed, masked } = await maskModel(Float32Array.of(1), { config, length: 1, weight: Number.MIN_VALUE });
    const sum = new Aggregation(config, 1);
    sum.add(masked);
    expect(sum.unmask(await deriveMask(seed, 1, config))).to.deep.equal(Float32Array.of(0));
  });
});

describe('the numbers of a model in memory', () => {
  it('are words of typed arrays, and no object each (X5): 8 bytes in a sum and 4 in a mean, at F32, B0 and M3', async () => {
    const length = 1000;
    const config = { vect: configOf('Prime F32 B0 M3'), unit: configOf('Prime F32 B0 M3') };
    const model = Float32Array.from({ length }, (_, i) => i / length);
    const { seed, masked } = await maskModel(model, { config, length });
    const sum = new Aggregation(config, length);
    sum.add(masked);
    for (const { elements } of [masked, sum.total]) {
      expect(elements.vect).to.be.instanceOf(Uint32Array);
      expect(elements.vect.byteLength).to.equal(8 * length);
    }
    const mean = sum.unmask(await deriveMask(seed, length, config));
    expect(mean).to.deep.equal(model);
    expect(mean.byteLength).to.equal(4 * length);
  });
});
