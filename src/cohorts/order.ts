// A uniformly random order that everybody can draw again: Fisher and Yates' shuffle with words from SHA-256 in counter
// mode. The document for other languages is docs/cohorts.md.
import { u32 } from '../leaves/bytes.ts';
import { digest } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';

const WORDS = 0x1_0000_0000;

/** Uniform integers below 2^32, one after the other. */
export type Words = () => number;

/** The words of one draw: blocks of eight, big-endian, each the digest of enrolment, seed and the block's number. */
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
export function shuffled(count: number, next: Words): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const j = below(last + 1, next);
    const moved = order[j] ?? 0;
    order[j] = order[last] ?? 0;
    order[last] = moved;
  }
  return order;
}

/** Uniform below `bound`: words in the incomplete last stretch of `bound` are drawn again, or the first ones would come more often. */
function below(bound: number, next: Words): number {
  const complete = WORDS - (WORDS % bound);
  for (;;) {
    const word = next();
    if (word < complete) return word % bound;
  }
}
