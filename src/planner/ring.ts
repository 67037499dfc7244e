// How many neighbours a user needs on a ring under a random permutation, and how many of them must answer for it.
// [BBGLR20] section 3; docs/planner.md has each condition with its derivation, and what the protocol must check for it.
//
// n users, of which C are corrupt and at most D drop out; U1 has from n − D to n users, all conditions hold for each size.
// A user's k neighbours are the k/2 on either side; they hold t-out-of-k shares of its secrets, it holds none itself.
import { quantile, type Hypergeometric } from '../graph/hypergeometric.ts';
import { corruptNeighborsBorne, lnDisconnected, lnLimit } from '../graph/ring-bounds.ts';
import { MAX_HOLDERS, type SparseGraph } from '../parameters.ts';
import { boundOf, unionBound, type Bound } from './bounds.ts';

/** What a ring must bear. */
export interface RingDemand {
  /** Most users of U1. */
  readonly users: number;
  /** Least users of U1, which is the session's threshold. */
  readonly least: number;
  readonly corrupt: number;
  readonly dropped: number;
  readonly security: number;
  readonly correctness: number;
}

/** Neighbours, and the thresholds that bear what was asked. */
export interface RingAnswer {
  readonly neighbors: number;
  readonly leastShareThreshold: number;
  readonly mostShareThreshold: number;
  /** Corrupt neighbours that a user has at most, but for the probability of the bound. */
  readonly corruptNeighbors: number;
}

/** Corrupt, and dropped, ones among a user's neighbours. U1 at its smallest has the largest share of corrupt users. */
const corruptAmong = ({ least, corrupt }: RingDemand, draws: number): Hypergeometric => ({
  population: least - 1,
  marked: Math.min(corrupt, least - 1),
  draws,
});
const droppedAmong = ({ users, dropped }: RingDemand, draws: number): Hypergeometric => ({
  population: users - 1,
  marked: Math.min(dropped, users - 1),
  draws,
});

const goneOf = ({ users, corrupt, dropped }: RingDemand): { users: number; gone: number } => ({ users, gone: corrupt + dropped });

/**
 * The ring with the fewest neighbours against a server that follows the protocol and some users who tell it what they see.
 * Null where no ring smaller than the complete graph will do.
 */
export function semiHonestRing(demand: RingDemand): RingAnswer | null {
  const limit = lnLimit(demand.security + 1, demand.users);
  const connected = (k: number): boolean => lnDisconnected(goneOf(demand), k) <= lnLimit(demand.security + 1, 1);
  return fewestNeighbors(demand, connected, (k) => {
    const corruptNeighbors = quantile(corruptAmong(demand, k), limit);
    const least = Math.max(corruptNeighbors + 1, 2);
    const most = mostShareThreshold(demand, k);
    return { least, most, corruptNeighbors, missing: least - most };
  });
}

/**
 * The same against a server that is honest until keys are collected and the ring is drawn, and lies from then on:
 * 3t ≥ 2k + 2c + 2, c corrupt neighbours at most. Then all that can be learnt is one sum over the honest users of one set
 * of at least `least` survivors, as on the complete graph.
 */
export function semiMaliciousRing(demand: RingDemand): RingAnswer | null {
  const limit = lnLimit(demand.security, demand.users);
  return fewestNeighbors(
    demand,
    () => true,
    (k) => {
      const corruptNeighbors = quantile(corruptAmong(demand, k), limit);
      const least = Math.ceil((2 * k + 2 * corruptNeighbors + 2) / 3);
      const most = mostShareThreshold(demand, k);
      return { least, most, corruptNeighbors, missing: 2 * k + 2 * corruptNeighbors + 2 - 3 * most };
    },
  );
}

/** The largest t such that every user has t neighbours left in the end. */
function mostShareThreshold(demand: RingDemand, k: number): number {
  return k - quantile(droppedAmong(demand, k), lnLimit(demand.correctness, demand.users));
}

interface Trial {
  readonly least: number;
  readonly most: number;
  readonly corruptNeighbors: number;
  /** What the conditions lack; with two neighbours more it falls by two at most. */
  readonly missing: number;
}

/**
 * The fewest neighbours, an even number below that of the complete graph, for which there are points to share with. Quantiles never fall when k grows, so that
 * `missing` falls by at most 2 where k grows by 2: where m are missing, the next m/2 candidates need no look.
 */
function fewestNeighbors(
  { least }: RingDemand,
  connected: (k: number) => boolean,
  tryOut: (k: number) => Trial,
): RingAnswer | null {
  const largest = 2 * Math.floor(Math.min(least - 2, MAX_HOLDERS - 1) / 2);
  for (let k = firstConnected(largest, connected); k <= largest;) {
    const trial = tryOut(k);
    if (trial.missing <= 0) {
      const { least, most, corruptNeighbors } = trial;
      return { neighbors: k, leastShareThreshold: least, mostShareThreshold: most, corruptNeighbors };
    }
    k += 2 * Math.ceil(trial.missing / 2);
  }
  return null;
}

/** The least even k that keeps survivors connected: the bound falls when k grows. Above `largest` where none does. */
function firstConnected(largest: number, connected: (k: number) => boolean): number {
  let failing = 0;
  let holding = largest + 2;
  while (holding - failing > 2) {
    const middle = failing + 2 * Math.floor((holding - failing) / 4);
    if (connected(middle)) holding = middle;
    else failing = middle;
  }
  return holding;
}

/** What may go wrong on a ring that was found for the demand. */
export function ringBounds(demand: RingDemand, model: 'semi-honest' | 'semi-malicious', graph: SparseGraph): Bound[] {
  const { users, security, correctness } = demand;
  const { neighbors: k, shareThreshold: t } = graph;
  const answers = unionBound(
    { protects: 'correctness', event: 'a neighbourhood has fewer than t survivors', limit: -correctness },
    users,
    droppedAmong(demand, k),
    k - t + 1,
  );
  const corrupt = (event: string, atLeast: number, limit: number): Bound =>
    unionBound({ protects: 'privacy', event, limit }, users, corruptAmong(demand, k), atLeast);
  if (model === 'semi-malicious') {
    const borne = corruptNeighborsBorne(graph, model);
    return [corrupt('a neighbourhood has more corrupt users than (3t − 2k − 2)/2', borne + 1, -security), answers];
  }
  return [
    corrupt('a neighbourhood has t corrupt users', t, -security - 1),
    boundOf(
      { protects: 'privacy', event: 'honest survivors are not connected', limit: -security - 1 },
      lnDisconnected(goneOf(demand), k),
    ),
    answers,
  ];
}
