// Correlated rounding: the users' thresholds are spread over (0, 1) instead of drawn one by one, so that others round down if one
// user rounds up. For a component, user i of p rounds up if its fraction exceeds
//   u_i = (π(i) + jitter)/p,   π(i) = a · i^(p − 2) + b mod p,
// with a and b drawn anew for each component from a stream that all users know, and the jitter from the user's own
// generator. Each u_i is uniform, so that each user's rounding is unbiased. π(i) and π(j) are a uniform pair of different
// strata, so that two users' errors never correlate positively: the sum's variance is never above that of independent
// rounding, and at most (p² + 3)/(12(p − 1)) however the values lie (docs/encoding.md has the proof).
import { u32, utf8 } from '../leaves/bytes.ts';
import { sha256 } from '../crypto/digest.ts';

/** A user's number among all users, and the seed that all users know. */
export interface Strata {
  readonly slot: number;
  readonly seed: Uint8Array;
}

/** The least prime p ≥ `users`, and at least 3, so that different users have different strata. */
export function strataFor(users: number): number {
  let p = Math.max(3, users);
  while (!isPrime(p)) p++;
  return p;
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}

/**
 * The inverse of i modulo p, and 0 for 0. Values such as weights may ascend with the users' numbers. For some a, a · i + b would
 * ascend with them too; with the inverse this happens for no a.
 */
function scrambled(i: number, p: number): number {
  let [result, power] = [1, i];
  for (let exponent = p - 2; exponent > 0; exponent >>= 1) {
    if (exponent % 2 === 1) result = (result * power) % p;
    power = (power * power) % p;
  }
  return result;
}

/**
 * Gives the user's strata π(i) of the next `count` components, in memory that the next call overwrites. `stream` keeps the
 * statistics of a combination apart.
 */
export function strataOf({ slot, seed }: Strata, stream: number, p: number): (count: number) => Float64Array {
  const key = sha256([utf8('secagg/encoding strata'), u32(stream), seed]);
  const view = new DataView(key.buffer, key.byteOffset);
  const state = Int32Array.from([0, 4, 8, 12], (at) => view.getInt32(at));
  const position = scrambled(slot, p);
  let words = new Uint32Array(0);
  let strata = new Float64Array(0);
  return (count) => {
    if (strata.length < count) [words, strata] = [new Uint32Array(2 * count), new Float64Array(count)];
    fillPublicly(words.subarray(0, 2 * count), state);
    const next = strata.subarray(0, count);
    fillStrata(next, words, position, p);
    return next;
  };
}

function fillStrata(strata: Float64Array, words: Uint32Array, position: number, p: number): void {
  const [ofA, ofB, ofSum] = [(p - 1) / 0x1_0000_0000, p / 0x1_0000_0000, 1 / p];
  for (let i = 0; i < strata.length; i++) {
    const a = 1 + (((words[2 * i] ?? 0) * ofA) | 0);
    const sum = a * position + (((words[2 * i + 1] ?? 0) * ofB) | 0);
    // Half a unit keeps the quotient away from the integers, at which a rounding could change its floor.
    strata[i] = sum - p * (((sum + 0.5) * ofSum) | 0);
  }
}

/**
 * Fills words by xoshiro128** (Blackman and Vigna). Everybody may know these words. They must only be uniform, and the same for all
 * parties.
 */
function fillPublicly(words: Uint32Array, state: Int32Array): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (let i = 0; i < words.length; i++) {
    const five = Math.imul(b, 5);
    words[i] = Math.imul((five << 7) | (five >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
  }
  state.set([a, b, c, d]);
}
