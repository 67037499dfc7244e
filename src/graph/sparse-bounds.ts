// The random events on a sparse graph: how many neighbors of a user are corrupt, and whether survivors stay connected. The planner
// chooses parameters by these conditions, and each party checks its parameters by them. docs/planner.md derives them.
import type { Adversary, SparseGraph } from '../session/parameters.ts';
import { leastHolding } from '../leaves/bisection.ts';
import { lnPoint, lnUpperTail } from './hypergeometric.ts';

/**
 * Doubles may err in the eleventh digit of a probability. Limits are lowered by this much, in natural logarithms, so that no
 * decision depends on a rounding.
 */
const GUARD = 1e-9;

/** The largest ln of the probability of one event, if `times` such events may have a probability of 2^−bits together. */
export function lnLimit(bits: number, times: number): number {
  return -bits * Math.LN2 - Math.log(times) - GUARD;
}

/**
 * Most corrupt neighbors that a user may have. Against a server that lies once the sparse graph is drawn, the α of 3s ≥ 2k + 2α + 2, s the share threshold;
 * against one that follows the protocol t − 1. Negative if the thresholds bear no corrupt user at all.
 */
export function corruptNeighborsBorne({ neighbors, shareThreshold }: SparseGraph, adversary: Adversary): number {
  return adversary === 'semi-honest' ? shareThreshold - 1 : Math.floor((3 * shareThreshold - 2 * neighbors - 2) / 2);
}

/**
 * ln of a bound on the probability that the graph of honest survivors is disconnected. A sparse graph is disconnected only if two
 * runs of k/2 users each are gone and users are left between them on both sides. There are n(n − k − 1)/2 pairs of runs, each of
 * k positions, and all users at these positions must be gone.
 */
export function lnDisconnected({ users, gone }: { readonly users: number; readonly gone: number }, k: number): number {
  if (users - k - 1 <= 0) return -Infinity;
  const pairs = Math.log(users) + Math.log(users - k - 1) - Math.LN2;
  return pairs + lnPoint({ population: users, marked: Math.min(gone, users), draws: k }, k);
}

/** The parameters of a session on a sparse graph that decide these probabilities. */
export interface SparseSession {
  readonly graph: SparseGraph;
  readonly adversary: Adversary;
  /** Least number of users of U1 and of each later set. */
  readonly threshold: number;
  /** Most users of U1. */
  readonly maxUsers: number;
  /** Users that work with the server, at most. */
  readonly colluders: number;
  /** The guarantees may fail with probability 2^−security at most. */
  readonly security: number;
}

/** Whether the guarantees hold for every size of U1 that the session allows, except with a probability of 2^−security. */
export function sparseGraphBears({ graph, adversary, threshold, maxUsers, colluders, security }: SparseSession): boolean {
  // A malicious server draws the sparse graph so that its own users are all neighbors of a user of its choice.
  if (adversary === 'malicious') return false;
  const borne = corruptNeighborsBorne(graph, adversary);
  if (borne < 0 || threshold <= colluders) return false;
  // The smallest U1 has the largest fraction of corrupt users.
  const corrupt = { population: threshold - 1, marked: colluders, draws: graph.neighbors };
  const surrounded = lnUpperTail(corrupt, borne + 1);
  if (adversary === 'semi-malicious') return surrounded <= lnLimit(security, maxUsers);
  const gone = colluders + maxUsers - threshold;
  return (
    surrounded <= lnLimit(security + 1, maxUsers) &&
    lnDisconnected({ users: maxUsers, gone }, graph.neighbors) <= lnLimit(security + 1, 1)
  );
}

/** The largest number of colluders that such a session bears; −1 if it does not even bear 0. */
export function sparseColludersBorne(session: Omit<SparseSession, 'colluders'>): number {
  return leastHolding(-1, session.threshold, (colluders) => !sparseGraphBears({ ...session, colluders })) - 1;
}
