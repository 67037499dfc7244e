// Expands the 32-byte seeds of masks, and adds the masks to a vector or subtracts them from it. The PRG ([BIK+17] section 3.4) is
// AES-256 in counter mode from a zero block, whose key stream is read as integers of as many whole bytes as the ring needs. Each key
// is derived for one mask, so the zero block never repeats under a key.
import { platform } from '#platform';
import type { Keystream } from '../platform/platform.ts';
import { kernel, MAX_BLOCK } from './kernel.ts';
import type { Pace } from './pace.ts';
import { PLANES_BLOCK, type Lanes, type Ring, type Term } from './ring.ts';

/** One mask to add (+1) or to subtract (−1). */
export interface Mask {
  readonly seed: Uint8Array;
  readonly sign: 1 | -1;
}

/**
 * How many masks are expanded side by side, block by block, so that a block of the sum is fetched and stored once for all of
 * them. Their blocks take 4 MiB, because an engine that answers later makes a block of each mask before any is added.
 */
const MASKS_AT_A_TIME: number = Math.floor((4 << 20) / platform.keystreamBlock);

const ZERO_COUNTER = new Uint8Array(16);

/**
 * acc := acc + Σ sign · PRG(seed); the seeds are wiped. Needs memory for one block of MASKS_AT_A_TIME masks, whatever their
 * number and length, and lets the event loop run in between.
 */
export async function applyMasks(ring: Ring, acc: Lanes, masks: AsyncIterable<Mask> | Iterable<Mask>, pace: Pace): Promise<void> {
  const add = async (some: readonly Mask[]): Promise<void> => (await OpenMasks.of(ring, some, pace)).addTo(acc, pace);
  let some: Mask[] = [];
  for await (const mask of masks) {
    some.push(mask);
    if (some.length < MASKS_AT_A_TIME) continue;
    await add(some);
    some = [];
  }
  if (some.length > 0) await add(some);
}

/** Masks whose key streams go on from one part of a vector to the next. */
export class OpenMasks {
  readonly #ring: Ring;
  readonly #groups: readonly (readonly Stream[])[];
  readonly #release: (block: Uint8Array) => void;

  private constructor(ring: Ring, groups: readonly (readonly Stream[])[], release: (block: Uint8Array) => void) {
    this.#ring = ring;
    this.#groups = groups;
    this.#release = release;
  }

  /** The seeds are wiped. */
  static async of(ring: Ring, masks: readonly Mask[], pace: Pace): Promise<OpenMasks> {
    const groups: Stream[][] = [];
    for (let at = 0; at < masks.length; at += MASKS_AT_A_TIME) {
      groups.push(masks.slice(at, at + MASKS_AT_A_TIME).map(opened));
      await pace.maybePause();
    }
    return new OpenMasks(ring, groups, await platform.releaser());
  }

  /**
   * part := part + Σ sign · what follows of PRG(seed).
   *
   * @param part whole blocks of planes, unless it is the last one.
   */
  async addTo(part: Lanes, pace: Pace): Promise<void> {
    const ring = this.#ring;
    const bytesAtATime = componentsAtATime(ring) * ring.laneBytes;
    for (let at = 0; at < part.length; at += bytesAtATime) {
      const block = part.subarray(at, at + bytesAtATime);
      const length = (block.length / ring.laneBytes) * ring.maskBytes;
      for (const streams of this.#groups) {
        const terms = platform.keystreamAtOnce() ? blocksOf(streams, length) : await awaitedBlocks(streams, length);
        kernel().accumulateMasks(ring, block, released(terms, this.#release));
        await pace.maybePause();
      }
    }
  }
}

function opened({ seed, sign }: Mask): Stream {
  const stream = platform.aes256Ctr(seed, ZERO_COUNTER);
  seed.fill(0);
  return { stream, sign };
}

/** As many components as the kernel takes at once and the platform's block of key stream is enough for; whole blocks of planes. */
function componentsAtATime({ laneBytes, maskBytes }: Ring): number {
  if (laneBytes === maskBytes) return platform.keystreamBlock / laneBytes;
  const most = Math.min(platform.keystreamBlock / maskBytes, MAX_BLOCK / laneBytes);
  return Math.floor(most / PLANES_BLOCK) * PLANES_BLOCK;
}

interface Stream {
  readonly stream: Keystream;
  readonly sign: 1 | -1;
}

/** Makes one block of key stream at a time, when the kernel asks for it, so that the block is still in the cache. */
function* blocksOf(streams: readonly Stream[], length: number): Generator<Term> {
  for (const { stream, sign } of streams) yield { bytes: stream.next(length) as Uint8Array, sign };
}

async function awaitedBlocks(streams: readonly Stream[], length: number): Promise<Term[]> {
  return Promise.all(streams.map(async ({ stream, sign }) => ({ bytes: await stream.next(length), sign })));
}

/** Gives each block's memory back once the block is added. */
function* released(blocks: Iterable<Term>, release: (block: Uint8Array) => void): Generator<Term> {
  for (const block of blocks) {
    yield block;
    release(block.bytes);
  }
}
