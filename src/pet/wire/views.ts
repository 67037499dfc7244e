// What a coordinator shows to participants, as xaynet's does: in the format of bincode 1.3. Integers are little-endian; a list, a dictionary or a
// byte string begins with its length in 8 bytes; an enumeration is the index of its variant in 4 bytes.
// [xaynet-core 0.2.0] src/common.rs, src/lib.rs, src/mask/model.rs.
import { concat, hex } from '../../leaves/bytes.ts';
import { checkBytes, checkOneOf } from '../../leaves/checks.ts';
import { DecodeError } from '../../leaves/errors.ts';
import { FixedFields } from '../../leaves/fixed-fields.ts';
import { KEY_BYTES } from '../../leaves/sizes.ts';
import { exactOf } from '../masking/fixed-point.ts';
import { BOUND_TYPES, DATA_TYPES, GROUP_TYPES, MODEL_TYPES, type DataType, type MaskConfig } from '../masking/mask-config.ts';
import { MAX_LENGTH } from '../masking/mask-object.ts';
import { checkNumbers, zeroModel, type Model } from '../masking/model.ts';
import { writeQuotient } from '../masking/quotients.ts';
import type { RoundParameters } from '../parameters.ts';
import { keyOf, SEALED_SEED_BYTES, type SealedSeeds } from './payloads.ts';

/** By the participant's Ed25519 public key in hexadecimal: the X25519 public key of each sum participant in this round. */
export type SumParticipants = ReadonlyMap<string, Uint8Array>;

const COUNT_BYTES = 8;
/** 32-bit words of an integer: more than a fraction of any configuration needs. */
const MOST_WORDS = 256;
/** What a number of a model takes at least: two integers of a sign and a count, the denominator with one word. */
const LEAST_NUMBER_BYTES = 2 * (1 + COUNT_BYTES) + 4;

/** The parameters of a round, 136 bytes. */
export function encodeParameters(parameters: RoundParameters): Uint8Array<ArrayBuffer> {
  const { config, modelLength } = parameters;
  return concat([
    counted(parameters.coordinatorKey),
    float64(parameters.sumProbability),
    float64(parameters.updateProbability),
    counted(parameters.seed),
    ...[config.vect, config.unit].flatMap(configBytes),
    unsigned(modelLength, 8),
  ]);
}

/**
 * The parameters of a round, as `PetCoordinator.parameters` and xaynet's path `params` give them.
 *
 * @throws DecodeError if the bytes are anything else, also for a probability that is none.
 *
 * @example
 * ```js
 * import { decodeParameters, PetCoordinator } from 'secagg/pet';
 *
 * const one = { groupType: 'Power2', dataType: 'I32', boundType: 'B4', modelType: 'M6' };
 * const settings = { sumProbability: 0.25, updateProbability: 0.5, config: { vect: one, unit: one }, modelLength: 10 };
 * const coordinator = await PetCoordinator.create(settings);
 * console.log(decodeParameters(coordinator.parameters()).modelLength); // prints: 10
 * ```
 */
export function decodeParameters(bytes: Uint8Array): RoundParameters {
  const fields = new FixedFields('parameters', checkBytes(bytes, 'bytes'));
  const parameters = {
    coordinatorKey: readCounted(fields, KEY_BYTES),
    sumProbability: readProbability(fields),
    updateProbability: readProbability(fields),
    seed: readCounted(fields, KEY_BYTES),
    config: { vect: readConfig(fields), unit: readConfig(fields) },
    modelLength: readUnsigned(fields, 8),
  };
  fields.end();
  if (parameters.modelLength < 1 || parameters.modelLength > MAX_LENGTH) {
    throw new DecodeError(`parameters: expected models of 1 to ${MAX_LENGTH} numbers, got ${parameters.modelLength}`);
  }
  return parameters;
}

/** The sum participants of a round. */
export function encodeSums(sums: SumParticipants): Uint8Array<ArrayBuffer> {
  return encodeDictionary(sums, KEY_BYTES);
}

