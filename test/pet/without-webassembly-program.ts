// Prints the digest of a mask that was derived without WebAssembly, as under a policy of a page that forbids it.
import { createHash } from 'node:crypto';

Reflect.deleteProperty(globalThis, 'WebAssembly');
const { deriveMask } = await import('../../src/pet/masking/derive-mask.ts');
const { ONE } = await import('./worlds.ts');
const mask = await deriveMask(new Uint8Array(32).fill(9), 20_000, ONE);
console.log(createHash('sha256').update(mask.toBytes()).digest('hex'));
