// The ring Z_2^bits and its lanes. A component takes one little-endian lane of 8, 16, 32 or 64 bits, the least that
// holds `bits`. Lanes add and subtract modulo 2^lane; since 2^bits divides 2^lane, cutting to `bits` when packing or
// decoding gives the result modulo 2^bits. DEVIATION from [BIK+17], whose R is any modulus: no rejection sampling.
import { laneBytes } from '../parameters.ts';

export interface Ring {
  /** 1 to 64. */
  readonly bits: number;
  readonly laneBytes: 1 | 2 | 4 | 8;
}

/** The vector as lanes: vecLen · laneBytes bytes at an offset that every typed array accepts. */
export type Lanes = Uint8Array;

// Lanes are read through typed arrays, whose byte order is the machine's. No engine that runs JavaScript on a big-endian
// machine is supported; there, a sum would be wrong without a sign of it.
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export function ringOf(bits: number): Ring {
  if (!LITTLE_ENDIAN) throw new RangeError('secagg needs a little-endian machine');
  return { bits, laneBytes: laneBytes(bits) };
}

export function zeroLanes(ring: Ring, vecLen: number): Lanes {
  return new Uint8Array(vecLen * ring.laneBytes);
}

/** acc := acc + sign · term, lane by lane. `acc` starts at a multiple of 8 in its buffer; both have the same length. */
export function accumulate(ring: Ring, acc: Lanes, term: Uint8Array, sign: 1 | -1): void {
  const aligned = term.byteOffset % 8 === 0 ? term : Uint8Array.from(term);
  if (ring.laneBytes === 1) addNarrow(acc, aligned, sign);
  else if (ring.laneBytes === 2) addNarrow(view(acc, Uint16Array), view(aligned, Uint16Array), sign);
  else if (ring.laneBytes === 4) addNarrow(view(acc, Int32Array), view(aligned, Int32Array), sign);
  else if (sign === 1) addWide(view(acc, Uint32Array), view(aligned, Uint32Array));
  else subtractWide(view(acc, Uint32Array), view(aligned, Uint32Array));
}

interface LaneArray<T> {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

/** The same memory as another typed array; the caller has seen to the alignment. */
export function view<T>(bytes: Uint8Array, kind: LaneArray<T>): T {
  return new kind(bytes.buffer, bytes.byteOffset, bytes.byteLength / kind.BYTES_PER_ELEMENT);
}

function addNarrow<T extends Uint8Array | Uint16Array | Int32Array>(acc: T, term: T, sign: 1 | -1): void {
  if (sign === 1) for (let i = 0; i < acc.length; i++) acc[i] = (acc[i] ?? 0) + (term[i] ?? 0);
  else for (let i = 0; i < acc.length; i++) acc[i] = (acc[i] ?? 0) - (term[i] ?? 0);
}

/** 64-bit lanes as pairs of words, least significant first. */
function addWide(acc: Uint32Array, term: Uint32Array): void {
  for (let i = 0; i < acc.length; i += 2) {
    const low = (acc[i] ?? 0) + (term[i] ?? 0);
    acc[i] = low;
    acc[i + 1] = (acc[i + 1] ?? 0) + (term[i + 1] ?? 0) + (low > 0xffff_ffff ? 1 : 0);
  }
}

function subtractWide(acc: Uint32Array, term: Uint32Array): void {
  for (let i = 0; i < acc.length; i += 2) {
    const low = (acc[i] ?? 0) - (term[i] ?? 0);
    acc[i] = low;
    acc[i + 1] = (acc[i + 1] ?? 0) - (term[i + 1] ?? 0) - (low < 0 ? 1 : 0);
  }
}
