// Powers of e in integers, as precise as the caller likes. Tables are made of them.

/** Bits that make up for what the steps of `exponential` lose. */
const GUARD = 64;
/** The series is taken at an argument below 2^-HALVED. */
const HALVED = 6n;

/**
 * 2^bits · e^(−n/d), rounded; the result is wrong by less than 1. For n/d below 2^30.
 *
 * With W = bits + 64 fraction bits: the argument is halved s times, until it is below 2^-6. Each of less than 60 terms of the series loses
 * less than 2 units of 2^-W, and each of s ≤ 36 squarings at most doubles the loss and adds a unit: together less than 121 · 2^36 units,
 * which is below 2^-20 of the last bit.
 */
export function exponential(n: bigint, d: bigint, bits: number): bigint {
  const width = BigInt(bits + GUARD);
  const one = 1n << width;
  let halvings = 0n;
  while (n << HALVED > d << halvings) halvings++;
  const argument = (n << width) / (d << halvings);
  let [sum, term] = [one, one];
  for (let k = 1n; term > 0n; k++) {
    term = (term * argument) / (k << width);
    sum += k % 2n === 1n ? -term : term;
  }
  for (let i = 0n; i < halvings; i++) sum = (sum * sum) >> width;
  return (sum + (1n << BigInt(GUARD - 1))) >> BigInt(GUARD);
}
