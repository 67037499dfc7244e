// A uniformly random order that all parties can draw again: Fisher and Yates' shuffle with words from SHA-256 in counter
// mode. docs/cohorts.md specifies it for other languages.
import { u32 } from '../leaves/bytes.ts';
import { digest } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import { shuffle, type Words } from '../leaves/permutation.ts';

/** The words of one draw: eight big-endian words a block, which is the digest of enrolment, seed and the block's number. */
export function wordsOf(enrolment: Uint8Array, seed: Uint8Array): Words {
  let block: Uint8Array = new Uint8Array();
  let [blocks, at] = [0, 0];
  return () => {
    if (at === block.length) {
      block = digest(LABELS.cohortOrder, [enrolment, seed, u32(blocks++)]);
      at = 0;
    }
    let word = 0;
    for (const end = at + 4; at < end; at++) word = word * 256 + (block[at] ?? 0);
    return word;
  };
}

/** The integers below `count` in random order. */
export function randomOrder(count: number, next: Words): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  shuffle(order, next);
  return order;
}
