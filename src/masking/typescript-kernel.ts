// The kernel in plain TypeScript. It runs if WebAssembly SIMD is missing, and the tests compare the other kernel with it.
import { PLANES_BLOCK, view, type Kernel, type Lanes, type Ring } from './ring.ts';

export const typescriptKernel: Kernel = {
  accumulate: (ring, acc, terms): void => {
    for (const { bytes, sign } of terms) add(ring, acc, bytes, sign);
  },

  accumulateMasks: (ring, acc, terms): void => {
    for (const { bytes, sign } of terms)
      add(ring, acc, ring.maskBytes === ring.laneBytes ? bytes : lanesOfMask(ring, bytes), sign);
  },

  pack: ({ bits, laneBytes }, lanes, packed): void => {
    const low = Math.min(bits, 32);
    const lowMask = low === 32 ? 0xffff_ffff : 2 ** low - 1;
    const highMask = 2 ** (bits - low) - 1;
    const source = laneBytes === 8 ? view(lanes, Uint32Array) : narrow(lanes, laneBytes);
    const step = laneBytes === 8 ? 2 : 1;
    const words = new Uint32Array(Math.ceil(packed.length / 4));
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
    packed.set(new Uint8Array(words.buffer, 0, packed.length));
  },

  zeroLanes: (length) => new Uint8Array(length),

  accumulatePacked: (ring, acc, packed): void => {
    add(ring, acc, ring.bits === 8 * ring.laneBytes ? packed : unpacked(ring, packed, acc.length), 1);
  },
};

function add(ring: Ring, acc: Lanes, term: Uint8Array, sign: 1 | -1): void {
  const aligned = term.byteOffset % 8 === 0 ? term : new Uint8Array(term);
  if (ring.laneBytes === 1) addNarrow(acc, aligned, sign);
  else if (ring.laneBytes === 2) addNarrow(view(acc, Uint16Array), view(aligned, Uint16Array), sign);
  else if (ring.laneBytes === 4) addNarrow(view(acc, Int32Array), view(aligned, Int32Array), sign);
  else if (sign === 1) addWide(view(acc, Uint32Array), view(aligned, Uint32Array));
  else subtractWide(view(acc, Uint32Array), view(aligned, Uint32Array));
}

/** The lanes of a mask whose key stream has fewer bytes than they. */
function lanesOfMask({ laneBytes, maskBytes }: Ring, stream: Uint8Array): Lanes {
  const components = stream.length / maskBytes;
  const lanes = new Uint8Array(components * laneBytes);
  for (let first = 0; first < components; first += PLANES_BLOCK) {
    const count = Math.min(PLANES_BLOCK, components - first);
    let from = first * maskBytes;
    let to = first * laneBytes;
    for (const width of [4, 2, 1].filter((each) => (maskBytes & each) !== 0)) {
      for (let i = 0; i < count; i++) {
        for (let byte = 0; byte < width; byte++) lanes[to + i * laneBytes + byte] = stream[from + i * width + byte] ?? 0;
      }
      from += count * width;
      to += width;
    }
  }
  return lanes;
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

function unpacked({ bits, laneBytes }: Ring, packed: Uint8Array, length: number): Lanes {
  const lanes = new Uint8Array(length);
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
