// Exact accounting of a few bounded components by privacy loss distributions: counts, and histograms with caps. For vectors that are
// bounded by their L2 norm only, curves are what is valid.
import { checkInteger, checkNumber, checkObject } from '../../leaves/checks.ts';
import type { NoisedSum } from '../mechanism.ts';
import { checkNoisedSum, componentRatio } from './divergence.ts';
import { atomsOf, composedGrid, deltaOfLosses, epsilonOfLosses, gridOf, type LossAtom } from './loss-grid.ts';
import { LEAST_VALUE, MAX_REACH, summedNoise, tailReach } from './summed-noise.ts';

/** By how much neighboring inputs differ, component by component. */
export interface ComponentBounds {
  /** The most components that differ: 1 for a count; for a histogram the cap on a user's bins, or twice that under replace-one. */
  readonly components: number;
  /** The most by which one of them differs: a bin's cap. */
  readonly shift: number;
}

/** The part of δ that tails and cut grids may use up. */
const TAIL_SHARE = 2 ** -24;

/** What rounding may add in one convolution of grids, relatively. */
const ROUNDING = 2 ** -37;

const MAX_RAISES = 100;

/** Standard deviations of the noise that a computation reaches out to at most, and the most steps that these may be. */
const [REACH, MOST_STEPS] = [64, 2 ** 20];

/** Whether noise and shift are narrow enough for {@link lossDistributionEpsilon}. */
export function isNarrow({ variance, noises }: Pick<NoisedSum, 'variance' | 'noises'>, { shift }: ComponentBounds): boolean {
  return REACH * Math.sqrt(noises * variance) + shift <= MOST_STEPS;
}

/** An infinite ε if it is not reached: see {@link lossDistributionEpsilon}. */
interface Losses {
  readonly atoms: readonly LossAtom[];
  readonly infinite: number;
  /** A bound on |ln| of the ratio between the laws that were computed and those of the release, over all of it. */
  readonly ratio: number;
  readonly totalVariation: number;
}

/**
 * The ε of some releases of a sum of whose components few differ between neighbors, each by a bounded shift. It is an upper bound, and
 * at most what {@link epsilonOf} gives; for one component and one release it is exact up to rounding.
 *
 * Several components take time that grows with the logarithm of their number times that of releases, below a second.
 *
 * @param delta in (0, 1).
 * @returns Infinity if the samplers' total variation uses up δ.
 * @throws TypeError, RangeError if an argument is not well formed; also if the bounds do not bound the sum's L1 and L2 sensitivities,
 * as for a vector that is bounded by its norm; or if the noise is wider than 2^21 steps, where curves are as good.
 */
export function lossDistributionEpsilon(
  sum: NoisedSum,
  bounds: ComponentBounds,
  { releases, delta }: { readonly releases: number; readonly delta: number },
): number {
  checkBounds(sum, bounds, releases);
  checkNumber(delta, 'delta', Number.MIN_VALUE, 1);
  return uncheckedEpsilon(sum, bounds, { releases, delta });
}

/** As {@link lossDistributionEpsilon}, also for parameters σ² that are no integers. */
export function uncheckedEpsilon(
  sum: NoisedSum,
  bounds: ComponentBounds,
  { releases, delta }: { readonly releases: number; readonly delta: number },
): number {
  if (bounds.shift === 0) return 0;
  const { atoms, infinite, ratio, totalVariation } = lossesOf(sum, bounds, { releases, tail: delta * TAIL_SHARE });
  // If both laws are within e^±r: Σ (P' - e^ε·Q')₊ ≤ e^r·Σ (P - e^(ε - 2r)·Q)₊.
  const at = (left: number): number =>
    left > 0 ? epsilonOfLosses(atoms, infinite, left * Math.exp(-ratio)) + 2 * ratio : Infinity;
  let epsilon = at(delta);
  if (totalVariation === 0) return epsilon;
  for (let raises = 0; raises < MAX_RAISES && epsilon < Infinity; raises++) {
    const next = at(delta - (1 + Math.exp(epsilon)) * totalVariation);
    if (next <= epsilon) return epsilon;
    epsilon = next;
  }
  return Infinity;
}

