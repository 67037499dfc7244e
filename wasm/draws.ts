// Which draws of a mask are elements, in AssemblyScript, beside the key stream that they are taken from. A draw is some words of 32 bits, of
// whose last one only some bits count; it is an element if it is below the order of the group. src/pet/masking/mask-loops.ts lays out the
// memory: the words of the order begin at address 64. src/pet/masking/words.ts does the same in plain TypeScript and is easier to read.
//
// Time and memory accesses depend on which draws are taken, as in the crate. The draws that are not taken tell nothing of those that are.
export { keystream } from './chacha20';

const ORDER: usize = 64;
/** Draws that are compared before any of them is looked at. */
const AT_A_TIME: u32 = 64;

/** For the last words of four draws, whether each is at most that of the order. */
// @ts-ignore: decorator
@inline
function four(last: usize, stride: usize, mask: v128, top: v128): v128 {
  let words = v128.load_zero<u32>(last);
  words = v128.load_lane<u32>(last + stride, words, 1);
  words = v128.load_lane<u32>(last + 2 * stride, words, 2);
  words = v128.load_lane<u32>(last + 3 * stride, words, 3);
  return v128.le<u32>(v128.and(words, mask), top);
}

/** The same of sixteen draws, a bit each. */
// @ts-ignore: decorator
@inline
function sixteen(last: usize, stride: usize, mask: v128, top: v128): u64 {
  const low = v128.narrow<i32>(four(last, stride, mask, top), four(last + 4 * stride, stride, mask, top));
  const high = v128.narrow<i32>(four(last + 8 * stride, stride, mask, top), four(last + 12 * stride, stride, mask, top));
  return <u64>v128.bitmask<i8>(v128.narrow<i16>(low, high));
}

/** As {@link four} for draws of two words, which are loaded two at a time. */
// @ts-ignore: decorator
@inline
function fourPairs(draws: usize, mask: v128, top: v128): v128 {
  const words = v128.shuffle<u32>(v128.load(draws), v128.load(draws + 16), 1, 3, 5, 7);
  return v128.le<u32>(v128.and(words, mask), top);
}

/** As {@link sixteen} for draws of two words. */
// @ts-ignore: decorator
@inline
function sixteenPairs(draws: usize, mask: v128, top: v128): u64 {
  const low = v128.narrow<i32>(fourPairs(draws, mask, top), fourPairs(draws + 32, mask, top));
  const high = v128.narrow<i32>(fourPairs(draws + 64, mask, top), fourPairs(draws + 96, mask, top));
  return <u64>v128.bitmask<i8>(v128.narrow<i16>(low, high));
}

/** Whether the words of a draw are below those of the order. */
function isElement(draw: usize, stride: usize): bool {
  for (let at = stride; at > 0; at -= 4) {
    const word = load<u32>(draw + at - 4);
    const limit = load<u32>(ORDER + at - 4);
    if (word != limit) return word < limit;
  }
  return false;
}

/**
 * Moves the elements among `count` draws to where the draws begin, in order, and gives where the last one ends.
 *
 * Up to 64 draws beyond the end are read.
 *
 * @param words of a draw.
 * @param mask the bits that count of its last word.
 */
export function take(draws: usize, count: u32, words: usize, mask: u32): usize {
  if (words == 2) return takePairs(draws, count, mask);
  const stride: usize = words << 2;
  const top = load<u32>(ORDER + stride - 4);
  const masks = v128.splat<i32>(mask);
  const tops = v128.splat<i32>(top);
  let to = draws;
  let from = draws;
  for (let left = count; left > 0; from += AT_A_TIME * stride) {
    const last = from + stride - 4;
    let bits =
      sixteen(last, stride, masks, tops) |
      (sixteen(last + 16 * stride, stride, masks, tops) << 16) |
      (sixteen(last + 32 * stride, stride, masks, tops) << 32) |
      (sixteen(last + 48 * stride, stride, masks, tops) << 48);
    if (left < AT_A_TIME) bits &= (<u64>1 << left) - 1;
    left -= min(left, AT_A_TIME);
    for (; bits != 0; bits &= bits - 1) {
      const draw = from + <usize>ctz(bits) * stride;
      for (let at: usize = 0; at != stride; at += 4) store<u32>(to + at, load<u32>(draw + at));
      const word = load<u32>(draw + stride - 4) & mask;
      store<u32>(to + stride - 4, word);
      if (word < top || isElement(to, stride)) to += stride;
    }
  }
  return to;
}

/** As {@link take} for draws of two words, which most groups have for models of 32 bits: they fit in a register. */
function takePairs(draws: usize, count: u32, mask: u32): usize {
  const order = load<u64>(ORDER);
  const bitsOfDraw = (<u64>mask << 32) | 0xffff_ffff;
  const masks = v128.splat<i32>(mask);
  const tops = v128.splat<i32>(<u32>(order >> 32));
  let to = draws;
  let from = draws;
  for (let left = count; left > 0; from += AT_A_TIME * 8) {
    let bits =
      sixteenPairs(from, masks, tops) |
      (sixteenPairs(from + 128, masks, tops) << 16) |
      (sixteenPairs(from + 256, masks, tops) << 32) |
      (sixteenPairs(from + 384, masks, tops) << 48);
    if (left < AT_A_TIME) bits &= (<u64>1 << left) - 1;
    left -= min(left, AT_A_TIME);
    for (; bits != 0; bits &= bits - 1) {
      const draw = load<u64>(from + <usize>(ctz(bits) << 3)) & bitsOfDraw;
      store<u64>(to, draw);
      if (draw < order) to += 8;
    }
  }
  return to;
}
