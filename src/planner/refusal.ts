// Why there is no plan, and what there would be one for.
import { SecAggError, type CodesOf } from '../leaves/errors.ts';
import type { PlanReason } from './design.ts';
import { MAX_PLANNED_USERS, type PlanRequest, type ResolvedRequest } from './request.ts';

/** No parameters keep the bounds of a request: for each graph that was tried the bound, and requests that have a plan. */
export class PlanError extends SecAggError {
  /** The stable code, `ERR_SECAGG_PLAN`. */
  declare readonly code: CodesOf<'PlanError'>;
  /** For each graph that was tried, the bound that it cannot meet. */
  readonly reasons: readonly PlanReason[];
  readonly #findRemedies: () => PlanRequest[];
  #remedies: readonly PlanRequest[] | undefined;

  /** @param findRemedies tries many requests, which takes longer than one plan: it is called when somebody asks. */
  constructor(reasons: readonly PlanReason[], findRemedies: () => PlanRequest[]) {
    super('ERR_SECAGG_PLAN', `no plan: ${reasons.map(({ message }) => message).join('; ')}`);
    this.reasons = reasons;
    this.#findRemedies = findRemedies;
  }

  /**
   * The request with one thing changed each: fewer dropouts, fewer corrupt users, more users, another model or graph. There
   * is a plan for each of them. Found when first asked for, in up to a second.
   */
  get remedies(): readonly PlanRequest[] {
    this.#remedies ??= this.#findRemedies();
    return this.#remedies;
  }
}

const WEAKER = { malicious: ['semi-malicious', 'semi-honest'], 'semi-malicious': ['semi-honest'], 'semi-honest': [] } as const;
const OTHERS = { complete: ['cohorts', 'sparse'], sparse: ['complete', 'cohorts'], cohorts: ['complete', 'sparse'] } as const;

/** Rates are offered in steps of a thousandth. */
const STEPS = 1000;

/** Each remedy has been tried: there is a plan for it. */
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

/** The largest count below `end` that works, by halving; null where 0 does not. */
function largest(end: number, works: (count: number) => boolean): number | null {
  if (end === 0 || !works(0)) return null;
  let working = 0;
  let failing = end;
  while (failing - working > 1) {
    const middle = Math.floor((working + failing) / 2);
    if (works(middle)) working = middle;
    else failing = middle;
  }
  return working;
}

/** Twice the users, and so on, as long as rates stay. */
function moreUsers(request: PlanRequest, works: (request: PlanRequest) => boolean): PlanRequest[] {
  for (let users = 2 * request.users; users <= MAX_PLANNED_USERS; users *= 2) {
    if (works({ ...request, users })) return [{ ...request, users }];
  }
  return [];
}