/**
 * The δ of some releases at an ε, as {@link lossDistributionEpsilon} is the ε at a δ. An upper bound; values below 1e-25 are not told
 * apart.
 *
 * @throws as {@link lossDistributionEpsilon}.
 */
export function lossDistributionDelta(
  sum: NoisedSum,
  bounds: ComponentBounds,
  { releases, epsilon }: { readonly releases: number; readonly epsilon: number },
): number {
  checkBounds(sum, bounds, releases);
  checkNumber(epsilon, 'epsilon', 0, Number.MAX_VALUE);
  if (bounds.shift === 0) return 0;
  const { atoms, infinite, ratio, totalVariation } = lossesOf(sum, bounds, { releases, tail: 1e-26 });
  const ideal = Math.exp(ratio) * deltaOfLosses(atoms, infinite, epsilon - 2 * ratio);
  return Math.min(1, ideal + (totalVariation === 0 ? 0 : (1 + Math.exp(epsilon)) * totalVariation));
}

function lossesOf(
  sum: NoisedSum,
  { components, shift }: ComponentBounds,
  { releases, tail }: { readonly releases: number; readonly tail: number },
): Losses {
  const times = components * releases;
  const cut = Math.max(tail / (2 * times), 1e-300);
  const reach = tailReach(sum, cut);
  if (reach + shift > MAX_REACH) throw new RangeError(`sum: expected noise and shift of at most ${MAX_REACH} steps; use curves`);
  const noise = summedNoise(sum, reach + shift);
  const one = lossesOfShift(noise.logMass, reach, shift);
  const ratio = times * (componentRatio(sum) + noise.ratio + ROUNDING);
  const totalVariation = times * sum.noises * sum.samplerError.totalVariation;
  if (times === 1) return { atoms: one.atoms, infinite: one.infinite + cut, ratio, totalVariation };
  const grid = composedGrid(gridOf(one.atoms, one.infinite + cut), times, tail / 4);
  return { atoms: atomsOf(grid), infinite: grid.infinite, ratio, totalVariation };
}

/**
 * The losses of one component that differs by a shift, ascending. The largest shift is the worst: a log-concave law f has
 * f(x)/f(x + shift) ascending in x, so that δ(ε) = max over t of F(t) - e^ε·F(t - shift), with F the probability of what is at most t,
 * which only rises with the shift. Both directions are alike, because f is symmetric. A product is worst if each factor is: each pair
 * of laws is got from the worst one by forgetting, component by component.
 */
function lossesOfShift(logMass: (x: number) => number, reach: number, shift: number): { atoms: LossAtom[]; infinite: number } {
  const atoms: LossAtom[] = [];
  let infinite = 0;
  for (let x = -reach; x <= reach; x++) {
    const [here, there] = [logMass(x), logMass(x + shift)];
    if (here === -Infinity) infinite += LEAST_VALUE;
    else if (there === -Infinity) infinite += Math.exp(here);
    else atoms.push({ probability: Math.exp(here), loss: here - there });
  }
  return { atoms, infinite };
}

function checkBounds(sum: NoisedSum, bounds: ComponentBounds, releases: number): void {
  checkNoisedSum(sum);
  checkObject(bounds, 'bounds');
  const components = checkInteger(bounds.components, 'bounds.components', 1, sum.dimensions);
  const shift = checkInteger(bounds.shift, 'bounds.shift', 0, Number.MAX_SAFE_INTEGER);
  checkInteger(releases, 'releases', 1, 2 ** 32);
  // The loss of a scalar that moves by the L2 sensitivity is less than that of a vector of this norm: (1, 1, 1, 1) is worse than 2.
  if (sum.l1 > components * shift || sum.l2Squared > components * shift * shift) {
    throw new RangeError(
      `bounds: expected to bound the sensitivities of the sum, L1 ${sum.l1} and L2² ${sum.l2Squared}; use curves`,
    );
  }
}
