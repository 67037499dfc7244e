// The options of every subcommand that asks the planner: makes a request of them, and prints what is wrong with them or why there
// is no plan.
import { shownText } from '../leaves/checks.ts';
import type { PlanError, PlanRequest } from '../planner/index.ts';
import type { Outcome } from './outcome.ts';

export const PLANNER_HELP = `  --users <n>         most users that take part, 2 to 1000000
  --dropout <rate>    fraction of them that may be lost on the way: 0.1 is a tenth
  --length <n>        components of a user's vector
  --bits <n>          bits of a component, 1 to 64 (default 32): sums are modulo 2^bits
  --corrupt <rate>    fraction of the users that may work with the server (default 0.05)
  --adversary <name>  malicious (default): the server may lie at any time
                      semi-malicious: it lies only once keys are collected
                      semi-honest: it follows the protocol
  --security <bits>   protection fails with probability 2^-bits at most (default 40)
  --correctness <bits>  a session fails with probability 2^-bits at most if no more
                      users drop out than planned (default 20)
  --honest <n>        least number of honest users in any sum (default 2, in cohorts 100)
  --graph <kind>      complete, sparse or cohorts (default: what suits the adversary)`;

/** The options that are numbers, each with its name in a request. */
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
type NumberOption = keyof typeof NUMBERS;
const NUMBER_OPTIONS = Object.keys(NUMBERS) as NumberOption[];
/** Defaults of the options that a remedy may change. */
const DEFAULTS = { corrupt: 0.05, adversary: 'malicious' } as Partial<PlanRequest>;
const REQUIRED = ['users', 'dropout', 'length'] as const;

/** The values of these options, as parseArgs of node:util gives them. */
export type PlannerValues = Partial<Record<NumberOption | 'adversary' | 'graph', string>>;

const string = { type: 'string' } as const;
export const PLANNER_OPTIONS: Readonly<Record<string, typeof string>> = {
  ...Object.fromEntries(NUMBER_OPTIONS.map((name) => [name, string])),
  adversary: string,
  graph: string,
};

/** @throws TypeError for an option that is missing or is no number; the planner checks every value. */
export function requestOf(values: PlannerValues): PlanRequest {
  for (const name of REQUIRED) if (values[name] === undefined) throw new TypeError(`--${name} is missing`);
  const request: Record<string, unknown> = {};
  for (const name of NUMBER_OPTIONS) {
    const text = values[name];
    if (text !== undefined) request[NUMBERS[name]] = numberOf(name, text);
  }
  for (const name of ['adversary', 'graph'] as const) if (values[name] !== undefined) request[name] = values[name];
  return request as unknown as PlanRequest;
}

/** @throws TypeError if an option's value is no number. */
export function numberOf(option: string, text: string): number {
  if (!/^[0-9]*\.?[0-9]+(e[0-9]+)?$/i.test(text)) {
    throw new TypeError(`--${option}: expected a number, got '${shownText(text)}'`);
  }
  return Number(text);
}

/** Says that the usage is wrong. Names of the library in the message become names of options. */
export function usage(command: string, message: string): Outcome {
  const option = NUMBER_OPTIONS.find((name) => message.startsWith(`${NUMBERS[name]}:`));
  const named =
    option === undefined
      ? message
          .replace(/^(adversary|graph|threshold):/, '--$1:')
          .replace('options.graph.neighbors:', '--neighbors:')
          .replace('options.graph.shareThreshold:', '--share-threshold:')
      : `--${option}${message.slice(NUMBERS[option].length)}`;
  return { code: 2, err: `secagg ${command}: ${named}\nsecagg ${command} --help shows the options\n` };
}

/** Says why there is no plan, and for which changes there is one. */
export function refused(command: string, request: PlanRequest, error: PlanError, json: boolean): Outcome {
  const { code, message, reasons, remedies } = error;
  if (json) return { code: 1, out: `${JSON.stringify({ error: { code, message, reasons, remedies } }, null, 2)}\n` };
  const lines = [
    `secagg ${command}: there is no plan`,
    ...reasons.map((reason) => `  ${reason.message}`),
    remedies.length === 0 ? 'no single change of the request gives a plan' : 'any one of these changes gives a plan:',
    ...remedies.map((remedy) => `  ${changeOf(request, remedy)}`),
  ];
  return { code: 1, err: `${lines.join('\n')}\n` };
}

/** The change of a remedy as an option of the command. */
function changeOf(request: PlanRequest, remedy: PlanRequest): string {
  const names = ['dropout', 'corrupt', 'users', 'graph', 'adversary'] as const;
  const name = names.find((name) => remedy[name] !== (request[name] ?? DEFAULTS[name]));
  return name === undefined ? '' : `--${name} ${remedy[name]}`;
}
