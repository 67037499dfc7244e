// All runs of a simulation. Each is one sum over all users, of one session or of one a cohort.
import { genKeypair, PublicKeysWrapper } from '../../index.ts';
import type { Vector } from './inputs.ts';
import { drawLosses, type Loss, ROUNDS } from './losses.ts';
import { Measures } from './measures.ts';
import { partitionOf } from './partition.ts';
import type { Scenario } from './scenario.ts';
import { Seeded } from './seeded.ts';
import type { SessionSetup } from './session-setup.ts';
import { runSession, type SessionOutcome } from './session.ts';

/** How a scenario is simulated. */
export interface SimulationOptions {
  readonly seed: number;
  /** Probability of a fault in one user's messages of one round. */
  readonly faults: number;
  readonly runs: number;
}

/** One session and how it ended. */
export interface SimulatedSession extends SessionOutcome {
  readonly run: number;
  readonly session: number;
  readonly users: number;
  readonly threshold: number;
  /** Users that were to be lost in it. */
  readonly losses: readonly Loss[];
}

/** One run. */
export interface SimulatedRun {
  readonly sessions: readonly SimulatedSession[];
  /** The sum over all sessions that have one; null if none has. */
  readonly sum: Vector | null;
}

export interface SimulationResult {
  readonly runs: readonly SimulatedRun[];
  readonly measures: Measures;
}

/** Hears how far a simulation is; the simulation waits for it. */
export type SimulationProgress = (what: string, done: number, of: number) => Promise<void>;

/** @throws TypeError, RangeError, SecAggError if the parties refuse the scenario's parameters. */
export async function simulate(
  scenario: Scenario,
  options: SimulationOptions,
  tell: SimulationProgress,
): Promise<SimulationResult> {
  const { request } = scenario;
  const { users, vecLen, bits } = request;
  const shape = { vecLen, bits };
  const measures = new Measures();
  const all = options.runs * users * ROUNDS;
  let done = 0;
  await tell('keys', done, all);
  const keys = Array.from({ length: users }, () => genKeypair());
  const runs: SimulatedRun[] = [];
  for (let run = 0; run < options.runs; run++) {
    const losses = drawLosses(users, request.dropouts, options.faults > 0, new Seeded(options.seed, 'losses', run));
    const partition = partitionOf(scenario, options.seed, run);
    const sessions: SimulatedSession[] = [];
    for (const [session, block] of partition.blocks.entries()) {
      const { userIds, parameters } = block;
      const publicKeys = new PublicKeysWrapper(userIds.flatMap((id) => (keys[id] === undefined ? [] : [[id, keys[id][0]]])));
      const setup: SessionSetup = { ...options, run, session, parameters, shape, userIds, keys, publicKeys, losses };
      const before = done;
      const place = placeOf(scenario, options, setup);
      const outcome = await runSession(setup, measures, (what, turns) => tell(`${place}${what}`, before + turns, all));
      done += userIds.length * ROUNDS;
      partition.record(block, outcome);
      const own = userIds.flatMap((id) => losses.get(id) ?? []);
      sessions.push({ ...outcome, run, session, users: userIds.length, threshold: parameters.threshold, losses: own });
    }
    runs.push({ sessions, sum: partition.total() });
  }
  return { runs, measures };
}

/** Which run and which cohort a session is, if there are several. */
function placeOf({ sessions }: Scenario, { runs }: SimulationOptions, { run, session }: SessionSetup): string {
  const inRuns = runs > 1 ? `run ${run + 1} of ${runs}, ` : '';
  const inCohorts = sessions.length > 1 ? `cohort ${session + 1} of ${sessions.length}, ` : '';
  return inRuns + inCohorts;
}
