// Lanes, packing and mask expansion against definitions written with bigints.
import { platform as engine } from '#platform';
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { systemRandom } from '../../src/crypto/random.ts';
import { applyMasks, type Mask } from '../../src/masking/expand.ts';
import { accumulate, kernel, MAX_BLOCK } from '../../src/masking/kernel.ts';
import { LANES_WASM } from '../../src/masking/lanes-wasm.ts';
import { Pace } from '../../src/masking/pace.ts';
import { accumulatePacked, pack } from '../../src/masking/pack.ts';
import { plain } from '../../src/masking/plain.ts';
import { ringOf, zeroLanes, type Kernel, type Ring } from '../../src/masking/ring.ts';
import { instantiateSimd } from '../../src/masking/simd.ts';
import { lanesOf, vectorOf } from '../../src/masking/vector.ts';
import { componentLimit, packedLength } from '../../src/parameters.ts';
import { platform } from '../../src/platform/node.ts';
import { compile } from '../../wasm/build.js';

const rings = Array.from({ length: 64 }, (_, i) => ringOf(i + 1));
const ringAndLanes = fc.integer({ min: 1, max: 64 }).chain((bits) => {
  const ring = ringOf(bits);
  return fc.tuple(
    fc.constant(ring),
    fc.integer({ min: 1, max: 40 }).map((length) => randomLanes(ring, length)),
  );
});

function randomLanes(ring: Ring, length: number): Uint8Array {
  return systemRandom(length * ring.laneBytes);
}

const applyMask = (ring: Ring, lanes: Uint8Array, { seed, sign }: Mask): Promise<void> =>
  applyMasks(ring, lanes, [{ seed: Uint8Array.from(seed), sign }], new Pace());

function unpack(ring: Ring, packed: Uint8Array, vecLen: number): Uint8Array {
  const lanes = zeroLanes(ring, vecLen);
  accumulatePacked(ring, lanes, packed);
  return lanes;
}

/** Collects garbage until it holds. */
async function eventually(holds: () => boolean): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  do {
    collect();
    await setTimeout(1); // finalizers run between turns
  } while (!holds());
}

/** Lanes as unsigned integers. */
function integers(ring: Ring, lanes: Uint8Array): bigint[] {
  const out: bigint[] = [];
  for (let at = 0; at < lanes.length; at += ring.laneBytes) {
    out.push(lanes.subarray(at, at + ring.laneBytes).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n));
  }
  return out;
}

