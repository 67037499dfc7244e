// The key stream of masks: ChaCha20 (RFC 8439) under a seed, from a counter and a nonce of zero, as `ChaCha20Rng::from_seed` of the crate
// rand_chacha 0.3 has it. From the engine if it has ChaCha20, else from WebAssembly, else from noble; all give the same bytes, noble up to 256 GiB.
import { platform } from '#platform';
import { chacha20 } from '@noble/ciphers/chacha.js';
import { secretCopyOf } from '../../leaves/bytes.ts';
import { maskLoops } from './mask-loops.ts';

/** Key stream, taken in order. */
export interface MaskKeystream {
  /** The next `length` bytes, a multiple of 4 and at most `MOST_KEYSTREAM`. They are good until the next call. */
  next(length: number): Uint8Array;
  /** Wipes the last bytes, and what is left of the key. */
  end(): void;
}

/** Bytes from one place of a key stream. */
type KeystreamAt = (key: Uint8Array, at: number, length: number) => Uint8Array;

const BLOCK = 64;

/** The key stream of a seed of 32 bytes, which is copied. */
export async function maskKeystream(seed: Uint8Array): Promise<MaskKeystream> {
  if (platform.chacha20 !== null) return ofEngine(platform.chacha20(seed), await platform.releaser());
  const loops = maskLoops();
  return inOrder(seed, loops === null ? ofNoble : (key, at, length) => loops.keystream(key, at, length));
}

/** Gives the memory of a block back before the next one is made, so that the same memory, which is in the cache, is used again. */
export function ofEngine(stream: { next(length: number): Uint8Array }, release: (block: Uint8Array) => void): MaskKeystream {
  let block: Uint8Array | null = null;
  const end = (): void => {
    if (block === null) return;
    block.fill(0);
    release(block);
    block = null;
  };
  return {
    next(length): Uint8Array {
      end();
      return (block = stream.next(length));
    },
    end,
  };
}

export function inOrder(seed: Uint8Array, keystreamAt: KeystreamAt): MaskKeystream {
  const key = secretCopyOf(seed);
  let at = 0;
  let block: Uint8Array | null = null;
  return {
    next(length): Uint8Array {
      at += length;
      block?.fill(0);
      return (block = keystreamAt(key, at - length, length));
    },
    end(): void {
      block?.fill(0);
      key.fill(0);
    },
  };
}

/** Key stream in JavaScript. */
export const ofNoble: KeystreamAt = (key, at, length) => {
  const block = Math.floor(at / BLOCK);
  const skipped = at - block * BLOCK;
  const made = chacha20(key, new Uint8Array(12), new Uint8Array(skipped + length), undefined, block);
  made.fill(0, 0, skipped); // of an earlier call, which has wiped its own
  return made.subarray(skipped);
};
