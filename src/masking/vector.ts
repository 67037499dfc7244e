// Converts a caller's vector to lanes, guards against a sum that wraps, and converts lanes to the signed result.
import { componentLimit } from '../session/parameters.ts';
import { kindOf } from '../leaves/checks.ts';
import { moved, typedArrayOf } from '../leaves/typed-arrays.ts';
import { view, zeroLanes, type Lanes, type Ring } from './ring.ts';

/** Integers as numbers or bigints, in an array or a typed array. */
export type InputVector = ArrayLike<number> | ArrayLike<bigint>;

/** How a vector is given. */
export interface VectorOptions {
  /**
   * Gives the memory of a typed array away instead of copying it. The array is then empty. Default false. A user's worker takes every typed
   * array so. A `UserWrapper` takes an `Int32Array` for 17 to 32 bits and a `BigInt64Array` for more, if the array has all of its memory, and
   * copies other vectors.
   */
  readonly transfer?: boolean;
}

/** A sum: `Int32Array` for rings of up to 32 bits, `BigInt64Array` for wider ones. */
export type SumVector = Int32Array | BigInt64Array;

/**
 * The range of components: `users` of them must add up without a wrap, or with `'modular'` any integer is taken modulo 2^bits.
 */
export type InputRange = { readonly users: number } | 'modular';

/**
 * Copies the first `length` components of a vector into lanes; each is read once.
 *
 * @throws TypeError if an element is neither a number nor a bigint; RangeError if it is no integer, or outside the range. Both
 * name the component and never its value.
 */
export function lanesOf(ring: Ring, vec: InputVector, length: number, range: InputRange): Lanes {
  const lanes = zeroLanes(ring, length);
  const store = writer(ring, lanes);
  const limit = limitOf(ring, range);
  const integers = typedArrayOf(vec, 'Int32Array', 'vec');
  const words = integers === null ? typedArrayOf(vec, 'BigInt64Array', 'vec') : null;
  if (integers?.length === length) copyInt32s(ring, integers, lanes, limit);
  else if (words?.length === length) copyBigInts(words, length, store, limit);
  else copyIntegers(vec, length, store, limit);
  return lanes;
}

/**
 * The same in the vector's own memory, which is taken from the caller: nothing of it is changed, since its components are as wide as lanes.
 *
 * @returns null if they are not, the lengths differ, something else is in the same memory, or the engine does not move it. Then the vector is
 * as it was.
 */
export function lanesTakenFrom(ring: Ring, vec: InputVector, length: number, range: InputRange): Lanes | null {
  const kind = ring.laneBytes === 4 ? 'Int32Array' : ring.laneBytes === 8 ? 'BigInt64Array' : null;
  const components = kind === null ? null : typedArrayOf(vec, kind, 'vec');
  if (components?.length !== length || components.byteLength !== components.buffer.byteLength) return null;
  const limit = limitOf(ring, range);
  if (components instanceof Int32Array) checkInt32s(components, limit);
  else copyBigInts(components, length, () => undefined, limit);
  return moved(components);
}

function limitOf(ring: Ring, range: InputRange): Limit | null {
  return range === 'modular' ? null : { ring, users: range.users, most: componentLimit(ring.bits, range.users) };
}

/** The largest magnitude of a component in a sum of so many users. */
interface Limit {
  readonly ring: Ring;
  readonly users: number;
  readonly most: bigint;
}

/** Stores one component, given as its value modulo 2^64 in two words, modulo 2^lane. */
type Store = (i: number, low: number, high: number) => void;

