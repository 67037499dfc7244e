// The key stream of masks: ChaCha20 (RFC 8439) under a seed, from a counter and a nonce of zero, as `ChaCha20Rng::from_seed` of the crate
// rand_chacha 0.3 has it. From the engine if it has ChaCha20, else from WebAssembly, else from noble; all give the same bytes.
import { platform } from '#platform';
import { chacha20 } from '@noble/ciphers/chacha.js';
import { once } from '../../leaves/once.ts';
import { CHACHA20_WASM } from './chacha20-wasm.ts';

/** Key stream, taken in order. */
export interface MaskKeystream {
  /** Most bytes at a time. */
  readonly most: number;
  /** The next `length` bytes, a multiple of 4. They are good until the next call. */
  next(length: number): Uint8Array;
  /** Wipes what is left of the key. */
  end(): void;
}

const BLOCK = 64;
/** "expand 32-byte k" */
const SIGMA = Uint32Array.of(0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574);
/** Bytes that wasm/chacha20.ts makes at a time. Its state is in the first ones of its memory, and key stream begins behind them. */
const STEP = 4 * BLOCK;
/** Bytes of key stream that fit into the one page of that memory beside the state and what is left of the last ones. */
const REGION = 65_536 - 3 * STEP;

/** The key stream of a seed of 32 bytes, which is copied. */
export function maskKeystream(seed: Uint8Array): MaskKeystream {
  if (platform.chacha20 !== null) return ofEngine(platform.chacha20(seed));
  const compiled = chacha20Module();
  return compiled === null ? ofNoble(seed) : new WasmKeystream(compiled, seed);
}

function ofEngine(stream: { next(length: number): Uint8Array }): MaskKeystream {
  return { most: platform.keystreamBlock, next: (length) => stream.next(length), end: (): void => undefined };
}

/** @param seed is copied. */
export function ofNoble(seed: Uint8Array): MaskKeystream {
  const key = seed.slice();
  let at = 0;
  return {
    most: REGION,
    next(length): Uint8Array {
      const first = Math.floor(at / BLOCK);
      const skipped = at - first * BLOCK;
      at += length;
      return chacha20(key, new Uint8Array(12), new Uint8Array(skipped + length), undefined, first).subarray(skipped);
    },
    end(): void {
      key.fill(0);
    },
  };
}

/** Compiled when it is first needed; null if the engine has no WebAssembly with SIMD, or a page's policy forbids it. */
export const chacha20Module: () => WebAssembly.Module | null = once(() => {
  try {
    return new WebAssembly.Module((platform.fromBase64(CHACHA20_WASM) ?? new Uint8Array()) as BufferSource);
  } catch {
    return null;
  }
});

/** Key stream of wasm/chacha20.ts, in a memory of its own. */
export class WasmKeystream implements MaskKeystream {
  readonly most: number = REGION;
  readonly #bytes: Uint8Array;
  readonly #make: (out: number, count: number) => void;
  #at = STEP;
  #end = STEP;

  constructor(compiled: WebAssembly.Module, seed: Uint8Array) {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
    this.#make = (exports as unknown as { readonly keystream: (out: number, count: number) => void }).keystream;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#bytes.set(new Uint8Array(SIGMA.buffer));
    this.#bytes.set(seed, SIGMA.byteLength);
  }

  next(length: number): Uint8Array {
    if (this.#end - this.#at < length) this.#refill();
    return this.#bytes.subarray(this.#at, (this.#at += length));
  }

  /** Moves what is left to the end of the first step, and makes as much as there is room for behind it. */
  #refill(): void {
    const left = this.#end - this.#at;
    const start = STEP + ((STEP - (left % STEP)) % STEP);
    this.#bytes.copyWithin(start, this.#at, this.#end);
    const from = start + left;
    const count = Math.floor((this.#bytes.length - from) / STEP);
    this.#make(from, count);
    this.#at = start;
    this.#end = from + count * STEP;
  }

  end(): void {
    this.#bytes.fill(0);
  }
}
