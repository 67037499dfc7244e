// A noised sum for tests: ten noises of σ² = 4 on one component that changes by one, unless told otherwise.
import type { NoisedSum } from '../../../src/dp/mechanism.ts';

export function noisedSum(changes: Partial<NoisedSum> = {}): NoisedSum {
  return {
    mechanism: 'discrete-gaussian',
    variance: 4,
    noises: 10,
    dimensions: 1,
    l2Squared: 1,
    l1: 1,
    samplerError: { logRatio: 0, totalVariation: 0 },
    ...changes,
  };
}
