// Lanes ↔ the bit-packed vector of the wire: component i takes bits i · bits to (i + 1) · bits − 1 of one stream of bits,
// least significant first within bytes; the spare bits of the last byte are 0.
import { view, zeroLanes, type Lanes, type Ring } from './ring.ts';

/** ⌈vecLen · bits / 8⌉ bytes. */
export function pack(ring: Ring, lanes: Lanes): Uint8Array {
  const { bits, laneBytes } = ring;
  if (bits === 8 * laneBytes) return Uint8Array.from(lanes);
  const vecLen = lanes.length / laneBytes;
  const words = new Uint32Array(Math.ceil((vecLen * bits) / 32));
  const low = Math.min(bits, 32);
  const lowMask = low === 32 ? 0xffff_ffff : 2 ** low - 1;
  const highMask = 2 ** (bits - low) - 1;
  const source = laneBytes === 8 ? view(lanes, Uint32Array) : narrow(lanes, laneBytes);
  const step = laneBytes === 8 ? 2 : 1;
  let word = 0; // bits not yet written, least significant first
  let fill = 0; // their number, 0 to 31
  let at = 0;
  const write = (value: number, width: number): void => {
    word |= value << fill;
    fill += width;
    if (fill < 32) return;
    words[at++] = word;
    fill -= 32;
    word = fill === 0 ? 0 : value >>> (width - fill);
  };
  for (let i = 0; i < source.length; i += step) {
    write((source[i] ?? 0) & lowMask, low);
    if (bits > 32) write((source[i + 1] ?? 0) & highMask, bits - 32);
  }
  if (fill > 0) words[at] = word;
  return new Uint8Array(words.buffer, 0, Math.ceil((vecLen * bits) / 8)).slice();
}

/** Inverse of pack; components are not sign-extended. The caller has checked the length. */
export function unpack(ring: Ring, packed: Uint8Array, vecLen: number): Lanes {
  const { bits, laneBytes } = ring;
  const lanes = zeroLanes(ring, vecLen);
  if (bits === 8 * laneBytes) {
    lanes.set(packed);
    return lanes;
  }
  const bytes = new Uint8Array(4 * Math.ceil(packed.length / 4));
  bytes.set(packed);
  const words = view(bytes, Uint32Array);
  const target = laneBytes === 8 ? view(lanes, Uint32Array) : narrow(lanes, laneBytes);
  const step = laneBytes === 8 ? 2 : 1;
  let index = 0;
  let shift = 0; // bits of words[index] already read, 0 to 31
  const read = (width: number): number => {
    let value = (words[index] ?? 0) >>> shift;
    if (shift + width > 32) value |= (words[index + 1] ?? 0) << (32 - shift);
    shift += width;
    if (shift >= 32) {
      shift -= 32;
      index++;
    }
    return width === 32 ? value : value & (2 ** width - 1);
  };
  for (let i = 0; i < target.length; i += step) {
    target[i] = read(Math.min(bits, 32));
    if (bits > 32) target[i + 1] = read(bits - 32);
  }
  return lanes;
}

function narrow(lanes: Lanes, laneBytes: 1 | 2 | 4): Uint8Array | Uint16Array | Uint32Array {
  return laneBytes === 1 ? lanes : laneBytes === 2 ? view(lanes, Uint16Array) : view(lanes, Uint32Array);
}
