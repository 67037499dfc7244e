// The kernel in WebAssembly: one instance with a fixed memory of a few blocks, through which lanes pass; accumulators and
// vectors stay where they are. What is secret in the memory, masks and what they are added to, is wiped at the end of the
// call; the masked inputs that a server adds up are not.
import { platform } from '#platform';
import { LANES_WASM } from './lanes-wasm.ts';
import type { Kernel, Lanes, Ring, Term } from './ring.ts';

/** What wasm/lanes.ts exports. */
interface Exports {
  readonly add: (acc: number, term: number, length: number, laneBytes: number) => void;
  readonly subtract: (acc: number, term: number, length: number, laneBytes: number) => void;
  readonly pack: (lanes: number, count: number, laneBytes: number, bits: number, packed: number) => void;
  readonly tabulate: (table: number, laneBytes: number, bits: number) => void;
  readonly addPacked: (acc: number, packed: number, length: number, laneBytes: number, bits: number, table: number) => void;
}

const PAGE = 65_536;
/** What the loops may touch beyond the end of what they are given. */
const SLACK = 64;
/** Bytes of what the loops note of a width. */
const TABLE = 192;
/** Components that are packed at a time: a multiple of 8, so that each stretch starts at a whole byte. */
const PACKED_AT_A_TIME = 16_384;

/**
 * The kernel, or null where WebAssembly or its SIMD is missing, or a page's Content Security Policy forbids it.
 *
 * @param maxBlock most bytes of lanes at a time.
 */
export function instantiateSimd(maxBlock: number): Kernel | null {
  try {
    const region = maxBlock + PAGE;
    const pages = (2 * region) / PAGE;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const binary = platform.fromBase64(LANES_WASM);
    const module = new WebAssembly.Module((binary ?? new Uint8Array()) as BufferSource);
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    return kernelOver(new Uint8Array(memory.buffer), region, instance.exports as unknown as Exports);
  } catch {
    return null;
  }
}

/** @param region the memory is two regions of so many bytes: the accumulator's, and the terms'. */
function kernelOver(memory: Uint8Array, region: number, loops: Exports): Kernel {
  const wipe = (length: number): void => {
    memory.fill(0, 0, length + SLACK);
    memory.fill(0, region, region + length + SLACK);
  };

  function accumulate({ laneBytes }: Ring, acc: Lanes, terms: Iterable<Term>): void {
    memory.set(acc);
    for (const { bytes, sign } of terms) {
      memory.set(bytes, region);
      (sign === 1 ? loops.add : loops.subtract)(0, region, acc.length, laneBytes);
    }
    acc.set(memory.subarray(0, acc.length));
    wipe(acc.length);
  }

  return {
    accumulate,

    pack: ({ bits, laneBytes }, lanes, packed): void => {
      for (let at = 0, out = 0; at < lanes.length; at += PACKED_AT_A_TIME * laneBytes, out += (PACKED_AT_A_TIME * bits) / 8) {
        const part = lanes.subarray(at, at + PACKED_AT_A_TIME * laneBytes);
        const target = packed.subarray(out, out + (PACKED_AT_A_TIME * bits) / 8);
        memory.set(part);
        loops.pack(0, part.length / laneBytes, laneBytes, bits, region);
        target.set(memory.subarray(region, region + target.length));
      }
      wipe(Math.min(lanes.length, PACKED_AT_A_TIME * laneBytes));
    },

    accumulatePacked: ({ bits, laneBytes }, acc, packed): void => {
      const table = 2 * region - TABLE;
      loops.tabulate(table, laneBytes, bits);
      for (let at = 0, from = 0; at < acc.length; at += PACKED_AT_A_TIME * laneBytes, from += (PACKED_AT_A_TIME * bits) / 8) {
        const part = acc.subarray(at, at + PACKED_AT_A_TIME * laneBytes);
        memory.set(packed.subarray(from, from + (PACKED_AT_A_TIME * bits) / 8), region);
        memory.set(part);
        loops.addPacked(0, region, part.length, laneBytes, bits, table);
        part.set(memory.subarray(0, part.length));
      }
    },
  };
}
