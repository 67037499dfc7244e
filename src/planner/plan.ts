// The planner: finds graph, thresholds, bounds and costs for a number of users and an adversary. [BIK+17], [BBGLR20];
// docs/planner.md has the conditions with their derivations.
import type { Adversary, SparseGraph } from '../session/parameters.ts';
import type { MessageSizes } from '../wire/message-sizes.ts';
import { reached, type Bound } from './bounds.ts';
import { serverWork, userBytes, userWork, type ServerWork, type UserWork } from './cost.ts';
import { attempt, type Design, type PlanReason, type SessionDesign, type ThresholdRange } from './design.ts';
import { PlanError, remediesFor } from './refusal.ts';
import { resolveRequest, type GraphKind, type PlanRequest, type ResolvedRequest } from './request.ts';

/** A plan that may choose prefers graphs on which a user has fewer peers than this. */
const MANY_PEERS = 1024;

/** One session, or several of the same size and parameters. */
export interface PlannedSession<Graph> {
  /** How many sessions there are of this size. */
  readonly count: number;
  /** Most users of one session. */
  readonly users: number;
  /** Least number of users of U1 to U5: the `threshold` that the classes of `secagg` take. */
  readonly threshold: number;
  /** From the least threshold that protects to the largest that bears the dropouts, which is the one taken. */
  readonly thresholds: ThresholdRange;
  /** The options that the classes of `secagg` take. */
  readonly options: {
    /** Ring Z_2^bits of every component. */
    readonly bits: number;
    /** Which users share keys with which. */
    readonly graph: Graph;
    /** Most users that may take part. */
    readonly maxUsers: number;
    /** What the threshold withstands besides dropouts. */
    readonly adversary: Adversary;
    /** Users that may work with the server. */
    readonly colluders: number;
    /** The guarantees may fail with probability 2^−security at most, by chance. */
    readonly security: number;
  };
}

/** What a plan of any kind tells. */
export interface PlanOf<Kind extends GraphKind, Graph> {
  /** How users are tied to each other; tells the kinds of plans apart. */
  readonly kind: Kind;
  /** Which users of a session share keys with which. */
  readonly graph: Graph;
  /** The request with defaults filled in, and with rates as numbers of users. */
  readonly request: ResolvedRequest;
  /** The sessions to run, grouped by size. */
  readonly sessions: readonly PlannedSession<Graph>[];
  /** Least number of honest users in any sum that the server may learn. */
  readonly honest: number;
  /** What may go wrong. Empty for the complete graph, on which nothing is left to chance. */
  readonly bounds: readonly Bound[];
  /** Bits of security and of correctness that the bounds leave together; null if there is nothing to bound. */
  readonly reached: {
    /** −log2 of the probability that some user is not protected. */
    readonly security: number | null;
    /** −log2 of the probability that there is no sum. */
    readonly correctness: number | null;
  };
  /** Bytes and work of one user, in the largest of the sessions. */
  readonly user: MessageSizes & {
    /** What the user computes. */
    readonly work: UserWork;
  };
  /** Work of the server in all sessions, undisturbed and with all dropouts. */
  readonly server: {
    /** Work if no user drops out. */
    readonly undisturbed: ServerWork;
    /** Work if as many users drop out as were planned for. */
    readonly disturbed: ServerWork;
  };
}

/** One session on the complete graph. */
export type CompletePlan = PlanOf<'complete', 'complete'>;
/** Independent sessions on complete graphs over a random partition of the users; their sums are added. */
export type CohortsPlan = PlanOf<'cohorts', 'complete'>;
/** One session on a sparse graph. */
export interface SparsePlan extends PlanOf<'sparse', SparseGraph> {
  /** From the least share threshold that protects to the largest that bears the dropouts, which is the one taken. */
  readonly shareThresholds: ThresholdRange;
}
/** A plan, as a union that `kind` tells apart. */
export type Plan = CompletePlan | CohortsPlan | SparsePlan;

