// `secagg plan`: options to a request, a plan or its refusal to text or JSON.
import { parseArgs } from 'node:util';
import { plan, PlanError, type PlanRequest } from '../planner/index.ts';
import type { Outcome } from './outcome.ts';
import { planText } from './plan-text.ts';

const HELP = `Usage: secagg plan --users <n> --dropout <rate> --length <components> [options]

Chooses graph, thresholds and cohorts for a number of users, and says what they bear and cost.

Options:
  --users <n>         most users that take part, 2 to 1000000
  --dropout <rate>    part of them that may be lost on the way: 0.1 is a tenth
  --length <n>        components of a user's vector
  --bits <n>          ring of a component, 1 to 64 (default 32)
  --corrupt <rate>    part of the users that may work with the server (default 0.05)
  --adversary <name>  malicious (default): the server may lie at any time
                      semi-malicious: it lies only once keys are collected
                      semi-honest: it follows the protocol
  --security <bits>   protection fails with probability 2^-bits at most (default 40)
  --correctness <bits>  a session fails with probability 2^-bits at most, with no
                      more dropouts than planned (default 20)
  --honest <n>        least honest users in any sum (default 2, in cohorts 100)
  --graph <kind>      complete, ring or cohorts (default: what suits the model)
  --json              print the plan, or the refusal, as JSON
  --help              show this

Exit codes: 0 there is a plan, 1 there is none, 2 wrong usage.
`;

/** Options that are numbers, and the names that the planner has for them. */
const NUMBERS = {
  users: 'users',
  dropout: 'dropout',
  length: 'vecLen',
  bits: 'bits',
  corrupt: 'corrupt',
  security: 'security',
  correctness: 'correctness',
  honest: 'minHonest',
} as const;
const NUMBER_OPTIONS = Object.keys(NUMBERS) as (keyof typeof NUMBERS)[];
/** Of what a remedy may change. */
const DEFAULTS = { corrupt: 0.05, adversary: 'malicious' } as Partial<PlanRequest>;
const REQUIRED = ['users', 'dropout', 'length'] as const;

type Values = Partial<Record<keyof typeof NUMBERS | 'adversary' | 'graph', string>> & { json?: boolean; help?: boolean };

export function runPlan(args: readonly string[]): Outcome {
  try {
    const values = parse(args);
    return values.help ? { code: 0, out: HELP } : answer(requestOf(values), values.json ?? false);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return usage(error.message);
    throw error;
  }
}

function answer(request: PlanRequest, json: boolean): Outcome {
  try {
    const found = plan(request);
    return { code: 0, out: json ? `${JSON.stringify(found, null, 2)}\n` : planText(found) };
  } catch (error) {
    if (error instanceof PlanError) return refused(request, error, json);
    throw error;
  }
}

/** @throws TypeError for options that there are not, or that lack their value. */
function parse(args: readonly string[]): Values {
  const string = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(NUMBER_OPTIONS.map((name) => [name, string])),
      adversary: string,
      graph: string,
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  return values;
}

function requestOf(values: Values): PlanRequest {
  for (const name of REQUIRED) if (values[name] === undefined) throw new TypeError(`--${name} is missing`);
  const request: Record<string, unknown> = {};
  for (const name of NUMBER_OPTIONS) {
    const text = values[name];
    if (text === undefined) continue;
    if (!/^[0-9]*\.?[0-9]+(e[0-9]+)?$/i.test(text)) throw new TypeError(`--${name}: expected a number, got '${text}'`);
    request[NUMBERS[name]] = Number(text);
  }
  for (const name of ['adversary', 'graph'] as const) if (values[name] !== undefined) request[name] = values[name];
  // The planner checks every value.
  return request as unknown as PlanRequest;
}

/** Names of the planner in a message, as names of the command. */
function usage(message: string): Outcome {
  const option = NUMBER_OPTIONS.find((name) => message.startsWith(`${NUMBERS[name]}:`));
  const named =
    option === undefined
      ? message.replace(/^(adversary|graph):/, '--$1:')
      : `--${option}${message.slice(NUMBERS[option].length)}`;
  return { code: 2, err: `secagg plan: ${named}\nsecagg plan --help shows the options\n` };
}

function refused(request: PlanRequest, { code, message, reasons, remedies }: PlanError, json: boolean): Outcome {
  if (json) return { code: 1, out: `${JSON.stringify({ error: { code, message, reasons, remedies } }, null, 2)}\n` };
  const lines = [
    'secagg plan: there is no plan',
    ...reasons.map((reason) => `  ${reason.message}`),
    remedies.length === 0 ? 'no single change of the request gives one' : 'there is one with any of these:',
    ...remedies.map((remedy) => `  ${changeOf(request, remedy)}`),
  ];
  return { code: 1, err: `${lines.join('\n')}\n` };
}

/** What a remedy changes, as an option of the command. */
function changeOf(request: PlanRequest, remedy: PlanRequest): string {
  const names = ['dropout', 'corrupt', 'users', 'graph', 'adversary'] as const;
  const name = names.find((name) => remedy[name] !== (request[name] ?? DEFAULTS[name]));
  return name === undefined ? '' : `--${name} ${String(remedy[name])}`;
}
