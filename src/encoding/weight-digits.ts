// Weights as exact integers in positional notation, with one component a digit. So no weight is rounded away, however few bits a
// ring has, and weights take nothing from the range of the values.
import { componentLimit } from '../session/parameters.ts';
import { kindOf } from '../leaves/checks.ts';
import type { SumVector } from '../masking/vector.ts';
import { loadExact, storeExact } from './components.ts';
import { EncodingError, outOfRange } from './encoding-error.ts';
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

  /** The weight in units. Only the weight 0 has 0 units: a positive weight is never rounded to 0. */
  units(weight: Weights | undefined): number {
    const name = nameOf('weight', this.#placement.path);
    if (typeof weight !== 'number') throw new TypeError(`${name}: expected a number, got ${kindOf(weight)}`);
    if (!(weight >= 0 && weight <= this.#maxWeight)) {
      const limits = [0, this.#maxWeight] as const;
      throw new EncodingError('ERR_SECAGG_WEIGHT', `expected a number in [${limits.join(', ')}]`, {
        element: name,
        value: weight,
        limits,
      });
    }
    return weight === 0 ? 0 : Math.max(1, Math.round(weight / this.unit));
  }

  /** Writes the digits, the least significant one first. */
  write(units: number, out: SumVector): void {
    let rest = BigInt(units);
    for (let i = 0; i < this.count; i++) {
      storeExact(out, this.#placement.offset + i, BigInt.asUintN(this.#bitsPerDigit, rest));
      rest >>= BigInt(this.#bitsPerDigit);
    }
  }

  /** Reads the total weight of `users`. It is 0 if no user has a weight above 0. */
  read(sum: SumVector, users: number): number {
    const n = BigInt(users);
    const largest = n * ((1n << BigInt(this.#bitsPerDigit)) - 1n);
    let units = 0n;
    for (let i = 0; i < this.count; i++) {
      const digit = loadExact(sum, this.#placement.offset + i);
      if (digit < 0n || digit > largest) throw outOfRange(this.#totalName, digit, [0n, largest], i);
      units += digit << BigInt(i * this.#bitsPerDigit);
    }
    const total = Number(units) * this.unit;
    if (units > n * BigInt(this.#maxUnits)) throw outOfRange(this.#totalName, total, [0, users * this.#maxWeight]);
    return total;
  }

  /** The error for a mean without weights. */
  zeroWeight(): EncodingError {
    const details = { element: this.#totalName, value: 0 };
    return new EncodingError('ERR_SECAGG_ZERO_WEIGHT', 'expected weights that add up to more than zero, got zero', details);
  }

  get #totalName(): string {
    return nameOf('totalWeight', this.#placement.path);
  }
}