describe('lanes', () => {
  it('are of the least width that holds the ring', () => {
    expect(rings.map(({ laneBytes }) => laneBytes)).to.deep.equal(
      rings.map(({ bits }) => [1, 2, 4, 8].find((bytes) => 8 * bytes >= bits)),
    );
  });

  const simd = instantiateSimd(MAX_BLOCK)!;
  const kernels: readonly (readonly [string, Kernel])[] = [
    ['plain TypeScript', plain],
    ['WebAssembly', simd],
  ];

  for (const [name, { accumulate: add }] of kernels) {
    it(`add and subtract modulo 2^lane, also what is not aligned, in ${name}`, () => {
      fc.assert(
        fc.property(ringAndLanes, fc.array(fc.boolean()), fc.integer({ min: 0, max: 7 }), ([ring, acc], signs, offset) => {
          const terms = signs.map((plus) => ({
            bytes: systemRandom(acc.length + offset).subarray(offset),
            sign: plus ? (1 as const) : (-1 as const),
          }));
          const modulus = 1n << BigInt(8 * ring.laneBytes);
          const expected = terms.reduce(
            (sum, { bytes, sign }) => integers(ring, bytes).map((x, i) => sum[i]! + BigInt(sign) * x),
            integers(ring, acc),
          );
          add(ring, acc, terms);
          expect(integers(ring, acc)).to.deep.equal(expected.map((x) => ((x % modulus) + modulus) % modulus));
        }),
        { numRuns: 500 },
      );
    });
  }

  it('are worked on alike by both kernels, at every width and at lengths around their blocks', () => {
    for (const ring of rings) {
      for (const length of [1, 16_383, 16_384, 16_385, 40_000]) {
        const lanes = randomLanes(ring, length);
        const packed = [plain, simd].map((each) => {
          const out = new Uint8Array(Math.ceil((length * ring.bits) / 8));
          if (ring.bits < 8 * ring.laneBytes) each.pack(ring, lanes, out);
          return out;
        });
        expect(packed[0]).to.deep.equal(packed[1]);
        const vector = ring.bits === 8 * ring.laneBytes ? lanes : packed[0]!;
        const sums = [plain, simd].map((each) => {
          const acc = Uint8Array.from(lanes);
          each.accumulatePacked(ring, acc, vector);
          return acc;
        });
        expect(sums[0]).to.deep.equal(sums[1]);
      }
    }
  });

  it('are added alike to a sum in a memory of its own, at every width', () => {
    for (const ring of rings) {
      const length = Math.floor(MAX_BLOCK / ring.laneBytes) + 1 + (ring.bits % 16);
      const vectors = [1, 2, 3].map(() => systemRandom(Math.ceil((length * ring.bits) / 8)));
      const [expected, sum] = [plain, instantiateSimd(MAX_BLOCK)!].map((each) => {
        const acc = each.zeroSum(length * ring.laneBytes);
        for (const vector of vectors) each.accumulatePacked(ring, acc, vector);
        return acc;
      });
      expect(sum!.buffer.byteLength).to.be.above(sum!.length);
      expect(Buffer.compare(sum!, expected!), `${String(ring.bits)} bits`).to.equal(0);
    }
  });

  it('of short sums, and of more long ones than engines have memories for, are ordinary', async () => {
    const ring = ringOf(16);
    const isOrdinary = (sum: Uint8Array): boolean => sum.buffer.byteLength === sum.length;
    const vector = systemRandom(MAX_BLOCK + 2);
    const each = instantiateSimd(MAX_BLOCK)!;
    expect(isOrdinary(each.zeroSum(MAX_BLOCK))).to.equal(true);
    const held = Array.from({ length: 30 }, () => each.zeroSum(vector.length));
    expect(held.filter(isOrdinary)).to.have.length(14);
    for (const sum of held) each.accumulatePacked(ring, sum, vector);
    expect(held.every((sum) => Buffer.compare(sum, vector) === 0)).to.equal(true);
    // Those that nobody holds make room.
    held.length = 0;
    await eventually(() => !isOrdinary(each.zeroSum(vector.length)));
  });

  it('are summed up as well where an engine has no more memory, which it is not asked for again', () => {
    const each = instantiateSimd(MAX_BLOCK)!;
    const { Memory } = WebAssembly;
    let asked = 0;
    try {
      WebAssembly.Memory = function exhausted() {
        asked++;
        throw new RangeError('could not allocate memory');
      } as unknown as typeof WebAssembly.Memory;
      const vector = systemRandom(MAX_BLOCK + 2);
      for (let i = 0; i < 3; i++) {
        const sum = each.zeroSum(vector.length);
        each.accumulatePacked(ringOf(16), sum, vector);
        expect(sum).to.deep.equal(vector);
      }
    } finally {
      WebAssembly.Memory = Memory;
    }
    expect(asked).to.equal(1);
  });

  it('of any length are added in blocks', () => {
    const ring = ringOf(32);
    const acc = randomLanes(ring, MAX_BLOCK / 4 + 1000);
    const term = randomLanes(ring, MAX_BLOCK / 4 + 1000);
    const expected = Uint32Array.from(new Uint32Array(acc.buffer), (x, i) => x + new Uint32Array(term.buffer)[i]!);
    accumulate(ring, acc, term);
    expect(new Uint32Array(acc.buffer)).to.deep.equal(expected);
  });

  it('are worked on by WebAssembly here, whose embedded bytes are what its source compiles to', async function () {
    this.timeout(60_000);
    expect(kernel).to.not.equal(plain);
    expect((await compile()).replace(/[\s'+]/g, '')).to.contain(LANES_WASM.replaceAll('+', ''));
  });

  it('are worked on in plain TypeScript where WebAssembly is missing or forbidden', () => {
    const { Module } = WebAssembly;
    try {
      WebAssembly.Module = function forbidden() {
        throw new WebAssembly.CompileError('blocked by the Content Security Policy');
      } as unknown as typeof WebAssembly.Module;
      expect(instantiateSimd(MAX_BLOCK)).to.equal(null);
    } finally {
      WebAssembly.Module = Module;
    }
  });
});

describe('packing', () => {
  it('is a stream of bits, least significant first, with zero spare bits, at every width', () => {
    for (const ring of rings) {
      for (const length of [1, 2, 3, 7, 8, 9, 31, 32, 33]) {
        const lanes = randomLanes(ring, length);
        const packed = pack(ring, lanes);
        expect(packed).to.have.length(packedLength(length, ring.bits));
        const mask = (1n << BigInt(ring.bits)) - 1n;
        const stream = integers(ring, lanes).reduceRight((bits, value) => (bits << BigInt(ring.bits)) | (value & mask), 0n);
        const asInteger = packed.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
        expect(asInteger, `${String(ring.bits)} bits, ${String(length)} components`).to.equal(stream);
      }
    }
  });

  it('comes back as it went, cut to the ring', () => {
    fc.assert(
      fc.property(ringAndLanes, ([ring, lanes]) => {
        const length = lanes.length / ring.laneBytes;
        const back = unpack(ring, pack(ring, lanes), length);
        const mask = (1n << BigInt(ring.bits)) - 1n;
        expect(integers(ring, back)).to.deep.equal(integers(ring, lanes).map((value) => value & mask));
      }),
      { numRuns: 500 },
    );
  });

  it('gives memory of its own', () => {
    for (const ring of [ringOf(8), ringOf(13)]) {
      const lanes = randomLanes(ring, 10);
      const before = Uint8Array.from(lanes);
      const packed = pack(ring, lanes);
      accumulatePacked(ring, zeroLanes(ring, 10), packed);
      packed.fill(0);
      expect(lanes).to.deep.equal(before);
      expect(packed.buffer.byteLength).to.equal(packed.length);
    }
  });
});

describe('a vector', () => {
  it('goes into lanes and comes out signed', () => {
    for (const ring of rings) {
      const limit = componentLimit(ring.bits, 1);
      const vec = [0n, limit, -limit, limit / 2n, -limit / 3n];
      expect(
        Array.from(vectorOf(ring, lanesOf(ring, vec, vec.length, { users: 1 })) as ArrayLike<number | bigint>, BigInt),
      ).to.deep.equal(vec);
    }
  });

  it('with a component whose sum could wrap is refused, with the bits that would fit; the value is not told', () => {
    for (const [bits, users, value, fits] of [
      [16, 2, 16_384n, '17 bits would fit'],
      [16, 2, -16_384n, '17 bits would fit'],
      [8, 100, 2n, '9 bits would fit'],
      [32, 1000, 2_147_484n, '33 bits would fit'],
      [64, 1, 2n ** 63n, 'no ring of up to 64 bits would fit'],
      [1, 1, 1n, '2 bits would fit'],
    ] as const) {
      const ring = ringOf(bits);
      const limit = componentLimit(bits, users);
      for (const component of Number.isSafeInteger(Number(value)) ? [value, Number(value)] : [value]) {
        const attempt = (): unknown => lanesOf(ring, [0, component] as bigint[], 2, { users });
        const expected = `vec[1]: outside ±${String(limit)}, the limit for sums of ${String(users)} users in ${String(bits)} bits; ${fits}`;
        expect(attempt).to.throw(RangeError, expected);
        if (value > 1000n) expect(attempt).not.to.throw(String(value));
      }
      const suggested = /^\d+/.exec(fits)?.[0];
      if (suggested !== undefined) {
        const [enough, less] = [componentLimit(Number(suggested), users), componentLimit(Number(suggested) - 1, users)];
        const magnitude = value < 0n ? -value : value;
        expect(enough >= magnitude && less < magnitude).to.equal(true);
      }
    }
  });

  it('just inside and just outside the limit, at every width', () => {
    for (const ring of rings) {
      for (const users of [1, 2, 3, 1000]) {
        const limit = componentLimit(ring.bits, users);
        for (const value of [limit, -limit]) lanesOf(ring, [value], 1, { users });
        for (const value of [limit + 1n, -limit - 1n]) expect(() => lanesOf(ring, [value], 1, { users })).to.throw(RangeError);
        expect(BigInt(users) * limit < 1n << BigInt(ring.bits - 1)).to.equal(true);
      }
    }
  });

  it('of 64-bit integers in an array of their own is what it would be in any other, and refused alike', () => {
    const around = (center: bigint): bigint[] => [-center - 1n, -center, 1n - center, center - 1n, center, center + 1n];
    const outcomeOf = (run: () => Uint8Array): unknown => {
      try {
        return run();
      } catch (error) {
        return (error as RangeError).message;
      }
    };
    for (const ring of rings) {
      for (const users of [1, 3]) {
        const limit = componentLimit(ring.bits, users);
        const edges = [0n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 62n, limit].flatMap(around);
        for (const value of [-(2n ** 63n), ...edges.filter((edge) => BigInt.asIntN(64, edge) === edge)]) {
          const vec = BigInt64Array.of(7n, 1n, value, -1n).subarray(1);
          for (const range of [{ users }, 'modular'] as const) {
            const [one, other] = [vec, Array.from(vec)].map((each) => outcomeOf(() => lanesOf(ring, each, 3, range)));
            expect(one, String(value)).to.deep.equal(other);
          }
        }
      }
    }
  });

  it('with anything but integers is refused, by the component', () => {
    for (const value of [0.5, NaN, Infinity, -Infinity, 2 ** 53]) {
      for (const range of [{ users: 1 }, 'modular'] as const) {
        expect(() => lanesOf(ringOf(64), [1, 2, value], 3, range)).to.throw(RangeError, 'vec[2]');
      }
    }
    for (const vec of [[7n], BigInt64Array.of(7n), new BigInt64Array(3).subarray(0, 1)]) {
      expect(() => lanesOf(ringOf(64), vec, 2, 'modular')).to.throw(TypeError, 'vec[1]: expected a number or a bigint');
    }
    for (const value of ['1', null, undefined, {}, true]) {
      expect(() => lanesOf(ringOf(32), [1, value] as number[], 2, 'modular')).to.throw(TypeError, 'vec[1]');
    }
  });

  it('of modular inputs is taken modulo 2^bits, whatever its size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.array(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n })), (bits, vec) => {
        const ring = ringOf(bits);
        const back = Array.from(vectorOf(ring, lanesOf(ring, vec, vec.length, 'modular')) as ArrayLike<number | bigint>, BigInt);
        expect(back).to.deep.equal(vec.map((value) => BigInt.asIntN(bits, value)));
      }),
    );
    const ring = ringOf(20);
    const numbers = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, -1];
    expect(Array.from(vectorOf(ring, lanesOf(ring, numbers, numbers.length, 'modular')) as Int32Array)).to.deep.equal([
      -1, 1, -1,
    ]);
  });

  it('is read once: an array that changes while it is read cannot slip past the guard', () => {
    let reads = 0;
    const shifty = {
      length: 1,
      get 0() {
        return reads++ === 0 ? 1 : 2 ** 40;
      },
    };
    expect(Array.from(vectorOf(ringOf(8), lanesOf(ringOf(8), shifty, 1, { users: 2 })) as Int32Array)).to.deep.equal([1]);
    expect(reads).to.equal(1);
  });
});

