// The arithmetic of a pair of configurations.
import type { MaskConfigPair } from './mask-config.ts';
import { groupOf } from './orders.ts';
import { WordArithmetic } from './words.ts';

/** Arithmetic for the numbers of a model and for its weight. */
export interface Arithmetics {
  readonly vect: WordArithmetic;
  readonly unit: WordArithmetic;
}

export function arithmeticsOf({ vect, unit }: MaskConfigPair): Arithmetics {
  return { vect: new WordArithmetic(groupOf(vect)), unit: new WordArithmetic(groupOf(unit)) };
}
