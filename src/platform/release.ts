// Gives the memory of blocks back at once, for both engines.
import { once } from '../leaves/once.ts';

/** What ECMAScript 2024 adds to `ArrayBuffer`: moves the memory into another one, of another size. */
interface Transferable {
  transfer(length: number): unknown;
}

type Release = (block: Uint8Array) => void;

/** @param pause lets the event loop turn. */
export function releaserWith(pause: () => Promise<void>): () => Promise<Release> {
  return once(async (): Promise<Release> => {
    if ('transfer' in ArrayBuffer.prototype) return ({ buffer }) => void (buffer as ArrayBuffer & Transferable).transfer(0);
    // Without either, the memory is left to the garbage collector.
    return typeof MessageChannel === 'undefined' ? (): void => undefined : toClosedPort(pause);
  });
}

/** For Node 20 and older browsers: what is transferred to a port whose other end is closed is freed. */
async function toClosedPort(pause: () => Promise<void>): Promise<Release> {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  // Node closes the other end at the end of the event loop's turn, and keeps what is sent before.
  await pause();
  await pause();
  return ({ buffer }) => port1.postMessage(null, [buffer as ArrayBuffer]);
}
