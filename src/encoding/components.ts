// The components of a vector or a sum, as the rounds take and give them: `Int32Array` for rings of up to 32 bits,
// `BigInt64Array` for wider ones. They are read and written in blocks of doubles, which hold every integer that an encoding of
// floats makes, so that no BigInt is made for a component.
import type { SumVector } from '../masking/vector.ts';

export function zeroComponents(bits: number, length: number): SumVector {
  return bits <= 32 ? new Int32Array(length) : new BigInt64Array(length);
}

// 64-bit components as pairs of words in the machine's order, which the rounds require to be little-endian.
const words = (components: BigInt64Array): Uint32Array =>
  new Uint32Array(components.buffer, components.byteOffset, 2 * components.length);

/** components[offset + i] := values[i] for integers below 2^63 in magnitude. */
export function store(components: SumVector, offset: number, values: Float64Array): void {
  if (components instanceof Int32Array) {
    // From doubles, `set` takes twice as long as a loop.
    for (let i = 0; i < values.length; i++) components[offset + i] = values[i] ?? 0;
    return;
  }
  const pairs = words(components);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    const high = Math.floor(value / 0x1_0000_0000);
    pairs[2 * (offset + i)] = value - high * 0x1_0000_0000;
    pairs[2 * (offset + i) + 1] = high;
  }
}

/** values[i] := components[offset + i], rounded to the nearest double beyond 2^53. */
export function load(components: SumVector, offset: number, values: Float64Array): void {
  if (components instanceof Int32Array) {
    values.set(components.subarray(offset, offset + values.length));
    return;
  }
  const pairs = words(components);
  for (let i = 0; i < values.length; i++) {
    const high = (pairs[2 * (offset + i) + 1] ?? 0) | 0;
    values[i] = high * 0x1_0000_0000 + (pairs[2 * (offset + i)] ?? 0);
  }
}

export function storeExact(components: SumVector, index: number, value: bigint): void {
  if (components instanceof Int32Array) components[index] = Number(value);
  else components[index] = value;
}

export function fillExact(components: SumVector, offset: number, length: number, value: bigint): void {
  if (components instanceof Int32Array) components.fill(Number(value), offset, offset + length);
  else components.fill(value, offset, offset + length);
}

export function loadExact(components: SumVector, index: number): bigint {
  return BigInt(components[index] ?? 0);
}