/**
 * Chooses graph, thresholds and cohorts for a number of users, and says what they bear and cost.
 *
 * Up to 1,024 users it takes the complete graph, on which nothing is left to chance. For more users it takes a sparse graph if the
 * server is `'semi-honest'` or `'semi-malicious'` and such a graph bears the request, and cohorts otherwise. If a user would then
 * have 1,024 peers or more, it takes the graph with the fewest peers. `graph` overrides all this. Nothing is sampled: a plan for a
 * million users takes milliseconds.
 *
 * @throws {@link PlanError} `ERR_SECAGG_PLAN` if no parameters keep all bounds; it has the bounds, and requests that have a plan.
 * @throws TypeError, RangeError that name the argument.
 * @example
 * ```js
 * import { plan } from 'secagg/planner';
 *
 * const { kind, sessions, honest, user } = plan({ users: 100, dropout: 0.2, corrupt: 0.1, vecLen: 10_000 });
 * console.log(kind, sessions[0].threshold, honest, user.up); // prints: complete 80 70 57450
 * // new ServerWrapper(sessions[0].threshold, 10_000, { ...sessions[0].options, publicKeys })
 * ```
 */
export function plan(request: PlanRequest): Plan {
  const resolved = resolveRequest(request);
  const { design, reasons } = designFor(resolved);
  if (design === null) {
    const works = (changed: PlanRequest): boolean => designFor(resolveRequest(changed)).design !== null;
    throw new PlanError(reasons, () => remediesFor(resolved, works));
  }
  return planOf(resolved, design);
}

/** The design to take, or null, and why other graphs have none. */
function designFor(request: ResolvedRequest): { design: Design | null; reasons: PlanReason[] } {
  const designs: Design[] = [];
  const reasons: PlanReason[] = [];
  for (const kind of kindsFor(request)) {
    const result = attempt(kind, request);
    if ('reason' in result) {
      reasons.push(result.reason);
      continue;
    }
    if (result.design.peers < MANY_PEERS) return { design: result.design, reasons };
    designs.push(result.design);
  }
  designs.sort((a, b) => a.peers - b.peers);
  return { design: designs[0] ?? null, reasons };
}

/** The kinds of graphs in order of preference. */
function kindsFor({ graph, adversary, users }: ResolvedRequest): GraphKind[] {
  if (graph !== null) return [graph];
  const sparse: GraphKind[] = adversary === 'malicious' ? ['cohorts'] : ['sparse', 'cohorts'];
  return users <= MANY_PEERS ? ['complete', ...sparse] : [...sparse, 'complete'];
}

function planOf(request: ResolvedRequest, design: Design): Plan {
  const { users, vecLen, bits, dropouts } = request;
  const { kind, sparse, bounds } = design;
  const largest = Math.max(...design.sessions.map((session) => session.users));
  const graph = sparse === null ? null : { neighbors: sparse.neighbors, shareThreshold: sparse.shareThresholds.most };
  const shared = {
    request,
    honest: Math.min(...design.sessions.map(({ thresholds, colluders }) => thresholds.most - colluders)),
    bounds,
    reached: { security: reached(bounds, 'privacy'), correctness: reached(bounds, 'correctness') },
    user: { ...userBytes(largest, users, { vecLen, bits, graph: graph ?? 'complete' }), work: userWork(largest, sparse) },
    server: {
      undisturbed: serverWork(design.sessions, sparse, 0),
      disturbed: serverWork(design.sessions, sparse, dropouts),
    },
  };
  if (sparse !== null && graph !== null) {
    const sessions = design.sessions.map((session) => sessionOf(session, graph, request));
    return { kind: 'sparse', graph, sessions, shareThresholds: sparse.shareThresholds, ...shared };
  }
  const sessions = design.sessions.map((session) => sessionOf(session, 'complete' as const, request));
  return { kind: kind === 'cohorts' ? kind : 'complete', graph: 'complete', sessions, ...shared };
}

function sessionOf<Graph>(
  { count, users, colluders, thresholds }: SessionDesign,
  graph: Graph,
  { bits, adversary, security }: ResolvedRequest,
): PlannedSession<Graph> {
  return {
    count,
    users,
    threshold: thresholds.most,
    thresholds,
    options: { bits, graph, maxUsers: users, adversary, colluders, security: Math.floor(security) },
  };
}
