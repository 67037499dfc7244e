// The output of the demo: lines, with a progress bar below them on a terminal.
import { setImmediate } from 'node:timers/promises';
import { Presets, SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import { MASKED_INPUT, type Outcome, type Silent } from './aggregation.ts';
import type { Cost } from './cost.ts';
import type { Options } from './options.ts';
import type { Budget } from './privacy.ts';
import { wrapped } from './terminal.ts';
import { contextOf, type Task, type Terms } from './terms.ts';
import type { Reached } from './training.ts';
import { COLLUDERS } from './updates.ts';

/** How one training round went. */
export interface Entry extends Reached {
  readonly task: Task;
  readonly outcome: Outcome;
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

/**
 * The lines about privacy at the head of the output; empty without it.
 * @param noise the likely length of the noise of a mean.
 */
export function describePrivacy({ privacy, threshold }: Terms, { budget, rounds }: Options, noise: number): string {
  if (privacy === null || budget === null) return '';
  const advice =
    noise < TOO_NOISY * privacy.clip ? '' : ': expect to learn little, unless more take part (--users) or ε is larger';
  return `
  noise for differential privacy of each participant: at most ε = ${budget.epsilon} at δ = ${deltaText(budget)} after ${counted(rounds, 'training round')}, \
if ${threshold - COLLUDERS} of those in a sum keep their noise secret
  updates longer than ${privacy.clip} (L2 norm) are scaled down to that; the noise in their mean is about ${noise.toPrecision(2)} long${advice}`;
}

export function describeRound({ task, outcome, accuracies, spent }: Entry, { rounds, users, budget }: Options): string {
  const lines = [
    `Training round ${task.round} of ${rounds}   about "${contextOf(task)}"`,
    `  fell silent  ${silentIn(outcome.silent)}`,
  ];
  if (outcome.kind === 'too few') {
    const { round, have, need } = outcome.error;
    lines.push(`  no sum       protocol round ${round} heard ${have} participants and needs ${need}; the model stays as it was`);
  } else {
    const count = String(outcome.included.length);
    const components = task.model.length.toLocaleString('en');
    const images = outcome.images === null ? '' : `, with ${outcome.images.toLocaleString('en')} images`;
    const weights = outcome.images === null ? '' : ' and in the weights';
    lines.push(
      `  in the sum   ${count} of ${users} participants${images}`,
      `  checked      the secure sum equals the plain sum of these ${count} updates in all ${components} components${weights}`,
      `  cost         one participant ${costText(outcome.participantCost)}; the server ${costText(outcome.serverCost)}`,
    );
  }
  if (budget !== null)
    lines.push(`  privacy      ${chargeOf(outcome)}; in all, ε = ${epsilonText(spent)} of ${budget.epsilon} is spent`);
  lines.push(`  accuracy     ${percent(accuracies.secure)} of the test digits`, '');
  return lines.join('\n');
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
  for (const { task, outcome, accuracies, spent } of entries) {
    table.push([
      task.round,
      percent(accuracies.secure),
      percent(accuracies.clear),
      percent(accuracies.alone),
      ...privateColumn(epsilonText(spent)),
      outcome.silent.map((ids) => ids.length).join(' '),
      ...(outcome.kind === 'sum'
        ? [outcome.included.length, bytesText(outcome.participantCost), bytesText(outcome.serverCost)]
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

/** What a session has cost, whether it gave a sum or not. */
function chargeOf(outcome: Outcome): string {
  if (outcome.kind === 'sum') return `this sum alone costs ε = ${epsilonText(outcome.receipt?.epsilon ?? null)}`;
  return outcome.error.round < MASKED_INPUT
    ? 'nothing was sent that costs anything'
    : 'updates were sent, so the worst case is charged';
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

function costText(cost: Cost): string {
  return `${bytesText(cost)}, ${cost.milliseconds.toFixed(0)} ms`;
}

function bytesText({ bytes }: Cost): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
