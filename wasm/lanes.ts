// The inner loops over lanes in WebAssembly SIMD, in AssemblyScript. Their twin in plain TypeScript, which says what they
// compute, is src/masking/plain.ts. Addresses are bytes in the memory that simd.ts lays out; whoever calls sees to it that
// 16 bytes beyond each region may be read and written.

// @ts-ignore: decorator
@inline
function combine<T>(plus: bool, acc: usize, term: usize, at: usize): void {
  const sum = v128.load(acc + at);
  const other = v128.load(term + at);
  v128.store(acc + at, plus ? v128.add<T>(sum, other) : v128.sub<T>(sum, other));
}

// @ts-ignore: decorator
@inline
function combineAll<T>(plus: bool, acc: usize, term: usize, length: usize): void {
  for (const end = acc + length; acc < end; acc += 64, term += 64) {
    combine<T>(plus, acc, term, 0);
    combine<T>(plus, acc, term, 16);
    combine<T>(plus, acc, term, 32);
    combine<T>(plus, acc, term, 48);
  }
}

/** acc := acc + term, lane by lane, in steps of 64 bytes. */
export function add(acc: usize, term: usize, length: usize, laneBytes: u32): void {
  if (laneBytes == 1) combineAll<i8>(true, acc, term, length);
  else if (laneBytes == 2) combineAll<i16>(true, acc, term, length);
  else if (laneBytes == 4) combineAll<i32>(true, acc, term, length);
  else combineAll<i64>(true, acc, term, length);
}

/** acc := acc − term, lane by lane, in steps of 64 bytes. */
export function subtract(acc: usize, term: usize, length: usize, laneBytes: u32): void {
  if (laneBytes == 1) combineAll<i8>(false, acc, term, length);
  else if (laneBytes == 2) combineAll<i16>(false, acc, term, length);
  else if (laneBytes == 4) combineAll<i32>(false, acc, term, length);
  else combineAll<i64>(false, acc, term, length);
}

// @ts-ignore: decorator
@inline
function packAll<Lane>(lanes: usize, count: u32, bits: u32, packed: usize): void {
  const mask: u64 = (<u64>1 << bits) - 1; // bits < 64: at full width nothing is packed
  let word: u64 = 0;
  let fill: u32 = 0;
  for (const end = lanes + <usize>count * sizeof<Lane>(); lanes < end; lanes += sizeof<Lane>()) {
    const value = <u64>load<Lane>(lanes) & mask;
    word |= value << fill;
    fill += bits;
    if (fill >= 64) {
      store<u64>(packed, word);
      packed += 8;
      fill -= 64;
      word = fill == 0 ? 0 : value >> (bits - fill);
    }
  }
  store<u64>(packed, word);
}

/** The low `bits` of each lane, one after the other, least significant first; up to 8 bytes beyond the end are written. */
export function pack(lanes: usize, count: u32, laneBytes: u32, bits: u32, packed: usize): void {
  if (laneBytes == 1) packAll<u8>(lanes, count, bits, packed);
  else if (laneBytes == 2) packAll<u16>(lanes, count, bits, packed);
  else if (laneBytes == 4) packAll<u32>(lanes, count, bits, packed);
  else packAll<u64>(lanes, count, bits, packed);
}

// @ts-ignore: decorator
@inline
function unpackAll<Lane>(packed: usize, count: u32, bits: u32, lanes: usize): void {
  const mask: u64 = (<u64>1 << bits) - 1;
  const end = lanes + <usize>count * sizeof<Lane>();
  for (let bit: u32 = 0; lanes < end; lanes += sizeof<Lane>(), bit += bits) {
    const at = packed + (bit >> 3);
    const shift = <u64>(bit & 7);
    let value = load<u64>(at) >> shift;
    // Only a component of more than 57 bits can reach into a ninth byte.
    if (sizeof<Lane>() == 8 && shift + bits > 64) value |= load<u64>(at, 8) << (64 - shift);
    store<Lane>(lanes, <Lane>(value & mask));
  }
}

/** The inverse, for fewer than 2^32 bits; up to 16 bytes beyond the end are read. */
export function unpack(packed: usize, count: u32, laneBytes: u32, bits: u32, lanes: usize): void {
  if (laneBytes == 1) unpackAll<u8>(packed, count, bits, lanes);
  else if (laneBytes == 2) unpackAll<u16>(packed, count, bits, lanes);
  else if (laneBytes == 4) unpackAll<u32>(packed, count, bits, lanes);
  else unpackAll<u64>(packed, count, bits, lanes);
}