/** @throws DecodeError, also if a participant comes twice. */
export function decodeSums(bytes: Uint8Array): SumParticipants {
  return decodeDictionary('sum participants', bytes, KEY_BYTES);
}

/** For one sum participant: the sealed seed of each update participant. */
export function encodeSeeds(seeds: SealedSeeds): Uint8Array<ArrayBuffer> {
  return encodeDictionary(seeds, SEALED_SEED_BYTES);
}

/** @throws DecodeError, also if a participant comes twice. */
export function decodeSeeds(bytes: Uint8Array): SealedSeeds {
  return decodeDictionary('seeds', bytes, SEALED_SEED_BYTES);
}

/**
 * The mean of a round, as xaynet's path `model` gives it: each number is a fraction of two integers, exactly.
 *
 * @throws RangeError if a number is not finite.
 * @example
 * ```js
 * import { decodeModel, encodeModel } from 'secagg/pet';
 *
 * const bytes = encodeModel(Float32Array.of(0.5, -3));
 * console.log(decodeModel(bytes, 'F32')); // prints: Float32Array(2) [ 0.5, -3 ]
 * ```
 */
export function encodeModel(model: Model): Uint8Array<ArrayBuffer> {
  const numbers = checkNumbers(model, 'model');
  const parts = [unsigned(numbers.length, 8)];
  for (const number of numbers) {
    const { numerator, denominator } = fractionOf(number);
    parts.push(bigintBytes(numerator), bigintBytes(denominator));
  }
  return concat(parts);
}

/**
 * What {@link encodeModel} or xaynet's path `model` gives.
 *
 * @param dataType of the round's configuration. Floats are the nearest, integers are rounded towards zero.
 * @throws DecodeError if the bytes are anything else, also for a number that the data type does not have.
 */
export function decodeModel(bytes: Uint8Array, dataType: DataType): Model {
  checkOneOf(dataType, 'dataType', DATA_TYPES);
  const fields = new FixedFields('model', checkBytes(bytes, 'bytes'));
  const length = readUnsigned(fields, 8);
  if (length > fields.left / LEAST_NUMBER_BYTES || length > MAX_LENGTH)
    throw new DecodeError('model: expected as many numbers as there are bytes for');
  const model = zeroModel(dataType, length);
  for (let i = 0; i < length; i++) {
    const numerator = readBigint(fields);
    const denominator = readBigint(fields);
    if (denominator <= 0n || !writeQuotient(model, i, { numerator, denominator })) {
      throw new DecodeError(`model: expected numbers of ${dataType}`);
    }
  }
  fields.end();
  return model;
}

function encodeDictionary(entries: ReadonlyMap<string, Uint8Array>, valueBytes: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(COUNT_BYTES + entries.size * (2 * COUNT_BYTES + KEY_BYTES + valueBytes));
  const [keyLength, valueLength] = [unsigned(KEY_BYTES, 8), unsigned(valueBytes, 8)];
  let at = 0;
  const write = (bytes: Uint8Array): void => {
    out.set(bytes, at);
    at += bytes.length;
  };
  write(unsigned(entries.size, 8));
  for (const [participant, value] of entries)
    for (const bytes of [keyLength, keyOf(participant), valueLength, value]) write(bytes);
  return out;
}

function decodeDictionary(name: string, bytes: Uint8Array, valueBytes: number): ReadonlyMap<string, Uint8Array> {
  const fields = new FixedFields(name, bytes);
  const count = readUnsigned(fields, 8);
  const entryBytes = 2 * COUNT_BYTES + KEY_BYTES + valueBytes;
  if (fields.left !== count * entryBytes) {
    throw new DecodeError(`${name}: expected ${count} entries of ${entryBytes} bytes, got ${fields.left} bytes`);
  }
  const entries = new Map<string, Uint8Array>();
  while (fields.left > 0) entries.set(hex(readCounted(fields, KEY_BYTES)), readCounted(fields, valueBytes));
  if (entries.size !== count) throw new DecodeError(`${name}: expected no participant twice`);
  return entries;
}

