// The bit-packed vector of the wire against a definition written with bigints.
import { expect } from 'chai';
import fc from 'fast-check';
import { systemRandom } from '../../src/crypto/random.ts';
import { equalBytes } from '../../src/leaves/bytes.ts';
import { Pace } from '../../src/masking/pace.ts';
import { packMasked } from '../../src/masking/bit-packing.ts';
import { applyMasks, OpenMasks, type Mask } from '../../src/masking/mask-expansion.ts';
import { addPacked } from '../../src/masking/running-sum.ts';
import { ringOf, zeroLanes, type Ring } from '../../src/masking/ring.ts';
import { packedLength } from '../../src/session/parameters.ts';
import { integers, packedOf, randomLanes, ringAndLanes, rings } from './lanes.ts';

function unpack(ring: Ring, packed: Uint8Array, vecLen: number): Uint8Array {
  const lanes = zeroLanes(ring, vecLen);
  addPacked(ring, lanes, packed);
  return lanes;
}

describe('packing', () => {
  it('is a stream of bits, least significant first, with zero spare bits, at every width', () => {
    for (const ring of rings) {
      for (const length of [1, 2, 3, 7, 8, 9, 31, 32, 33]) {
        const lanes = randomLanes(ring, length);
        const packed = packedOf(ring, lanes);
        expect(packed).to.have.length(packedLength(length, ring.bits));
        const mask = (1n << BigInt(ring.bits)) - 1n;
        const stream = integers(ring, lanes).reduceRight((bits, value) => (bits << BigInt(ring.bits)) | (value & mask), 0n);
        const asInteger = packed.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
        expect(asInteger, `${ring.bits} bits, ${length} components`).to.equal(stream);
      }
    }
  });

  it('is undone by unpacking, cut to the ring', () => {
    fc.assert(
      fc.property(ringAndLanes, ([ring, lanes]) => {
        const length = lanes.length / ring.laneBytes;
        const back = unpack(ring, packedOf(ring, lanes), length);
        const mask = (1n << BigInt(ring.bits)) - 1n;
        expect(integers(ring, back)).to.deep.equal(integers(ring, lanes).map((value) => value & mask));
      }),
      { numRuns: 500 },
    );
  });
});

describe('masking and packing a vector part by part', () => {
  it('gives the whole vector with all masks, at each number of bytes a mask takes, and leaves the input and no seed', async () => {
    // Two parts and some components more, which are no whole block of planes; more masks than are expanded side by side.
    for (const [bits, length, count] of [
      [1, 3, 0],
      [8, 530_001, 1],
      [20, 530_001, 3],
      [21, 262_144, 70],
      [32, 524_288, 2],
      [40, 524_289, 2],
      [64, 270_000, 1],
    ] as const) {
      const ring = ringOf(bits);
      const masks = Array.from({ length: count }, (_, i): Mask => ({ seed: systemRandom(32), sign: i % 3 === 0 ? 1 : -1 }));
      const lanes = randomLanes(ring, length);
      const before = Uint8Array.from(lanes);
      const expected = Uint8Array.from(lanes);
      await applyMasks(
        ring,
        expected,
        masks.map(({ seed, sign }) => ({ seed: Uint8Array.from(seed), sign })),
        new Pace(),
      );
      const packed = new Uint8Array(packedLength(length, bits));
      await packMasked(ring, lanes, await OpenMasks.of(ring, masks, new Pace()), packed, new Pace());
      expect(equalBytes(packed, packedOf(ring, expected)), `${bits} bits`).to.equal(true);
      expect(equalBytes(lanes, before)).to.equal(true);
      expect(masks.every(({ seed }) => seed.every((byte) => byte === 0))).to.equal(true);
    }
  });
});
