// The inner loops over lanes in WebAssembly SIMD, in AssemblyScript. src/masking/typescript-kernel.ts computes the same in plain
// TypeScript and is easier to read. Addresses are bytes in the memory that simd-kernel.ts lays out. The caller makes sure that 128
// bytes beyond each region may be read and written.

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

// A mask whose key stream has 3, 5, 6 or 7 bytes a component. They come in planes: the low bytes of all components as integers of 4
// or 2 bytes, then the others, in the same way.

/** acc := acc + term; if all bits of `flip` are set, acc := acc − term, because acc − term = ~(~acc + term). */
// @ts-ignore: decorator
@inline
function combineWith<T>(flip: v128, acc: usize, term: v128): void {
  v128.store(acc, v128.xor(v128.add<T>(v128.xor(v128.load(acc), flip), term), flip));
}

/** Planes of 2 bytes and 1 byte, to lanes of 4 bytes. */
// @ts-ignore: decorator
@inline
function combineThree(flip: v128, acc: usize, planes: usize, count: usize): void {
  let high = planes + 2 * count;
  for (const end = acc + 4 * count; acc < end; acc += 32, planes += 16, high += 8) {
    const lowHalves = v128.load(planes);
    const highHalves = v128.load_ext<u8>(high);
    combineWith<i32>(flip, acc, v128.shuffle<u16>(lowHalves, highHalves, 0, 8, 1, 9, 2, 10, 3, 11));
    combineWith<i32>(flip, acc + 16, v128.shuffle<u16>(lowHalves, highHalves, 4, 12, 5, 13, 6, 14, 7, 15));
  }
}

/** Planes of 4 bytes and of `maskBytes` − 4 bytes, to lanes of 8 bytes, eight of them at a time. */
// @ts-ignore: decorator
@inline
function combineMore(flip: v128, acc: usize, planes: usize, count: usize, maskBytes: u32): void {
  let high = planes + 4 * count;
  let top = high + 2 * count;
  for (const end = acc + 8 * count; acc < end; acc += 64, planes += 32) {
    let left: v128;
    let right: v128;
    if (maskBytes == 5) {
      const bytes = v128.load_ext<u8>(high);
      left = v128.extend_low<u16>(bytes);
      right = v128.extend_high<u16>(bytes);
      high += 8;
    } else {
      const halves = v128.load(high);
      const bytes = maskBytes == 7 ? v128.load_ext<u8>(top) : v128.splat<i32>(0);
      left = v128.shuffle<u16>(halves, bytes, 0, 8, 1, 9, 2, 10, 3, 11);
      right = v128.shuffle<u16>(halves, bytes, 4, 12, 5, 13, 6, 14, 7, 15);
      high += 16;
      top += 8;
    }
    const low = v128.load(planes);
    combineWith<i64>(flip, acc, v128.shuffle<u32>(low, left, 0, 4, 1, 5));
    combineWith<i64>(flip, acc + 16, v128.shuffle<u32>(low, left, 2, 6, 3, 7));
    const next = v128.load(planes, 16);
    combineWith<i64>(flip, acc + 32, v128.shuffle<u32>(next, right, 0, 4, 1, 5));
    combineWith<i64>(flip, acc + 48, v128.shuffle<u32>(next, right, 2, 6, 3, 7));
  }
}

