// How many neighbors a user needs on a sparse graph, and how many of them must answer for it. [BBGLR20] section 3; docs/planner.md
// has each condition with its derivation, and what the protocol must check for it.
//
// Of n users C are corrupt and at most D drop out. U1 has n − D to n users, and all conditions hold for each of these sizes. A user's
// k neighbors are the k/2 nearest on either side. They hold t-out-of-k shares of its secrets; the user itself holds none.
import { leastHolding } from '../leaves/bisection.ts';
import { quantile, type Hypergeometric } from '../graph/hypergeometric.ts';
import { corruptNeighborsBorne, lnDisconnected, lnLimit } from '../graph/sparse-bounds.ts';
import { MAX_HOLDERS, type SparseGraph } from '../session/parameters.ts';
import { boundOf, unionBound, type Bound } from './bounds.ts';

/** What a sparse graph must bear. */
export interface SparseDemand {
  /** Most users of U1. */
  readonly users: number;
  /** Least users of U1, which is the session's threshold. */
  readonly least: number;
  readonly corrupt: number;
  readonly dropped: number;
  readonly security: number;
  readonly correctness: number;
}

/** Number of neighbors, and the share thresholds with which they bear the demand. */
export interface SparseAnswer {
  readonly neighbors: number;
  readonly leastShareThreshold: number;
  readonly mostShareThreshold: number;
  /** Most corrupt neighbors of a user, except with the probability of the bound. */
  readonly corruptNeighbors: number;
}

/** The number of corrupt users among `draws` neighbors of a user. The smallest U1 has the largest fraction of corrupt users. */
const corruptAmong = ({ least, corrupt }: SparseDemand, draws: number): Hypergeometric => ({
  population: least - 1,
  marked: Math.min(corrupt, least - 1),
  draws,
});
/** The number of users that drop out among `draws` neighbors of a user. */
const droppedAmong = ({ users, dropped }: SparseDemand, draws: number): Hypergeometric => ({
  population: users - 1,
  marked: Math.min(dropped, users - 1),
  draws,
});

const goneOf = ({ users, corrupt, dropped }: SparseDemand): { users: number; gone: number } => ({
  users,
  gone: corrupt + dropped,
});

/**
 * The sparse graph with the fewest neighbors against a server that follows the protocol and users that tell it what they see. Null
 * if no sparse graph with fewer neighbors than the complete graph bears the demand.
 */
export function semiHonestGraph(demand: SparseDemand): SparseAnswer | null {
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
 * The sparse graph with the fewest neighbors against a server that is honest until keys are collected and the graph is drawn, and
 * lies from then on: 3t ≥ 2k + 2c + 2, with at most c corrupt neighbors. Such a server learns no more than one sum over the honest
 * users of one set of at least `least` survivors, as on the complete graph. Null if no sparse graph bears the demand.
 */
export function semiMaliciousGraph(demand: SparseDemand): SparseAnswer | null {
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

/** The largest t such that each user has t neighbors left at the end, except with the probability of the bound. */
function mostShareThreshold(demand: SparseDemand, k: number): number {
  return k - quantile(droppedAmong(demand, k), lnLimit(demand.correctness, demand.users));
}

/** Most neighbors on a sparse graph of at least `least` users: an even number, and fewer than the complete graph has. */
export function mostNeighbors(least: number): number {
  return 2 * Math.floor(Math.min(least - 2, MAX_HOLDERS - 1) / 2);
}

interface Trial {
  readonly least: number;
  readonly most: number;
  readonly corruptNeighbors: number;
  /** What the conditions lack. With two neighbors more it falls by two at most. */
  readonly missing: number;
}

/**
 * The fewest neighbors that pass the trial: an even number, less than the complete graph has, and with points of the field for all
 * shares. Quantiles never fall when k grows, so that `missing` falls by at most 2 when k grows by 2. If m are missing, the next
 * candidate is k + m, rounded up to an even number.
 */
function fewestNeighbors(
  { least }: SparseDemand,
  connected: (k: number) => boolean,
  tryOut: (k: number) => Trial,
): SparseAnswer | null {
  const largest = mostNeighbors(least);
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

/** The least even k that keeps survivors connected, as the bound falls when k grows; above `largest` if none does. */
function firstConnected(largest: number, connected: (k: number) => boolean): number {
  return 2 * leastHolding(0, largest / 2 + 1, (half) => connected(2 * half));
}

/** What may go wrong on a sparse graph that was found for the demand. */
export function sparseBounds(demand: SparseDemand, adversary: 'semi-honest' | 'semi-malicious', graph: SparseGraph): Bound[] {
  const { users, security, correctness } = demand;
  const { neighbors: k, shareThreshold: t } = graph;
  const answers = unionBound(
    { protects: 'correctness', event: 'a neighborhood has fewer than t survivors', limit: -correctness },
    users,
    droppedAmong(demand, k),
    k - t + 1,
  );
  const corrupt = (event: string, atLeast: number, limit: number): Bound =>
    unionBound({ protects: 'privacy', event, limit }, users, corruptAmong(demand, k), atLeast);
  if (adversary === 'semi-malicious') {
    const borne = corruptNeighborsBorne(graph, adversary);
    return [corrupt('a neighborhood has more corrupt users than (3t − 2k − 2)/2', borne + 1, -security), answers];
  }
  return [
    corrupt('a neighborhood has t corrupt users', t, -security - 1),
    boundOf(
      { protects: 'privacy', event: 'honest survivors are not connected', limit: -security - 1 },
      lnDisconnected(goneOf(demand), k),
    ),
    answers,
  ];
}
