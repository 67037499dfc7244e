// Mask configurations: which numbers a network masks, in which group, and how many models may be added.
// [xaynet-core 0.2.0] src/mask/config/mod.rs.
import { checkNames, checkObject, checkOneOf } from '../../leaves/checks.ts';

/**
 * The kind of a group's order: 2·A·E·10^k + 1, about the next prime, or about the next power of two. 'Bits' has the order of 'Power2', and its
 * masks are made of key stream bit by bit, of which none is rejected: xaynet does not know it.
 */
export type GroupType = 'Integer' | 'Prime' | 'Power2' | 'Bits';
/** What a model's numbers are: 'F32' goes with `Float32Array`, 'F64' with `Float64Array`, 'I32' with `Int32Array`, 'I64' with `BigInt64Array`. */
export type DataType = 'F32' | 'F64' | 'I32' | 'I64';
/** The largest absolute value of a number: 1, 100, 10^4, 10^6, or the largest of the data type. Larger ones are clamped. */
export type BoundType = 'B0' | 'B2' | 'B4' | 'B6' | 'Bmax';
/** How many models may be added: 10^3, 10^6, 10^9 or 10^12. */
export type ModelType = 'M3' | 'M6' | 'M9' | 'M12';

// In the order of their indices on the wire.
export const GROUP_TYPES: readonly GroupType[] = ['Integer', 'Prime', 'Power2', 'Bits'];
export const DATA_TYPES: readonly DataType[] = ['F32', 'F64', 'I32', 'I64'];
export const BOUND_TYPES: readonly BoundType[] = ['B0', 'B2', 'B4', 'B6', 'Bmax'];
export const MODEL_TYPES: readonly ModelType[] = ['M3', 'M6', 'M9', 'M12'];

/** How numbers are masked. All parties of a round have the same configurations, from the round's parameters. */
export interface MaskConfig {
  /** The kind of the group's order. */
  readonly groupType: GroupType;
  /** What the numbers are. */
  readonly dataType: DataType;
  /** The largest absolute value of a number. */
  readonly boundType: BoundType;
  /** How many models may be added. */
  readonly modelType: ModelType;
}

/** The configurations of the numbers of a model (`vect`) and of its weight (`unit`), which is masked too. Usually both are the same. */
export interface MaskConfigPair {
  /** Of the numbers of a model. */
  readonly vect: MaskConfig;
  /** Of its weight. */
  readonly unit: MaskConfig;
}

const NAMES = ['groupType', 'dataType', 'boundType', 'modelType'] as const;

/** A copy of a configuration. @throws TypeError, RangeError that name the field. */
function checkMaskConfig(value: unknown, name: string): MaskConfig {
  checkNames(value, name, NAMES);
  const { groupType, dataType, boundType, modelType } = checkObject(value, name);
  return {
    groupType: checkOneOf(groupType, `${name}.groupType`, GROUP_TYPES),
    dataType: checkOneOf(dataType, `${name}.dataType`, DATA_TYPES),
    boundType: checkOneOf(boundType, `${name}.boundType`, BOUND_TYPES),
    modelType: checkOneOf(modelType, `${name}.modelType`, MODEL_TYPES),
  };
}

/** A copy of a pair of configurations. @throws TypeError, RangeError that name the field. */
export function checkMaskConfigPair(value: unknown, name: string): MaskConfigPair {
  checkNames(value, name, ['vect', 'unit']);
  const { vect, unit } = checkObject(value, name);
  return { vect: checkMaskConfig(vect, `${name}.vect`), unit: checkMaskConfig(unit, `${name}.unit`) };
}

/** Whether two configurations are the same. */
function isSameConfig(a: MaskConfig, b: MaskConfig): boolean {
  return NAMES.every((name) => a[name] === b[name]);
}

/** Whether two pairs are the same. */
export function isSamePair(a: MaskConfigPair, b: MaskConfigPair): boolean {
  return isSameConfig(a.vect, b.vect) && isSameConfig(a.unit, b.unit);
}
