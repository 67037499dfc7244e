// Masks and masked models. [xaynet-core 0.2.0] src/mask/object: both have one form, so that a mask can be subtracted from a sum.
import { concat, equalBytes, u32 } from '../../leaves/bytes.ts';
import { checkBytes, kindOf } from '../../leaves/checks.ts';
import { DecodeError } from '../../leaves/errors.ts';
import { inspectAs } from '../../leaves/inspect.ts';
import { arithmeticsOf, type Arithmetics } from './arithmetics.ts';
import {
  BOUND_TYPES,
  DATA_TYPES,
  GROUP_TYPES,
  isSamePair,
  MODEL_TYPES,
  type MaskConfig,
  type MaskConfigPair,
} from './mask-config.ts';
import { groupOf } from './orders.ts';
import type { Words } from './words.ts';

/** Numbers that a model may have: their count has 4 bytes on the wire, and an array of JavaScript has at most so many elements. */
export const MAX_LENGTH: number = 2 ** 28;

const CONFIG_BYTES = 4;
const BOUND_BYTES: readonly number[] = [0, 2, 4, 6, 255];
const MODEL_BYTES: readonly number[] = [3, 6, 9, 12];

/**
 * A mask, a masked model, or a sum of either: elements of the groups of a pair of configurations. A mask is secret. A masked model tells
 * nothing without its mask. Instances come from {@link deriveMask}, {@link maskModel}, {@link Aggregation} and {@link MaskObject.fromBytes}.
 *
 * @example
 * ```js
 * import { deriveMask, MaskObject } from 'secagg/pet';
 *
 * const config = { groupType: 'Integer', dataType: 'F32', boundType: 'B0', modelType: 'M3' };
 * const mask = await deriveMask(new Uint8Array(32), 4, { vect: config, unit: config });
 * console.log(MaskObject.fromBytes(mask.toBytes()).length); // prints: 4
 * ```
 */
export class MaskObject {
  /** The configurations of its elements. */
  readonly config: MaskConfigPair;
  /** @internal */
  readonly elements: { readonly vect: Words; readonly unit: Words };
  /** @internal */
  readonly arithmetics: Arithmetics;

  /** @internal */
  constructor(config: MaskConfigPair, elements: { readonly vect: Words; readonly unit: Words }) {
    this.config = config;
    this.arithmetics = arithmeticsOf(config);
    this.elements = elements;
  }

  /** @internal The neutral element: what nothing has been added to. */
  static zero(config: MaskConfigPair, length: number): MaskObject {
    const { vect, unit } = arithmeticsOf(config);
    return new MaskObject(config, {
      vect: new Uint32Array(length * vect.group.words),
      unit: new Uint32Array(unit.group.words),
    });
  }

  /** Numbers of the model. */
  get length(): number {
    return this.elements.vect.length / this.arithmetics.vect.group.words;
  }

  /**
   * The bytes that xaynet exchanges: configuration (4), count (4, big-endian) and elements of the model; configuration and element of the
   * weight. Each element is little-endian and takes as many bytes as the largest one needs.
   */
  toBytes(): Uint8Array<ArrayBuffer> {
    const { vect, unit } = this.arithmetics;
    return concat([
      configBytes(this.config.vect),
      u32(this.length),
      vect.toBytes(this.elements.vect),
      configBytes(this.config.unit),
      unit.toBytes(this.elements.unit),
    ]);
  }

  /**
   * Reads what {@link MaskObject.toBytes} gave.
   *
   * @throws DecodeError if the bytes are anything else, or if an element is not below the order of its group.
   */
  static fromBytes(bytes: Uint8Array): MaskObject {
    const given = checkBytes(bytes, 'bytes');
    const { object, end } = readMaskObject(given, 0);
    if (end !== given.length) throw new DecodeError(`mask object: expected ${end} bytes, got ${given.length}`);
    return object;
  }

