// The command line.
import { parseArgs } from 'node:util';
import { MOST_SHARDS } from './data.ts';

export interface Options {
  readonly users: number;
  readonly threshold: number;
  readonly dropout: number;
  readonly rounds: number;
  readonly seed: number;
  readonly out: string;
  readonly servers: number;
  readonly chaos: boolean;
}

export const HELP = `Trains a digit classifier by federated averaging. Participants' updates are added up by secure aggregation.

  npm run demo -- [options]

  --users N      participants, 3 to ${MOST_SHARDS}; default 20
  --threshold N  least participants in each protocol round, more than half of them; default two thirds and one more
  --dropout P    share of the participants that fall silent in each training round, 0 or more and below 1; default 0.25
  --rounds N     training rounds, 1 to 100; default 6
  --seed N       fixes shards, dropouts, the first model and with them the training; default 1
  --servers N    processes of the server, 1 to 16; default 2
  --chaos        kill them, and the database, again and again while it trains
  --out DIR      where the picture goes; default out
  --help         this text

Keys and masks are random in every run, whatever the seed; and another processor may round the training differently.`;

/** The command line is wrong; the message says why. */
export class OptionError extends Error {}

/** Reads the command line. @returns null if it asks for help. @throws OptionError. */
export function readOptions(args: readonly string[]): Options | null {
  const given = parse(args);
  if (given.help === true) return null;
  const users = integer('users', given.users ?? '20', 3, MOST_SHARDS);
  const threshold = integer('threshold', given.threshold ?? String(Math.floor((2 * users) / 3) + 1), 2, users);
  if (2 * threshold <= users) {
    const least = String(Math.floor(users / 2) + 1);
    throw new OptionError(
      `--threshold: ${threshold} of ${users} users is not safe: with half of them or fewer, a lying server ` +
        `could ask two groups for shares and unmask single updates; ${least} or more is`,
    );
  }
  return {
    users,
    threshold,
    dropout: fraction('dropout', given.dropout ?? '0.25'),
    rounds: integer('rounds', given.rounds ?? '6', 1, 100),
    seed: integer('seed', given.seed ?? '1', 0, 2 ** 31 - 1),
    out: given.out ?? 'out',
    servers: integer('servers', given.servers ?? '2', 1, 16),
    chaos: given.chaos ?? false,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
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

function fraction(name: string, text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : NaN;
  if (value < 1) return value;
  throw new OptionError(`--${name}: expected a number of at least 0 and below 1, got '${text}'`);
}
