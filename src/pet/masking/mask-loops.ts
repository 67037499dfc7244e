// The loops of wasm/draws.ts, in one memory: its first 64 bytes are the state of ChaCha20, then comes the order of the group, and then key
// stream. A derivation that pauses leaves nothing in it that it needs later, so that all share it.
import { platform } from '#platform';
import { once } from '../../leaves/once.ts';
import { DRAWS_WASM } from './draws-wasm.ts';
import type { WordArithmetic, Words } from './words.ts';

/** What wasm/draws.ts exports. */
interface Exports {
  readonly keystream: (out: number, count: number) => void;
  readonly take: (draws: number, count: number, words: number, mask: number) => number;
}

/** Most bytes of key stream at a time: few enough for the cache. */
export const MOST_KEYSTREAM = 57_344;

const BLOCK = 64;
/** Bytes that `keystream` makes at a time. */
const STEP = 4 * BLOCK;
const ORDER = BLOCK;
/** Where key stream begins. The largest order has 67 words. */
const START = 512;
/** Room for all key stream, and for as many draws as `take` may read beyond them. */
const PAGES = 2;
/** "expand 32-byte k" */
const SIGMA = Uint32Array.of(0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574);

/** An instance of the loops. */
export class MaskLoops {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #exports: Exports;

  /** @throws whatever an engine without WebAssembly or SIMD throws, or under a policy that forbids it. */
  constructor() {
    const module = new WebAssembly.Module((platform.fromBase64(DRAWS_WASM) ?? new Uint8Array()) as BufferSource);
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    this.#exports = exports as unknown as Exports;
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /**
   * Key stream of ChaCha20 with a nonce of zero.
   *
   * @param at the first byte, counted from the beginning of the stream.
   * @param length at most {@link MOST_KEYSTREAM}.
   * @returns a view, good until the next call of a loop.
   */
  keystream(key: Uint8Array, at: number, length: number): Uint8Array<ArrayBuffer> {
    const block = Math.floor(at / BLOCK);
    const skipped = at - block * BLOCK;
    const state = new Uint32Array(this.#bytes.buffer, 0, BLOCK / 4);
    state.set(SIGMA);
    this.#bytes.set(key, SIGMA.byteLength);
    state.set([block, Math.floor(block / 2 ** 32), 0, 0], 12);
    this.#exports.keystream(START, Math.ceil((skipped + length) / STEP));
    state.fill(0);
    return this.#bytes.subarray(START + skipped, START + skipped + length);
  }

  /**
   * As `takeDraws` of {@link WordArithmetic}. What {@link keystream} gave is not copied.
   *
   * @param draws at most {@link MOST_KEYSTREAM} bytes.
   */
  takeDraws({ group, order, lastWordMask }: WordArithmetic, draws: Uint8Array, elements: Words, at: number): number {
    const bytes = this.#bytes;
    const start = draws.buffer === bytes.buffer ? draws.byteOffset : START;
    if (draws.buffer !== bytes.buffer) bytes.set(draws, start);
    new Uint32Array(bytes.buffer, ORDER).set(order);
    const end = this.#exports.take(start, draws.length / (4 * group.words), group.words, lastWordMask);
    const count = Math.min((end - start) / 4, elements.length - at);
    elements.set(new Uint32Array(bytes.buffer, start, count), at);
    return at + count;
  }

  /** Wipes the key stream that was made or copied last. */
  wipe(): void {
    this.#bytes.fill(0);
  }
}

/** Made when they are first needed; null if the engine has no WebAssembly with SIMD, or a page's policy forbids it. */
export const maskLoops: () => MaskLoops | null = once(() => {
  try {
    return new MaskLoops();
  } catch {
    return null;
  }
});
