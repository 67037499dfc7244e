// Thresholds on the complete graph. There is no randomness in them, so that they follow from numbers of users alone. [BIK+17]
// section 4.4 and theorems 6.3 to 6.5.
import type { Adversary } from '../session/parameters.ts';

/** The least threshold that protects: t > c against a server that follows the protocol, else 2t > n + c. */
export function leastThreshold(users: number, colluders: number, adversary: Adversary): number {
  return Math.max(2, adversary === 'semi-honest' ? colluders + 1 : Math.floor((users + colluders) / 2) + 1);
}
