// What is simulated: sessions with parameters of the planner, or with parameters that were given, and the predicted sizes of their
// messages.
import { messageSizes, type Graph, type MessageSizes, type SessionOptions } from '../../index.ts';
import { plan, type GraphKind, type Plan, type PlanRequest, type ResolvedRequest } from '../../planner/index.ts';
import { leastThreshold } from '../../planner/complete.ts';
import { resolveRequest } from '../../planner/request.ts';

/** Parameters that take the place of the planner's. */
export interface ExplicitParameters {
  readonly threshold: number | null;
  /** Null for the complete graph. */
  readonly sparse: { readonly neighbors: number; readonly shareThreshold: number } | null;
}

/** The parameters of one session. */
export interface SessionParameters {
  readonly users: number;
  readonly threshold: number;
  readonly options: SessionOptions;
}

export interface Scenario {
  readonly request: ResolvedRequest;
  readonly kind: GraphKind;
  readonly graph: Graph;
  /** One session, or one a cohort; together they give one sum over all users. */
  readonly sessions: readonly SessionParameters[];
  readonly predicted: {
    /** Bytes of a user that stays to the end. */
    readonly user: MessageSizes;
    /** The server's work; null if the parameters are not the planner's. */
    readonly server: Plan['server'] | null;
  };
}

/** @throws PlanError if there is no plan; TypeError, RangeError that name the argument. */
export function plannedScenario(request: PlanRequest): Scenario {
  const { request: resolved, kind, graph, sessions, user, server } = plan(request);
  return {
    request: resolved,
    kind,
    graph,
    sessions: sessions.flatMap(({ count, users, threshold, options }) =>
      Array.from({ length: count }, (): SessionParameters => ({ users, threshold, options })),
    ),
    predicted: { user, server },
  };
}

/** @throws TypeError, RangeError that name the argument; the parties check the rest. */
export function explicitScenario(request: PlanRequest, { threshold, sparse }: ExplicitParameters): Scenario {
  const resolved = resolveRequest(request);
  const { users, vecLen, bits, dropouts, colluders, adversary } = resolved;
  const kind = sparse === null ? 'complete' : 'sparse';
  if (resolved.graph !== null && resolved.graph !== kind) {
    throw new RangeError(`graph: expected ${kind} with the parameters given, got ${resolved.graph}`);
  }
  const chosen = threshold ?? users - dropouts;
  const least = leastThreshold(users, colluders, adversary);
  // Users beyond what the threshold bears would be turned away one by one.
  if (kind === 'complete' && chosen < least) {
    throw new RangeError(`threshold: expected at least ${least} of ${users} users with ${colluders} colluders, got ${chosen}`);
  }
  const graph = sparse ?? 'complete';
  const security = Math.floor(resolved.security);
  const options: SessionOptions = { bits, graph, maxUsers: users, adversary, colluders, security };
  return {
    request: resolved,
    kind,
    graph,
    sessions: [{ users, threshold: chosen, options }],
    predicted: { user: messageSizes({ users, vecLen, bits, graph }), server: null },
  };
}
