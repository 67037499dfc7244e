// Expands a seed to a mask and adds it, and packs and unpacks a vector: ours beside the bare cipher, the TypeScript kernel and a cipher in
// JavaScript. All are measured in turn within one run, so that a busy machine slows all of them.
import { createCipheriv, randomBytes } from 'node:crypto';
import { ctr } from '@noble/ciphers/aes.js';
import { applyMasks } from '../../src/masking/mask-expansion.ts';
import { kernel } from '../../src/masking/kernel.ts';
import { Pace } from '../../src/masking/pace.ts';
import { pack } from '../../src/masking/bit-packing.ts';
import { addPacked, zeroSum } from '../../src/masking/running-sum.ts';
import { typescriptKernel } from '../../src/masking/typescript-kernel.ts';
import { ringOf, zeroLanes, type Kernel, type Ring } from '../../src/masking/ring.ts';
import { packedLength } from '../../src/session/parameters.ts';
import { makeKeystream } from './cipher.ts';
import { median, timed } from '../statistics.ts';

/** Milliseconds for one mask, or one vector, of the given number of components. */
export interface Expansion {
  readonly bits: number;
  readonly cipher: number;
  /** Each of many side by side. */
  readonly ours: number;
  /** One by itself. */
  readonly alone: number;
  readonly plainKernel: number;
  readonly javascript: number;
  readonly pack: number;
  readonly unpackAndAdd: number;
}

const MASKS = 16;
/** Components of a block of key stream for the plain kernel. */
const COMPONENTS_AT_A_TIME = 16_384;

export async function measureExpansion(bits: number, components: number, runs: number): Promise<Expansion> {
  const ring = ringOf(bits);
  const lanes = zeroSum(ring, components);
  await check(ring);
  const masks = (count: number): { seed: Uint8Array; sign: 1 }[] =>
    Array.from({ length: count }, () => ({ seed: Uint8Array.from(randomBytes(32)), sign: 1 }));
  const times: Record<Exclude<keyof Expansion, 'bits'>, number[]> = {
    cipher: [],
    ours: [],
    alone: [],
    plainKernel: [],
    javascript: [],
    pack: [],
    unpackAndAdd: [],
  };
  const time = async (what: keyof typeof times, per: number, run: () => unknown): Promise<void> => {
    times[what].push((await timed(run))[1] / per);
  };
  const packed = new Uint8Array(packedLength(components, bits));
  for (let i = 0; i < runs; i++) {
    await time('cipher', MASKS, () => {
      for (let mask = 0; mask < MASKS; mask++) makeKeystream(components * ring.maskBytes);
    });
    await time('ours', MASKS, () => applyMasks(ring, lanes, masks(MASKS), new Pace()));
    await time('alone', 1, () => applyMasks(ring, lanes, masks(1), new Pace()));
    await time('plainKernel', 1, () => expandWith(typescriptKernel, ring, lanes));
    // It is far slower, so that a sixteenth of the length is enough.
    const sample = new Uint8Array((components * ring.maskBytes) / 16);
    await time('javascript', 1 / 16, () => ctr(randomBytes(32), new Uint8Array(16)).encrypt(sample));
    await time('pack', 1, () => pack(ring, lanes, packed));
    await time('unpackAndAdd', 1, () => addPacked(ring, lanes, packed));
  }
  return {
    bits,
    ...(Object.fromEntries(Object.entries(times).map(([what, list]) => [what, median(list)])) as Omit<Expansion, 'bits'>),
  };
}

/** One mask as `applyMasks` makes it, but with another kernel. */
function expandWith(other: Kernel, ring: Ring, lanes: Uint8Array): void {
  const cipher = createCipheriv('aes-256-ctr', randomBytes(32), new Uint8Array(16));
  for (let at = 0; at < lanes.length; at += COMPONENTS_AT_A_TIME * ring.laneBytes) {
    const block = lanes.subarray(at, at + COMPONENTS_AT_A_TIME * ring.laneBytes);
    const length = (block.length / ring.laneBytes) * ring.maskBytes;
    other.accumulateMasks(ring, block, [{ bytes: cipher.update(new Uint8Array(length)), sign: 1 }]);
  }
}

/** @throws unless both kernels and the key stream agree, because the figures of a wrong mask mean nothing. */
async function check(ring: Ring): Promise<void> {
  const seed = Uint8Array.from(randomBytes(32));
  const stream = createCipheriv('aes-256-ctr', seed, new Uint8Array(16)).update(new Uint8Array(8000));
  const [ours, expected] = [zeroLanes(ring, 1000), zeroLanes(ring, 1000)];
  typescriptKernel.accumulateMasks(ring, expected, [{ bytes: stream.subarray(0, 1000 * ring.maskBytes), sign: 1 }]);
  await applyMasks(ring, ours, [{ seed, sign: 1 }], new Pace());
  if (Buffer.compare(ours, expected) !== 0) throw new Error('the mask is wrong');
  if (kernel() === typescriptKernel) console.log('WebAssembly is missing: the TypeScript kernel is all there is');
}
