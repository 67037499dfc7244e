// A caller's vector ↔ lanes: what is accepted, the guard against a sum that wraps, the signed result.
import { componentLimit } from '../parameters.ts';
import { view, zeroLanes, type Lanes, type Ring } from './ring.ts';

/** Integers as numbers or bigints, in an array or a typed array. */
export type InputVector = ArrayLike<number> | ArrayLike<bigint>;

/**
 * How far components may go: `users` of them must add up without a wrap, or, with `'modular'`, any integer is taken
 * modulo 2^bits.
 */
export type InputRange = { readonly users: number } | 'modular';

/**
 * Copies the first `length` components of a vector into lanes; each is read once, and its own length not at all.
 *
 * @throws TypeError where an element is neither a number nor a bigint; RangeError where it is no integer, or outside the
 * range; both name the component and never tell its value.
 */
export function lanesOf(ring: Ring, vec: InputVector, length: number, range: InputRange): Lanes {
  const lanes = zeroLanes(ring, length);
  const limit = range === 'modular' ? null : componentLimit(ring.bits, range.users);
  // Where the limit is beyond 2^53 it rounds, but then no safe integer reaches it.
  const numberLimit = limit === null ? Infinity : Number(limit);
  const store = writer(ring, lanes);
  for (let i = 0; i < length; i++) {
    const value: unknown = vec[i];
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value))
        throw new RangeError(
          `vec[${String(i)}]: expected an integer of magnitude below 2^53; secagg/encoding takes other numbers`,
        );
      if (range !== 'modular' && Math.abs(value) > numberLimit) throw tooLarge(ring, range.users, i, BigInt(value));
      store(i, value >>> 0, Math.floor(value / 0x1_0000_0000));
    } else if (typeof value === 'bigint') {
      if (range !== 'modular' && limit !== null && (value > limit || value < -limit)) throw tooLarge(ring, range.users, i, value);
      store(i, Number(BigInt.asUintN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
    } else {
      throw new TypeError(`vec[${String(i)}]: expected a number or a bigint, got ${typeof value}`);
    }
  }
  return lanes;
}

/** Typed arrays cut what is stored to their lane. */
function writer(ring: Ring, lanes: Lanes): (i: number, low: number, high: number) => void {
  if (ring.laneBytes === 8) {
    const words = view(lanes, Uint32Array);
    return (i, low, high) => {
      words[2 * i] = low;
      words[2 * i + 1] = high;
    };
  }
  const narrow = ring.laneBytes === 1 ? lanes : ring.laneBytes === 2 ? view(lanes, Uint16Array) : view(lanes, Uint32Array);
  return (i, low) => {
    narrow[i] = low;
  };
}

function tooLarge(ring: Ring, users: number, i: number, value: bigint): RangeError {
  // Least b with 2^(b−1) − 1 ≥ users · |value|.
  const fits = (BigInt(users) * (value < 0n ? -value : value)).toString(2).length + 1;
  const advice = fits <= 64 ? `${String(fits)} bits would fit` : 'no ring of up to 64 bits would fit';
  const limit = componentLimit(ring.bits, users).toString();
  return new RangeError(
    `vec[${String(i)}]: outside ±${limit}, the limit for sums of ${String(users)} users in ${String(ring.bits)} bits; ${advice}`,
  );
}

/** Signed components: `Int32Array` for rings of up to 32 bits, `BigInt64Array` for wider ones. */
export function vectorOf(ring: Ring, lanes: Lanes): Int32Array | BigInt64Array {
  const { bits, laneBytes } = ring;
  if (laneBytes === 8) {
    return BigInt64Array.from(view(lanes, BigInt64Array), (lane) => BigInt.asIntN(bits, lane));
  }
  const narrow = laneBytes === 1 ? lanes : laneBytes === 2 ? view(lanes, Uint16Array) : view(lanes, Int32Array);
  const unused = 32 - bits;
  return Int32Array.from(narrow, (lane: number) => (lane << unused) >> unused);
}
