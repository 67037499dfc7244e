// The command line of `npm run service`.
import { parseArgs } from 'node:util';
import { groupOf, MOST_VISITORS, type ServiceOptions } from './terms.ts';

export const HELP = `Starts a service whose participants train a model on digits, with a page to take part and a page to watch. Nothing of it is
kept when it ends: each start is a new task, with new keys and an untrained model.

  npm run service -- [options]

  --host ADDRESS     where the pages are; default 127.0.0.1, which only this machine reaches; 0.0.0.0 for phones in the same network
  --port PORT        default 8790
  --companions N     participants that the service plays itself, 4 to 60; default 40
  --visitors N       visitors whose pages must be open before a run begins, 1 to 10; default 1
  --dropouts N       companions that drop out in each run; default 2
  --patience N       seconds for which a round waits for participants that are missing, 1 to 60; default 6
  --runs N           runs after which the training is over; default 10
  --epsilon E        the privacy budget of each participant for all runs; default 8
  --exact            sums without noise, and without a budget
  --help`;

/** The command line is not usable; the message says why. */
export class OptionError extends Error {}

export interface Options extends ServiceOptions {
  readonly host: string;
  readonly port: number;
}

/** @returns null if help is asked for. @throws OptionError. */
export function readOptions(args: readonly string[]): Options | null {
  const given = parse(args);
  if (given.help) return null;
  const options = {
    host: given.host,
    port: integer('port', given.port, 0, 65_535),
    companions: integer('companions', given.companions, 4, 60),
    visitors: integer('visitors', given.visitors, 1, MOST_VISITORS),
    silent: integer('dropouts', given.dropouts, 0, 60),
    patience: integer('patience', given.patience, 1, 60),
    runs: integer('runs', given.runs, 1, 100),
    epsilon: given.exact ? null : number('epsilon', given.epsilon, 0.1, 32),
  };
  let least = options.companions; // the threshold grows with their number
  while (least + options.visitors < groupOf({ ...options, companions: least }).threshold) least++;
  if (options.companions < least) {
    throw new OptionError(`--companions: expected at least ${least} with this number of visitors, got ${options.companions}`);
  }
  return options;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        host: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string', default: '8790' },
        companions: { type: 'string', default: '40' },
        visitors: { type: 'string', default: '1' },
        dropouts: { type: 'string', default: '2' },
        patience: { type: 'string', default: '6' },
        runs: { type: 'string', default: '10' },
        epsilon: { type: 'string', default: '8' },
        exact: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new OptionError((error as Error).message);
  }
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = number(name, text, least, most);
  if (Number.isInteger(value)) return value;
  throw new OptionError(`--${name}: expected a whole number, got ${text}`);
}

function number(name: string, text: string, least: number, most: number): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (value >= least && value <= most) return value;
  throw new OptionError(`--${name}: expected a number from ${least} to ${most}, got ${text}`);
}
