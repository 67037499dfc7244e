// The expansion of seeds to masks: the key stream, many masks at once, and memory that is given back.
import { platform as engine } from '#platform';
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemRandom } from '../../src/crypto/random.ts';
import { applyMasks, type Mask } from '../../src/masking/mask-expansion.ts';
import { Pace } from '../../src/masking/pace.ts';
import { ringOf, zeroLanes, type Ring } from '../../src/masking/ring.ts';
import { integers, randomLanes, rings } from './lanes.ts';
import { platform } from '../../src/platform/node.ts';

const applyMask = (ring: Ring, lanes: Uint8Array, { seed, sign }: Mask): Promise<void> =>
  applyMasks(ring, lanes, [{ seed: Uint8Array.from(seed), sign }], new Pace());

/** Runs a program of this folder as a process of its own. */
function printedBy(url: URL): string {
  const program = fileURLToPath(url);
  const conditions = process.execArgv.filter((argument) => argument.includes('condition'));
  return execFileSync(process.execPath, [...conditions, '--import', 'tsx', '--conditions', 'secagg-source', program], {
    encoding: 'utf8',
    env: { ...process.env, NODE_V8_COVERAGE: '' },
  });
}

/** The components of a mask, from its key stream, as docs/wire-format.md says. */
function maskOf(bits: number, stream: Uint8Array): bigint[] {
  const size = Math.ceil(bits / 8);
  const widths = { 3: [2, 1], 5: [4, 1], 6: [4, 2], 7: [4, 2, 1] }[size] ?? [size];
  const mask: bigint[] = [];
  for (let left = stream; left.length > 0; left = left.subarray(8192 * size)) {
    const count = Math.min(8192, left.length / size);
    const planes = Buffer.from(left.subarray(0, count * size));
    for (let i = 0; i < count; i++) {
      let [value, start, shift] = [0n, 0, 0n];
      for (const width of widths) {
        const at = start + i * width;
        const bytes = planes.subarray(at, at + width);
        value += BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`) << shift;
        start += count * width;
        shift += 8n * BigInt(width);
      }
      mask.push(value);
    }
  }
  return mask;
}

describe('mask expansion', () => {
  it('is AES-256-CTR from a zero counter block, as many whole bytes a component as the ring needs, at any length', async () => {
    for (const [bits, length] of [
      [8, 5],
      [12, 70_000],
      [17, 1],
      [24, 8191],
      [20, 30_000],
      [27, 40_001],
      [33, 8192],
      [40, 20_001],
      [48, 8193],
      [45, 131_073],
      [56, 16_385],
      [64, 9000],
    ] as const) {
      const ring = ringOf(bits);
      const seed = systemRandom(32);
      const stream = platform.aes256Ctr(seed, new Uint8Array(16));
      const bytes = new Uint8Array(length * Math.ceil(bits / 8));
      for (let at = 0; at < bytes.length; at += 4096) {
        bytes.set(await stream.next(Math.min(4096, bytes.length - at)), at);
      }
      const lanes = zeroLanes(ring, length);
      await applyMask(ring, lanes, { seed, sign: 1 });
      expect(integers(ring, lanes), `${bits} bits`).to.deep.equal(maskOf(bits, bytes));
    }
  });

  it('is undone by subtracting the mask, at every width', async () => {
    for (const ring of rings) {
      const seed = systemRandom(32);
      const lanes = randomLanes(ring, 20_003);
      const before = Uint8Array.from(lanes);
      await applyMask(ring, lanes, { seed: Uint8Array.from(seed), sign: 1 });
      expect(lanes).not.to.deep.equal(before);
      await applyMask(ring, lanes, { seed, sign: -1 });
      expect(lanes, `${ring.bits} bits`).to.deep.equal(before);
    }
  });

  it('gives the same for many masks at once as for one after the other, and wipes the seeds', async () => {
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

  it('frees each block of key stream once it is added', async () => {
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

  it('keeps no block either if a program begins with it', () => {
    expect(Number(printedBy(new URL('./first-masks-program.ts', import.meta.url)))).to.be.below(1 << 20); // of 24 MiB
  });

  it('opens no message channel when the library is imported, and no other one when it is used again', () => {
    expect(printedBy(new URL('./import-program.ts', import.meta.url))).to.equal('0\n0\n');
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
