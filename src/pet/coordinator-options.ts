// What a coordinator is made with.
import { checkInteger, checkNumber, checkPositive } from '../leaves/checks.ts';
import { systemRandom, type RandomSource } from '../crypto/random.ts';
import { checkMaskConfigPair, type MaskConfigPair } from './masking/mask-config.ts';
import { MAX_LENGTH } from './masking/mask-object.ts';
import { groupOf } from './masking/orders.ts';
import { checkLimits, type CheckedLimits, type PhaseLimits } from './phase-limits.ts';
import type { Tag } from './wire/message.ts';

/** What rounds are like. */
export interface PetRoundOptions {
  /** The probability that a participant is drawn for the sum task, above 0 and below 1. */
  readonly sumProbability: number;
  /** The probability that one that was not is drawn for the update task, above 0 and up to 1. */
  readonly updateProbability: number;
  /** How models and their weights are masked. */
  readonly config: MaskConfigPair;
  /** Numbers of a model. */
  readonly modelLength: number;
  /** When the sum phase ends. */
  readonly sum?: PhaseLimits;
  /** When the update phase ends. It needs at least 3 messages, and takes at most as many as the mask configurations bear models. */
  readonly update?: PhaseLimits;
  /** When the sum2 phase ends. It needs and takes no more messages than the sum phase, and no more than there are sum participants. */
  readonly sum2?: PhaseLimits;
  /**
   * Most bytes that are kept of messages of which parts are missing, counted with 1 KiB for each message and 128 bytes for each part; the least parts
   * take up to 1.7 times as much memory. A message that counts more cannot come in parts. Default: 2^28.
   */
  readonly maxPendingBytes?: number;
  /** Gives random bytes, for tests: any other source than the platform's cryptographic generator, which is the default, gives away what is sealed for it. */
  readonly unsafeRandom?: RandomSource;
}

/** What a coordinator in memory is made with. */
export interface PetCoordinatorOptions extends PetRoundOptions {
  /** Gives milliseconds from any beginning, for tests. Default: the time of the process. */
  readonly clock?: () => number;
}

/** The options with their defaults. */
export interface RoundSettings {
  readonly sumProbability: number;
  readonly updateProbability: number;
  readonly config: MaskConfigPair;
  readonly modelLength: number;
  readonly limits: Readonly<Record<Tag, CheckedLimits>>;
  readonly maxPendingBytes: number;
  readonly random: RandomSource;
}

export const ROUND_OPTIONS: readonly (keyof PetRoundOptions)[] = [
  'sumProbability',
  'updateProbability',
  'config',
  'modelLength',
  'sum',
  'update',
  'sum2',
  'maxPendingBytes',
  'unsafeRandom',
];
const DEFAULT_PENDING_BYTES = 2 ** 28;

/** @throws TypeError, RangeError that name the option. */
export function checkSettings(options: PetRoundOptions): RoundSettings {
  const { sumProbability, updateProbability, maxPendingBytes = DEFAULT_PENDING_BYTES } = options;
  const config = checkMaskConfigPair(options.config, 'options.config');
  checkPositive(sumProbability, 'options.sumProbability', 1);
  checkNumber(checkPositive(updateProbability, 'options.updateProbability'), 'options.updateProbability', 0, 1);
  return {
    sumProbability,
    updateProbability,
    config,
    modelLength: checkInteger(options.modelLength, 'options.modelLength', 1, MAX_LENGTH),
    limits: checkPhases(options, Math.min(groupOf(config.vect).maxModels, groupOf(config.unit).maxModels)),
    maxPendingBytes: checkInteger(maxPendingBytes, 'options.maxPendingBytes', 0, Number.MAX_SAFE_INTEGER),
    random: options.unsafeRandom ?? systemRandom,
  };
}

/** @param mostModels that the mask configurations bear. */
function checkPhases(options: PetRoundOptions, mostModels: number): RoundSettings['limits'] {
  const sum = checkLimits(options.sum ?? {}, 'sum', { min: 1, max: 100 });
  const update = checkLimits(options.update ?? {}, 'update', { min: 3, max: Math.min(10_000, mostModels) });
  const sum2 = checkLimits(options.sum2 ?? {}, 'sum2', { min: 1, max: sum.count.max });
  if (update.count.max > mostModels) {
    throw new RangeError(
      `options.update.count: expected no more messages than the ${mostModels} models of the mask configurations`,
    );
  }
  for (const which of ['min', 'max'] as const) {
    if (sum2.count[which] <= sum.count[which]) continue;
    throw new RangeError(`options.sum2.count: expected ${which} up to the ${sum.count[which]} of the sum phase`);
  }
  return { sum, update, sum2 };
}
