// Tails of the hypergeometric distribution in logarithms, exact except for the rounding of doubles: how many marked users are
// among a user's neighbors on a sparse graph, or in a random cohort. Nothing is sampled or approximated.
//
// Point probabilities by C. Loader, "Fast and accurate computation of binomial probabilities" (2000). Log-factorials of
// large numbers are never subtracted from each other, so that the error stays at about 1e-14 of the probability. With
// log-gamma it would be 1e-8 for a million users.
import { leastHolding } from '../leaves/bisection.ts';

/** The number of marked users among `draws` users that are drawn without replacement from `population`, of which `marked` are. */
export interface Hypergeometric {
  readonly population: number;
  readonly marked: number;
  readonly draws: number;
}

/** ln n! − ln(√(2πn) (n/e)^n) for n up to 15; [Loader 2000] section 2. */
const SMALL_STIRLING_ERRORS = [
  0, 0.08106146679532726, 0.04134069595540929, 0.02767792568499834, 0.02079067210376509, 0.01664469118982119, 0.01387612882307075,
  0.01189670994589177, 0.01041126526197209, 0.009255462182712733, 0.008330563433362871, 0.007573675487951841, 0.00694284010720953,
  0.006408994188004207, 0.005951370112758848, 0.005554733551962801,
];

function stirlingError(n: number): number {
  if (n <= 15) return SMALL_STIRLING_ERRORS[n] ?? 0;
  const square = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / n;
}

/** x ln(x/mean) + mean − x, without cancellation if x is near the mean; [Loader 2000] section 2. */
function deviance(x: number, mean: number): number {
  if (Math.abs(x - mean) >= 0.1 * (x + mean)) return x * Math.log(x / mean) + mean - x;
  const v = (x - mean) / (x + mean);
  let sum = (x - mean) * v;
  let term = 2 * x * v;
  for (let j = 3; ; j += 2) {
    term *= v * v;
    const next = sum + term / j;
    if (next === sum) return sum;
    sum = next;
  }
}

/** ln of the probability of x successes in n trials, each with probability p = 1 − q. */
function lnBinomial(x: number, n: number, p: number, q: number): number {
  if (p === 0) return x === 0 ? 0 : -Infinity;
  if (q === 0) return x === n ? 0 : -Infinity;
  if (n === 0) return 0;
  if (x === 0) return p < 0.1 ? -deviance(n, n * q) - n * p : n * Math.log(q);
  if (x === n) return q < 0.1 ? -deviance(n, n * p) - n * q : n * Math.log(p);
  const errors = stirlingError(n) - stirlingError(x) - stirlingError(n - x);
  const size = Math.log(2 * Math.PI) + Math.log(x) + Math.log1p(-x / n);
  return errors - deviance(x, n * p) - deviance(n - x, n * q) - size / 2;
}

/** ln Pr[X = x]. */
export function lnPoint({ population, marked, draws }: Hypergeometric, x: number): number {
  if (x < Math.max(0, draws + marked - population) || x > Math.min(marked, draws)) return -Infinity;
  const p = draws / population;
  const q = (population - draws) / population;
  return lnBinomial(x, marked, p, q) + lnBinomial(draws - x, population - marked, p, q) - lnBinomial(draws, population, p, q);
}

/**
 * ln Pr[X ≥ x]. Adds terms from the largest one outwards, with Neumaier's compensation. Each term is the one before times their
 * exact ratio. Stops when the rest does not matter, after a few standard deviations of X.
 */
export function lnUpperTail(distribution: Hypergeometric, x: number): number {
  const { population, marked, draws } = distribution;
  const least = Math.max(0, draws + marked - population);
  const most = Math.min(marked, draws);
  if (x <= least) return 0;
  if (x > most) return -Infinity;
  const others = population - marked - draws;
  const mode = Math.floor(((draws + 1) * (marked + 1)) / (population + 2));
  if (x > mode) {
    const up = (j: number): number => ((marked - j) * (draws - j)) / ((j + 1) * (others + j + 1));
    return Math.min(0, lnPoint(distribution, x) + Math.log(sumOutwards(x, most, 1, up)));
  }
  const down = (j: number): number => (j * (others + j)) / ((marked - j + 1) * (draws - j + 1));
  const below = lnPoint(distribution, x - 1) + Math.log(sumOutwards(x - 1, least, -1, down));
  return below >= 0 ? -Infinity : Math.log1p(-Math.exp(below));
}

/** 1 + r(from) + r(from) r(from ± 1) + …, for falling ratios below 1. */
function sumOutwards(from: number, to: number, step: 1 | -1, ratio: (j: number) => number): number {
  let sum = 1;
  let lost = 0;
  let term = 1;
  for (let j = from; j !== to; j += step) {
    const r = ratio(j);
    term *= r;
    const next = sum + term;
    lost += sum - next + term;
    sum = next;
    // All that follows is below term · r/(1 − r).
    if (r < 1 && term * r < 2 ** -60 * sum * (1 - r)) break;
  }
  return sum + lost;
}

/** The least c with Pr[X > c] ≤ e^limit, for a limit below ln ½. */
export function quantile(distribution: Hypergeometric, limit: number): number {
  const { population, marked, draws } = distribution;
  const holds = (c: number): boolean => lnUpperTail(distribution, c + 1) <= limit;
  // Pr[X > c] < ½, so that c is a median or more, and a median is less than one standard deviation from the mean.
  const mean = (marked * draws) / population;
  const deviation = Math.sqrt((mean * (population - marked) * (population - draws)) / population / Math.max(1, population - 1));
  const least = Math.max(0, draws + marked - population);
  let failing = Math.max(least, Math.floor(mean - deviation)) - 1;
  let step = 1;
  while (!holds(failing + step)) {
    failing += step;
    step *= 2;
  }
  return leastHolding(failing, failing + step, holds);
}
