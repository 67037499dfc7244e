// The inner loops over lanes: both kernels against definitions written with bigints, and against each other.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { systemRandom } from '../../src/crypto/random.ts';
import { kernel, MAX_BLOCK } from '../../src/masking/kernel.ts';
import { addLanes } from '../../src/masking/running-sum.ts';
import { LANES_WASM } from '../../src/masking/lanes-wasm.ts';
import { DRAWS_WASM } from '../../src/pet/masking/draws-wasm.ts';
import { typescriptKernel } from '../../src/masking/typescript-kernel.ts';
import { ringOf, type Kernel, type Term } from '../../src/masking/ring.ts';
import { instantiateSimd } from '../../src/masking/simd-kernel.ts';
import { integers, randomLanes, ringAndLanes, rings } from './lanes.ts';

describe('lanes', () => {
  it('have the least width that holds the ring', () => {
    expect(rings.map(({ laneBytes }) => laneBytes)).to.deep.equal(
      rings.map(({ bits }) => [1, 2, 4, 8].find((bytes) => 8 * bytes >= bits)),
    );
  });

  const simd = instantiateSimd(MAX_BLOCK)!;
  const kernels: readonly (readonly [string, Kernel])[] = [
    ['plain TypeScript', typescriptKernel],
    ['WebAssembly', simd],
  ];

  for (const [name, { accumulate: add }] of kernels) {
    it(`are added and subtracted modulo 2^lane, also if terms are not aligned, in ${name}`, () => {
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

  it('get the same masks added and subtracted from both kernels, at every width and at lengths around their blocks', () => {
    for (const ring of rings) {
      for (const length of [1, 7, 8191, 8192, 8193, 16_384, Math.floor(MAX_BLOCK / ring.laneBytes)]) {
        const lanes = randomLanes(ring, length);
        const terms = ([1, -1, -1] as const).map((sign) => ({ bytes: systemRandom(length * ring.maskBytes), sign }));
        const [one, other] = [typescriptKernel, simd].map((each) => {
          const acc = Uint8Array.from(lanes);
          each.accumulateMasks(ring, acc, terms);
          return acc;
        });
        expect(Buffer.compare(one!, other!), `${ring.bits} bits, ${length} components`).to.equal(0);
      }
    }
  });

  it('get the same bytes from both kernels, at every width and at lengths around their blocks', () => {
    for (const ring of rings) {
      for (const length of [1, 16_383, 16_384, 16_385, 40_000]) {
        const lanes = randomLanes(ring, length);
        const packed = [typescriptKernel, simd].map((each) => {
          const out = new Uint8Array(Math.ceil((length * ring.bits) / 8));
          if (ring.bits < 8 * ring.laneBytes) each.pack(ring, lanes, out);
          return out;
        });
        expect(packed[0]).to.deep.equal(packed[1]);
        const vector = ring.bits === 8 * ring.laneBytes ? lanes : packed[0]!;
        const sums = [typescriptKernel, simd].map((each) => {
          const acc = Uint8Array.from(lanes);
          each.accumulatePacked(ring, acc, vector);
          return acc;
        });
        expect(sums[0]).to.deep.equal(sums[1]);
      }
    }
  });

  it('get the same sum in a memory of its own, at every width', () => {
    for (const ring of rings) {
      const length = Math.floor(MAX_BLOCK / ring.laneBytes) + 1 + (ring.bits % 16);
      const vectors = [1, 2, 3].map(() => systemRandom(Math.ceil((length * ring.bits) / 8)));
      const [expected, sum] = [typescriptKernel, instantiateSimd(MAX_BLOCK)!].map((each) => {
        const acc = each.zeroLanes(length * ring.laneBytes);
        for (const vector of vectors) each.accumulatePacked(ring, acc, vector);
        return acc;
      });
      expect(sum!.buffer.byteLength).to.be.above(sum!.length);
      expect(Buffer.compare(sum!, expected!), `${ring.bits} bits`).to.equal(0);
    }
  });

  it('with a memory of their own get masks and lanes in place, at every width, and neither touches what is around nor leaves a mask', () => {
    const each = instantiateSimd(MAX_BLOCK)!;
    const lanes = each.zeroLanes(2 * MAX_BLOCK + 8);
    const memory = new Uint8Array(lanes.buffer);
    for (const ring of rings) {
      const { laneBytes, maskBytes } = ring;
      const most = Math.floor(MAX_BLOCK / laneBytes);
      // Whole steps of the loops, and others: at the beginning, in the middle, and at the end.
      for (const [from, length] of [
        [0, most],
        [0, 7],
        [64, 8192],
        [lanes.length - 8 * 129, (8 * 129) / laneBytes],
        [lanes.length - 8 * 130, (8 * 129) / laneBytes],
      ] as const) {
        const given = systemRandom(lanes.length);
        lanes.set(given);
        const expected = Uint8Array.from(given);
        const masks = ([1, -1] as const).map((sign) => ({ bytes: systemRandom(length * maskBytes), sign }));
        const terms = ([-1, 1] as const).map((sign) => ({ bytes: systemRandom(length * laneBytes), sign }));
        for (const [kernelOf, all] of [
          [each, lanes],
          [typescriptKernel, expected],
        ] as const) {
          const part = all.subarray(from, from + length * laneBytes);
          kernelOf.accumulateMasks(ring, part, masks);
          kernelOf.accumulate(ring, part, terms);
        }
        expect(Buffer.compare(lanes, expected), `${ring.bits} bits, ${length} components from byte ${from}`).to.equal(0);
        expect(memory.subarray(lanes.length).every((byte) => byte === 0)).to.equal(true);
        if (ring.bits === 8 * laneBytes) continue;
        const [packed, twin] = [0, 1].map(() => new Uint8Array(Math.ceil((length * ring.bits) / 8)));
        each.pack(ring, lanes.subarray(from, from + length * laneBytes), packed!);
        typescriptKernel.pack(ring, Uint8Array.from(expected.subarray(from, from + length * laneBytes)), twin!);
        expect(Buffer.compare(packed!, twin!)).to.equal(0);
        memory.fill(0, lanes.length);
      }
    }
  });

  it('with a memory of their own leave nothing of a mask there if the next one cannot be made', () => {
    const each = instantiateSimd(MAX_BLOCK)!;
    const lanes = each.zeroLanes(MAX_BLOCK + 64);
    const terms = function* (): Generator<Term> {
      yield { bytes: systemRandom(MAX_BLOCK), sign: 1 };
      throw new Error('no more key stream');
    };
    expect(() => {
      each.accumulate(ringOf(32), lanes.subarray(64), terms());
    }).to.throw('no more key stream');
    expect(new Uint8Array(lanes.buffer, lanes.length).every((byte) => byte === 0)).to.equal(true);
  });

  it('of short sums, and of long sums beyond the sixteenth, have no memory of their own', () => {
    const ring = ringOf(16);
    const isOrdinary = (sum: Uint8Array): boolean => sum.buffer.byteLength === sum.length;
    const vector = systemRandom(MAX_BLOCK + 2);
    const each = instantiateSimd(MAX_BLOCK)!;
    expect(isOrdinary(each.zeroLanes(MAX_BLOCK))).to.equal(true);
    const held = Array.from({ length: 30 }, () => each.zeroLanes(vector.length));
    expect(held.filter(isOrdinary)).to.have.length(14);
    for (const sum of held) each.accumulatePacked(ring, sum, vector);
    expect(held.every((sum) => Buffer.compare(sum, vector) === 0)).to.equal(true);
  });

  it('of long sums that nobody holds give their memories to later sums', () => {
    const program = fileURLToPath(new URL('./sums-let-go-program.ts', import.meta.url));
    const conditions = process.execArgv.filter((argument) => argument.includes('condition'));
    const own = execFileSync(
      process.execPath,
      ['--expose-gc', ...conditions, '--import', 'tsx', '--conditions', 'secagg-source', program],
      { encoding: 'utf8', env: { ...process.env, NODE_V8_COVERAGE: '' } },
    );
    expect(own.split('\n')).to.deep.equal(['16 of 20', '16 of 20', '']);
  });

  it('are summed up rightly if the engine has no more memory, for which it is asked once', () => {
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
        const sum = each.zeroLanes(vector.length);
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
    addLanes(ring, acc, term);
    expect(new Uint32Array(acc.buffer)).to.deep.equal(expected);
  });

  it('are added by WebAssembly here, whose embedded bytes are compiled from its source', function () {
    this.timeout(60_000);
    expect(kernel()).to.not.equal(typescriptKernel);
    const text = compiled().replace(/[\s'+]/g, '');
    // Both modules in one process, because the compiler takes seconds to load.
    for (const embedded of [LANES_WASM, DRAWS_WASM]) expect(text).to.contain(embedded.replaceAll('+', ''));
  });

  it('are added in plain TypeScript if WebAssembly is missing or forbidden', () => {
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

/** The modules in WebAssembly, compiled anew; in a process without tsx, which would first transform the compiler. */
function compiled(): string {
  const build = new URL('../../wasm/build.js', import.meta.url);
  const program = `import { compile, MODULES } from '${build.href}';
    for (const name of Object.keys(MODULES)) process.stdout.write(await compile(name));`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    env: { ...process.env, NODE_V8_COVERAGE: '' },
  });
}
