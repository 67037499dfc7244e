// The bare cipher, as fast as Node can be made to drive it: in blocks of the engine's size, each given back at once. Left to
// the garbage collector, blocks of key stream pile up out of the cache, and the cipher would look slower than it is.
import { createCipheriv, randomBytes } from 'node:crypto';
import { platform } from '../../src/platform/node.ts';

const { port1: nowhere, port2 } = new MessageChannel();
port2.close(); // what is transferred to nobody is freed, once the event loop has closed it

const ZEROS = new Uint8Array(platform.keystreamBlock);

/** Makes so many bytes of key stream under a new key, and nothing of them. */
export function makeKeystream(bytes: number): void {
  const cipher = createCipheriv('aes-256-ctr', randomBytes(32), new Uint8Array(16));
  for (let left = bytes; left > 0; left -= ZEROS.length) {
    const block = cipher.update(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
    nowhere.postMessage(null, [block.buffer]);
  }
}
