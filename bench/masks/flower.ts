// The same work by Flower's own functions, where Python and its package `flwr` are there.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Medians in ms: one mask, its addition, as many floats quantised, a secret split 67 of 100, and put together. */
export interface Flower {
  readonly mask: number;
  readonly add: number;
  readonly quantize: number;
  readonly split: number;
  readonly combine: number;
}

export function measureFlower(components: number, runs: number): Flower | null {
  const program = fileURLToPath(new URL('../peers/flower.py', import.meta.url));
  try {
    const output = execFileSync('python3', [program, String(components), String(runs)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return JSON.parse(output) as Flower;
  } catch {
    return null;
  }
}