function writer(ring: Ring, lanes: Lanes): Store {
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

const TWO_TO_32 = 0x1_0000_0000;

/** The vectors of encodings are of this kind, and long: a call for each component would stop a page for too long. */
function checkInt32s(vec: Int32Array, limit: Limit | null): void {
  const most = limit === null ? Infinity : Number(limit.most);
  if (limit === null || most >= 2 ** 31) return;
  for (let i = 0; i < vec.length; i++) {
    const value = vec[i] ?? 0;
    if (value > most || value < -most) throw tooLarge(limit, i, BigInt(value));
  }
}

function copyInt32s({ laneBytes }: Ring, vec: Int32Array, lanes: Lanes, limit: Limit | null): void {
  checkInt32s(vec, limit);
  if (laneBytes === 8) {
    const signed = view(lanes, Int32Array);
    for (let i = 0; i < vec.length; i++) {
      const value = vec[i] ?? 0;
      signed[2 * i] = value;
      signed[2 * i + 1] = value >> 31;
    }
    return;
  }
  // Each lane takes the low bits, which are the component modulo 2^lane.
  (laneBytes === 1 ? lanes : laneBytes === 2 ? view(lanes, Uint16Array) : view(lanes, Int32Array)).set(vec);
}

function copyIntegers(vec: InputVector, length: number, store: Store, limit: Limit | null): void {
  // A limit beyond 2^53 is rounded, but no safe integer reaches it.
  const most = limit === null ? Infinity : Number(limit.most);
  for (let i = 0; i < length; i++) {
    const value: unknown = vec[i];
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value))
        throw new RangeError(`vec[${i}]: expected an integer of magnitude below 2^53; secagg/encoding takes other numbers`);
      if (limit !== null && Math.abs(value) > most) throw tooLarge(limit, i, BigInt(value));
      store(i, value >>> 0, Math.floor(value / TWO_TO_32));
    } else if (typeof value === 'bigint') {
      checkBigInt(limit, i, value);
      store(i, Number(BigInt.asUintN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
    } else {
      throw missing(i, value);
    }
  }
}

/** Reads the words of the components, least significant first. Most are known to be in range without making a bigint, an object. */
function copyBigInts(vec: BigInt64Array, length: number, store: Store, limit: Limit | null): void {
  const words = new Int32Array(vec.buffer, vec.byteOffset, 2 * vec.length);
  const surely = limit === null ? Infinity : Math.min(Number(limit.most), Number.MAX_SAFE_INTEGER);
  for (let i = 0; i < length; i++) {
    const [lowWord, high] = [words[2 * i], words[2 * i + 1]];
    if (lowWord === undefined || high === undefined) throw missing(i, undefined);
    const low = lowWord >>> 0;
    const rounded = high * TWO_TO_32 + low;
    if (Math.abs(rounded) > surely) checkBigInt(limit, i, (BigInt(high) << 32n) | BigInt(low));
    store(i, low, high);
  }
}

function missing(i: number, value: unknown): TypeError {
  return new TypeError(`vec[${i}]: expected a number or a bigint, got ${kindOf(value)}`);
}

function checkBigInt(limit: Limit | null, i: number, value: bigint): void {
  if (limit !== null && (value > limit.most || value < -limit.most)) throw tooLarge(limit, i, value);
}

function tooLarge({ ring, users, most }: Limit, i: number, value: bigint): RangeError {
  // Least b with 2^(b−1) − 1 ≥ users · |value|.
  const fits = (BigInt(users) * (value < 0n ? -value : value)).toString(2).length + 1;
  const advice = fits <= 64 ? `${fits} bits would fit` : 'no ring of up to 64 bits would fit';
  const sums = `sums of ${users} users in ${ring.bits} bits`;
  return new RangeError(`vec[${i}]: outside ±${most.toString()}, the limit for ${sums}; ${advice}`);
}

/** The signed components that lanes hold. */
export function vectorOf({ bits, laneBytes }: Ring, lanes: Lanes): SumVector {
  if (laneBytes === 8) {
    const signed = view(lanes, BigInt64Array).slice();
    extendSign(new Int32Array(signed.buffer), { from: 1, step: 2, unused: 64 - bits });
    return signed;
  }
  const signed = new Int32Array(laneBytes === 1 ? lanes : laneBytes === 2 ? view(lanes, Uint16Array) : view(lanes, Int32Array));
  extendSign(signed, { from: 0, step: 1, unused: 32 - bits });
  return signed;
}

/** Copies the highest used bit of each `step`-th word into the `unused` bits above it. */
function extendSign(words: Int32Array, { from, step, unused }: Record<'from' | 'step' | 'unused', number>): void {
  for (let i = from; i < words.length; i += step) words[i] = ((words[i] ?? 0) << unused) >> unused;
}
