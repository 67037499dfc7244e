// The exact sum of many sums of any ring, in doubles that hold integers and never round. One total is in memory.
import { UsageError } from '../leaves/errors.ts';
import type { SumVector } from '../masking/vector.ts';
import type { RingShape } from './result.ts';

const HALF = 0x1_0000_0000;

/**
 * Components as lower and upper halves, low + 2^32 · high. Rings of up to 32 bits have no upper halves. Each sum adds up to
 * 32 bits to a half, so that two million sums fit below 2^53.
 */
export class RunningTotal {
  readonly low: Float64Array;
  readonly high: Float64Array | null;

  constructor(low: Float64Array, high: Float64Array | null) {
    this.low = low;
    this.high = high;
  }

  static zero({ bits, vecLen }: RingShape): RunningTotal {
    return new RunningTotal(new Float64Array(vecLen), bits <= 32 ? null : new Float64Array(vecLen));
  }

  /** @param vector has been checked. */
  add(vector: SumVector): void {
    const { low, high } = this;
    if (vector instanceof Int32Array) {
      for (let i = 0; i < low.length; i++) low[i] = (low[i] ?? 0) + (vector[i] ?? 0);
    } else if (high !== null) {
      const halves = halvesOf(vector);
      for (let i = 0; i < low.length; i++) {
        low[i] = (low[i] ?? 0) + (halves[2 * i] ?? 0);
        high[i] = (high[i] ?? 0) + ((halves[2 * i + 1] ?? 0) | 0);
      }
    }
  }

  /** @throws UsageError ERR_SECAGG_TOTAL_RANGE if a component needs more than 64 bits. */
  toVector(): BigInt64Array {
    const total = new BigInt64Array(this.low.length);
    const halves = halvesOf(total);
    for (let i = 0; i < total.length; i++) {
      const low = this.low[i] ?? 0;
      const carry = Math.floor(low / HALF);
      const high = (this.high?.[i] ?? 0) + carry;
      if (high < -HALF / 2 || high >= HALF / 2) {
        throw new UsageError('ERR_SECAGG_TOTAL_RANGE', `total: component ${i} needs more than 64 bits`);
      }
      halves[2 * i] = low - carry * HALF;
      halves[2 * i + 1] = high;
    }
    return total;
  }
}

/** The halves of each component in turn, in the byte order of the machine, which the rounds require to be little-endian. */
function halvesOf(vector: BigInt64Array): Uint32Array {
  return new Uint32Array(vector.buffer, vector.byteOffset, 2 * vector.length);
}
