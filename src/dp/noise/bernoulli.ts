// Events of an exact probability, from random words. Numbers are integers below 2^53; bigints serve where that is not enough.
import type { RandomWords } from './random-words.ts';

/** Uniform in [0, bound): draws as many bits as the bound has until the number is below it. */
export function uniformBelow(words: RandomWords, bound: number): number {
  if (bound <= 0x8000_0000) {
    const shift = Math.clz32(bound - 1);
    if (shift === 32) return 0;
    for (;;) {
      const drawn = words.next() >>> shift;
      if (drawn < bound) return drawn;
    }
  }
  const highest = Math.floor((bound - 1) / 2 ** 32);
  const mask = highest === 0 ? 0 : 2 ** (32 - Math.clz32(highest)) - 1;
  for (;;) {
    const drawn = (words.next() & mask) * 2 ** 32 + words.next();
    if (drawn < bound) return drawn;
  }
}

/** The same for larger integers. */
export function bigUniformBelow(words: RandomWords, bound: bigint): bigint {
  const bits = (bound - 1n).toString(2).length;
  for (;;) {
    let drawn = 0n;
    for (let have = 0; have < bits; have += 32) drawn = (drawn << 32n) | BigInt(words.next());
    drawn >>= BigInt(Math.ceil(bits / 32) * 32 - bits);
    if (drawn < bound) return drawn;
  }
}

/** True with probability e^(−n/d), for n ≥ 0 and d > 0. [CKS20] 2004.00010, Algorithm 1. */
export function bernoulliExponential(words: RandomWords, n: number, d: number): boolean {
  let rest = n;
  for (; rest > d; rest -= d) if (!ofAtMostOne(words, 1, 1)) return false;
  return ofAtMostOne(words, rest, d);
}

/** The same for larger integers. */
export function bigBernoulliExponential(words: RandomWords, n: bigint, d: bigint): boolean {
  let rest = n;
  for (; rest > d; rest -= d) if (!ofAtMostOne(words, 1, 1)) return false;
  return bigOfAtMostOne(words, rest, d, 1n);
}

/** For n ≤ d. An event of probability n/(d·k) is drawn for k = 1, 2, … until one fails. The series of e^(−n/d) says that k is odd then. */
function ofAtMostOne(words: RandomWords, n: number, d: number): boolean {
  let k = 1;
  for (; d * k <= Number.MAX_SAFE_INTEGER; k++) if (uniformBelow(words, d * k) >= n) return k % 2 === 1;
  return bigOfAtMostOne(words, BigInt(n), BigInt(d), BigInt(k));
}

function bigOfAtMostOne(words: RandomWords, n: bigint, d: bigint, from: bigint): boolean {
  let k = from;
  while (bigUniformBelow(words, d * k) < n) k++;
  return k % 2n === 1n;
}
