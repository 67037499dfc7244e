// The samplers of others, if Python and their packages are installed.
import { fileURLToPath } from 'node:url';
import { ask, type Skipped } from '../peers/peer.ts';

/** Medians in ns a draw, by σ. */
export interface PeerNoise {
  readonly version: string;
  readonly gaussian: Readonly<Record<string, number>>;
  /** Empty if the peer has none. */
  readonly skellam: Readonly<Record<string, number>>;
}

export function measurePeer(program: string, draws: number, runs: number, scales: readonly number[]): PeerNoise | Skipped {
  const path = fileURLToPath(new URL(program, import.meta.url));
  return ask('python3', ['-B', path, draws, runs, ...scales]) as PeerNoise | Skipped;
}
