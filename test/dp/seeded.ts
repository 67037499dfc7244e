// A deterministic generator for tests of randomness: AES-256 in counter mode.
import { createCipheriv, createHash } from 'node:crypto';
import type { RandomSource } from '../../src/encoding/index.ts';

export function seeded(seed: string): RandomSource {
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(seed).digest(), new Uint8Array(16));
  return (length) => new Uint8Array(cipher.update(new Uint8Array(length)));
}

/** Uniform reals in [0, 1). */
export function uniforms(seed: string): () => number {
  const random = seeded(seed);
  return () => new DataView(random(4).buffer).getUint32(0) / 2 ** 32;
}