function configBytes({ groupType, dataType, boundType, modelType }: MaskConfig): Uint8Array[] {
  const indices = [
    GROUP_TYPES.indexOf(groupType),
    DATA_TYPES.indexOf(dataType),
    BOUND_TYPES.indexOf(boundType),
    MODEL_TYPES.indexOf(modelType),
  ];
  return indices.map((index) => unsigned(index, 4));
}

function readConfig(fields: FixedFields): MaskConfig {
  return {
    groupType: readVariant(fields, GROUP_TYPES),
    dataType: readVariant(fields, DATA_TYPES),
    boundType: readVariant(fields, BOUND_TYPES),
    modelType: readVariant(fields, MODEL_TYPES),
  };
}

function readVariant<T>(fields: FixedFields, variants: readonly T[]): T {
  const variant = variants[readUnsigned(fields, 4)];
  if (variant === undefined) throw new DecodeError('parameters: expected a mask configuration');
  return variant;
}

function counted(bytes: Uint8Array): Uint8Array {
  return concat([unsigned(bytes.length, 8), bytes]);
}

function readCounted(fields: FixedFields, length: number): Uint8Array {
  const found = readUnsigned(fields, 8);
  if (found !== length) throw new DecodeError(`a byte string: expected ${length} bytes, got ${found}`);
  return fields.bytes(length);
}

function float64(value: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setFloat64(0, value, true);
  return out;
}

function readProbability(fields: FixedFields): number {
  const value = new DataView(fields.bytes(8).buffer).getFloat64(0, true);
  if (!(value >= 0 && value <= 1)) throw new DecodeError('parameters: expected a probability');
  return value;
}

function unsigned(value: number, length: 4 | 8): Uint8Array {
  const out = new Uint8Array(length);
  for (let i = 0, rest = value; i < length; i++, rest = Math.floor(rest / 256)) out[i] = rest % 256;
  return out;
}

function readUnsigned(fields: FixedFields, length: 4 | 8): number {
  const value = fields.bytes(length).reduceRight((high, byte) => high * 256 + byte, 0);
  if (!Number.isSafeInteger(value)) throw new DecodeError('an integer: expected one below 2^53');
  return value;
}

/** A sign of one byte, and the absolute value as a list of 32-bit words. */
function bigintBytes(value: bigint): Uint8Array {
  const words: Uint8Array[] = [];
  for (let rest = value < 0n ? -value : value; rest > 0n; rest >>= 32n) words.push(unsigned(Number(rest & 0xffff_ffffn), 4));
  const sign = value < 0n ? 0xff : words.length === 0 ? 0 : 1;
  return concat([Uint8Array.of(sign), unsigned(words.length, 8), ...words]);
}

function readBigint(fields: FixedFields): bigint {
  const sign = fields.integer(1);
  const count = readUnsigned(fields, 8);
  if (count > MOST_WORDS) throw new DecodeError(`model: expected integers of at most ${MOST_WORDS} words, got ${count}`);
  let absolute = 0n;
  for (const byte of fields.bytes(4 * count).reverse()) absolute = (absolute << 8n) | BigInt(byte);
  const isSigned = absolute === 0n ? sign === 0 : sign === 1 || sign === 0xff;
  if (!isSigned) throw new DecodeError('model: expected integers with their signs');
  return sign === 0xff ? -absolute : absolute;
}

function fractionOf(number: number | bigint): { readonly numerator: bigint; readonly denominator: bigint } {
  if (typeof number === 'bigint') return { numerator: number, denominator: 1n };
  const { mantissa, exponent } = exactOf(number);
  const shift = BigInt(Math.abs(exponent));
  return exponent < 0 ? { numerator: mantissa, denominator: 1n << shift } : { numerator: mantissa << shift, denominator: 1n };
}
