// The bare cipher, as fast as Node can run it: in blocks of the engine's size, each of which is freed at once. Blocks that are left to
// the garbage collector would pile up out of the cache, and the cipher would look slower than it is.
import { createCipheriv, randomBytes } from 'node:crypto';
import { platform } from '../../src/platform/node.ts';

const { port1: closedPort, port2 } = new MessageChannel();
port2.close(); // what is transferred to a closed port is freed

const ZEROS = new Uint8Array(platform.keystreamBlock);

/** Makes so many bytes of key stream under a new key, and frees them. */
export function makeKeystream(bytes: number): void {
  const cipher = createCipheriv('aes-256-ctr', randomBytes(32), new Uint8Array(16));
  for (let left = bytes; left > 0; left -= ZEROS.length) {
    const block = cipher.update(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
    closedPort.postMessage(null, [block.buffer]);
  }
}
