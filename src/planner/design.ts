// The parameters that one kind of graph has for a request, or why it has none.
import { MAX_HOLDERS } from '../session/parameters.ts';
import type { Bound } from './bounds.ts';
import { cohortBounds, MAX_COHORT, smallestCohorts } from './cohorts.ts';
import { leastThreshold } from './complete.ts';
import type { GraphKind, ResolvedRequest } from './request.ts';
import { mostNeighbors, sparseBounds, semiHonestGraph, semiMaliciousGraph, type SparseDemand } from './sparse.ts';

/** A sum over one honest user would be its vector. */
const MIN_HONEST = 2;
/** The server learns one sum a cohort, which should be over many users although the protocol needs no more than two. */
const MIN_HONEST_IN_COHORTS = 100;

/** A bound that a graph cannot meet. */
export interface PlanReason {
  /** The graph that was tried. */
  readonly graph: GraphKind;
  /**
   * `'adversary'`: the graph has no parameters for this adversary. `'users'`: there are too many or too few of them.
   * `'threshold'`: with so many dropouts too few users are left for the threshold that the adversary requires. `'honest'`: too few honest
   * users in a sum. `'neighbors'`, `'cohort'`: no size of a neighborhood or of a cohort keeps all probabilities.
   */
  readonly bound: 'adversary' | 'users' | 'threshold' | 'honest' | 'neighbors' | 'cohort';
  /** The bound in words, with its numbers. */
  readonly message: string;
  /** What the request leads to: users, or honest users in a sum. Null if nothing that was tried has a number to tell. */
  readonly got: number | null;
  /**
   * The bound: most users, least threshold, least honest users, most neighbors or most users of a cohort. Null for `'adversary'`,
   * which is no number.
   */
  readonly limit: number | null;
}

/** Thresholds from the least that protects to the most that bears the dropouts. */
export interface ThresholdRange {
  /** The least threshold that protects. */
  readonly least: number;
  /** The largest threshold that bears the dropouts. */
  readonly most: number;
}

/** Sessions of one size. */
export interface SessionDesign {
  readonly count: number;
  readonly users: number;
  readonly colluders: number;
  readonly thresholds: ThresholdRange;
}

/** The neighborhoods of a sparse graph. */
export interface SparseDesign {
  readonly neighbors: number;
  readonly shareThresholds: ThresholdRange;
}

export interface Design {
  readonly kind: GraphKind;
  readonly sessions: readonly SessionDesign[];
  readonly sparse: SparseDesign | null;
  readonly bounds: readonly Bound[];
  /** Users that a user exchanges keys with, at most. */
  readonly peers: number;
}

export type Attempt = { readonly design: Design } | { readonly reason: PlanReason };

export function attempt(kind: GraphKind, request: ResolvedRequest): Attempt {
  switch (kind) {
    case 'complete':
      return complete(request);
    case 'sparse':
      return sparse(request);
    case 'cohorts':
      return cohorts(request);
  }
}

const refuse = (
  graph: GraphKind,
  bound: PlanReason['bound'],
  message: string,
  { got = null, limit = null }: Partial<Pick<PlanReason, 'got' | 'limit'>> = {},
): Attempt => ({ reason: { graph, bound, message, got, limit } });

function complete({ users, dropouts, colluders, adversary, minHonest: asked }: ResolvedRequest): Attempt {
  const graph = 'complete';
  const minHonest = asked ?? MIN_HONEST;
  if (users > MAX_HOLDERS) {
    return refuse(graph, 'users', `the complete graph has at most ${MAX_HOLDERS} users, not ${users}`, {
      got: users,
      limit: MAX_HOLDERS,
    });
  }
  const left = users - dropouts;
  const least = leastThreshold(users, colluders, adversary);
  if (left < least) {
    const need = `the threshold against a ${adversary} server with ${colluders} corrupt users is at least ${least}`;
    return refuse(graph, 'threshold', `on the complete graph ${need}, but only ${left} of ${users} users may remain`, {
      got: left,
      limit: least,
    });
  }
  if (left < colluders + minHonest) return tooFewHonest(graph, left, colluders, minHonest);
  const thresholds = { least: Math.max(least, colluders + minHonest), most: left };
  return {
    design: { kind: graph, sessions: [{ count: 1, users, colluders, thresholds }], sparse: null, bounds: [], peers: users - 1 },
  };
}

function sparse(request: ResolvedRequest): Attempt {
  const { users, dropouts, colluders, adversary, security, correctness } = request;
  const graph = 'sparse';
  const minHonest = request.minHonest ?? MIN_HONEST;
  if (adversary === 'malicious') {
    return refuse(
      graph,
      'adversary',
      'a malicious server draws the sparse graph so that all neighbors of a user are corrupt; use the complete graph or cohorts',
    );
  }
  const least = users - dropouts;
  if (least < colluders + minHonest) return tooFewHonest(graph, least, colluders, minHonest);
  const demand: SparseDemand = { users, least, corrupt: colluders, dropped: dropouts, security, correctness };
  const found = adversary === 'semi-honest' ? semiHonestGraph(demand) : semiMaliciousGraph(demand);
  if (found === null) {
    const from = least === users ? String(users) : `${least} to ${users}`;
    return refuse(
      graph,
      'neighbors',
      `no sparse graph of ${from} users with fewer neighbors than the complete graph bears ${dropouts} dropouts and ${colluders} corrupt users`,
      { limit: mostNeighbors(least) },
    );
  }
  const shareThresholds = { least: found.leastShareThreshold, most: found.mostShareThreshold };
  return {
    design: {
      kind: graph,
      // The bounds hold for this many dropouts, so that the session must not go on with fewer users.
      sessions: [{ count: 1, users, colluders, thresholds: { least, most: least } }],
      sparse: { neighbors: found.neighbors, shareThresholds },
      bounds: sparseBounds(demand, adversary, { neighbors: found.neighbors, shareThreshold: shareThresholds.most }),
      peers: found.neighbors,
    },
  };
}

function cohorts(request: ResolvedRequest): Attempt {
  const { users, dropouts, colluders, adversary, security, correctness } = request;
  const minHonest = request.minHonest ?? MIN_HONEST_IN_COHORTS;
  const demand = { users, corrupt: colluders, dropped: dropouts, security, correctness, adversary, minHonest };
  const found = smallestCohorts(demand);
  if (found === null) {
    return refuse(
      'cohorts',
      'cohort',
      `no cohorts of at most ${MAX_COHORT} of ${users} users bear ${dropouts} dropouts and ${colluders} corrupt users with ${minHonest} honest users in each sum`,
      { limit: MAX_COHORT },
    );
  }
  const bounds = cohortBounds(
    demand,
    found.map((each) => ({ ...each, threshold: each.mostThreshold })),
  );
  const sessions = found.map(({ count, users, colluders, leastThreshold, mostThreshold }): SessionDesign => {
    return { count, users, colluders, thresholds: { least: leastThreshold, most: mostThreshold } };
  });
  return { design: { kind: 'cohorts', sessions, sparse: null, bounds, peers: Math.max(...found.map((each) => each.users)) - 1 } };
}

function tooFewHonest(graph: GraphKind, left: number, colluders: number, minHonest: number): Attempt {
  const honest = Math.max(0, left - colluders);
  const message = `${left} users may remain, ${colluders} of them corrupt: ${honest} honest ones in a sum, not ${minHonest}`;
  return refuse(graph, 'honest', message, { got: honest, limit: minHonest });
}
