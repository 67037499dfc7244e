// What chance may do to a sparse graph: how many neighbors of a user are corrupt, and whether survivors stay connected. The planner
// chooses parameters by these conditions, and every party checks by them what it was given; docs/planner.md derives them.
import type { Adversary, SparseGraph } from '../session/parameters.ts';
import { leastHolding } from '../leaves/bisection.ts';
import { lnPoint, lnUpperTail } from './hypergeometric.ts';

/**
 * Doubles may err in the eleventh digit of a probability. What is compared with a limit keeps this distance from it, in
 * natural logarithms, so that nothing rests on a rounding.
 */
const GUARD = 1e-9;

/** The natural logarithm that the probability of one event may have, where `times` such events may have 2^−bits together. */
export function lnLimit(bits: number, times: number): number {
  return -bits * Math.LN2 - Math.log(times) - GUARD;
}

/**
 * Most corrupt neighbors that a user may have. Against a server that lies once the sparse graph is drawn, the α of 3t ≥ 2k + 2α + 2;
 * against one that follows the protocol t − 1. Negative where the thresholds bear nobody at all.
 */
export function corruptNeighborsBorne({ neighbors, shareThreshold }: SparseGraph, adversary: Adversary): number {
  return adversary === 'semi-honest' ? shareThreshold - 1 : Math.floor((3 * shareThreshold - 2 * neighbors - 2) / 2);
}

/**
 * ln of a bound on the probability that honest survivors fall apart. A sparse graph falls apart only if two runs of k/2 neighbors
 * are gone, with somebody left between them on both sides: n(n − k − 1)/2 pairs of runs, k places, all of them among the
 * users that are gone.
 */
export function lnDisconnected({ users, gone }: { readonly users: number; readonly gone: number }, k: number): number {
  const marked = Math.min(gone, users);
  if (k > marked || users - k - 1 <= 0) return -Infinity;
  const pairs = Math.log(users) + Math.log(users - k - 1) - Math.LN2;
  return pairs + lnPoint({ population: users, marked, draws: k }, k);
}

/** A session on a sparse graph, as far as chance matters. */
export interface SparseSession {
  readonly graph: SparseGraph;
  readonly adversary: Adversary;
  /** Least and most users of U1; the least are also those of every later set. */
  readonly threshold: number;
  readonly maxUsers: number;
  /** Users that work with the server, at most. */
  readonly colluders: number;
  /** The guarantees may fail with probability 2^−security at most. */
  readonly security: number;
}

/** Whether the guarantees hold for every size of U1 that the session allows, but for a probability of 2^−security. */
export function sparseGraphBears({ graph, adversary, threshold, maxUsers, colluders, security }: SparseSession): boolean {
  // On a sparse graph that it draws itself, a server can put its own users around whomever it likes.
  if (adversary === 'malicious') return false;
  const borne = corruptNeighborsBorne(graph, adversary);
  if (borne < 0 || threshold <= colluders) return false;
  // U1 at its smallest has the largest share of corrupt users.
  const corrupt = { population: threshold - 1, marked: Math.min(colluders, threshold - 1), draws: graph.neighbors };
  const surrounded = lnUpperTail(corrupt, borne + 1);
  if (adversary === 'semi-malicious') return surrounded <= lnLimit(security, maxUsers);
  const gone = colluders + maxUsers - threshold;
  return (
    surrounded <= lnLimit(security + 1, maxUsers) &&
    lnDisconnected({ users: maxUsers, gone }, graph.neighbors) <= lnLimit(security + 1, 1)
  );
}

/** The largest number of colluders that such a session bears; −1 where it bears none at all. */
export function sparseColludersBorne(session: Omit<SparseSession, 'colluders'>): number {
  return leastHolding(-1, session.threshold, (colluders) => !sparseGraphBears({ ...session, colluders })) - 1;
}
