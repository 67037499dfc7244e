// Run as a program with --expose-gc and without other finalizers. Prints how many of twenty long sums have a memory of their own, and
// how many of twenty more once the first ones are gone.
import { setTimeout } from 'node:timers/promises';
import { kernel, MAX_BLOCK } from '../../src/masking/kernel.ts';

function twenty(): string {
  const sums = Array.from({ length: 20 }, () => kernel().zeroLanes(MAX_BLOCK + 1));
  return `${sums.filter((sum) => sum.buffer.byteLength > sum.length).length} of 20`;
}

console.log(twenty());
for (let i = 0; i < 3; i++) {
  await setTimeout(10); // finalizers run between turns
  globalThis.gc!();
}
await setTimeout(10);
console.log(twenty());
