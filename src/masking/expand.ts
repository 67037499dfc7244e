// PRG: a 32-byte seed to a mask over all lanes. AES-256 in counter mode from a zero block, the key stream taken as
// lanes; every key is derived for one mask, so the zero block never repeats under a key. [BIK+17] section 3.4: PRG.
import { platform } from '#platform';
import { accumulate, type Lanes, type Ring } from './ring.ts';

/** One mask to add (+1) or to subtract (−1). */
export interface Mask {
  readonly seed: Uint8Array;
  readonly sign: 1 | -1;
}

const ZERO_COUNTER = new Uint8Array(16);

/** acc := acc + sign · PRG(seed), block by block: memory for one block, whatever the length. */
export async function applyMask(ring: Ring, acc: Lanes, mask: Mask): Promise<void> {
  const stream = platform.aes256Ctr(mask.seed, ZERO_COUNTER);
  for (let at = 0; at < acc.length; at += platform.keystreamBlock) {
    const part = acc.subarray(at, at + platform.keystreamBlock);
    const block = stream.next(part.length);
    accumulate(ring, part, block instanceof Promise ? await block : block, mask.sign);
  }
}
