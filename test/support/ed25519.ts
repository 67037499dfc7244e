// Points of small order of Ed25519, and what it takes to make signatures by hand.
import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { fromHex } from './vectors.ts';

/** The eight points of small order, in every spelling of their sign. */
export function smallOrderPoints(): Uint8Array[] {
  const points: Uint8Array[] = [];
  const eighth = torsionPoint();
  for (let k = 0n; k < 8n; k++) points.push(eighth.multiplyUnsafe(k).toBytes());
  return points.flatMap((point) => [point, point.map((byte, i) => (i === 31 ? byte ^ 0x80 : byte))]);
}

/** A point of order 8. */
export function torsionPoint(): InstanceType<typeof ed25519.Point> {
  return ed25519.Point.fromBytes(fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'));
}

export function sha512(bytes: Uint8Array): Uint8Array {
  return createHash('sha512').update(bytes).digest();
}

export function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
