// The integers of a vector or a sum, as the rounds take and give them: `Int32Array` for rings of up to 32 bits,
// `BigInt64Array` for wider ones. Here they are read and written in stretches of doubles, which hold every integer that an
// encoding of floats makes, so that no component costs a BigInt.

/** The integers of a vector or a sum: `Int32Array` if the ring has up to 32 bits, else `BigInt64Array`. */
export type Components = Int32Array | BigInt64Array;

export function zeroComponents(bits: number, length: number): Components {
  return bits <= 32 ? new Int32Array(length) : new BigInt64Array(length);
}

// 64-bit components as pairs of words in the machine's order, which the rounds require to be little-endian.
const words = (components: BigInt64Array): Uint32Array =>
  new Uint32Array(components.buffer, components.byteOffset, 2 * components.length);

/** components[offset + i] := values[i] for integers below 2^63 in magnitude. */
export function store(components: Components, offset: number, values: Float64Array): void {
  if (components instanceof Int32Array) {
    // A loop takes half of what `set` takes from doubles.
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

/** values[i] := components[offset + i], rounded to the nearest double where it is beyond 2^53. */
export function load(components: Components, offset: number, values: Float64Array): void {
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

export function storeExact(components: Components, index: number, value: bigint): void {
  if (components instanceof Int32Array) components[index] = Number(value);
  else components[index] = value;
}

export function loadExact(components: Components, index: number): bigint {
  return BigInt(components[index] ?? 0);
}
