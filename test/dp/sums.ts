// Sums of vectors for tests of plans, without a session.

/** Adds up vectors as the rounds do: modulo 2^bits. */
export function sumOf(vectors: readonly (Int32Array | BigInt64Array)[], bits: number): Int32Array | BigInt64Array {
  if (bits <= 32) {
    const sum = new Float64Array(vectors[0]!.length);
    for (const vector of vectors as readonly Int32Array[]) for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]!;
    return Int32Array.from(sum, (value) => value - Math.round(value / 2 ** bits) * 2 ** bits);
  }
  const sum = new Array<bigint>(vectors[0]!.length).fill(0n);
  for (const vector of vectors) for (const [i, value] of vector.entries()) sum[i]! += BigInt(value);
  const wrapped = sum.map((value) => BigInt.asIntN(bits, value));
  return BigInt64Array.from(wrapped);
}
