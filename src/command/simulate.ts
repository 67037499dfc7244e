// `secagg simulate`: runs whole sessions in this process and prints what they gave, as text or JSON.
import { parseArgs } from 'node:util';
import { SecAggError, ServerWrapper } from '../index.ts';
import { PlanError, type PlanRequest } from '../planner/index.ts';
import { checkInteger, checkNumber, shownText } from '../leaves/checks.ts';
import type { Outcome } from './outcome.ts';
import { numberOf, PLANNER_HELP, PLANNER_OPTIONS, refused, requestOf, usage, type PlannerValues } from './planner-options.ts';
import { runSimulatePet } from './simulate-pet.ts';
import { progressOn, type Terminal } from './simulation/progress.ts';
import { reportText } from './simulation/report-text.ts';
import { exitCodeOf, reportOf, type Report } from './simulation/report.ts';
import { explicitScenario, plannedScenario, type ExplicitParameters, type Scenario } from './simulation/scenario.ts';
import { simulate, type SimulationOptions } from './simulation/simulation.ts';

const HELP = `Usage: secagg simulate --users <n> --dropout <rate> --length <components> [options]

Runs whole sessions in this process, with real messages. All users take part, and the planned number
of them is lost, each in a round that is drawn for it. Checks every sum, and prints times and bytes
beside what the planner predicts.

Options of the planner, which chooses graph and thresholds:
${PLANNER_HELP}

Parameters that take the place of the planner's; the parties check them like any others:
  --threshold <n>     least users in each round (default: users less dropouts)
  --neighbors <k>     a sparse graph, on which each user has k neighbors;
  --share-threshold <n>  so many of them open a user's secrets

The simulation:
  --seed <n>          repeats inputs, losses, faults and cohorts (default 1); keys, masks and
                      the sparse graph are drawn anew each time
  --faults <rate>     fraction of the messages with a fault (default 0): they come twice, changed,
                      under another user's name or late, or their user starts again. Above 0 servers
                      start again too, and some of the lost users lie or are misled
  --sessions <n>      how many times, each with other inputs and losses (default 1)
  --protocol pet      rounds of the other protocol instead, which has options of its own:
                      see secagg simulate --protocol pet --help
  --json              print everything as JSON
  --help              show this

Exit codes: 0 every sum is there and right, 1 there is no plan or a session has ended without a sum,
2 wrong usage, 3 something is WRONG that must never be, such as a sum.
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
  readonly options: SimulationOptions;
  readonly json: boolean;
}

/** @param terminal where progress is shown, unless --json is given. */
export async function runSimulate(args: readonly string[], terminal: Terminal): Promise<Outcome> {
  const protocol = protocolOf(args);
  if (protocol === 'pet') return runSimulatePet(args, terminal);
  if (protocol !== null) return usage('simulate', `--protocol: expected pet, got '${shownText(protocol)}'`);
  const prepared = prepare(args);
  if ('code' in prepared) return prepared;
  const { scenario, options, json } = prepared;
  const progress = json ? null : await progressOn(terminal);
  const started = performance.now();
  const tell = (what: string, done: number, of: number): Promise<void> => progress?.at(what, done, of) ?? Promise.resolve();
  const result = await simulate(scenario, options, tell).finally(() => progress?.close());
  return outcomeOf(reportOf(scenario, options, result, performance.now() - started), json);
}

/** The protocol that is asked for; null for the five rounds. */
function protocolOf(args: readonly string[]): string | null {
  const at = args.findIndex((arg) => arg === '--protocol' || arg.startsWith('--protocol='));
  if (at === -1) return null;
  return args[at]?.split('=', 2)[1] ?? args[at + 1] ?? '';
}

/** What to simulate, or why nothing is simulated. */
function prepare(args: readonly string[]): Prepared | Outcome {
  let json = false;
  let request: PlanRequest | undefined;
  try {
    const values: Values = parseArgs({ args: [...args], options: { ...PLANNER_OPTIONS, ...OWN_OPTIONS } }).values;
    if (values.help) return { code: 0, out: HELP };
    json = values.json ?? false;
    request = requestOf(values);
    const options = optionsOf(values);
    const explicit = explicitOf(values);
    const scenario = explicit === null ? plannedScenario(request) : explicitScenario(request, explicit);
    // The server refuses what users would refuse too, before there are any users.
    for (const { threshold, options } of scenario.sessions) new ServerWrapper(threshold, scenario.request.vecLen, options);
    return { scenario, options, json };
  } catch (error) {
    if (error instanceof PlanError && request !== undefined) return refused('simulate', request, error, json);
    if (error instanceof SecAggError) return refusedByParties(error, json);
    if (error instanceof TypeError || error instanceof RangeError) return usage('simulate', error.message);
    throw error;
  }
}

function optionsOf(values: Values): SimulationOptions {
  return {
    seed: integerOf(values, 'seed', { least: 0, other: 1 }),
    faults: rateOf(values, 'faults'),
    runs: integerOf(values, 'sessions', { least: 1, other: 1 }),
  };
}

/** The parameters that were given; null if the planner is to choose them. */
function explicitOf(values: Values): ExplicitParameters | null {
  const given = (['threshold', 'neighbors', 'share-threshold'] as const).find((name) => values[name] !== undefined);
  if (given === undefined) return null;
  for (const name of ['correctness', 'honest'] as const) {
    if (values[name] !== undefined) throw new TypeError(`--${name}: it is an option of the planner, which --${given} replaces`);
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

/** The parties refuse the parameters. */
function refusedByParties({ code, message }: SecAggError, json: boolean): Outcome {
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
