// Splits a secret of 32 bytes 67 of 100, and reconstructs it from 67 shares.
import { systemRandom } from '../../src/crypto/random.ts';
import { Reconstruction, split } from '../../src/crypto/shamir.ts';
import { median, timed } from '../statistics.ts';

const [GROUP, THRESHOLD] = [100, 67];

/** Medians in ms. */
export interface Sharing {
  readonly split: number;
  /** Includes the coefficients for the set of holders, which further secrets of the same set need not compute. */
  readonly combine: number;
}

export async function measureSharing(runs: number): Promise<Sharing> {
  const secret = systemRandom(32);
  const times: Record<keyof Sharing, number[]> = { split: [], combine: [] };
  const holders = Array.from({ length: THRESHOLD }, (_, i) => i);
  for (let i = 0; i < runs; i++) {
    const [shares, splitting] = await timed(() => split(secret, GROUP, THRESHOLD, systemRandom));
    const [found, combining] = await timed(() => new Reconstruction(GROUP, holders).secret(shares.slice(0, THRESHOLD)));
    times.split.push(splitting);
    times.combine.push(combining);
    if (Buffer.compare(found, secret) !== 0) throw new Error('the secret is wrong');
  }
  return { split: median(times.split), combine: median(times.combine) };
}
