// ChaCha20 (RFC 8439 section 2.3) in WebAssembly SIMD, in AssemblyScript: four blocks at a time, word i of all of them in the vector x_i.
// src/pet/masking/mask-loops.ts lays out the memory: the 16 words of the state at address 0, key stream from where the caller says.

// @ts-ignore: decorator
@inline
function rotated16(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

// @ts-ignore: decorator
@inline
function rotated12(x: v128): v128 {
  return v128.or(v128.shl<i32>(x, 12), v128.shr<u32>(x, 20));
}

// @ts-ignore: decorator
@inline
function rotated8(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
}

// @ts-ignore: decorator
@inline
function rotated7(x: v128): v128 {
  return v128.or(v128.shl<i32>(x, 7), v128.shr<u32>(x, 25));
}

// @ts-ignore: decorator
@inline
function word(i: usize): v128 {
  return v128.load32_splat(4 * i);
}

/** Four words of each of four blocks, which are 64 bytes apart. */
// @ts-ignore: decorator
@inline
function storeTransposed(out: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<u32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<u32>(c, d, 0, 4, 1, 5);
  v128.store(out, v128.shuffle<u64>(ab, cd, 0, 2));
  v128.store(out + 64, v128.shuffle<u64>(ab, cd, 1, 3));
  const ab2 = v128.shuffle<u32>(a, b, 2, 6, 3, 7);
  const cd2 = v128.shuffle<u32>(c, d, 2, 6, 3, 7);
  v128.store(out + 128, v128.shuffle<u64>(ab2, cd2, 0, 2));
  v128.store(out + 192, v128.shuffle<u64>(ab2, cd2, 1, 3));
}

/** The next 4·`count` blocks of 64 bytes. The counter is the word 12, with word 13 above it, and goes on by as many. */
export function keystream(out: usize, count: u32): void {
  for (; count > 0; count--, out += 256) {
    const low = load<u32>(48);
    // The counter of all four blocks in 32 bits, and what is carried where it wraps.
    const counters = v128.add<i32>(v128.splat<i32>(low), i32x4(0, 1, 2, 3));
    const carries = v128.lt<u32>(counters, v128.splat<i32>(low));
    const highs = v128.sub<i32>(word(13), carries);
    let x0 = word(0);
    let x1 = word(1);
    let x2 = word(2);
    let x3 = word(3);
    let x4 = word(4);
    let x5 = word(5);
    let x6 = word(6);
    let x7 = word(7);
    let x8 = word(8);
    let x9 = word(9);
    let x10 = word(10);
    let x11 = word(11);
    let x12 = counters;
    let x13 = highs;
    let x14 = word(14);
    let x15 = word(15);
    for (let round = 0; round < 10; round++) {
      x0 = v128.add<i32>(x0, x4);
      x12 = rotated16(v128.xor(x12, x0));
      x8 = v128.add<i32>(x8, x12);
      x4 = rotated12(v128.xor(x4, x8));
      x0 = v128.add<i32>(x0, x4);
      x12 = rotated8(v128.xor(x12, x0));
      x8 = v128.add<i32>(x8, x12);
      x4 = rotated7(v128.xor(x4, x8));
      x1 = v128.add<i32>(x1, x5);
      x13 = rotated16(v128.xor(x13, x1));
      x9 = v128.add<i32>(x9, x13);
      x5 = rotated12(v128.xor(x5, x9));
      x1 = v128.add<i32>(x1, x5);
      x13 = rotated8(v128.xor(x13, x1));
      x9 = v128.add<i32>(x9, x13);
      x5 = rotated7(v128.xor(x5, x9));
      x2 = v128.add<i32>(x2, x6);
      x14 = rotated16(v128.xor(x14, x2));
      x10 = v128.add<i32>(x10, x14);
      x6 = rotated12(v128.xor(x6, x10));
      x2 = v128.add<i32>(x2, x6);
      x14 = rotated8(v128.xor(x14, x2));
      x10 = v128.add<i32>(x10, x14);
      x6 = rotated7(v128.xor(x6, x10));
      x3 = v128.add<i32>(x3, x7);
      x15 = rotated16(v128.xor(x15, x3));
      x11 = v128.add<i32>(x11, x15);
      x7 = rotated12(v128.xor(x7, x11));
      x3 = v128.add<i32>(x3, x7);
      x15 = rotated8(v128.xor(x15, x3));
      x11 = v128.add<i32>(x11, x15);
      x7 = rotated7(v128.xor(x7, x11));
      x0 = v128.add<i32>(x0, x5);
      x15 = rotated16(v128.xor(x15, x0));
      x10 = v128.add<i32>(x10, x15);
      x5 = rotated12(v128.xor(x5, x10));
      x0 = v128.add<i32>(x0, x5);
      x15 = rotated8(v128.xor(x15, x0));
      x10 = v128.add<i32>(x10, x15);
      x5 = rotated7(v128.xor(x5, x10));
      x1 = v128.add<i32>(x1, x6);
      x12 = rotated16(v128.xor(x12, x1));
      x11 = v128.add<i32>(x11, x12);
      x6 = rotated12(v128.xor(x6, x11));
      x1 = v128.add<i32>(x1, x6);
      x12 = rotated8(v128.xor(x12, x1));
      x11 = v128.add<i32>(x11, x12);
      x6 = rotated7(v128.xor(x6, x11));
      x2 = v128.add<i32>(x2, x7);
      x13 = rotated16(v128.xor(x13, x2));
      x8 = v128.add<i32>(x8, x13);
      x7 = rotated12(v128.xor(x7, x8));
      x2 = v128.add<i32>(x2, x7);
      x13 = rotated8(v128.xor(x13, x2));
      x8 = v128.add<i32>(x8, x13);
      x7 = rotated7(v128.xor(x7, x8));
      x3 = v128.add<i32>(x3, x4);
      x14 = rotated16(v128.xor(x14, x3));
      x9 = v128.add<i32>(x9, x14);
      x4 = rotated12(v128.xor(x4, x9));
      x3 = v128.add<i32>(x3, x4);
      x14 = rotated8(v128.xor(x14, x3));
      x9 = v128.add<i32>(x9, x14);
      x4 = rotated7(v128.xor(x4, x9));
    }
    storeTransposed(out + 0, v128.add<i32>(x0, word(0)), v128.add<i32>(x1, word(1)), v128.add<i32>(x2, word(2)), v128.add<i32>(x3, word(3)));
    storeTransposed(out + 16, v128.add<i32>(x4, word(4)), v128.add<i32>(x5, word(5)), v128.add<i32>(x6, word(6)), v128.add<i32>(x7, word(7)));
    storeTransposed(out + 32, v128.add<i32>(x8, word(8)), v128.add<i32>(x9, word(9)), v128.add<i32>(x10, word(10)), v128.add<i32>(x11, word(11)));
    storeTransposed(out + 48, v128.add<i32>(x12, counters), v128.add<i32>(x13, highs), v128.add<i32>(x14, word(14)), v128.add<i32>(x15, word(15)));
    const next = low + 4;
    store<u32>(48, next);
    if (next < 4) store<u32>(52, load<u32>(52) + 1);
  }
}
