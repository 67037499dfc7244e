// All runs of a simulation, each one sum over all users: of one session, or of those of all cohorts.
import { genKeypair, PublicKeysWrapper } from '../../index.ts';
import type { Cast } from './cast.ts';
import { divide } from './division.ts';
import type { Vector } from './inputs.ts';
import { drawLosses, type Loss, ROUNDS } from './losses.ts';
import { Measures } from './measures.ts';
import { play, type Ended } from './play.ts';
import type { Scenario } from './scenario.ts';
import { Seeded } from './seeded.ts';

/** What is played besides the scenario. */
export interface Course {
  readonly seed: number;
  readonly faults: number;
  readonly runs: number;
}

/** One session as it was played. */
export interface PlayedSession extends Ended {
  readonly run: number;
  readonly session: number;
  readonly users: number;
  readonly threshold: number;
  /** Who was to be lost in it. */
  readonly losses: readonly Loss[];
}

/** One run. */
export interface PlayedRun {
  readonly sessions: readonly PlayedSession[];
  /** Over all sessions that have one; null where none has. */
  readonly sum: Vector | null;
}

export interface Played {
  readonly runs: readonly PlayedRun[];
  readonly measures: Measures;
}

/** Where a simulation stands; may take time. */
export type TellAll = (what: string, done: number, of: number) => Promise<void>;

/** @throws TypeError, RangeError, SecAggError where the parties refuse the scenario's parameters. */
export async function simulate(scenario: Scenario, course: Course, tell: TellAll): Promise<Played> {
  const { request } = scenario;
  const { users, vecLen, bits } = request;
  const shape = { vecLen, bits };
  const measures = new Measures();
  const all = course.runs * users * ROUNDS;
  let done = 0;
  await tell('keys', done, all);
  const keys = Array.from({ length: users }, () => genKeypair());
  const runs: PlayedRun[] = [];
  for (let run = 0; run < course.runs; run++) {
    const losses = drawLosses(users, request.dropouts, course.faults > 0, new Seeded(course.seed, 'losses', run));
    const division = divide(scenario, course.seed, run);
    const played: PlayedSession[] = [];
    for (const [session, part] of division.parts.entries()) {
      const { userIds, terms } = part;
      const publicKeys = new PublicKeysWrapper(userIds.flatMap((id) => (keys[id] === undefined ? [] : [[id, keys[id][0]]])));
      const cast: Cast = { ...course, run, session, terms, shape, userIds, keys, publicKeys, losses };
      const before = done;
      const ended = await play(cast, measures, (what, turns) => tell(nameOf(scenario, course, cast, what), before + turns, all));
      done += userIds.length * ROUNDS;
      division.record(part, ended);
      const own = userIds.flatMap((id) => losses.get(id) ?? []);
      played.push({ ...ended, run, session, users: userIds.length, threshold: terms.threshold, losses: own });
    }
    runs.push({ sessions: played, sum: division.total() });
  }
  return { runs, measures };
}

function nameOf({ sessions }: Scenario, { runs }: Course, { run, session }: Cast, what: string): string {
  const places = [
    ...(runs > 1 ? [`run ${run + 1} of ${runs}`] : []),
    ...(sessions.length > 1 ? [`cohort ${session + 1} of ${sessions.length}`] : []),
  ];
  return [...places, what].join(', ');
}
