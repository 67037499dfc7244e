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
function loadLane(at: usize, laneBytes: u32): u64 {
  if (laneBytes == 1) return load<u8>(at);
  if (laneBytes == 2) return load<u16>(at);
  return laneBytes == 4 ? load<u32>(at) : load<u64>(at);
}

// @ts-ignore: decorator
@inline
function storeLane(at: usize, value: u64, laneBytes: u32): void {
  if (laneBytes == 1) store<u8>(at, <u8>value);
  else if (laneBytes == 2) store<u16>(at, <u16>value);
  else if (laneBytes == 4) store<u32>(at, <u32>value);
  else store<u64>(at, value);
}

/** The low `bits` of each lane, one after the other, least significant first; up to 8 bytes beyond the end are written. */
export function pack(lanes: usize, count: u32, laneBytes: u32, bits: u32, packed: usize): void {
  const mask: u64 = (<u64>1 << bits) - 1; // bits < 64: at full width nothing is packed
  let word: u64 = 0;
  let fill: u32 = 0;
  const end = lanes + <usize>count * laneBytes;
  for (; lanes < end; lanes += laneBytes) {
    const value = loadLane(lanes, laneBytes) & mask;
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

/** The inverse; up to 9 bytes beyond the end are read. */
export function unpack(packed: usize, count: u32, laneBytes: u32, bits: u32, lanes: usize): void {
  const mask: u64 = (<u64>1 << bits) - 1;
  const end = lanes + <usize>count * laneBytes;
  let bit: u64 = 0;
  for (; lanes < end; lanes += laneBytes, bit += bits) {
    const at = packed + <usize>(bit >> 3);
    const shift = bit & 7;
    let value = load<u64>(at) >> shift;
    if (shift + bits > 64) value |= load<u64>(at, 8) << (64 - shift);
    storeLane(lanes, value & mask, laneBytes);
  }
}
