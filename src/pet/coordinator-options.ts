// What a coordinator is made with.
import { checkInteger, checkNames, checkNumber } from '../leaves/checks.ts';
import { systemRandom, type RandomSource } from '../crypto/random.ts';
import { checkMaskConfigPair, type MaskConfigPair } from './masking/mask-config.ts';
import { MAX_LENGTH } from './masking/mask-object.ts';
import type { Tag } from './wire/message.ts';

/** How many messages a phase takes. */
export interface MessageCount {
  /** The phase can be closed once so many were accepted. */
  readonly min: number;
  /** More are refused. */
  readonly max: number;
}

/** What a coordinator is made with. */
export interface PetCoordinatorOptions {
  /** The probability that a participant is drawn for the sum task, above 0 and below 1. */
  readonly sumProbability: number;
  /** The probability that one that was not is drawn for the update task, above 0 and up to 1. */
  readonly updateProbability: number;
  /** How models and their weights are masked. */
  readonly config: MaskConfigPair;
  /** Numbers of a model. */
  readonly modelLength: number;
  /** Messages of the sum phase. Default: 1 to 100. */
  readonly sum?: MessageCount;
  /** Messages of the update phase, at least 3. Default: 3 to 10,000. */
  readonly update?: MessageCount;
  /** Messages of the sum2 phase, no more than those of the sum phase. Default: 1 to 100. */
  readonly sum2?: MessageCount;
  /** Most bytes that are kept of messages of which parts are missing. Default: 2^28. */
  readonly maxPendingBytes?: number;
  /** Gives random bytes, for tests: any other source than the platform's cryptographic generator, which is the default, gives away what is sealed for it. */
  readonly unsafeRandom?: RandomSource;
}

/** The options with their defaults. */
export interface CoordinatorSettings {
  readonly sumProbability: number;
  readonly updateProbability: number;
  readonly config: MaskConfigPair;
  readonly modelLength: number;
  readonly counts: Readonly<Record<Tag, MessageCount>>;
  readonly maxPendingBytes: number;
  readonly random: RandomSource;
}

const NAMES = [
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
/** The least messages with which the protocol works. [xaynet-core 0.2.0] src/message/message.rs. */
const LEAST: Readonly<Record<Tag, number>> = { sum: 1, update: 3, sum2: 1 };
const MOST_MESSAGES = 2 ** 24;
const DEFAULT_PENDING_BYTES = 2 ** 28;

/** @throws TypeError, RangeError that name the option. */
export function checkSettings(options: PetCoordinatorOptions): CoordinatorSettings {
  checkNames(options, 'options', NAMES);
  const { sumProbability, updateProbability, sum = { min: 1, max: 100 }, update = { min: 3, max: 10_000 } } = options;
  const {
    sum2 = { min: 1, max: Math.max(1, sum.max) },
    maxPendingBytes = DEFAULT_PENDING_BYTES,
    unsafeRandom: random = systemRandom,
  } = options;
  checkNumber(sumProbability, 'options.sumProbability', Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  checkNumber(updateProbability, 'options.updateProbability', Number.MIN_VALUE, 1);
  const counts = { sum: checkCount(sum, 'sum'), update: checkCount(update, 'update'), sum2: checkCount(sum2, 'sum2') };
  if (counts.sum2.min > counts.sum.max || counts.sum2.max > counts.sum.max) {
    throw new RangeError(`options.sum2: expected no more messages than the ${counts.sum.max} of the sum phase`);
  }
  return {
    sumProbability,
    updateProbability,
    config: checkMaskConfigPair(options.config, 'options.config'),
    modelLength: checkInteger(options.modelLength, 'options.modelLength', 1, MAX_LENGTH),
    counts,
    maxPendingBytes: checkInteger(maxPendingBytes, 'options.maxPendingBytes', 0, Number.MAX_SAFE_INTEGER),
    random,
  };
}

function checkCount(value: MessageCount, tag: Tag): MessageCount {
  const name = `options.${tag}`;
  checkNames(value, name, ['min', 'max']);
  const min = checkInteger(value.min, `${name}.min`, LEAST[tag], MOST_MESSAGES);
  return { min, max: checkInteger(value.max, `${name}.max`, min, MOST_MESSAGES) };
}
