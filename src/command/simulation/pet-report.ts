// The report of simulated rounds of PET: the object that --json prints, and its text.
import { createHash } from 'node:crypto';
import { number, plural, table } from '../table.ts';
import { median } from './measures.ts';
import { PET_PHASES, type PetLoss, type PetMeasuresByPhase, type PetOutcome, type PetPhase, type PetScenario } from './pet.ts';

interface PhaseReport {
  readonly phase: PetPhase;
  /** Users with a message, in all rounds. */
  readonly users: number;
  readonly up: { readonly mean: number; readonly most: number };
  readonly down: { readonly mean: number; readonly most: number };
  /** Median of a user's milliseconds. */
  readonly milliseconds: number;
}

/** All users of a round together: the mean of the rounds. */
interface CoordinatorReport {
  readonly phase: PetPhase;
  readonly heard: number;
  readonly bytesHeard: number;
  readonly millisecondsHearing: number;
  readonly millisecondsClosing: number;
}

interface RoundReport {
  readonly sumParticipants: number;
  readonly included: readonly number[];
  readonly lost: readonly PetLoss[];
  /** Digest of the mean, as its numbers are in memory; null if there is none. */
  readonly sha256: string | null;
  readonly error: PetOutcome['error'];
  readonly wrong: readonly string[];
}

export interface PetReport {
  readonly protocol: 'pet';
  readonly request: Omit<PetScenario, 'seed' | 'runs'>;
  readonly seed: number;
  readonly runs: number;
  readonly rounds: readonly RoundReport[];
  readonly user: { readonly phases: readonly PhaseReport[] };
  readonly coordinator: { readonly phases: readonly CoordinatorReport[] };
  readonly milliseconds: number;
  /** Most memory that the process has used, in bytes. */
  readonly memory: number;
}

export function petReportOf(
  { seed, runs, ...request }: PetScenario,
  { outcomes, measures }: { readonly outcomes: readonly PetOutcome[]; readonly measures: PetMeasuresByPhase },
  milliseconds: number,
): PetReport {
  const all = PET_PHASES.map((phase) => ({ phase, of: measures[phase] }));
  return {
    protocol: 'pet',
    request,
    seed,
    runs,
    rounds: outcomes.map(({ model, ...outcome }) => {
      const bytes = model && new Uint8Array(model.buffer, model.byteOffset, model.byteLength);
      return { ...outcome, sha256: bytes && createHash('sha256').update(bytes).digest('hex') };
    }),
    user: {
      phases: all.map(({ phase, of: { up, down, milliseconds: times } }) => {
        const bytes = { up: { mean: up.mean, most: up.most }, down: { mean: down.mean, most: down.most } };
        return { phase, users: times.length, ...bytes, milliseconds: median(times) };
      }),
    },
    coordinator: {
      phases: all.map(({ phase, of: { heard, bytesHeard, hearing, closing } }) => {
        const means = { heard: heard / runs, bytesHeard: bytesHeard / runs };
        return { phase, ...means, millisecondsHearing: hearing / runs, millisecondsClosing: closing / runs };
      }),
    },
    milliseconds,
    memory: process.resourceUsage().maxRSS * 1024,
  };
}

export function petExitCodeOf({ rounds }: PetReport): 0 | 1 | 3 {
  if (rounds.some(({ wrong }) => wrong.length > 0)) return 3;
  return rounds.some(({ error }) => error !== null) ? 1 : 0;
}

export function petReportText(report: PetReport): string {
  return `${[overview(report), users(report), coordinator(report)].map(table).join('\n\n')}\n`;
}

function overview({ request, seed, runs, rounds, milliseconds, memory }: PetReport): string[][] {
  const { groupType, dataType, boundType, modelType } = request.config;
  const lost = rounds.flatMap((round) => round.lost);
  const byPhase = PET_PHASES.map((phase) => `${number(lost.filter((loss) => loss.phase === phase).length)} before ${phase}`);
  const means = rounds.filter(({ error }) => error === null);
  const wrong = rounds.flatMap((round) => round.wrong);
  return [
    ['protocol', 'PET'],
    ['users', number(request.users)],
    ['model', `${plural(request.length, 'number')}, ${groupType} ${dataType} ${boundType} ${modelType}`],
    ['drawn', `to sum with ${request.sumProbability}, else to update with ${request.updateProbability}`],
    ['seed', `${seed}${runs > 1 ? `, ${number(runs)} times` : ''}`],
    ['lost', lost.length === 0 ? 'nobody' : `${number(lost.length)}: ${byPhase.join(', ')}`],
    ['sum participants', spread(rounds.map(({ sumParticipants }) => sumParticipants))],
    ...wrong.map((what) => ['WRONG', what]),
    ...rounds.flatMap(({ error }) => (error === null ? [] : [['no mean', error.code]])),
    ...(means.length === 0 || wrong.length > 0
      ? []
      : [
          [
            'mean',
            `of ${spread(means.map(({ included }) => included.length))} models, equal to the plain mean in ${plural(request.length, 'number')}`,
          ],
        ]),
    ['time', `${(milliseconds / 1000).toFixed(1)} s`],
    ['memory', `${number(Math.round(memory / 1e6))} MB at most`],
  ];
}

function users({ user: { phases }, runs }: PetReport): string[][] {
  return [
    ['bytes of a user', 'messages', 'sends', 'at most', 'receives', 'at most', 'ms, median'],
    ...phases.map(({ phase, users: count, up, down, milliseconds }) => [
      phase,
      ...[count / runs, up.mean, up.most, down.mean, down.most].map((n) => number(Math.round(n))),
      milliseconds.toFixed(2),
    ]),
  ];
}

function coordinator({ coordinator: { phases } }: PetReport): string[][] {
  return [
    ['coordinator, all users', 'heard', 'bytes', 'ms', 'ms to close'],
    ...phases.map(({ phase, heard, bytesHeard, millisecondsHearing, millisecondsClosing }) => [
      phase,
      ...[heard, bytesHeard, millisecondsHearing, millisecondsClosing].map((n) => number(Math.round(n))),
    ]),
  ];
}

/** One number, or the least and the largest of several. */
function spread(numbers: readonly number[]): string {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least === most ? number(least) : `${number(least)} to ${number(most)}`;
}
