// Weights as exact integers in positional notation, each digit a component: however few bits a ring has, no weight is
// rounded away in it, and none takes from the range that the values have.
import { componentLimit } from '../session/parameters.ts';
import { kindOf } from '../leaves/checks.ts';
import { loadExact, storeExact, type Components } from './components.ts';
import { EncodingError, outOfRange } from './encoding.ts';
import { nameOf, type Placement, type Weights } from './statistic.ts';

/** The bits of the largest weight: as many as a double has. */
const WEIGHT_BITS = 53;

export class WeightDigits {
  /** The weight that one unit stands for: a power of two, at most 1. */
  readonly unit: number;
  /** Digits, which are components. */
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
    // The largest digit, 2^d − 1, is within what a component may be.
    this.#bitsPerDigit = (componentLimit(placement.bits, maxUsers) + 1n).toString(2).length - 1;
    this.count = Math.ceil(BigInt(this.#maxUnits).toString(2).length / this.#bitsPerDigit);
  }

  /** The weight in units; a positive one is never rounded to nothing. */
  units(weight: Weights | undefined): number {
    const name = nameOf('weight', this.#placement.path);
    if (typeof weight !== 'number') throw new TypeError(`${name}: expected a number, got ${kindOf(weight)}`);
    if (!(weight > 0 && weight <= this.#maxWeight)) {
      throw new RangeError(`${name}: expected a number in (0, ${this.#maxWeight}]`);
    }
    return Math.max(1, Math.round(weight / this.unit));
  }

  /** Least significant digit first. */
  write(units: number, out: Components): void {
    let rest = BigInt(units);
    for (let i = 0; i < this.count; i++) {
      storeExact(out, this.#placement.offset + i, BigInt.asUintN(this.#bitsPerDigit, rest));
      rest >>= BigInt(this.#bitsPerDigit);
    }
  }

  /** The total weight of `users`. */
  read(sum: Components, users: number): number {
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
      throw new EncodingError('ERR_SECAGG_ZERO_WEIGHT', `${name}: the weights add up to zero; a mean with them is not defined`);
    }
    if (units < n || units > n * BigInt(this.#maxUnits)) throw outOfRange(name);
    return Number(units) * this.unit;
  }
}
