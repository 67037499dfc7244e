// Who is in which session of a run, and what the sums come to: one session of all users, or cohorts.
import { assignCohorts, CohortSum } from '../../cohorts/index.ts';
import type { Vector } from './inputs.ts';
import type { Ended } from './play.ts';
import type { Scenario, Terms } from './scenario.ts';
import { Seeded } from './seeded.ts';

/** One session's users, ascending, and what its parties are told. */
interface Part {
  readonly userIds: readonly number[];
  readonly terms: Terms;
}

export interface Division {
  readonly parts: readonly Part[];
  record(part: Part, ended: Ended): void;
  /** Over all sessions that have a sum; null where none has. */
  total(): Vector | null;
}

export function divide(scenario: Scenario, seed: number, run: number): Division {
  const session = `simulation, run ${run}`;
  const userIds = Array.from({ length: scenario.request.users }, (_, id) => id);
  return scenario.kind === 'cohorts' ? inCohorts(scenario, userIds, session, seed, run) : undivided(scenario, userIds, session);
}

function undivided({ sessions }: Scenario, userIds: readonly number[], session: string): Division {
  let sum: Vector | null = null;
  return {
    parts: sessions.map((terms) => ({ userIds, terms: { ...terms, options: { ...terms.options, session } } })),
    record: (_, ended) => {
      sum = ended.sum;
    },
    total: () => sum,
  };
}

function inCohorts(
  { sessions, request }: Scenario,
  userIds: readonly number[],
  session: string,
  ...[seed, run]: [number, number]
): Division {
  const cohorts = assignCohorts({
    userIds,
    sessions: sessions.map(({ users, threshold, options }) => ({
      count: 1,
      users,
      threshold,
      options: { ...options, graph: 'complete' as const },
    })),
    seed: new Seeded(seed, 'cohorts', run).bytes(32),
  });
  const books = new CohortSum(cohorts, { session, vecLen: request.vecLen });
  return {
    parts: sessions.map((_, index) => {
      const { userIds: members, threshold, options } = books.cohort(index);
      return { userIds: members, terms: { users: members.length, threshold, options } };
    }),
    record({ terms }, { sum, included, error }) {
      const name = String(terms.options.session);
      if (sum === null || included === null) books.fail(name, error?.code ?? 'no sum');
      else books.record(name, { included, vector: sum });
    },
    total: () => (books.progress().done.length === 0 ? null : books.total()),
  };
}
