// `secagg simulate`: options to sessions that are played in this process, and what they gave to text or JSON.
import { parseArgs } from 'node:util';
import { SecAggError, ServerWrapper } from '../index.ts';
import { PlanError, type PlanRequest } from '../planner/index.ts';
import { checkInteger, checkNumber } from '../leaves/checks.ts';
import type { Outcome } from './outcome.ts';
import { numberOf, PLANNER_HELP, PLANNER_OPTIONS, refused, requestOf, usage, type PlannerValues } from './planner-options.ts';
import { Bar } from './simulation/bar.ts';
import { reportText } from './simulation/report-text.ts';
import { exitCodeOf, reportOf, type Report } from './simulation/report.ts';
import { explicitScenario, plannedScenario, type Explicit, type Scenario } from './simulation/scenario.ts';
import { simulate, type Course } from './simulation/simulation.ts';

const HELP = `Usage: secagg simulate --users <n> --dropout <rate> --length <components> [options]

Plays whole sessions in this process, through real messages: all users take part, the planned number
of them is lost, each in a round of its own. Checks every sum, and prints times and bytes beside what
the planner predicts.

Options of the planner, which chooses graph and thresholds:
${PLANNER_HELP}

Parameters in place of the planner's, which the parties check like any others:
  --threshold <n>     least users in each round (default: users less dropouts)
  --neighbors <k>     a sparse graph, on which each user has k neighbors;
  --share-threshold <n>  so many of them open a user's secrets

What is played:
  --seed <n>          repeats inputs, losses, faults and cohorts (default 1); keys, masks and
                      the ring are drawn anew each time
  --faults <rate>     part of the messages that something happens to (default 0): they come twice,
                      changed, under another's name or late, or their user starts again; and then
                      servers start again, and some of those that are lost lie or are misled
  --sessions <n>      how many times, each with other inputs and losses (default 1)
  --json              print everything as JSON
  --help              show this

Exit codes: 0 every sum is there and right, 1 there is no plan or a session has ended without a sum,
2 wrong usage, 3 something is WRONG that never may be, such as a sum.
`;

const string = { type: 'string' } as const;
const OWN_OPTIONS = {
  threshold: string,
  neighbors: string,
  'share-threshold': string,
  seed: string,
  faults: string,
  sessions: string,
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;
type Values = PlannerValues &
  Partial<Record<'threshold' | 'neighbors' | 'share-threshold' | 'seed' | 'faults' | 'sessions', string>> & {
    json?: boolean;
    help?: boolean;
  };

interface Prepared {
  readonly scenario: Scenario;
  readonly course: Course;
  readonly json: boolean;
}

/** @param terminal for a progress bar; there is none with --json, nor where it is no terminal. */
export async function runSimulate(args: readonly string[], terminal: NodeJS.WritableStream): Promise<Outcome> {
  const prepared = prepare(args);
  if ('code' in prepared) return prepared;
  const { scenario, course, json } = prepared;
  const bar = json ? null : new Bar(terminal);
  const started = performance.now();
  const tell = (what: string, done: number, of: number): Promise<void> => bar?.at(what, done, of) ?? Promise.resolve();
  const played = await simulate(scenario, course, tell).finally(() => bar?.close());
  return outcomeOf(reportOf(scenario, course, played, performance.now() - started), json);
}

/** What to play, or why nothing is. */
function prepare(args: readonly string[]): Prepared | Outcome {
  let json = false;
  let request: PlanRequest | undefined;
  try {
    const values: Values = parseArgs({ args: [...args], options: { ...PLANNER_OPTIONS, ...OWN_OPTIONS } }).values;
    if (values.help) return { code: 0, out: HELP };
    json = values.json ?? false;
    request = requestOf(values);
    const course = courseOf(values);
    const explicit = explicitOf(values);
    const scenario = explicit === null ? plannedScenario(request) : explicitScenario(request, explicit);
    // What users would refuse as well, before there are any.
    for (const { threshold, options } of scenario.sessions) new ServerWrapper(threshold, scenario.request.vecLen, options);
    return { scenario, course, json };
  } catch (error) {
    if (error instanceof PlanError && request !== undefined) return refused('simulate', request, error, json);
    if (error instanceof SecAggError) return unplayable(error, json);
    if (error instanceof TypeError || error instanceof RangeError) return usage('simulate', error.message);
    throw error;
  }
}

function courseOf(values: Values): Course {
  return {
    seed: integerOf(values, 'seed', { least: 0, other: 1 }),
    faults: rateOf(values, 'faults'),
    runs: integerOf(values, 'sessions', { least: 1, other: 1 }),
  };
}

/** The parameters given; null where the planner is to choose. */
function explicitOf(values: Values): Explicit | null {
  const given = (['threshold', 'neighbors', 'share-threshold'] as const).find((name) => values[name] !== undefined);
  if (given === undefined) return null;
  for (const name of ['correctness', 'honest'] as const) {
    if (values[name] !== undefined) throw new TypeError(`--${name}: it is for the planner, whose place --${given} takes`);
  }
  const one = (name: 'threshold' | 'neighbors' | 'share-threshold'): number => {
    if (values[name] === undefined) throw new TypeError(`--${name} is missing`);
    return numberOf(name, values[name]);
  };
  const sparse = values.neighbors !== undefined || values['share-threshold'] !== undefined;
  return {
    threshold: values.threshold === undefined ? null : one('threshold'),
    sparse: sparse ? { neighbors: one('neighbors'), shareThreshold: one('share-threshold') } : null,
  };
}

function integerOf(values: Values, name: 'seed' | 'sessions', { least, other }: { least: number; other: number }): number {
  const text = values[name];
  const value = text === undefined ? other : numberOf(name, text);
  return checkInteger(value, `--${name}`, least, Number.MAX_SAFE_INTEGER);
}

function rateOf(values: Values, name: 'faults'): number {
  return checkNumber(numberOf(name, values[name] ?? '0'), `--${name}`, 0, 1);
}

/** Parameters that parties refuse. */
function unplayable({ code, message }: SecAggError, json: boolean): Outcome {
  if (json) return { code: 1, out: `${JSON.stringify({ error: { code, message } }, null, 2)}\n` };
  return { code: 1, err: `secagg simulate: users refuse these parameters\n  ${message}\n` };
}

function outcomeOf(report: Report, json: boolean): Outcome {
  const out = json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report);
  return { code: exitCodeOf(report), out, err: complaints(report) };
}

/** What people must not overlook. */
function complaints({ sums }: Report): string {
  const sessions = sums.flatMap(({ sessions }) => sessions);
  const wrong = sessions.flatMap(({ wrong }) => wrong);
  const errors = sessions.flatMap(({ error }) => error ?? []);
  return [
    ...wrong.map((what) => `secagg simulate: WRONG: ${what}\n`),
    ...errors.map(({ code, message }) => `secagg simulate: no sum: ${code}: ${message}\n`),
  ].join('');
}
