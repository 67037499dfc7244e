// Thresholds on the complete graph: no randomness, so nothing to bound but numbers of users. [BIK+17] section 4.4 and
// theorems 6.3 to 6.5.
import type { Adversary } from '../session/parameters.ts';

/** The least threshold that keeps a sum whole: t > c against a server that follows the protocol, else 2t > n + c. */
export function leastThreshold(users: number, colluders: number, adversary: Adversary): number {
  return Math.max(2, adversary === 'semi-honest' ? colluders + 1 : Math.floor((users + colluders) / 2) + 1);
}