describe('mask expansion', () => {
  it('is AES-256-CTR from a zero counter block, over any number of blocks, and takes itself away again', async () => {
    for (const [bits, length] of [
      [8, 5],
      [16, 70_000],
      [27, 40_001],
      [64, 9000],
    ] as const) {
      const ring = ringOf(bits);
      const seed = systemRandom(32);
      const lanes = zeroLanes(ring, length);
      await applyMask(ring, lanes, { seed, sign: 1 });
      const stream = platform.aes256Ctr(seed, new Uint8Array(16));
      const expected = new Uint8Array(lanes.length);
      for (let at = 0; at < expected.length; at += 4096) {
        expected.set(await stream.next(Math.min(4096, expected.length - at)), at);
      }
      expect(lanes).to.deep.equal(expected);
      await applyMask(ring, lanes, { seed, sign: -1 });
      expect(lanes.every((byte) => byte === 0)).to.equal(true);
    }
  });

  it('of many masks at once is that of one after the other, and wipes the seeds', async () => {
    for (const count of [0, 1, 4, 31, 32, 33, 70]) {
      const ring = ringOf(21);
      const masks = Array.from({ length: count }, (_, i): Mask => ({ seed: systemRandom(32), sign: i % 3 === 0 ? 1 : -1 }));
      const expected = zeroLanes(ring, 50_000);
      for (const mask of masks) await applyMask(ring, expected, mask);
      const lanes = zeroLanes(ring, 50_000);
      await applyMasks(ring, lanes, masks, new Pace());
      expect(lanes).to.deep.equal(expected);
      expect(masks.every(({ seed }) => seed.every((byte) => byte === 0))).to.equal(true);
    }
  });

  it('leaves no block of key stream to the garbage collector: each is gone once it is added', async () => {
    const ring = ringOf(16);
    const blocks: Uint8Array[] = [];
    const original = { ...engine };
    engine.aes256Ctr = (key, counter) => {
      const stream = original.aes256Ctr(key, counter);
      const kept = (block: Uint8Array): Uint8Array => {
        blocks.push(block);
        return block;
      };
      return {
        next: (length) => {
          const block = stream.next(length);
          return block instanceof Uint8Array ? kept(block) : block.then(kept);
        },
      };
    };
    try {
      await applyMasks(
        ring,
        zeroLanes(ring, 40_000),
        [1, 2, 3].map(() => ({ seed: systemRandom(32), sign: 1 })),
        new Pace(),
      );
    } finally {
      Object.assign(engine, original);
    }
    expect(blocks).to.have.length(3 * Math.ceil(80_000 / engine.keystreamBlock));
    expect(blocks.map(({ buffer }) => buffer.byteLength)).to.deep.equal(blocks.map(() => 0));
  });

  it('keeps no block either where a program begins with it', () => {
    const program = fileURLToPath(new URL('./first-masks-program.ts', import.meta.url));
    const conditions = process.execArgv.filter((argument) => argument.includes('condition'));
    const left = execFileSync(process.execPath, [...conditions, '--import', 'tsx', '--conditions', 'secagg-source', program], {
      encoding: 'utf8',
      env: { ...process.env, NODE_V8_COVERAGE: '' },
    });
    expect(Number(left)).to.be.below(1 << 20); // of 24 MiB
  });

  it('gives masks that are uniform and unlike each other', async () => {
    const ring = ringOf(8);
    const counts = new Array<number>(256).fill(0);
    const seen = new Set<string>();
    for (let run = 0; run < 40; run++) {
      const lanes = zeroLanes(ring, 256);
      await applyMask(ring, lanes, { seed: systemRandom(32), sign: 1 });
      for (const byte of lanes) counts[byte]!++;
      seen.add(lanes.join());
    }
    expect(seen.size).to.equal(40);
    const chi2 = counts.reduce((sum, count) => sum + (count - 40) ** 2 / 40, 0);
    expect(chi2).to.be.below(379);
  });
});
