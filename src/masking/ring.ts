// The ring Z_2^bits and its lanes. A component takes one little-endian lane of 8, 16, 32 or 64 bits, the least that
// holds `bits`. Lanes add and subtract modulo 2^lane; since 2^bits divides 2^lane, cutting to `bits` when packing or
// decoding gives the result modulo 2^bits. DEVIATION from [BIK+17], whose R is any modulus: no rejection sampling.
// A mask takes fewer bytes of key stream if the lane is wider than the ring needs: as many whole bytes as hold `bits`.
import { secretBytes } from '../leaves/bytes.ts';
import { laneBytes } from '../session/parameters.ts';

export interface Ring {
  /** 1 to 64. */
  readonly bits: number;
  readonly laneBytes: 1 | 2 | 4 | 8;
  /** Bytes of key stream for a component of a mask: 1 to 8, the least that hold `bits`. */
  readonly maskBytes: number;
}

/**
 * Components whose key stream is one block, if a mask has fewer bytes than a lane. In a block, the low bytes of all components come
 * first, as integers of the widest of 4, 2 and 1 bytes that fits, then what is left of all components, in the same way.
 */
export const PLANES_BLOCK = 8192;

/** The vector as lanes: vecLen · laneBytes bytes at an offset that every typed array accepts. */
export type Lanes = Uint8Array;

// Lanes are read through typed arrays, whose byte order is the machine's. Big-endian machines are refused, because their sums
// would be wrong without an error.
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export function ringOf(bits: number): Ring {
  if (!LITTLE_ENDIAN) throw new RangeError('expected a little-endian machine, got a big-endian one');
  return { bits, laneBytes: laneBytes(bits), maskBytes: Math.ceil(bits / 8) };
}

export function zeroLanes(ring: Ring, vecLen: number): Lanes {
  return secretBytes(vecLen * ring.laneBytes);
}

interface LaneArray<T> {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

/** The same memory as another typed array; the caller has made sure of the alignment. */
export function view<T>(bytes: Uint8Array, kind: LaneArray<T>): T {
  return new kind(bytes.buffer, bytes.byteOffset, bytes.byteLength / kind.BYTES_PER_ELEMENT);
}

/** One summand: lanes, or a mask. */
export interface Term {
  readonly bytes: Uint8Array;
  readonly sign: 1 | -1;
}

/** The inner loops over lanes. */
export interface Kernel {
  /**
   * acc := acc + Σ sign · term, lane by lane, for at most as many bytes as the kernel was made for. Terms are as long as acc. They
   * are taken one at a time, so that each may reuse the memory of the one before. Nothing of them stays in the kernel's memory.
   */
  readonly accumulate: (ring: Ring, acc: Lanes, terms: Iterable<Term>) => void;
  /**
   * acc := acc + Σ sign · mask, where a term is the key stream of the mask: acc has `laneBytes` for each component, a term has
   * `maskBytes`. The first component of acc is the first of a block of the key stream.
   */
  readonly accumulateMasks: (ring: Ring, acc: Lanes, terms: Iterable<Term>) => void;
  /** The low bits of each lane as a bit stream; `packed` is ⌈components · bits / 8⌉ bytes, bits less than the lane's. */
  readonly pack: (ring: Ring, lanes: Lanes, packed: Uint8Array) => void;
  /**
   * `length` bytes of lanes, all 0, to which much is added: masks, or with `accumulatePacked` many vectors. The loops also take other
   * lanes, such as those of a sum that was restored or merged, but add to them more slowly.
   */
  readonly zeroLanes: (length: number) => Lanes;
  /** acc := acc + the lanes of the bit stream. If the bits fill a lane, the bit stream is the lanes. */
  readonly accumulatePacked: (ring: Ring, acc: Lanes, packed: Uint8Array) => void;
}
