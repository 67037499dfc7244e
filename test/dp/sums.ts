// Sums of vectors for tests of plans, without a session.

/** Adds up vectors as the rounds do: modulo 2^bits. */
export function sumOf(vectors: readonly (Int32Array | BigInt64Array)[], bits: number): Int32Array | BigInt64Array {
  const sum = new Array<bigint>(vectors[0]!.length).fill(0n);
  for (const vector of vectors) for (const [i, value] of vector.entries()) sum[i]! += BigInt(value);
  const wrapped = sum.map((value) => BigInt.asIntN(bits, value));
  return bits <= 32 ? Int32Array.from(wrapped, Number) : BigInt64Array.from(wrapped);
}
