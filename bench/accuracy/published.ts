// What two papers' schemes come to by their own formulas: [KLS21] 2102.06387 and [AKL21] 2110.04995, with the parameters of the program
// that was published with them. Bounds on norms, noise and rings are theirs: padding to a power of two, β = e^(−½), k deviations of a
// component in the ring.
import { epsilonOf } from '../../src/dp/accounting/conversion.ts';
import { ORDERS, uncheckedCurve } from '../../src/dp/accounting/curve.ts';
import type { Mechanism } from '../../src/dp/mechanism.ts';

/** Where the papers estimate a mean: users with vectors of one length, all of them honest and there. */
export interface Setting {
  readonly users: number;
  readonly length: number;
  readonly clip: number;
  readonly delta: number;
}

/** Their settings. */
export const SETTINGS: readonly Setting[] = [100, 1000].map((users) => ({ users, length: 250, clip: 10, delta: 1e-5 }));
/** Deviations of a component that their rings have room for. */
const ROOM = 2;

/** Φ, by a series near 0 and a continued fraction beyond. */
function normal(x: number): number {
  if (x > 0) return 1 - normal(-x);
  if (x < -4) {
    let fraction = 0;
    for (let i = 60; i > 0; i--) fraction = i / (-x + fraction);
    return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI) / (-x + fraction);
  }
  let [term, sum] = [x, x];
  for (let i = 3; i < 200; i += 2) sum += term *= (x * x) / i;
  return 1 / 2 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/** The least x of an interval at which a falling function is at most 0. */
function root(low: number, high: number, falling: (x: number) => number): number {
  for (let i = 0; i < 80; i++) {
    const middle = Math.sqrt(low * high);
    if (falling(middle) > 0) low = middle;
    else high = middle;
  }
  return high;
}

/** The mean squared error of a mean from a trusted server with the least Gaussian noise that there is ([BW18] 1805.06530, Theorem 8). */
export function centralError({ users, clip, delta }: Setting, epsilon: number): number {
  const excess = (z: number): number =>
    normal(1 / (2 * z) - epsilon * z) - Math.exp(epsilon) * normal(-1 / (2 * z) - epsilon * z) - delta;
  return (root(1e-2, 1e3, excess) * clip) ** 2 / users ** 2;
}

/** The mean squared error by the papers' formulas, without sums that wrap. */
export function publishedError(setting: Setting, mechanism: Mechanism, bits: number, epsilon: number): number {
  const { users, length, clip, delta } = setting;
  const padded = 2 ** Math.ceil(Math.log2(length));
  const ring = (2 ** bits / (2 * ROOM)) ** 2;
  // σ² in steps of the noise of all users, at a radius in steps. The ring holds k deviations: r²n²/d + σ² + n/4 = (2^bits / 2k)².
  const noiseIn = (radius: number): number => ring - (radius * users) ** 2 / padded - users / 4;
  const epsilonAt = (radius: number): number => {
    const total = noiseIn(radius);
    if (total < users / 4) return Infinity;
    const l2Squared = Math.ceil(radius ** 2 + padded / 4 + radius + Math.sqrt(padded) / 2);
    const l1 = Math.min(Math.sqrt(padded * l2Squared), l2Squared);
    const samplerError = { logRatio: 0, totalVariation: 0 };
    const sum = { mechanism, variance: total / users, noises: users, dimensions: padded, l2Squared, l1, samplerError };
    return epsilonOf(uncheckedCurve(sum, ORDERS), delta).epsilon;
  };
  // More steps mean less noise beside the data. The finest grid that meets ε.
  const radius = 1 / root(1e-6, 1e3, (inverse) => epsilonAt(1 / inverse) - epsilon);
  return ((noiseIn(radius) + users / 4) * (clip / radius) ** 2) / users ** 2;
}