/** acc := acc + the mask in planes, or acc − it, in steps of eight lanes. */
export function addPlanes(acc: usize, planes: usize, count: usize, maskBytes: u32, subtract: bool): void {
  const flip = v128.splat<i32>(subtract ? -1 : 0);
  if (maskBytes == 3) combineThree(flip, acc, planes, count);
  else if (maskBytes == 5) combineMore(flip, acc, planes, count, 5);
  else if (maskBytes == 6) combineMore(flip, acc, planes, count, 6);
  else combineMore(flip, acc, planes, count, 7);
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

// Eight packed components fill `bits` whole bytes, so that all eights are alike.

/** Whether each component of an eight, with the bits before it in its first byte, fits into so many bits. */
function isWithin(bits: u32, elementBits: u32): bool {
  for (let i: u32 = 0; i < 8; i++) if (((i * bits) & 7) + bits > elementBits) return false;
  return true;
}

// For lanes of up to 32 bits the components of an eight are taken as elements of 16 bits, in one vector, where lanes are no wider
// than that, and else of 32 bits, in two vectors. What a vector needs is in three lines of 16 bytes, the same for all eights: for
// each element the bytes that it is taken from, by their place in the vector's part of the eight; a factor; and the bits to keep,
// which is not needed where shifting does it.
const LINES: usize = 48;

// @ts-ignore: decorator
@inline
function tabulateAll<Element>(table: usize, bits: u32): void {
  const size = <u32>sizeof<Element>();
  const within = isWithin(bits, 8 * size);
  const all: u32 = (1 << bits) - 1; // bits < 32: at full width nothing is packed
  let origin: u32 = 0;
  for (let i: u32 = 0; i < 8; i++) {
    const bit = i * bits;
    const at = i % (16 / size);
    if (at == 0) origin = bit >> 3;
    const line = table + LINES * (i / (16 / size)) + at * size;
    for (let byte: u32 = 0; byte < size; byte++) store<u8>(line + byte, (bit >> 3) - origin + byte);
    const factor: u32 = within ? 1 << (8 * size - bits - (bit & 7)) : 256 >> (bit & 7);
    store<Element>(line, <Element>factor, 16);
    store<Element>(line, <Element>all, 32);
  }
}

/** Writes the lines for a width of less than 32 bits, up to twice 48 bytes; for wider ones there are none. */
export function tabulate(table: usize, laneBytes: u32, bits: u32): void {
  if (laneBytes < 4) tabulateAll<u16>(table, bits);
  else if (laneBytes == 4) tabulateAll<u32>(table, bits);
}

/**
 * A vector of elements. WebAssembly cannot shift each element of a vector by another amount, but it can multiply them. Where
 * a component is within its element, that takes it to the top, from where all are shifted back by the same amount. Else an
 * element that starts at bit s of its first byte is (first byte · 2^(8−s)) >> 8, and above that (bytes after it) · 2^(8−s).
 */
// @ts-ignore: decorator
@inline
function unpacked<Element>(within: bool, from: usize, places: v128, factors: v128, keep: v128, bits: u32): v128 {
  if (within) {
    const top = v128.mul<Element>(v128.swizzle(v128.load(from), places), factors);
    return v128.shr<Element>(top, 8 * sizeof<Element>() - bits);
  }
  const lowByte = v128.splat<Element>(<Element>0xff);
  const first = v128.and(v128.swizzle(v128.load(from), places), lowByte);
  const others = v128.swizzle(v128.load(from, 1), places);
  const low = v128.shr<Element>(v128.mul<Element>(first, factors), 8);
  return v128.and(v128.or(low, v128.mul<Element>(others, factors)), keep);
}

// @ts-ignore: decorator
@inline
function addEights<Element, Lane>(within: bool, acc: usize, packed: usize, length: usize, bits: u32, table: usize): void {
  const vectors = <usize>sizeof<Element>() / 2;
  for (let i: usize = 0; i < vectors; i++) {
    const places = v128.load(table + LINES * i);
    const factors = v128.load(table + LINES * i, 16);
    const keep = v128.load(table + LINES * i, 32);
    let from = packed + ((i * (8 / vectors) * bits) >> 3);
    for (let to = acc + 16 * i, end = acc + length; to < end; to += 16 * vectors, from += bits) {
      let term = unpacked<Element>(within, from, places, factors, keep, bits);
      if (sizeof<Lane>() == 1) {
        from += bits;
        term = v128.narrow<i16>(term, unpacked<Element>(within, from, places, factors, keep, bits));
      }
      v128.store(to, v128.add<Lane>(v128.load(to), term));
    }
  }
}

// @ts-ignore: decorator
@inline
function addAllPacked<Element, Lane>(acc: usize, packed: usize, length: usize, bits: u32, table: usize): void {
  // As `tabulateAll` has decided. For lanes of 8 bits it always is so: said by itself, so that no code is made for the other
  // case.
  if (sizeof<Lane>() == 1 || isWithin(bits, 8 * <u32>sizeof<Element>())) {
    addEights<Element, Lane>(true, acc, packed, length, bits, table);
  } else {
    addEights<Element, Lane>(false, acc, packed, length, bits, table);
  }
}

/** A component as the low bits of 64, and the component of the same place in the next eight, which begins at the same bit. */
// @ts-ignore: decorator
@inline
function twins(within: bool, from: usize, bits: u32, shift: u32): v128 {
  const low = v128.shr<u64>(v128.load_lane<u64>(from + bits, v128.load_zero<u64>(from), 1), shift);
  if (within) return low;
  const fromSecondByte = v128.load_lane<u64>(from + bits, v128.load_zero<u64>(from, 1), 1, 1);
  return v128.or(low, v128.shl<u64>(fromSecondByte, 8 - shift));
}

/** Lanes of 64 bits, two eights at a time: a vector whose components begin at the same bit can be shifted. */
// @ts-ignore: decorator
@inline
function addTwins(within: bool, acc: usize, packed: usize, length: usize, bits: u32): void {
  const keep = v128.splat<u64>((<u64>1 << bits) - 1); // bits < 64
  for (let i: u32 = 0; i < 8; i += 2) {
    const even = i * bits;
    const odd = even + bits;
    let from = packed;
    for (let to = acc + 8 * i, end = acc + length; to < end; to += 128, from += 2 * bits) {
      const left = twins(within, from + (even >> 3), bits, even & 7);
      const right = twins(within, from + (odd >> 3), bits, odd & 7);
      v128.store(to, v128.add<i64>(v128.load(to), v128.and(v128.shuffle<u64>(left, right, 0, 2), keep)));
      v128.store(to, v128.add<i64>(v128.load(to, 64), v128.and(v128.shuffle<u64>(left, right, 1, 3), keep)), 64);
    }
  }
}

/**
 * acc := acc + the lanes of the bit stream, `length` bytes of them; `table` is that of the width, which lanes of 64 bits do
 * without. Up to 128 bytes beyond the accumulator's end are written, and beyond the stream's read.
 */
export function addPacked(acc: usize, packed: usize, length: usize, laneBytes: u32, bits: u32, table: usize): void {
  if (laneBytes == 1) addAllPacked<u16, i8>(acc, packed, length, bits, table);
  else if (laneBytes == 2) addAllPacked<u16, i16>(acc, packed, length, bits, table);
  else if (laneBytes == 4) addAllPacked<u32, i32>(acc, packed, length, bits, table);
  else if (isWithin(bits, 64)) addTwins(true, acc, packed, length, bits);
  else addTwins(false, acc, packed, length, bits);
}
