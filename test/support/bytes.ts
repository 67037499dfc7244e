// Bytes that are hard to read: of another realm, or without memory.
import { runInNewContext } from 'node:vm';

interface Resizable {
  resize(length: number): void;
}

const ofForeignRealm = runInNewContext('(bytes) => Uint8Array.from(bytes)') as (bytes: Uint8Array) => Uint8Array;

/** The same bytes in an array of another realm, which is no instance of this realm's Uint8Array. */
export function foreign(bytes: Uint8Array): Uint8Array {
  return ofForeignRealm(bytes);
}

/** An array whose buffer was transferred away, and one whose buffer was resized to end before it. */
export function withoutMemory(): Uint8Array[] {
  const transferred = Uint8Array.of(1, 2, 3);
  structuredClone(transferred, { transfer: [transferred.buffer] });
  const buffer = Reflect.construct(ArrayBuffer, [64, { maxByteLength: 64 }]) as ArrayBuffer & Resizable;
  const cut = new Uint8Array(buffer, 32, 32);
  buffer.resize(16);
  return [transferred, cut];
}
