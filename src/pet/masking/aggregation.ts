// Sums of masks or of masked models, and what is left when the mask is taken away. [xaynet-core 0.2.0] src/mask/masking.rs, `Aggregation`.
import { checkInteger } from '../../leaves/checks.ts';
import { inspectAs } from '../../leaves/inspect.ts';
import { PetError } from '../pet-error.ts';
import { checkMaskConfigPair, isSamePair, type MaskConfigPair } from './mask-config.ts';
import { MAX_LENGTH, MaskObject } from './mask-object.ts';
import { zeroModel, type Model } from './model.ts';
import { writeQuotient } from './quotients.ts';
import { bigintAt, wordsOf, type WordArithmetic, type Words } from './words.ts';

/**
 * Adds masked models, or masks, of one round. The coordinator adds masked models, and each sum participant adds their masks.
 *
 * @example
 * ```js
 * import { Aggregation, deriveMask, maskModel } from 'secagg/pet';
 *
 * const one = { groupType: 'Integer', dataType: 'F64', boundType: 'B2', modelType: 'M3' };
 * const config = { vect: one, unit: one };
 * const models = new Aggregation(config, 1);
 * const masks = new Aggregation(config, 1);
 * for (const [number, weight] of [[10, 1], [40, 2]]) {
 *   const { seed, masked } = await maskModel(Float64Array.of(number), { config, length: 1, weight });
 *   models.add(masked);
 *   masks.add(await deriveMask(seed, 1, config));
 * }
 * console.log(models.unmask(masks.total)); // prints: Float64Array(1) [ 30 ]
 * ```
 */
export class Aggregation {
  readonly #total: MaskObject;
  #count = 0;

  /**
   * @param config the configurations of the round.
   * @param length numbers of a model.
   * @throws TypeError, RangeError.
   */
  constructor(config: MaskConfigPair, length: number) {
    const pair = checkMaskConfigPair(config, 'config');
    checkInteger(length, 'length', 1, MAX_LENGTH);
    this.#total = MaskObject.zero(pair, length);
  }

  /** How many were added. */
  get count(): number {
    return this.#count;
  }

  /** The sum so far, as a copy. */
  get total(): MaskObject {
    return this.#total.copy();
  }

  /** How many may be added so that no sum wraps. */
  get maxModels(): number {
    const { vect, unit } = this.#total.arithmetics;
    return Math.min(vect.group.maxModels, unit.group.maxModels);
  }

  /**
   * Adds a masked model or a mask.
   *
   * @throws PetError ERR_SECAGG_PET_MISMATCH if it has another configuration or length; ERR_SECAGG_PET_TOO_MANY if there are as many models
   *   as the configuration allows. Nothing was added then.
   */
  add(object: MaskObject): void {
    this.#requireSameForm(object);
    if (this.#count >= this.maxModels) {
      throw new PetError('ERR_SECAGG_PET_TOO_MANY', `aggregation: expected at most ${this.maxModels} models, got another one`);
    }
    const { vect, unit } = this.#total.arithmetics;
    vect.add(this.#total.elements.vect, object.elements.vect);
    unit.add(this.#total.elements.unit, object.elements.unit);
    this.#count++;
  }

  /**
   * The weighted mean of the models: Σ weight·model / Σ weight. The aggregation stays as it is.
   *
   * @param mask the sum of the masks of exactly the models that were added.
   * @returns a typed array of the data type of `config.vect`: floats to the nearest, integers rounded towards zero.
   * @throws PetError ERR_SECAGG_PET_MISMATCH if the mask has another configuration or length; ERR_SECAGG_PET_UNMASK if nothing was added, or
   *   if what is left cannot be a sum of so many models, so that the mask is a wrong one or somebody has sent numbers out of bounds;
   *   ERR_SECAGG_PET_ZERO_WEIGHT if the weights add up to zero.
   */
  unmask(mask: MaskObject): Model {
    this.#requireSameForm(mask);
    if (this.#count === 0) throw new PetError('ERR_SECAGG_PET_UNMASK', 'aggregation: there is no model to unmask');
    const { arithmetics, elements } = this.#total;
    const weights = this.#without(arithmetics.unit, elements.unit, mask.elements.unit);
    const weight = bigintAt(weights, 0, arithmetics.unit.group.words) - this.#zeroOf(arithmetics.unit);
    // DEVIATION from xaynet-core 0.2.0, which divides by whatever is left, also by zero or by a negative number.
    if (weight === 0n) throw new PetError('ERR_SECAGG_PET_ZERO_WEIGHT', 'aggregation: the weights add up to zero');
    if (weight < 0n) throw wrongMask();
    const numbers = this.#without(arithmetics.vect, elements.vect, mask.elements.vect);
    return this.#meanOf(numbers, weight);
  }

  #meanOf(numbers: Words, weight: bigint): Model {
    const { vect, unit } = this.#total.arithmetics;
    const { words, decimals } = vect.group;
    const zero = this.#zeroOf(vect);
    const model = zeroModel(this.#total.config.vect.dataType, this.#total.length);
    const factor = 10n ** BigInt(unit.group.decimals);
    const denominator = weight * 10n ** BigInt(decimals);
    const common = factor < 10n ** BigInt(decimals) ? factor : 10n ** BigInt(decimals);
    for (let i = 0; i < model.length; i++) {
      const numerator = (bigintAt(numbers, i * words, words) - zero) * (factor / common);
      if (!writeQuotient(model, i, { numerator, denominator: denominator / common })) throw wrongMask();
    }
    return model;
  }

  /** What is left of a sum without its mask. At most 2·k·A·E can be: a wrong mask leaves random elements of the whole group. */
  #without(arithmetic: WordArithmetic, sums: Words, masks: Words): Words {
    const { words } = arithmetic.group;
    const most = wordsOf(2n * this.#zeroOf(arithmetic), words);
    const left = sums.slice();
    for (let at = 0; at < left.length; at += words) {
      arithmetic.subtractAt(left, at, masks, at);
      for (let i = words - 1; i >= 0 && left[at + i] !== most[i]; i--) {
        if ((left[at + i] ?? 0) > (most[i] ?? 0)) throw wrongMask();
        break;
      }
    }
    return left;
  }

  /** k·A·E: what stands for zero in a sum of k models. */
  #zeroOf({ group }: WordArithmetic): bigint {
    return BigInt(this.#count) * group.addShift * 10n ** BigInt(group.decimals);
  }

  #requireSameForm(object: MaskObject): void {
    const { config, length } = this.#total;
    if (!isSamePair(object.config, config)) {
      throw new PetError('ERR_SECAGG_PET_MISMATCH', 'aggregation: expected the mask configurations of the round, got others');
    }
    if (object.length !== length) {
      throw new PetError('ERR_SECAGG_PET_MISMATCH', `aggregation: expected ${length} numbers, got ${object.length}`);
    }
  }
}

inspectAs(Aggregation.prototype, (aggregation) => `Aggregation of ${aggregation.count} models`);

function wrongMask(): PetError {
  return new PetError('ERR_SECAGG_PET_UNMASK', 'aggregation: without this mask no sum of so many models is left');
}
