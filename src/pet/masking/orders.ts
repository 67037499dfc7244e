// The groups Z_G of the 320 mask configurations, 240 of which are xaynet's: their orders G, the shifts A and E, and how their elements are laid out.
// [xaynet-core 0.2.0] src/mask/config/mod.rs, `add_shift`, `exp_shift` and `order`. Formulas where they fit, else a table.
import type { BoundType, DataType, MaskConfig, ModelType } from './mask-config.ts';

/** The group of a configuration. A number w is w·E + A·E in it, rounded down. */
export interface MaskGroup {
  /** The order G. Elements are 0 to G − 1. */
  readonly order: bigint;
  /** A: the largest absolute value of a number. */
  readonly addShift: bigint;
  /** The exponent of E = 10^decimals. */
  readonly decimals: number;
  /** How many models may be added so that no sum wraps: 10^k at most, and fewer where the order is too small for that. */
  readonly maxModels: number;
  /** Bytes of an element on the wire, little-endian. */
  readonly bytes: number;
  /** Bits of a draw that count: as many bytes as G has, which is one more than `bytes` for some powers of two. With 'Bits', those of G − 1. */
  readonly drawnBits: number;
  /** 32-bit words of an element in memory, and of a draw. */
  readonly words: number;
}

const MAX_F32 = (2n ** 24n - 1n) * 2n ** 104n;
const MAX_F64 = (2n ** 53n - 1n) * 2n ** 971n;
const ADD_SHIFTS: Readonly<Record<Exclude<BoundType, 'Bmax'>, bigint>> = { B0: 1n, B2: 100n, B4: 10n ** 4n, B6: 10n ** 6n };
const LARGEST: Readonly<Record<DataType, bigint>> = { F32: MAX_F32, F64: MAX_F64, I32: 2n ** 31n, I64: 2n ** 63n };
const EXPONENTS: Readonly<Record<ModelType, number>> = { M3: 3, M6: 6, M9: 9, M12: 12 };

/**
 * What stands for 2·A·E in the Integer orders of Bmax. It is rounded up for F32. It is below 2·A·E for the other types, so that one model
 * fewer than 10^k fits into the group.
 */
const BMAX_SPANS: Readonly<Record<DataType, bigint>> = {
  F32: 6_805_647n * 10n ** 77n,
  F64: 3_595_386_269_724_631n * 10n ** 617n,
  I32: (2n ** 32n - 1n) * 10n ** 10n,
  I64: (2n ** 64n - 1n) * 10n ** 10n,
};

/** By n: the least prime above 2·10^n, less 2·10^n. */
const PRIME_GAPS: Readonly<Record<number, bigint>> = {
  13: 21n,
  15: 21n,
  16: 3n,
  17: 3n,
  18: 57n,
  19: 11n,
  20: 89n,
  21: 69n,
  22: 3n,
  23: 69n,
  24: 3n,
  25: 9n,
  26: 27n,
  27: 39n,
  28: 131n,
  29: 17n,
  30: 71n,
  31: 47n,
  32: 159n,
  33: 17n,
  34: 203n,
  35: 3n,
  36: 41n,
  38: 23n,
};

/** The least prime above the span of Bmax times 10^k, less that product. */
const BMAX_PRIME_GAPS: Readonly<Record<Exclude<DataType, 'F64'>, Readonly<Record<ModelType, bigint>>>> = {
  F32: { M3: 281n, M6: 323n, M9: 191n, M12: 83n },
  I32: { M3: 29n, M6: 49n, M9: 43n, M12: 109n },
  I64: { M3: 73n, M6: 13n, M9: 167n, M12: 89n },
};

/** The primes of F64 and Bmax: each is the least one above a rounded multiple of a power of two. */
const F64_BMAX_PRIMES: Readonly<Record<ModelType, bigint>> = {
  M3: 0x134ca80da894b87fbc1c4d08ac7dc993n * 2n ** 1987n + 549n,
  M6: 0x12d8dc1d56a13c2cbdb3a33a7872d6d981bn * 2n ** 1985n + 1807n,
  M9: 0x933e37a534cba61d8a0b6b38cd012e83455dbn * 2n ** 1984n + 45n,
  M12: 0x23f2b095d563b80e3633c9ad5e0cc9db0c6f6129n * 2n ** 1984n + 321n,
};

/** The group of a configuration. */
export function groupOf(config: MaskConfig): MaskGroup {
  const { dataType, boundType, modelType } = config;
  const addShift = boundType === 'Bmax' ? LARGEST[dataType] : ADD_SHIFTS[boundType];
  const decimals = decimalsOf(dataType, boundType);
  const order = orderOf(config, addShift * 10n ** BigInt(decimals));
  const most = 10n ** BigInt(EXPONENTS[modelType]);
  const fitting = (order - 1n) / (2n * addShift * 10n ** BigInt(decimals));
  const orderBytes = bytesOf(order);
  return {
    order,
    addShift,
    decimals,
    maxModels: Number(fitting < most ? fitting : most),
    bytes: bytesOf(order - 1n),
    // DEVIATION from xaynet-core 0.2.0, which does not know 'Bits': of 2^k numbers of k bits none is rejected.
    drawnBits: config.groupType === 'Bits' ? (order - 1n).toString(2).length : 8 * orderBytes,
    words: Math.ceil(orderBytes / 4),
  };
}

function decimalsOf(dataType: DataType, boundType: BoundType): number {
  if (dataType === 'F32') return boundType === 'Bmax' ? 45 : 10;
  if (dataType === 'F64') return boundType === 'Bmax' ? 324 : 20;
  return 10;
}

/** @param largest A·E, the largest element that stands for a number. */
function orderOf({ groupType, dataType, boundType, modelType }: MaskConfig, largest: bigint): bigint {
  const span = (boundType === 'Bmax' ? BMAX_SPANS[dataType] : 2n * largest) * 10n ** BigInt(EXPONENTS[modelType]);
  if (groupType === 'Integer') return span + 1n;
  if (groupType === 'Power2' || groupType === 'Bits') return 2n ** BigInt(span.toString(2).length);
  if (boundType !== 'Bmax') return span + (PRIME_GAPS[span.toString().length - 1] ?? 0n);
  return dataType === 'F64' ? F64_BMAX_PRIMES[modelType] : span + BMAX_PRIME_GAPS[dataType][modelType];
}

function bytesOf(value: bigint): number {
  return Math.ceil(value.toString(16).length / 2);
}
