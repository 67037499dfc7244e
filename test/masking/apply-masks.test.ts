// The expansion of seeds to masks: the key stream, many masks at once, and memory that is given back.
import { platform as engine } from '#platform';
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemRandom } from '../../src/crypto/random.ts';
import { applyMasks, type Mask } from '../../src/masking/apply-masks.ts';
import { Pace } from '../../src/masking/pace.ts';
import { ringOf, zeroLanes, type Ring } from '../../src/masking/ring.ts';
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

describe('mask expansion', () => {
  it('is AES-256-CTR from a zero counter block over any number of blocks, and subtracting a mask undoes adding it', async () => {
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
