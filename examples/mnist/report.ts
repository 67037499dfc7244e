// The output of the demo: lines, with a progress bar below them on a terminal.
import { setImmediate } from 'node:timers/promises';
import { Presets, SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import type { Outcome, Silent } from './aggregation.ts';
import type { Cost } from './cost.ts';
import { contextOf, type Task } from './terms.ts';
import type { Compared } from './training.ts';

/** How one training round went. */
export interface Entry {
  readonly task: Task;
  readonly outcome: Outcome;
  readonly accuracies: Compared<number>;
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
    console.log(text);
    this.#draw('');
  }

  /** Takes the bar away and gives the cursor back. */
  close(): void {
    this.#bar.stop();
  }
}

export function describeRound({ task, outcome, accuracies }: Entry, rounds: number, participants: number): string {
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
    const images = outcome.images.toLocaleString('en');
    lines.push(
      `  in the sum   ${count} of ${participants} participants, with ${images} images`,
      `  checked      the secure sum equals the plain sum of these ${count} updates in all ${components} components and in the weights`,
      `  cost         one participant ${costText(outcome.participantCost)}; the server ${costText(outcome.serverCost)}`,
    );
  }
  lines.push(`  accuracy     ${percent(accuracies.secure)} of the test digits`, '');
  return lines.join('\n');
}

export function tableOf(entries: readonly Entry[]): string {
  const table = new Table({
    head: ['round', 'accuracy', 'in the clear', 'alone', 'how many silent, rounds 0–4', 'summed', 'a participant', 'the server'],
    colAligns: ['right', 'right', 'right', 'right', 'left', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { task, outcome, accuracies } of entries) {
    table.push([
      task.round,
      percent(accuracies.secure),
      percent(accuracies.clear),
      percent(accuracies.alone),
      outcome.silent.map((ids) => ids.length).join(' '),
      ...(outcome.kind === 'sum'
        ? [outcome.included.length, costText(outcome.participantCost), costText(outcome.serverCost)]
        : ['no sum', '', '']),
    ]);
  }
  return table.toString();
}

function silentIn(silent: Silent): string {
  const each = silent.flatMap((ids, round) => ids.map((id) => `${id} in round ${round}`));
  if (each.length === 0) return 'nobody';
  return `participant ${each.join(', participant ')}`;
}

const costText = ({ bytes, milliseconds }: Cost): string => `${kilobytes(bytes)}, ${milliseconds.toFixed(0)} ms`;
const kilobytes = (bytes: number): string => `${(bytes / 1000).toLocaleString('en', { maximumFractionDigits: 0 })} kB`;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
