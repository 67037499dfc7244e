// Which users of a run are in which session, and the sum over its sessions: one session of all users, or one a cohort.
import { assignCohorts, CohortSum } from '../../cohorts/index.ts';
import type { Vector } from './inputs.ts';
import type { Scenario, SessionParameters } from './scenario.ts';
import { Seeded } from './seeded.ts';
import type { SessionOutcome } from './session.ts';

/** The users of one session, ascending, and its parameters. */
interface Block {
  readonly userIds: readonly number[];
  readonly parameters: SessionParameters;
}

export interface Partition {
  readonly blocks: readonly Block[];
  record(block: Block, outcome: SessionOutcome): void;
  /** The sum over all sessions that have one; null if none has. */
  total(): Vector | null;
}

export function partitionOf(scenario: Scenario, seed: number, run: number): Partition {
  const session = `simulation, run ${run}`;
  const userIds = Array.from({ length: scenario.request.users }, (_, id) => id);
  if (scenario.kind !== 'cohorts') return oneBlock(scenario, userIds, session);
  return cohorts(scenario, userIds, session, new Seeded(seed, 'cohorts', run).bytes(32));
}

function oneBlock({ sessions }: Scenario, userIds: readonly number[], session: string): Partition {
  let sum: Vector | null = null;
  return {
    blocks: sessions.map((parameters) => {
      return { userIds, parameters: { ...parameters, options: { ...parameters.options, session } } };
    }),
    record: (_, outcome) => {
      sum = outcome.sum;
    },
    total: () => sum,
  };
}

function cohorts({ sessions, request }: Scenario, userIds: readonly number[], session: string, seed: Uint8Array): Partition {
  const assignment = assignCohorts({
    userIds,
    sessions: sessions.map(({ users, threshold, options }) => ({
      count: 1,
      users,
      threshold,
      options: { ...options, graph: 'complete' as const },
    })),
    seed,
  });
  const cohortSum = new CohortSum(assignment, { session, vecLen: request.vecLen });
  return {
    blocks: sessions.map((_, index) => {
      const { userIds: members, threshold, options } = cohortSum.cohort(index);
      return { userIds: members, parameters: { users: members.length, threshold, options } };
    }),
    record({ parameters }, { sum, included, error }) {
      const name = String(parameters.options.session);
      if (sum === null || included === null) cohortSum.fail(name, error?.code ?? 'no sum');
      else cohortSum.record(name, { included, vector: sum });
    },
    total: () => (cohortSum.progress().done.length === 0 ? null : cohortSum.total()),
  };
}