  /** Whether both have the same configurations and the same elements. */
  equals(other: MaskObject): boolean {
    checkMaskObject(other, 'other');
    return (
      isSamePair(this.config, other.config) &&
      isSame(this.elements.vect, other.elements.vect) &&
      isSame(this.elements.unit, other.elements.unit)
    );
  }

  /** The same elements in memory of their own. */
  copy(): MaskObject {
    return new MaskObject(this.config, { vect: this.elements.vect.slice(), unit: this.elements.unit.slice() });
  }

  /** Overwrites the elements with zeros. */
  wipe(): void {
    this.elements.vect.fill(0);
    this.elements.unit.fill(0);
  }
}

/** @throws TypeError unless a value is a mask object. */
export function checkMaskObject(value: unknown, name: string): MaskObject {
  if (value instanceof MaskObject) return value;
  throw new TypeError(`${name}: expected a MaskObject, got ${kindOf(value)}`);
}

function isSame(a: Words, b: Words): boolean {
  return equalBytes(new Uint8Array(a.buffer, a.byteOffset, a.byteLength), new Uint8Array(b.buffer, b.byteOffset, b.byteLength));
}

inspectAs(MaskObject.prototype, (object) => `MaskObject of ${object.length} numbers`);

/** Reads a mask object that begins at `start`; `end` is where it ends. */
export function readMaskObject(bytes: Uint8Array, start: number): { readonly object: MaskObject; readonly end: number } {
  const vect = readConfig(bytes, start);
  const counted = start + CONFIG_BYTES + 4;
  requireBytes(bytes, counted);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(start + CONFIG_BYTES);
  if (length < 1 || length > MAX_LENGTH) throw new DecodeError(`mask object: expected 1 to ${MAX_LENGTH} numbers, got ${length}`);
  // The announced length is compared with what is there before anything is allocated.
  const vectEnd = counted + length * groupOf(vect).bytes;
  requireBytes(bytes, vectEnd);
  const unit = readConfig(bytes, vectEnd);
  const unitStart = vectEnd + CONFIG_BYTES;
  const end = unitStart + groupOf(unit).bytes;
  requireBytes(bytes, end);
  const arithmetics = arithmeticsOf({ vect, unit });
  const vectElements = arithmetics.vect.fromBytes(bytes.subarray(counted, vectEnd));
  const unitElements = arithmetics.unit.fromBytes(bytes.subarray(unitStart, end));
  if (vectElements === null || unitElements === null) throw new DecodeError('mask object: expected elements below the order');
  return { object: new MaskObject({ vect, unit }, { vect: vectElements, unit: unitElements }), end };
}

function requireBytes(bytes: Uint8Array, end: number): void {
  if (bytes.length < end) throw new DecodeError(`mask object: expected at least ${end} bytes, got ${bytes.length}`);
}

function configBytes({ groupType, dataType, boundType, modelType }: MaskConfig): Uint8Array {
  return Uint8Array.of(
    GROUP_TYPES.indexOf(groupType),
    DATA_TYPES.indexOf(dataType),
    BOUND_BYTES[BOUND_TYPES.indexOf(boundType)] ?? 0,
    MODEL_BYTES[MODEL_TYPES.indexOf(modelType)] ?? 0,
  );
}

function readConfig(bytes: Uint8Array, at: number): MaskConfig {
  requireBytes(bytes, at + CONFIG_BYTES);
  const groupType = GROUP_TYPES[bytes[at] ?? 0];
  const dataType = DATA_TYPES[bytes[at + 1] ?? 0];
  const boundType = BOUND_TYPES[BOUND_BYTES.indexOf(bytes[at + 2] ?? 0)];
  const modelType = MODEL_TYPES[MODEL_BYTES.indexOf(bytes[at + 3] ?? 0)];
  if (groupType === undefined || dataType === undefined || boundType === undefined || modelType === undefined) {
    throw new DecodeError('mask object: expected a mask configuration');
  }
  return { groupType, dataType, boundType, modelType };
}
