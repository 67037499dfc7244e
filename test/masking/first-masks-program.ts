// Run as a program that makes masks before the event loop has turned once, as a thread begins, and without a pause. Prints
// the bytes of array buffers that are left of them.
import { platform } from '#platform';
import { applyMasks } from '../../src/masking/mask-expansion.ts';
import { Pace } from '../../src/masking/pace.ts';
import { ringOf } from '../../src/masking/ring.ts';

const acc = new Uint8Array(1 << 20);
const masks = Array.from({ length: 24 }, (_, i) => ({ seed: new Uint8Array(32).fill(i), sign: 1 as const }));
const pace = new Pace();
pace.maybePause = () => Promise.resolve();
// What an engine makes once and keeps, such as its input of zeros, is none of the blocks.
await platform.aes256Ctr(new Uint8Array(32), new Uint8Array(16)).next(16);
const before = process.memoryUsage().arrayBuffers;
await applyMasks(ringOf(32), acc, masks, pace);
console.log(process.memoryUsage().arrayBuffers - before);
