// The options that ask the planner: the same for every subcommand that does. Options to a request; what is wrong with them, and
// the planner's refusal, to text or JSON.
import type { PlanError, PlanRequest } from '../planner/index.ts';
import type { Outcome } from './outcome.ts';

export const PLANNER_HELP = `  --users <n>         most users that take part, 2 to 1000000
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
  --graph <kind>      complete, ring or cohorts (default: what suits the model)`;

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
type NumberOption = keyof typeof NUMBERS;
const NUMBER_OPTIONS = Object.keys(NUMBERS) as NumberOption[];
/** Of what a remedy may change. */
const DEFAULTS = { corrupt: 0.05, adversary: 'malicious' } as Partial<PlanRequest>;
const REQUIRED = ['users', 'dropout', 'length'] as const;

/** What node:util's parseArgs has found of these. */
export type PlannerValues = Partial<Record<NumberOption | 'adversary' | 'graph', string>>;

const string = { type: 'string' } as const;
export const PLANNER_OPTIONS: Readonly<Record<string, typeof string>> = {
  ...Object.fromEntries(NUMBER_OPTIONS.map((name) => [name, string])),
  adversary: string,
  graph: string,
};

/** @throws TypeError for options that lack, or are no numbers; the planner checks every value. */
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

/** @throws TypeError where an option's value is no number. */
export function numberOf(option: string, text: string): number {
  if (!/^[0-9]*\.?[0-9]+(e[0-9]+)?$/i.test(text)) throw new TypeError(`--${option}: expected a number, got '${text}'`);
  return Number(text);
}

/** Wrong usage; names that the library has in a message, as names of the command. */
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

/** There is no plan; what would do. */
export function refused(command: string, request: PlanRequest, error: PlanError, json: boolean): Outcome {
  const { code, message, reasons, remedies } = error;
  if (json) return { code: 1, out: `${JSON.stringify({ error: { code, message, reasons, remedies } }, null, 2)}\n` };
  const lines = [
    `secagg ${command}: there is no plan`,
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
  return name === undefined ? '' : `--${name} ${remedy[name]}`;
}
