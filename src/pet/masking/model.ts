// Models: typed arrays of numbers. [xaynet-core 0.2.0] src/mask/model.rs keeps them as rationals; here they stay as they are.
import { kindOf } from '../../leaves/checks.ts';
import { typedArrayOf } from '../../leaves/typed-arrays.ts';
import { PetError } from '../pet-error.ts';
import type { DataType } from './mask-config.ts';

/** The numbers of a model. The kind of the array follows from the data type of the round's configuration. */
export type Model = Float32Array | Float64Array | Int32Array | BigInt64Array;

const ARRAYS = { F32: 'Float32Array', F64: 'Float64Array', I32: 'Int32Array', I64: 'BigInt64Array' } as const;

/** A model of a data type and length, over memory that only the caller can change. @throws TypeError, PetError ERR_SECAGG_PET_MODEL. */
export function checkModel(value: unknown, name: string, { dataType, length }: { dataType: DataType; length: number }): Model {
  const kind = ARRAYS[dataType];
  const model = typedArrayOf(value, kind, name);
  if (model === null) throw new TypeError(`${name}: expected a ${kind}, got ${kindOf(value)}`);
  if (model.length !== length)
    throw new PetError('ERR_SECAGG_PET_MODEL', `${name}: expected ${length} numbers, got ${model.length}`);
  return model;
}

/** A model of any data type and length, over memory that only the caller can change. @throws TypeError. */
export function checkNumbers(value: unknown, name: string): Model {
  for (const kind of Object.values(ARRAYS)) {
    const model: Model | null = typedArrayOf(value, kind, name);
    if (model !== null) return model;
  }
  throw new TypeError(`${name}: expected a ${Object.values(ARRAYS).join(', ')}, got ${kindOf(value)}`);
}

/** A model of zeros. */
export function zeroModel(dataType: DataType, length: number): Model {
  switch (dataType) {
    case 'F32':
      return new Float32Array(length);
    case 'F64':
      return new Float64Array(length);
    case 'I32':
      return new Int32Array(length);
    case 'I64':
      return new BigInt64Array(length);
  }
}

/** The numbers of a model as they are in memory. */
export function bytesOfModel({ buffer, byteOffset, byteLength }: Model): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}

/** The model that {@link bytesOfModel} gave the bytes of; null if they are none of this type and length. */
export function modelOfBytes(bytes: Uint8Array, dataType: DataType, length: number): Model | null {
  const model = zeroModel(dataType, length);
  if (bytes.length !== model.byteLength) return null;
  new Uint8Array(model.buffer).set(bytes);
  return model;
}

/** A number ±m·2^exponent. The integer m is in digits of 24 bits, the least first. */
export interface Mantissa {
  readonly digits: Float64Array;
  /** How many of the digits are used. */
  count: number;
  exponent: number;
  negative: boolean;
}

/** The two words of a number of 64 bits. */
interface Halves {
  readonly low: number;
  readonly high: number;
}

/** Writes the number at an index of a model. */
export type MantissaReader = (index: number, mantissa: Mantissa) => void;

/** Reads the numbers of a model exactly. The reader throws a PetError ERR_SECAGG_PET_MODEL if a number is not finite. */
export function mantissasOf(model: Model): MantissaReader {
  if (model instanceof Int32Array) {
    return (index, mantissa) => {
      readInteger32(model[index] ?? 0, mantissa);
    };
  }
  const words = new Uint32Array(model.buffer, model.byteOffset, model.byteLength / 4);
  const word = (at: number): number => words[at] ?? 0;
  if (model instanceof Float32Array) {
    return (index, mantissa) => {
      readFloat32(word(index), index, mantissa);
    };
  }
  const read = model instanceof Float64Array ? readFloat64 : readInteger64;
  return (index, mantissa) => {
    read({ low: word(2 * index), high: word(2 * index + 1) }, index, mantissa);
  };
}

/** IEEE 754 binary32: sign, 8 bits of exponent, 23 of mantissa. */
function readFloat32(word: number, index: number, mantissa: Mantissa): void {
  const exponent = (word >>> 23) & 0xff;
  if (exponent === 0xff) throw notFinite(index);
  mantissa.digits[0] = (word & 0x7f_ffff) | (exponent === 0 ? 0 : 0x80_0000);
  mantissa.count = 1;
  mantissa.exponent = Math.max(exponent, 1) - 150;
  mantissa.negative = word >>> 31 === 1;
}

/** IEEE 754 binary64: sign, 11 bits of exponent, 52 of mantissa. */
function readFloat64({ low, high }: Halves, index: number, mantissa: Mantissa): void {
  const exponent = (high >>> 20) & 0x7ff;
  if (exponent === 0x7ff) throw notFinite(index);
  writeDigits({ low, high: (high & 0xf_ffff) | (exponent === 0 ? 0 : 0x10_0000) }, mantissa);
  mantissa.exponent = Math.max(exponent, 1) - 1075;
  mantissa.negative = high >>> 31 === 1;
}

function readInteger32(value: number, mantissa: Mantissa): void {
  writeDigits({ low: Math.abs(value), high: 0 }, mantissa);
  mantissa.exponent = 0;
  mantissa.negative = value < 0;
}

/** Two's complement of 64 bits. */
function readInteger64({ low, high }: Halves, _index: number, mantissa: Mantissa): void {
  const negative = high >>> 31 === 1;
  const absoluteHigh = negative ? ~high + (low === 0 ? 1 : 0) : high;
  writeDigits({ low: negative ? -low >>> 0 : low, high: absoluteHigh >>> 0 }, mantissa);
  mantissa.exponent = 0;
  mantissa.negative = negative;
}

function writeDigits({ low, high }: Halves, mantissa: Mantissa): void {
  mantissa.digits[0] = low & 0xff_ffff;
  mantissa.digits[1] = (low >>> 24) | ((high & 0xffff) << 8);
  mantissa.digits[2] = high >>> 16;
  mantissa.count = 3;
}

function notFinite(index: number): PetError {
  return new PetError('ERR_SECAGG_PET_MODEL', `model[${index}]: expected a finite number`);
}
