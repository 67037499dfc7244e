// Weights as exact integers in positional notation, with one component a digit. So no weight is rounded away, however few bits a
// ring has, and weights take nothing from the range of the values.
import { componentLimit } from '../session/parameters.ts';
import { kindOf } from '../leaves/checks.ts';
import type { SumVector } from '../masking/vector.ts';
import { loadExact, storeExact } from './components.ts';
import { EncodingError, outOfRange } from './encoding.ts';
import { nameOf, type Placement, type Weights } from './statistic.ts';

/** Bits of the largest weight, as many as a double has. */
const WEIGHT_BITS = 53;

export class WeightDigits {
  /** The weight that one unit stands for: a power of two, at most 1. */
  readonly unit: number;
  /** Number of digits, and so of components. */
  readonly count: number;
  readonly #maxWeight: number;
  readonly #maxUnits: number;
  readonly #bitsPerDigit: number;
  readonly #placement: Placement;

  constructor(maxWeight: number, maxUsers: number, placement: Placement) {
    this.#placement = placement;
    this.#maxWeight = maxWeight;
    this.unit = 2 ** Math.min(0, Math.ceil(Math.log2(maxWeight)) - WEIGHT_BITS);
    this.#maxUnits = Math.round(maxWeight / this.unit);
    // The largest digit, 2^d − 1, is within the range of a component.
    this.#bitsPerDigit = (componentLimit(placement.bits, maxUsers) + 1n).toString(2).length - 1;
    this.count = Math.ceil(BigInt(this.#maxUnits).toString(2).length / this.#bitsPerDigit);
  }

  /** The weight in units. A positive weight is never rounded to 0. */
  units(weight: Weights | undefined): number {
    const name = nameOf('weight', this.#placement.path);
    if (typeof weight !== 'number') throw new TypeError(`${name}: expected a number, got ${kindOf(weight)}`);
    if (!(weight > 0 && weight <= this.#maxWeight)) {
      throw new RangeError(`${name}: expected a number in (0, ${this.#maxWeight}]`);
    }
    return Math.max(1, Math.round(weight / this.unit));
  }

  /** Writes the digits, the least significant one first. */
  write(units: number, out: SumVector): void {
    let rest = BigInt(units);
    for (let i = 0; i < this.count; i++) {
      storeExact(out, this.#placement.offset + i, BigInt.asUintN(this.#bitsPerDigit, rest));
      rest >>= BigInt(this.#bitsPerDigit);
    }
  }

  /** Reads the total weight of `users`. */
  read(sum: SumVector, users: number): number {
    const name = nameOf('totalWeight', this.#placement.path);
    const n = BigInt(users);
    const largest = n * ((1n << BigInt(this.#bitsPerDigit)) - 1n);
    let units = 0n;
    for (let i = 0; i < this.count; i++) {
      const digit = loadExact(sum, this.#placement.offset + i);
      if (digit < 0n || digit > largest) throw outOfRange(name);
      units += digit << BigInt(i * this.#bitsPerDigit);
    }
    if (units === 0n) {
      throw new EncodingError('ERR_SECAGG_ZERO_WEIGHT', `${name}: expected weights that add up to more than zero, got zero`);
    }
    if (units < n || units > n * BigInt(this.#maxUnits)) throw outOfRange(name);
    return Number(units) * this.unit;
  }
}
