// The output of the demo: lines, with a progress bar below them on a terminal.
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Presets, SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import { clipOf } from './models/architectures.ts';
import type { Model } from './models/tensors.ts';
import type { Options } from './options.ts';
import type { Budget } from './privacy.ts';
import type { Summing } from './task.ts';
import { wrapped } from './terminal.ts';
import { MASKED_INPUT, type Reached, type Result, type Silent } from './training.ts';

/** How one training round went. */
export interface Entry extends Reached {
  readonly run: number;
  /** What participants were given, by its digest. */
  readonly model: string;
  readonly result: Result;
}

/** The beginning of the SHA-256 that the publisher signs. */
export function modelName(model: Model): string {
  return createHash('sha256').update(model).digest('hex').slice(0, 16);
}

/** Draws a bar if standard output is a terminal; `print` works everywhere. */
export class Screen {
  readonly #bar = new SingleBar(
    {
      format: '{bar} {percentage} %  {what}',
      stream: process.stdout,
      barsize: 30,
      hideCursor: true,
      clearOnComplete: true,
      // The application handles Ctrl-C. The bar would take the signal and let the work go on.
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  readonly #steps: number;
  #done = 0;

  constructor(steps: number) {
    this.#steps = steps;
    this.#draw('');
  }

  #draw(what: string): void {
    this.#bar.start(this.#steps, this.#done, { what });
  }

  /** Moves the bar, and lets timers and signals have their turn between pieces of work that do not. */
  async step(what: string): Promise<void> {
    this.#bar.update(this.#done++, { what });
    await setImmediate();
  }

  /** Prints above the bar. */
  print(text: string): void {
    this.close();
    console.log(fitted(text));
    this.#draw('');
  }

  /** Takes the bar away and gives the cursor back. */
  close(): void {
    this.#bar.stop();
  }
}

/** As wide as the terminal; lines of files and pipes are not broken. */
function fitted(text: string): string {
  return wrapped(text, process.stdout.isTTY ? process.stdout.columns : Infinity);
}

/** From here on, the noise is so much longer than the updates that a few training rounds hardly learn anything. */
const TOO_NOISY = 10;

/** The lines about privacy at the head of the output; empty without it. */
export function describePrivacy({ architecture, budget, users, silent, threshold, rounds }: Options, summing: Summing): string {
  if (budget === null) return '';
  const clip = clipOf(architecture);
  const noise = summing.noiseLength(Math.max(threshold, users - silent));
  const advice = noise < TOO_NOISY * clip ? '' : ': expect to learn little, unless more take part (--users) or ε is larger';
  return `
  noise for differential privacy of each participant: at most ε = ${budget.epsilon} at δ = ${deltaText(budget)} after ${counted(rounds, 'training round')}, \
if ${threshold - summing.colluders} of those in a sum keep their noise secret
  updates longer than ${clip} (L2 norm) are scaled down to that; the noise in their mean is about ${noise.toPrecision(2)} long${advice}`;
}

export function describeRound({ run, model, result, accuracies, spent }: Entry, options: Options): string {
  const { rounds, users, threshold, budget } = options;
  const lines = [
    `Training round ${run} of ${rounds}, with model ${model}, which the publisher has signed`,
    `  fell silent  ${silentIn(result.silent)}`,
  ];
  if (result.kind === 'too few') {
    const { round, have } = result;
    lines.push(
      `  no sum       protocol round ${round} heard ${have} participants and needs ${threshold}; the model stays as it was`,
    );
  } else {
    const { included, images, traffic } = result;
    const count = String(included.length);
    lines.push(
      `  in the sum   ${count} of ${users} participants${images === null ? '' : `, with ${images.toLocaleString('en')} images`}`,
      `  checked      the secure mean ${comparison(result)}`,
      `  traffic      one participant ${bytesText(traffic.participant)}, without the model; the server ${bytesText(traffic.server)}`,
    );
  }
  if (budget !== null)
    lines.push(`  privacy      ${chargeOf(result)}; in all, ε = ${epsilonText(spent)} of ${budget.epsilon} is spent`);
  lines.push(`  accuracy     ${percent(accuracies.secure)} of the test digits`, '');
  return lines.join('\n');
}

function comparison({ included, update, noise }: Extract<Result, { readonly kind: 'sum' }>): string {
  const plain = `the plain mean of these ${included.length} updates`;
  const components = `all ${update.length.toLocaleString('en')} components`;
  if (noise === null) return `equals ${plain} in ${components} and in the weights`;
  const { is, expected } = noise;
  return `differs from ${plain} by noise of ${is.toPrecision(3)} in ${components} (root mean square; ${expected.toPrecision(3)} expected)`;
}

/** A table whose only line is the one below the head. */
const ONE_LINE = {
  ...{
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  },
  ...{ left: '', 'left-mid': '', mid: '─', 'mid-mid': '──', right: '', 'right-mid': '', middle: '  ' },
};

/** The table is at most 80 characters wide. */
export function tableOf(entries: readonly Entry[]): string {
  const isPrivate = entries.some(({ spent }) => spent !== null);
  const privateColumn = <T>(cell: T): T[] => (isPrivate ? [cell] : []);
  const table = new Table({
    head: [
      ...['round', 'accuracy', 'in the\nclear', 'alone', ...privateColumn('ε\nspent')],
      ...['silent in\nrounds 0–4', 'summed', 'user\ntraffic', 'server\ntraffic'],
    ],
    colAligns: ['right', 'right', 'right', 'right', ...privateColumn('right' as const), 'left', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
    chars: ONE_LINE,
  });
  for (const { run, result, accuracies, spent } of entries) {
    table.push([
      run,
      percent(accuracies.secure),
      percent(accuracies.clear),
      percent(accuracies.alone),
      ...privateColumn(epsilonText(spent)),
      result.silent.map((ids) => ids.length).join(' '),
      ...(result.kind === 'sum'
        ? [result.included.length, bytesText(result.traffic.participant), bytesText(result.traffic.server)]
        : ['no sum', '', '']),
    ]);
  }
  return table.toString();
}

/** What noise was for, and what it has cost. */
export function describeCost(entries: readonly Entry[], budget: Budget): string {
  const last = entries.at(-1);
  return `ε = ${epsilonText(last?.spent ?? null)} of ${budget.epsilon} spent at δ = ${deltaText(budget)}
accuracy ${percent(last?.accuracies.secure ?? NaN)} with noise, ${percent(last?.accuracies.clear ?? NaN)} without`;
}

/** What a run has cost, whether it gave a sum or not. */
function chargeOf(result: Result): string {
  if (result.kind === 'sum') return `this sum alone costs ε = ${epsilonText(result.epsilon)}`;
  return result.round < MASKED_INPUT ? 'nothing was sent that costs anything' : 'updates were sent, so the worst case is charged';
}

/** So many are named one by one, more are counted. */
const MOST_NAMED = 10;

function silentIn(silent: Silent): string {
  const isCounted = silent.flat().length > MOST_NAMED;
  const each = silent.flatMap((ids, round) => {
    if (ids.length === 0) return [];
    if (isCounted) return [`${ids.length} in round ${round}`];
    return [`${ids.length === 1 ? 'participant' : 'participants'} ${ids.join(' ')} in round ${round}`];
  });
  return each.length === 0 ? 'nobody' : each.join(', ');
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const epsilonText = (epsilon: number | null): string => epsilon?.toFixed(2) ?? '';

export const deltaText = ({ delta }: Budget): string => String(Number(delta.toPrecision(2)));

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function bytesText(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
