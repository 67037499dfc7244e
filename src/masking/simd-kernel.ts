// The kernel in WebAssembly. Blocks of lanes are copied into the memory of one instance and back. A sum of long vectors lives in the
// memory of an instance of its own, because copying it with each vector would cost about half as much as adding. Masks, and what they
// are added to, are secret: they are wiped from the memory at the end of the call. Masked inputs are not secret, and are not wiped.
import { platform } from '#platform';
import { once } from '../leaves/once.ts';
import { LANES_WASM } from './lanes-wasm.ts';
import { PLANES_BLOCK, type Kernel, type Lanes } from './ring.ts';

/** What wasm/lanes.ts exports. */
interface Exports {
  readonly add: (acc: number, term: number, length: number, laneBytes: number) => void;
  readonly subtract: (acc: number, term: number, length: number, laneBytes: number) => void;
  readonly addPlanes: (acc: number, planes: number, count: number, maskBytes: number, subtract: boolean) => void;
  readonly pack: (lanes: number, count: number, laneBytes: number, bits: number, packed: number) => void;
  readonly tabulate: (table: number, laneBytes: number, bits: number) => void;
  readonly addPacked: (acc: number, packed: number, length: number, laneBytes: number, bits: number, table: number) => void;
}

const PAGE = 65_536;
/** Bytes that the loops may touch beyond the end of their input. */
const SLACK = 128;
/** Bytes of the table that the loops make for a width. */
const TABLE = 96;
/** Components that are packed at a time: a multiple of 64, so that each block starts at a whole byte and the loops end with it. */
const PACKED_AT_A_TIME = 16_384;
/**
 * Most sums with a memory of their own at a time. V8 reserves 10 GB of addresses for each, out of 128 TB; with a sandbox, as in
 * Chromium, out of 1 TB for the whole process.
 */
const MOST_OWN = 16;
/**
 * Counts that a sum with a memory of its own is gone. There is one registry for good: in Node 20 to 24 a registry that is itself
 * collected with work left to do can stop the finalizers of its thread for ever. If another registry does that, later sums have no
 * memory of their own. (WeakRefs do not help: reading a sum through one keeps it to the end of the turn, and garbage is collected
 * within a turn.)
 */
const gone = once(
  () =>
    new FinalizationRegistry<{ left: number }>((own) => {
      own.left++;
    }),
);

/**
 * The kernel, or null if WebAssembly or its SIMD is missing, or a page's Content Security Policy forbids it.
 *
 * @param maxBlock most bytes of lanes at a time, at least 128 KiB.
 */
export function instantiateSimd(maxBlock: number): Kernel | null {
  try {
    const binary = platform.fromBase64(LANES_WASM);
    const module = new WebAssembly.Module((binary ?? new Uint8Array()) as BufferSource);
    return kernelOf(module, maxBlock);
  } catch {
    return null;
  }
}

/** An instance: a memory of two regions, and the loops over it. */
interface Room {
  readonly memory: Uint8Array;
  /** Where the second region begins, which is for terms. The first one is for the accumulator. */
  readonly terms: number;
  readonly loops: Exports;
}

function roomFor(module: WebAssembly.Module, accumulator: number, block: number): Room {
  const region = (length: number): number => Math.ceil((length + SLACK) / PAGE);
  const pages = region(accumulator) + region(block + TABLE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { memory: new Uint8Array(memory.buffer), terms: region(accumulator) * PAGE, loops: exports as unknown as Exports };
}

function kernelOf(module: WebAssembly.Module, maxBlock: number): Kernel {
  const shared = roomFor(module, maxBlock, maxBlock);
  const { memory, terms, loops } = shared;
  const roomOfSum = new WeakMap<Lanes, Room>();
  const own = { left: MOST_OWN };

  const wipe = (length: number): void => {
    memory.fill(0, 0, length + SLACK);
    memory.fill(0, terms, terms + length + SLACK);
  };

  const kernel: Kernel = {
    accumulate({ laneBytes }, acc, summands): void {
      memory.set(acc);
      for (const { bytes, sign } of summands) {
        memory.set(bytes, terms);
        (sign === 1 ? loops.add : loops.subtract)(0, terms, acc.length, laneBytes);
      }
      acc.set(memory.subarray(0, acc.length));
      wipe(acc.length);
    },

    accumulateMasks(ring, acc, masks): void {
      const { laneBytes, maskBytes } = ring;
      if (maskBytes === laneBytes) {
        kernel.accumulate(ring, acc, masks);
        return;
      }
      const components = acc.length / laneBytes;
      memory.set(acc);
      for (const { bytes, sign } of masks) {
        memory.set(bytes, terms);
        for (let at = 0; at < components; at += PLANES_BLOCK) {
          const count = Math.min(PLANES_BLOCK, components - at);
          loops.addPlanes(at * laneBytes, terms + at * maskBytes, count, maskBytes, sign === -1);
        }
      }
      acc.set(memory.subarray(0, acc.length));
      wipe(acc.length);
    },

    pack({ bits, laneBytes }, lanes, packed): void {
      for (let at = 0, out = 0; at < lanes.length; at += PACKED_AT_A_TIME * laneBytes, out += (PACKED_AT_A_TIME * bits) / 8) {
        const block = lanes.subarray(at, at + PACKED_AT_A_TIME * laneBytes);
        const target = packed.subarray(out, out + (PACKED_AT_A_TIME * bits) / 8);
        memory.set(block);
        loops.pack(0, block.length / laneBytes, laneBytes, bits, terms);
        target.set(memory.subarray(terms, terms + target.length));
      }
      wipe(Math.min(lanes.length, PACKED_AT_A_TIME * laneBytes));
    },

    zeroSum(length): Lanes {
      // A short sum stays in the cache, so that copying it costs next to nothing.
      // Nor does a sum have one if the engine could not tell that the sum is gone.
      if (length <= maxBlock || own.left === 0 || typeof FinalizationRegistry === 'undefined') return new Uint8Array(length);
      try {
        const room = roomFor(module, length, maxBlock);
        const sum = room.memory.subarray(0, length);
        roomOfSum.set(sum, room);
        gone().register(sum, own);
        own.left--;
        return sum;
      } catch {
        // An engine collects garbage over and over before it gives up. It is not asked again until a sum with a memory is gone.
        own.left = 0;
        return new Uint8Array(length);
      }
    },

    accumulatePacked({ bits, laneBytes }, acc, packed): void {
      const room = roomOfSum.get(acc) ?? shared;
      const carried = room === shared;
      const full = bits === 8 * laneBytes;
      const table = room.memory.length - TABLE;
      if (!full) room.loops.tabulate(table, laneBytes, bits);
      for (let at = 0, from = 0; at < acc.length; at += PACKED_AT_A_TIME * laneBytes, from += (PACKED_AT_A_TIME * bits) / 8) {
        const block = acc.subarray(at, at + PACKED_AT_A_TIME * laneBytes);
        room.memory.set(packed.subarray(from, from + (PACKED_AT_A_TIME * bits) / 8), room.terms);
        if (carried) memory.set(block);
        const to = carried ? 0 : at;
        if (full) room.loops.add(to, room.terms, block.length, laneBytes);
        else room.loops.addPacked(to, room.terms, block.length, laneBytes, bits, table);
        if (carried) block.set(memory.subarray(0, block.length));
      }
    },
  };
  return kernel;
}
