// Sums of masks or of masked models, and what is left when the mask is taken away. [xaynet-core 0.2.0] src/mask/masking.rs, `Aggregation`.
import { checkInteger } from '../../leaves/checks.ts';
import { inspectAs } from '../../leaves/inspect.ts';
import { checkMaskConfigPair, type MaskConfigPair } from './mask-config.ts';
import { checkMaskObject, MAX_LENGTH, MaskObject } from './mask-object.ts';
import type { Model } from './model.ts';
import { addTo, meanOf, mostModels } from './totals.ts';

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
    this.#total = MaskObject.zero(pair, checkInteger(length, 'length', 1, MAX_LENGTH));
  }

  /** How many were added. */
  get count(): number {
    return this.#count;
  }

  /** How many may be added so that no sum wraps. */
  get maxModels(): number {
    return mostModels(this.#total);
  }

  /** The sum so far, as a copy. */
  get total(): MaskObject {
    return this.#total.copy();
  }

  /**
   * Adds a masked model or a mask.
   *
   * @throws PetError ERR_SECAGG_PET_MISMATCH if it has another configuration or length; ERR_SECAGG_PET_TOO_MANY if there are as many models
   *   as the configuration allows. Nothing was added then.
   */
  add(object: MaskObject): void {
    addTo({ total: this.#total, count: this.#count }, checkMaskObject(object, 'object'));
    this.#count++;
  }

  /**
   * The weighted mean of the models: Σ weight·model / Σ weight. The aggregation stays as it is.
   *
   * @param mask the sum of the masks of exactly the models that were added.
   * @returns a typed array of the data type of `config.vect`: floats to the nearest, integers rounded towards zero.
   * @throws PetError ERR_SECAGG_PET_MISMATCH if the mask has another configuration or length; ERR_SECAGG_PET_UNMASK if nothing was added, or
   *   if what is left cannot be a sum of so many models, so that the mask is a wrong one or somebody has sent numbers out of bounds, or if tiny weights that were rounded leave a mean out of bounds;
   *   ERR_SECAGG_PET_ZERO_WEIGHT if the weights add up to zero.
   */
  unmask(mask: MaskObject): Model {
    return meanOf({ total: this.#total, count: this.#count }, checkMaskObject(mask, 'mask'));
  }
}

inspectAs(Aggregation.prototype, (aggregation) => `Aggregation of ${aggregation.count} models`);
