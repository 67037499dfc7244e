// The kernel in WebAssembly. Blocks of lanes are copied into the memory of one instance and back. Lanes to which much is added live in the
// memory of an instance of their own, because copying them costs about half as much as adding. Masks, and copies of what they are added to,
// are secret: they are wiped from the memory at the end of the call. Masked inputs are not secret, and are not wiped.
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
/** Bytes of lanes that the loops take at a time. */
const STEP = 64;
/** Bytes that the loops may touch beyond the end of their input. */
const SLACK = 128;
/** Bytes of the table that the loops make for a width. */
const TABLE = 96;
/** Components that are packed at a time: a multiple of 64, so that each block starts at a whole byte and the loops end with it. */
const PACKED_AT_A_TIME = 16_384;
/**
 * Most lanes with a memory of their own at a time. V8 reserves 10 GB of addresses for each, out of 128 TB; with a sandbox, as in
 * Chromium, out of 1 TB for the whole process.
 */
const MOST_OWN = 16;
/**
 * Counts that lanes with a memory of their own are gone. There is one registry for good: in Node 20 to 24 a registry that is itself
 * collected with work left to do can stop the finalizers of its thread for ever. If another registry does that, later lanes have no
 * memory of their own. (WeakRefs do not help: reading lanes through one keeps them to the end of the turn, and garbage is collected
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
  /** Bytes of the first region, which begins at 0 and is for the accumulator. */
  readonly length: number;
  /** Where the second region begins, which is for terms. */
  readonly terms: number;
  readonly loops: Exports;
}

function roomFor(module: WebAssembly.Module, length: number, block: number): Room {
  const region = (bytes: number): number => Math.ceil((bytes + SLACK) / PAGE);
  const pages = region(length) + region(block + TABLE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { memory: new Uint8Array(memory.buffer), length, terms: region(length) * PAGE, loops: exports as unknown as Exports };
}

function kernelOf(module: WebAssembly.Module, maxBlock: number): Kernel {
  const shared = roomFor(module, maxBlock, maxBlock);
  const rooms = new WeakMap<ArrayBufferLike, Room>();
  const own = { left: MOST_OWN };

  /** What is beyond the end of lanes may be touched, unless other lanes of the room are there. */
  const roomOf = (lanes: Lanes): Room => {
    const room = rooms.get(lanes.buffer);
    if (room === undefined) return shared;
    return lanes.length % STEP === 0 || lanes.byteOffset + lanes.length === room.length ? room : shared;
  };

  /** Runs loops over lanes, which are copied there and back unless they have a room. */
  const inRoom = (lanes: Lanes, run: (room: Room, at: number) => void): void => {
    const room = roomOf(lanes);
    const { memory, length, terms } = room;
    try {
      if (room === shared) memory.set(lanes);
      run(room, room === shared ? 0 : lanes.byteOffset);
      if (room === shared) lanes.set(memory.subarray(0, lanes.length));
    } finally {
      if (room === shared) memory.fill(0, 0, lanes.length + SLACK);
      else memory.fill(0, length, length + SLACK); // the loops have added terms there, too
      memory.fill(0, terms, terms + lanes.length + SLACK);
    }
  };

  const kernel: Kernel = {
    accumulate({ laneBytes }, acc, summands): void {
      inRoom(acc, ({ memory, terms, loops }, to) => {
        for (const { bytes, sign } of summands) {
          memory.set(bytes, terms);
          (sign === 1 ? loops.add : loops.subtract)(to, terms, acc.length, laneBytes);
        }
      });
    },

    accumulateMasks(ring, acc, masks): void {
      const { laneBytes, maskBytes } = ring;
      if (maskBytes === laneBytes) {
        kernel.accumulate(ring, acc, masks);
        return;
      }
      const components = acc.length / laneBytes;
      inRoom(acc, ({ memory, terms, loops }, to) => {
        for (const { bytes, sign } of masks) {
          memory.set(bytes, terms);
          for (let at = 0; at < components; at += PLANES_BLOCK) {
            const count = Math.min(PLANES_BLOCK, components - at);
            loops.addPlanes(to + at * laneBytes, terms + at * maskBytes, count, maskBytes, sign === -1);
          }
        }
      });
    },

    pack({ bits, laneBytes }, lanes, packed): void {
      const room = rooms.get(lanes.buffer) ?? shared;
      const { memory, terms, loops } = room;
      for (let at = 0, out = 0; at < lanes.length; at += PACKED_AT_A_TIME * laneBytes, out += (PACKED_AT_A_TIME * bits) / 8) {
        const block = lanes.subarray(at, at + PACKED_AT_A_TIME * laneBytes);
        const target = packed.subarray(out, out + (PACKED_AT_A_TIME * bits) / 8);
        if (room === shared) memory.set(block);
        loops.pack(room === shared ? 0 : block.byteOffset, block.length / laneBytes, laneBytes, bits, terms);
        target.set(memory.subarray(terms, terms + target.length));
      }
      // What is packed is masked; lanes are so only up to the ring's width.
      if (room === shared) memory.fill(0, 0, Math.min(lanes.length, PACKED_AT_A_TIME * laneBytes));
    },

    zeroLanes(length): Lanes {
      // A short sum stays in the cache, so that copying it costs next to nothing.
      // Nor do lanes have one if the engine could not tell that they are gone.
      if (length <= maxBlock || own.left === 0 || typeof FinalizationRegistry === 'undefined') return new Uint8Array(length);
      try {
        const room = roomFor(module, length, maxBlock);
        const lanes = room.memory.subarray(0, length);
        rooms.set(lanes.buffer, room);
        gone().register(lanes.buffer, own);
        own.left--;
        return lanes;
      } catch {
        // An engine collects garbage over and over before it gives up. It is not asked again until lanes with a memory are gone.
        own.left = 0;
        return new Uint8Array(length);
      }
    },

    accumulatePacked({ bits, laneBytes }, acc, packed): void {
      const given = rooms.get(acc.buffer);
      const room = given?.length === acc.length ? given : shared;
      const carried = room === shared;
      const full = bits === 8 * laneBytes;
      const table = room.memory.length - TABLE;
      if (!full) room.loops.tabulate(table, laneBytes, bits);
      for (let at = 0, from = 0; at < acc.length; at += PACKED_AT_A_TIME * laneBytes, from += (PACKED_AT_A_TIME * bits) / 8) {
        const block = acc.subarray(at, at + PACKED_AT_A_TIME * laneBytes);
        room.memory.set(packed.subarray(from, from + (PACKED_AT_A_TIME * bits) / 8), room.terms);
        if (carried) shared.memory.set(block);
        const to = carried ? 0 : at;
        if (full) room.loops.add(to, room.terms, block.length, laneBytes);
        else room.loops.addPacked(to, room.terms, block.length, laneBytes, bits, table);
        if (carried) block.set(shared.memory.subarray(0, block.length));
      }
    },
  };
  return kernel;
}
