// A model under a fresh mask. [xaynet-core 0.2.0] src/mask/masking.rs, `Masker::mask`.
import { checkNumber, checkObject } from '../../leaves/checks.ts';
import { Pace } from '../../masking/pace.ts';
import { KEY_BYTES } from '../../leaves/sizes.ts';
import { systemRandom, type RandomSource } from '../../crypto/random.ts';
import { deriveMask } from './derive-mask.ts';
import { groupOf } from './orders.ts';
import { FixedPoint, MOST_DIGITS } from './fixed-point.ts';
import { checkMaskConfigPair, type MaskConfigPair } from './mask-config.ts';
import type { MaskObject } from './mask-object.ts';
import { checkModel, mantissasOf, type Model } from './model.ts';
import type { WordArithmetic, Words } from './words.ts';

/** How a model is masked. */
export interface MaskModelOptions {
  /** The configurations of the round. */
  readonly config: MaskConfigPair;
  /** Numbers that a model of the round has. */
  readonly length: number;
  /** The weight of the model in the mean, from 0 to the bound of `config.unit`: for example its share of all examples. Default: 1. */
  readonly weight?: number;
  /** Gives random bytes, for tests: any other source than the platform's cryptographic generator, which is the default, gives inputs away. */
  readonly unsafeRandom?: RandomSource;
}

/** A masked model, and the seed of its mask. */
export interface MaskedModel {
  /** 32 bytes, secret: whoever has them can remove the mask. */
  readonly seed: Uint8Array;
  /** The model times its weight, and the weight, both masked. */
  readonly masked: MaskObject;
}

/**
 * Masks a model under a fresh seed. Each number is multiplied with the weight, clamped to the bound of `config.vect`, and rounded down to a
 * multiple of 10^−10 for 'F32', 'I32' and 'I64', of 10^−20 for 'F64' (with 'Bmax', 10^−45 for 'F32' and 10^−324 for 'F64').
 *
 * @param model the numbers: a Float32Array, Float64Array, Int32Array or BigInt64Array, as the data type of `config.vect` says.
 * @throws PetError ERR_SECAGG_PET_MODEL if it has another length, or a number that is not finite; TypeError, RangeError for other arguments.
 *
 * @example
 * ```js
 * import { Aggregation, deriveMask, maskModel } from 'secagg/pet';
 *
 * const one = { groupType: 'Prime', dataType: 'F32', boundType: 'B0', modelType: 'M3' };
 * const config = { vect: one, unit: one };
 * const { seed, masked } = await maskModel(Float32Array.of(0.5, -0.25), { config, length: 2 });
 * const sum = new Aggregation(config, 2);
 * sum.add(masked);
 * console.log(sum.unmask(await deriveMask(seed, 2, config))); // prints: Float32Array(2) [ 0.5, -0.25 ]
 * ```
 */
export async function maskModel(model: Model, options: MaskModelOptions): Promise<MaskedModel> {
  checkObject(options, 'options');
  const { length, weight = 1, unsafeRandom: random = systemRandom } = options;
  const config = checkMaskConfigPair(options.config, 'options.config');
  const numbers = checkModel(model, 'model', { dataType: config.vect.dataType, length });
  checkNumber(weight, 'options.weight', 0, Number(groupOf(config.unit).addShift));
  const seed = random(KEY_BYTES);
  const masked = await deriveMask(seed, length, config);
  const { arithmetics, elements } = masked;
  try {
    await addModel(arithmetics.vect, elements.vect, { model: numbers, weight });
    await addModel(arithmetics.unit, elements.unit, { model: Float64Array.of(weight), weight: 1 });
  } catch (error) {
    masked.wipe();
    seed.fill(0);
    throw error;
  }
  return { seed, masked };
}

/** Numbers between two looks at the clock. */
const NUMBERS_AT_A_TIME = 16_384;

async function addModel(
  arithmetic: WordArithmetic,
  elements: Words,
  { model, weight }: { readonly model: Model; readonly weight: number },
): Promise<void> {
  const fixedPoint = new FixedPoint(arithmetic.group, weight);
  const number = { digits: new Float64Array(MOST_DIGITS), count: 0, exponent: 0, negative: false };
  const read = mantissasOf(model);
  const pace = new Pace();
  const { words } = arithmetic.group;
  for (let i = 0, at = 0; i < model.length; i++, at += words) {
    read(i, number);
    arithmetic.addAt(elements, at, fixedPoint.elementOf(number), 0);
    if (i % NUMBERS_AT_A_TIME === 0) await pace.maybePause();
  }
}
