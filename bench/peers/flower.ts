// Flower's own functions, if Python and its package `flwr` are installed.
import { fileURLToPath } from 'node:url';
import { ask, type Skipped } from './peer.ts';

/** Medians in ms: one mask, its addition, as many floats quantised, a secret split 67 of 100, and reconstructed. */
export interface Flower {
  readonly version: string;
  readonly mask: number;
  readonly add: number;
  readonly quantize: number;
  readonly split: number;
  readonly combine: number;
}

export function measureFlower(components: number, runs: number): Flower | Skipped {
  return ask('python3', [fileURLToPath(new URL('flower.py', import.meta.url)), components, runs]) as Flower | Skipped;
}
