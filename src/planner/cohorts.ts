// Independent sessions on complete graphs over a random partition of the users: how large, so that in none of them too many
// users are corrupt or drop out.
import type { Adversary } from '../session/parameters.ts';
import { lnLimit } from '../graph/sparse-bounds.ts';
import { boundOf, lnSum, type Bound } from './bounds.ts';
import { leastThreshold } from './complete.ts';
import { leastHolding } from '../leaves/bisection.ts';
import { lnUpperTail, quantile, type Hypergeometric } from '../graph/hypergeometric.ts';

/** What cohorts must bear together. */
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
  /** Corrupt users that a cohort has at most, but for the probability of the bound. */
  readonly colluders: number;
  readonly leastThreshold: number;
  /** What is left of it in the end, but for the probability of the bound. */
  readonly mostThreshold: number;
}

/** Largest cohort: beyond, the server would route gigabytes for each. */
export const MAX_COHORT = 8192;

/**
 * The smallest cohorts that will do, the most of them: of one size or two that differ by one user. Null where there are not two.
 *
 * Sizes are tried upwards. What a size lacks falls by 1 at most with one more user, for quantiles never fall, and fewer cohorts
 * lack no more. So where a size lacks m users with as few cohorts as sizes up to 1.1 times as large have, the next m need no look.
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

/** The most cohorts that will do, of those whose smaller size, or only one, is `size`. */
function mostCohorts(demand: CohortDemand, size: number): CohortAnswer[] | null {
  const { users } = demand;
  const tryOut = (cohorts: number): CohortAnswer[] | null => {
    const split = partition(users, cohorts).map((size) => cohort(demand, size, cohorts));
    return split.every((each) => each.leastThreshold <= each.mostThreshold && each.users <= MAX_COHORT) ? split : null;
  };
  const most = Math.floor(users / size);
  const least = Math.max(2, Math.floor(users / (size + 1)) + 1);
  if (least > most) return null;
  // With no remainder there is one size only, which may do where the two do not.
  const whole = users % most === 0 ? tryOut(most) : null;
  if (whole !== null) return whole;
  // Of the same two sizes fewer cohorts have more room in the bounds: those that do are the ones up to some number.
  let found = tryOut(least);
  if (found === null) return null;
  leastHolding(least, most + 1, (cohorts) => {
    const split = tryOut(cohorts);
    if (split !== null) found = split;
    return split === null;
  });
  return found;
}

/** n users in g cohorts, as equal as can be; the larger ones first. */
function partition(users: number, cohorts: number): { count: number; users: number }[] {
  const size = Math.floor(users / cohorts);
  const larger = users % cohorts;
  return [
    { count: larger, users: size + 1 },
    { count: cohorts - larger, users: size },
  ].filter(({ count }) => count > 0);
}

/** Marked ones in one cohort, which is a random part of all users. */
const among = ({ users }: CohortDemand, size: number, marked: number): Hypergeometric => ({
  population: users,
  marked,
  draws: size,
});

/** What one size of cohorts needs, where there are `cohorts` in all. */
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
