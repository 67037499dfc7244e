// Why a request has no plan, and which similar requests have one.
import { leastHolding } from '../leaves/bisection.ts';
import { SecAggError, type CodesOf } from '../leaves/errors.ts';
import type { PlanReason } from './design.ts';
import { MAX_PLANNED_USERS, type PlanRequest, type ResolvedRequest } from './request.ts';

/** No parameters keep the bounds of a request. Has the bound that each graph cannot meet, and similar requests that have a plan. */
export class PlanError extends SecAggError {
  /** The stable code, `ERR_SECAGG_PLAN`. */
  declare readonly code: CodesOf<'PlanError'>;
  /** For each graph that was tried, the bound that it cannot meet. */
  readonly reasons: readonly PlanReason[];
  readonly #findRemedies: () => PlanRequest[];
  #remedies: readonly PlanRequest[] | undefined;

  /** @param findRemedies tries many requests, which takes longer than one plan, and is called when remedies are first read. */
  constructor(reasons: readonly PlanReason[], findRemedies: () => PlanRequest[]) {
    super('ERR_SECAGG_PLAN', `no plan: ${reasons.map(({ message }) => message).join('; ')}`);
    this.reasons = reasons;
    this.#findRemedies = findRemedies;
  }

  /**
   * Requests that have a plan, each with one change: fewer dropouts, fewer corrupt users, more users, another adversary or graph.
   * They are found when they are first read, which takes up to a second.
   */
  get remedies(): readonly PlanRequest[] {
    this.#remedies ??= this.#findRemedies();
    return this.#remedies;
  }
}

const WEAKER = { malicious: ['semi-malicious', 'semi-honest'], 'semi-malicious': ['semi-honest'], 'semi-honest': [] } as const;
const OTHERS = { complete: ['cohorts', 'sparse'], sparse: ['complete', 'cohorts'], cohorts: ['complete', 'sparse'] } as const;

/** Remedies have rates in steps of a thousandth. */
const STEPS = 1000;

/** Requests with one change each, of which every one has been tried and has a plan. */
export function remediesFor(resolved: ResolvedRequest, works: (request: PlanRequest) => boolean): PlanRequest[] {
  const { users, dropout, corrupt, vecLen, bits, adversary, security, correctness, graph, minHonest } = resolved;
  const request: PlanRequest = {
    ...{ users, dropout, corrupt, vecLen, bits, adversary, security, correctness },
    ...(graph === null ? {} : { graph }),
    ...(minHonest === null ? {} : { minHonest }),
  };
  const less = (name: 'dropout' | 'corrupt'): PlanRequest[] => {
    const at = (steps: number): PlanRequest => ({ ...request, [name]: steps / STEPS });
    const steps = largest(Math.ceil(resolved[name] * STEPS), (steps) => works(at(steps)));
    return steps === null ? [] : [at(steps)];
  };
  return [
    ...less('dropout'),
    ...less('corrupt'),
    ...moreUsers(request, works),
    ...WEAKER[adversary].map((weaker) => ({ ...request, adversary: weaker })).filter(works),
    ...(graph === null ? [] : OTHERS[graph].map((other) => ({ ...request, graph: other })).filter(works)),
  ];
}

/** The largest count below `end` that works; null if 0 does not work. */
function largest(end: number, works: (count: number) => boolean): number | null {
  if (end === 0 || !works(0)) return null;
  return leastHolding(0, end, (count) => !works(count)) - 1;
}

/** The request with two, four, eight, … times the users and the same rates, for the least factor that works. */
function moreUsers(request: PlanRequest, works: (request: PlanRequest) => boolean): PlanRequest[] {
  for (let users = 2 * request.users; users <= MAX_PLANNED_USERS; users *= 2) {
    if (works({ ...request, users })) return [{ ...request, users }];
  }
  return [];
}
