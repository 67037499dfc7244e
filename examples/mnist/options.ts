// The command line.
import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MOST_SHARDS } from './data.ts';
import { ARCHITECTURES, type Architecture } from './models/architectures.ts';
import type { Budget } from './privacy.ts';
import { COLLUDERS } from './task.ts';
import { wrapped } from './terminal.ts';

export interface Options {
  readonly architecture: Architecture;
  /** Null if updates have no noise. */
  readonly budget: Budget | null;
  readonly users: number;
  readonly threshold: number;
  /** Participants that fall silent in each training round. */
  readonly silent: number;
  readonly rounds: number;
  readonly seed: number;
  readonly out: string;
  readonly servers: number;
  readonly chaos: boolean;
}

/** The file that the demo draws. */
export const PICTURE = 'mnist-accuracy.svg';

/** Unless the threshold bears fewer. */
const USUAL_DROPOUT = 0.25;

/** With differential privacy, the error of the mean falls with the number of participants and grows with that of the rounds. */
const USUAL = { exact: { users: 20, rounds: 6 }, private: { users: 100, rounds: 4 } };

/** At larger ε the guarantee says nothing; at smaller δ the ledger has no room for what a sampler is off by. */
const EPSILON = { least: 0.01, most: 32 };
const DELTA = { least: 1e-6, most: 0.5 };

/** Breaks the lines of what --help prints, away from a terminal. */
const HELP_WIDTH = 120;

const HELP = `Trains a digit classifier by federated averaging. Participants' updates are added up by secure aggregation.

  npm run demo -- [options]

${list([
  ['--model NAME', `${ARCHITECTURES.join(' or ')}: one hidden layer, or a convolutional network; default ${ARCHITECTURES[0]}`],
  [
    '--epsilon E',
    'trains with differential privacy for each participant: the noise is such that all training rounds together cost at most ' +
      `this ε, ${EPSILON.least} to ${EPSILON.most}`,
  ],
  ['--delta D', `the δ beside it, ${DELTA.least} to ${DELTA.most}; default one over the square of the number of participants`],
  ['--users N', `participants, 3 to ${MOST_SHARDS}; default ${USUAL.exact.users}, and ${USUAL.private.users} with --epsilon`],
  ['--threshold N', 'least participants in each protocol round, more than half of them; default two thirds and one more'],
  [
    '--dropout P',
    'share of the participants that fall silent in each training round, 0 or more and below 1; default ' +
      `${USUAL_DROPOUT}, or less if the threshold needs more participants; with too large a share there is no sum`,
  ],
  ['--rounds N', `training rounds, 1 to 100; default ${USUAL.exact.rounds}, and ${USUAL.private.rounds} with --epsilon`],
  ['--seed N', 'fixes shards, dropouts, the first model and with them the training, except for noise; default 1'],
  ['--servers N', 'processes of the server, 1 to 16; default 2'],
  ['--chaos', 'kills them, and the database, again and again while it trains'],
  ['--out DIR', 'folder for the picture; default out'],
  ['--help', 'prints this text'],
])}

Runs and sessions are kept in a PostgreSQL database that the demo starts and removes. If the environment variable DATABASE_URL is \
set, the demo uses that database, in a schema of its own that it removes at the end.

Keys, masks and noise are random in every run, whatever the seed; and another processor may round the training differently.`;

function list(options: readonly (readonly [option: string, what: string])[]): string {
  return options.map(([option, what]) => `  ${option.padEnd(15)}${what}`).join('\n');
}

export function help(columns: number = HELP_WIDTH): string {
  return wrapped(HELP, columns);
}

/** The command line is not usable; the message says why. */
export class OptionError extends Error {}

/** @returns null if help is asked for. @throws OptionError. */
export function readOptions(args: readonly string[]): Options | null {
  const given = parse(args);
  if (given.help === true) return null;
  const usual = given.epsilon === undefined ? USUAL.exact : USUAL.private;
  const users = integer('users', given.users ?? String(usual.users), 3, MOST_SHARDS);
  const threshold = integer('threshold', given.threshold ?? String(Math.floor((2 * users) / 3) + 1), 2, users);
  // Who tells its noise may tell its shares, too.
  const sides = users + (given.epsilon === undefined ? 0 : COLLUDERS);
  if (2 * threshold <= sides) {
    throw new OptionError(
      `--threshold: ${threshold} of ${users} users is not safe: a lying server could ask two groups of so many for shares, ` +
        `and unmask single updates; ${Math.floor(sides / 2) + 1} or more is`,
    );
  }
  return {
    architecture: oneOf('model', given.model ?? ARCHITECTURES[0], ARCHITECTURES),
    budget: budgetOf(users, given),
    users,
    threshold,
    silent: silentOf(users, threshold, given.dropout),
    rounds: integer('rounds', given.rounds ?? String(usual.rounds), 1, 100),
    seed: integer('seed', given.seed ?? '1', 0, 2 ** 31 - 1),
    out: given.out ?? 'out',
    servers: integer('servers', given.servers ?? '2', 1, 16),
    chaos: given.chaos ?? false,
  };
}

/** Makes the folder of the picture. @throws OptionError if the picture cannot be written there. */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new OptionError(`--out: ${(error as Error).message}`);
  }
  const present = await stat(join(folder, PICTURE)).catch(() => null);
  if (present?.isDirectory() === true) throw new OptionError(`--out: ${join(folder, PICTURE)} is a folder`);
}

function silentOf(users: number, threshold: number, dropout: string | undefined): number {
  if (dropout !== undefined)
    return Math.round(number('dropout', dropout, 'a number of at least 0 and below 1', (share) => share < 1) * users);
  return Math.min(Math.round(USUAL_DROPOUT * users), users - threshold);
}

function budgetOf(users: number, { epsilon, delta }: ReturnType<typeof parse>): Budget | null {
  if (epsilon === undefined) {
    if (delta !== undefined) throw new OptionError('--delta: has no meaning without --epsilon');
    return null;
  }
  return {
    epsilon: within('epsilon', epsilon, EPSILON),
    delta: within('delta', delta ?? String(users ** -2), DELTA),
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        model: text,
        epsilon: text,
        delta: text,
        users: text,
        threshold: text,
        dropout: text,
        rounds: text,
        seed: text,
        out: text,
        servers: text,
        help: flag,
        chaos: flag,
      },
    }).values;
  } catch (error) {
    throw error instanceof TypeError ? new OptionError(error.message) : error;
  }
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new OptionError(`--${name}: expected an integer from ${least} to ${most}, got '${text}'`);
}

function number(name: string, text: string, expected: string, isFit: (value: number) => boolean): number {
  const value = /^\d*\.?\d+(e-?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (isFit(value)) return value;
  throw new OptionError(`--${name}: expected ${expected}, got '${text}'`);
}

function within(name: string, text: string, { least, most }: { readonly least: number; readonly most: number }): number {
  return number(name, text, `a number from ${least} to ${most}`, (value) => value >= least && value <= most);
}

function oneOf<const T extends string>(name: string, text: string, values: readonly T[]): T {
  const value = values.find((each) => each === text);
  if (value !== undefined) return value;
  throw new OptionError(`--${name}: expected ${values.join(' or ')}, got '${text}'`);
}
