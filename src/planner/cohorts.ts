// Cohorts: independent sessions on complete graphs over a random partition of the users. Finds their size, such that in none of them
// too many users are corrupt or drop out.
import type { Adversary } from '../session/parameters.ts';
import { lnLimit } from '../graph/sparse-bounds.ts';
import { boundOf, lnSum, type Bound } from './bounds.ts';
import { leastThreshold } from './complete.ts';
import { leastHolding } from '../leaves/bisection.ts';
import { lnUpperTail, quantile, type Hypergeometric } from '../graph/hypergeometric.ts';

/** What all cohorts together must bear. */
export interface CohortDemand {
  readonly users: number;
  readonly corrupt: number;
  readonly dropped: number;
  readonly security: number;
  readonly correctness: number;
  readonly adversary: Adversary;
  readonly minHonest: number;
}

/** Cohorts of one size. */
export interface CohortAnswer {
  readonly count: number;
  readonly users: number;
  /** Most corrupt users of a cohort, except with the probability of the bound. */
  readonly colluders: number;
  readonly leastThreshold: number;
  /** Least number of users that are left at the end, except with the probability of the bound. */
  readonly mostThreshold: number;
}

/** Users of the largest cohort. For a larger one the server would have to route gigabytes. */
export const MAX_COHORT = 8192;

/**
 * Finds the smallest cohorts that bear the demand, and as many of them as possible. They have one size, or two that differ by one
 * user. Null if there are no two such cohorts.
 *
 * Tries sizes upwards. With one more user a size lacks at most 1 user less, because quantiles never fall, and with fewer cohorts it
 * lacks no more. So if a size lacks m users with as few cohorts as sizes up to 1.1 times as large have, the next m − 1 sizes cannot do.
 */
export function smallestCohorts(demand: CohortDemand): CohortAnswer[] | null {
  const { users, minHonest } = demand;
  const largest = Math.min(Math.floor(users / 2), MAX_COHORT);
  for (let size = Math.max(2, minHonest); size <= largest;) {
    const last = Math.floor(1.1 * size);
    const few = Math.max(1, Math.floor(users / (last + 1)));
    const { leastThreshold, mostThreshold } = cohort(demand, { count: 1, users: size }, few);
    const missing = leastThreshold - mostThreshold;
    if (missing > 0) {
      size = Math.min(size + missing, last + 1);
      continue;
    }
    const found = mostCohorts(demand, size);
    if (found !== null) return found;
    size++;
  }
  return null;
}

/** The most cohorts that bear the demand, of those whose smaller or only size is `size`; null if none do. */
function mostCohorts(demand: CohortDemand, size: number): CohortAnswer[] | null {
  const { users } = demand;
  const tryOut = (cohorts: number): CohortAnswer[] | null => {
    const split = partition(users, cohorts).map((size) => cohort(demand, size, cohorts));
    return split.every((each) => each.leastThreshold <= each.mostThreshold && each.users <= MAX_COHORT) ? split : null;
  };
  const most = Math.floor(users / size);
  const least = Math.max(2, Math.floor(users / (size + 1)) + 1);
  if (least > most) return null;
  // With no remainder there is one size only, which may do although the two sizes do not.
  const whole = users % most === 0 ? tryOut(most) : null;
  if (whole !== null) return whole;
  // With the same two sizes, fewer cohorts have more room in the bounds. So all numbers up to some number do.
  let found = tryOut(least);
  if (found === null) return null;
  leastHolding(least, most + 1, (cohorts) => {
    const split = tryOut(cohorts);
    if (split !== null) found = split;
    return split === null;
  });
  return found;
}

/** Divides n users into g cohorts of as equal sizes as possible; the larger ones come first. */
function partition(users: number, cohorts: number): { count: number; users: number }[] {
  const size = Math.floor(users / cohorts);
  const larger = users % cohorts;
  return [
    { count: larger, users: size + 1 },
    { count: cohorts - larger, users: size },
  ].filter(({ count }) => count > 0);
}

/** The number of marked users in one cohort, which is a random subset of all users. */
const among = ({ users }: CohortDemand, size: number, marked: number): Hypergeometric => ({
  population: users,
  marked,
  draws: size,
});

/** The thresholds of cohorts of one size, if there are `cohorts` in all. */
function cohort(
  demand: CohortDemand,
  { count, users }: { readonly count: number; readonly users: number },
  cohorts: number,
): CohortAnswer {
  const colluders = quantile(among(demand, users, demand.corrupt), lnLimit(demand.security, cohorts));
  const dropped = quantile(among(demand, users, demand.dropped), lnLimit(demand.correctness, cohorts));
  return {
    count,
    users,
    colluders,
    leastThreshold: Math.max(leastThreshold(users, colluders, demand.adversary), colluders + demand.minHonest),
    mostThreshold: users - dropped,
  };
}

/** What may go wrong in any of the cohorts, with the thresholds chosen for them. */
export function cohortBounds(demand: CohortDemand, cohorts: readonly (CohortAnswer & { readonly threshold: number })[]): Bound[] {
  const inAny = (tail: (each: (typeof cohorts)[number]) => number): number =>
    lnSum(cohorts.map((each) => Math.log(each.count) + tail(each)));
  return [
    boundOf(
      { protects: 'privacy', event: 'a cohort has more corrupt users than planned for', limit: -demand.security },
      inAny(({ users, colluders }) => lnUpperTail(among(demand, users, demand.corrupt), colluders + 1)),
    ),
    boundOf(
      { protects: 'correctness', event: 'a cohort has fewer than t survivors', limit: -demand.correctness },
      inAny(({ users, threshold }) => lnUpperTail(among(demand, users, demand.dropped), users - threshold + 1)),
    ),
  ];
}
