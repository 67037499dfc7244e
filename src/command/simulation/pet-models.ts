// The models of the users of PET and their plain mean, without the library. Numbers are multiples of 1/1024, or integers, within the bound of the
// configuration: so no number is rounded or clamped, and the mean is that of their numerators.
import type { MaskConfig, Model } from '../../pet/index.ts';
import { Seeded } from './seeded.ts';

/** Numbers of a model are k/DENOMINATOR for floats. */
const DENOMINATOR = 1024;
/** Integers up to it are numbers of F32. */
const MOST_NUMERATOR = 2 ** 24;
const BOUNDS = { B0: 1, B2: 100, B4: 10_000, B6: 1_000_000, Bmax: 1_000_000 } as const;

/** A user's numerators, uniform in the bound. */
function numeratorsOf(
  seed: number,
  run: number,
  userId: number,
  { dataType, boundType }: MaskConfig,
  length: number,
): Float64Array {
  const random = new Seeded(seed, 'model', run, userId);
  const most = Math.min(BOUNDS[boundType] * (isFloat(dataType) ? DENOMINATOR : 1), MOST_NUMERATOR);
  return new Float64Array(length).map(() => random.below(2 * most + 1) - most);
}

function isFloat(dataType: MaskConfig['dataType']): boolean {
  return dataType === 'F32' || dataType === 'F64';
}

/** A model whose numbers are quotients of numerators: floats to the nearest, integers towards zero. */
function modelOf(numerators: Float64Array, denominator: number, dataType: MaskConfig['dataType']): Model {
  switch (dataType) {
    case 'F32':
      return Float32Array.from(numerators, (k) => k / (DENOMINATOR * denominator));
    case 'F64':
      return numerators.map((k) => k / (DENOMINATOR * denominator));
    case 'I32':
      return Int32Array.from(numerators, (k) => Math.trunc(k / denominator));
    case 'I64':
      return BigInt64Array.from(numerators, (k) => BigInt(Math.trunc(k / denominator)));
  }
}

/** What a user sends. */
export function petModelOf(seed: number, run: number, userId: number, config: MaskConfig, length: number): Model {
  return modelOf(numeratorsOf(seed, run, userId, config, length), 1, config.dataType);
}

/** The mean of some users' models. */
export function plainMean(seed: number, run: number, userIds: readonly number[], config: MaskConfig, length: number): Model {
  const sum = new Float64Array(length);
  for (const userId of userIds) {
    const numerators = numeratorsOf(seed, run, userId, config, length);
    for (let i = 0; i < length; i++) sum[i] = (sum[i] ?? 0) + (numerators[i] ?? 0);
  }
  return modelOf(sum, userIds.length, config.dataType);
}
