// Sums of masks or of masked models. [xaynet-core 0.2.0] src/mask/masking.rs, `Aggregation`, with its checks in the functions that need them.
import { PetError } from '../pet-error.ts';
import { isSamePair } from './mask-config.ts';
import type { MaskObject } from './mask-object.ts';
import { zeroModel, type Model } from './model.ts';
import { FastQuotients } from './fast-quotients.ts';
import { writeNearest, writeQuotient } from './quotients.ts';
import { bigintAt, wordsOf, type WordArithmetic, type Words } from './words.ts';

/** A sum and how many are in it. */
export interface Total {
  readonly total: MaskObject;
  readonly count: number;
}

/** How many may be added so that no sum wraps. */
export function mostModels({ arithmetics: { vect, unit } }: MaskObject): number {
  return Math.min(vect.group.maxModels, unit.group.maxModels);
}

/** Adds to a sum in place. @throws PetError ERR_SECAGG_PET_MISMATCH, ERR_SECAGG_PET_TOO_MANY; the sum is as it was. */
export function addTo({ total, count }: Total, object: MaskObject): void {
  requireSameForm(total, object);
  const most = mostModels(total);
  if (count >= most)
    throw new PetError('ERR_SECAGG_PET_TOO_MANY', `aggregation: expected at most ${most} models, got another one`);
  total.arithmetics.vect.add(total.elements.vect, object.elements.vect);
  total.arithmetics.unit.add(total.elements.unit, object.elements.unit);
}

/** @throws PetError ERR_SECAGG_PET_MISMATCH unless both have the same configurations and length. */
export function requireSameForm(total: MaskObject, object: MaskObject): void {
  if (!isSamePair(object.config, total.config)) {
    throw new PetError('ERR_SECAGG_PET_MISMATCH', 'aggregation: expected the mask configurations of the round, got others');
  }
  if (object.length !== total.length) {
    throw new PetError('ERR_SECAGG_PET_MISMATCH', `aggregation: expected ${total.length} numbers, got ${object.length}`);
  }
}

/**
 * The weighted mean of the models in a sum: (n/E − k·A) / (n₁/E₁ − k·A₁), for the sums n and n₁ of k models and of their weights.
 *
 * @throws PetError ERR_SECAGG_PET_MISMATCH, ERR_SECAGG_PET_UNMASK, ERR_SECAGG_PET_ZERO_WEIGHT.
 */
export function meanOf(sum: Total, mask: MaskObject): Model {
  const { total, count } = sum;
  requireSameForm(total, mask);
  if (count === 0) throw new PetError('ERR_SECAGG_PET_UNMASK', 'aggregation: there is no model to unmask');
  const { vect, unit } = total.arithmetics;
  const weights = without(unit, count, { sums: total.elements.unit, masks: mask.elements.unit });
  const weight = bigintAt(weights, 0, unit.group.words) - zeroOf(unit, count);
  // DEVIATION from xaynet-core 0.2.0, which divides by whatever is left, also by zero or by a negative number.
  if (weight === 0n) throw new PetError('ERR_SECAGG_PET_ZERO_WEIGHT', 'aggregation: the weights add up to zero');
  if (weight < 0n) throw wrongMask();
  const numbers = without(vect, count, { sums: total.elements.vect, masks: mask.elements.vect });
  return divided(sum, numbers, weight);
}

function divided({ total, count }: Total, numbers: Words, weight: bigint): Model {
  const { vect, unit } = total.arithmetics;
  const { words, decimals } = vect.group;
  const zero = zeroOf(vect, count);
  const model = zeroModel(total.config.vect.dataType, total.length);
  // E₁ / (E·weight), without what E₁ and E have in common.
  const factor = 10n ** BigInt(Math.max(unit.group.decimals - decimals, 0));
  const denominator = weight * 10n ** BigInt(Math.max(decimals - unit.group.decimals, 0));
  const fast = FastQuotients.of(wordsOf(zero, words), factor, denominator);
  for (let i = 0, at = 0; i < model.length; i++, at += words) {
    const quotient = fast?.at(numbers, at) ?? null;
    if (quotient !== null && writeNearest(model, i, quotient)) continue;
    const numerator = (bigintAt(numbers, at, words) - zero) * factor;
    if (!writeQuotient(model, i, { numerator, denominator })) throw wrongMask();
  }
  return model;
}

/** What is left of a sum without its mask. At most 2·k·A·E can be: a wrong mask leaves random elements of the whole group. */
function without(
  arithmetic: WordArithmetic,
  count: number,
  { sums, masks }: { readonly sums: Words; readonly masks: Words },
): Words {
  const { words } = arithmetic.group;
  const most = wordsOf(2n * zeroOf(arithmetic, count), words);
  const left = sums.slice();
  for (let at = 0; at < left.length; at += words) {
    arithmetic.subtractAt(left, at, masks, at);
    if (isAbove(left, at, most)) throw wrongMask();
  }
  return left;
}

function isAbove(elements: Words, at: number, limit: Words): boolean {
  for (let i = limit.length - 1; i >= 0; i--) {
    const word = elements[at + i] ?? 0;
    const other = limit[i] ?? 0;
    if (word !== other) return word > other;
  }
  return false;
}

/** k·A·E: what stands for zero in a sum of k models. */
function zeroOf({ group }: WordArithmetic, count: number): bigint {
  return BigInt(count) * group.addShift * 10n ** BigInt(group.decimals);
}

function wrongMask(): PetError {
  return new PetError('ERR_SECAGG_PET_UNMASK', 'aggregation: without this mask no sum of so many models is left');
}
