// `secagg simulate --protocol pet`: runs whole rounds of PET in this process and prints what they gave, as text or JSON.
import { parseArgs } from 'node:util';
import { checkInteger, checkNumber, shownText } from '../leaves/checks.ts';
import type { MaskConfig } from '../pet/index.ts';
import type { Outcome } from './outcome.ts';
import { numberOf, usage } from './planner-options.ts';
import { petExitCodeOf, petReportOf, petReportText, type PetReport } from './simulation/pet-report.ts';
import { simulatePet, type PetScenario } from './simulation/pet.ts';
import { progressOn, type Terminal } from './simulation/progress.ts';

const HELP = `Usage: secagg simulate --protocol pet --users <n> --dropout <rate> --length <numbers> [options]

Runs whole rounds of PET in this process, with real messages. Each user draws its task. Some users are
lost, each before a phase that is drawn for it. Checks every mean, and prints times and bytes.

  --users <n>         users, 4 to 100000
  --dropout <rate>    fraction of them that are lost
  --length <n>        numbers of a model
  --config <name>     mask configuration: group, data type, bound and models with slashes between
                      (default Prime/F32/B0/M3); the models bound the users
  --sum <rate>        probability of the sum task (default: 10 users, at most a half)
  --update <rate>     probability of the update task for the others (default 1)
  --seed <n>          repeats models and losses (default 1); keys and masks, and so the tasks, are drawn
                      anew each time
  --sessions <n>      how many rounds, each with other models and losses (default 1)
  --json              print everything as JSON
  --help              show this

Exit codes: 0 every mean is there and right, 1 a round has ended without a mean, 2 wrong usage, 3 a mean
is WRONG.
`;

const string = { type: 'string' } as const;
const NUMBERS = ['users', 'dropout', 'length', 'sum', 'update', 'seed', 'sessions'] as const;
type Values = Partial<Record<(typeof NUMBERS)[number] | 'config' | 'protocol', string>> & { json?: boolean; help?: boolean };

const OPTIONS = {
  ...Object.fromEntries(NUMBERS.map((name) => [name, string])),
  protocol: string,
  config: string,
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Sum participants that there are to be on average. */
const SUM_PARTICIPANTS = 10;

/** @param terminal where progress is shown, unless --json is given. */
export async function runSimulatePet(args: readonly string[], terminal: Terminal): Promise<Outcome> {
  let json: boolean;
  let scenario: PetScenario;
  try {
    const values: Values = parseArgs({ args: [...args], options: OPTIONS }).values;
    if (values.help) return { code: 0, out: HELP };
    json = values.json ?? false;
    scenario = scenarioOf(values);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return usage('simulate', error.message);
    throw error;
  }
  const progress = json ? null : await progressOn(terminal);
  const started = performance.now();
  const tell = (what: string, done: number, of: number): Promise<void> => progress?.at(what, done, of) ?? Promise.resolve();
  const result = await simulatePet(scenario, tell).finally(() => progress?.close());
  const report = petReportOf(scenario, result, performance.now() - started);
  return {
    code: petExitCodeOf(report),
    out: json ? `${JSON.stringify(report, null, 2)}\n` : petReportText(report),
    err: complaints(report),
  };
}

/** @throws TypeError, RangeError that name the option. */
function scenarioOf(values: Values): PetScenario {
  for (const name of ['users', 'dropout', 'length'] as const) {
    if (values[name] === undefined) throw new TypeError(`--${name} is missing`);
  }
  const numeric = (name: (typeof NUMBERS)[number], other: number): number => {
    const text = values[name];
    return text === undefined ? other : numberOf(name, text);
  };
  const config = configOf(values.config ?? 'Prime/F32/B0/M3');
  const most = Math.min(100_000, 10 ** Number(config.modelType.slice(1)) - 1);
  const users = checkInteger(numeric('users', 0), '--users', 4, most);
  return {
    users,
    dropouts: Math.floor(users * checkNumber(numeric('dropout', 0), '--dropout', 0, 1)),
    length: checkInteger(numeric('length', 0), '--length', 1, 2 ** 24),
    config,
    sumProbability: checkNumber(numeric('sum', Math.min(SUM_PARTICIPANTS / users, 0.5)), '--sum', 1e-9, 1 - 1e-9),
    updateProbability: checkNumber(numeric('update', 1), '--update', 1e-9, 1),
    seed: checkInteger(numeric('seed', 1), '--seed', 0, Number.MAX_SAFE_INTEGER),
    runs: checkInteger(numeric('sessions', 1), '--sessions', 1, Number.MAX_SAFE_INTEGER),
  };
}

function configOf(text: string): MaskConfig {
  const [groupType, dataType, boundType, modelType, ...rest] = text.split('/');
  const one = <Name extends string>(names: readonly Name[], name: string | undefined): Name => {
    const known = names.find((each) => each === name);
    if (known === undefined || rest.length > 0) {
      throw new TypeError(`--config: expected a configuration like Prime/F32/B0/M3, got '${shownText(text)}'`);
    }
    return known;
  };
  return {
    groupType: one(['Integer', 'Prime', 'Power2', 'Bits'], groupType),
    dataType: one(['F32', 'F64', 'I32', 'I64'], dataType),
    boundType: one(['B0', 'B2', 'B4', 'B6', 'Bmax'], boundType),
    modelType: one(['M3', 'M6', 'M9', 'M12'], modelType),
  };
}

/** What people must not overlook. */
function complaints({ rounds }: PetReport): string {
  const wrong = rounds.flatMap((round) => round.wrong);
  const errors = rounds.flatMap(({ error }) => error ?? []);
  return [
    ...wrong.map((what) => `secagg simulate: WRONG: ${what}\n`),
    ...errors.map(({ code, message }) => `secagg simulate: no mean: ${code}: ${message}\n`),
  ].join('');
}
