// The bit-packed vector of the wire against a definition written with bigints.
import { expect } from 'chai';
import fc from 'fast-check';
import { Pace } from '../../src/masking/pace.ts';
import { pack } from '../../src/masking/bit-packing.ts';
import { addPacked } from '../../src/masking/running-sum.ts';
import { ringOf, zeroLanes, type Ring } from '../../src/masking/ring.ts';
import { packedLength } from '../../src/session/parameters.ts';
import { integers, randomLanes, ringAndLanes, rings } from './lanes.ts';

function unpack(ring: Ring, packed: Uint8Array, vecLen: number): Uint8Array {
  const lanes = zeroLanes(ring, vecLen);
  addPacked(ring, lanes, packed);
  return lanes;
}

describe('packing', () => {
  it('is a stream of bits, least significant first, with zero spare bits, at every width', async () => {
    for (const ring of rings) {
      for (const length of [1, 2, 3, 7, 8, 9, 31, 32, 33]) {
        const lanes = randomLanes(ring, length);
        const packed = await pack(ring, lanes, new Pace());
        expect(packed).to.have.length(packedLength(length, ring.bits));
        const mask = (1n << BigInt(ring.bits)) - 1n;
        const stream = integers(ring, lanes).reduceRight((bits, value) => (bits << BigInt(ring.bits)) | (value & mask), 0n);
        const asInteger = packed.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
        expect(asInteger, `${ring.bits} bits, ${length} components`).to.equal(stream);
      }
    }
  });

  it('is undone by unpacking, cut to the ring', async () => {
    await fc.assert(
      fc.asyncProperty(ringAndLanes, async ([ring, lanes]) => {
        const length = lanes.length / ring.laneBytes;
        const back = unpack(ring, await pack(ring, lanes, new Pace()), length);
        const mask = (1n << BigInt(ring.bits)) - 1n;
        expect(integers(ring, back)).to.deep.equal(integers(ring, lanes).map((value) => value & mask));
      }),
      { numRuns: 500 },
    );
  });

  it('gives fresh memory', async () => {
    for (const ring of [ringOf(8), ringOf(13)]) {
      const lanes = randomLanes(ring, 10);
      const before = Uint8Array.from(lanes);
      const packed = await pack(ring, lanes, new Pace());
      addPacked(ring, zeroLanes(ring, 10), packed);
      packed.fill(0);
      expect(lanes).to.deep.equal(before);
      expect(packed.buffer.byteLength).to.equal(packed.length);
    }
  });
});
