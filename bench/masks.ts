// How fast are masks, and removing them? Measured beside the bare cipher, the kernel in plain TypeScript, and a cipher in JavaScript.
import { availableParallelism } from 'node:os';
import type { Bench } from './bench.ts';
import { blocks, short, table, whole } from './markdown.ts';
import { measureEngines, type Primitives } from './masks/engines.ts';
import { measureExpansion, type Expansion } from './masks/expansion.ts';
import { measureUnmasking, type UnmaskingCost } from './masks/unmasking.ts';
import { linearFit } from './statistics.ts';

export interface MaskFigures {
  readonly components: number;
  readonly engines: readonly Primitives[];
  readonly expansion: readonly Expansion[];
  readonly unmasking: readonly UnmaskingCost[];
}

/** Users, components, users that dropped out. */
const SIZES: readonly (readonly [number, number, number])[] = [
  [100, 100_000, 30],
  [200, 100_000, 60],
  [300, 100_000, 90],
  [500, 100_000, 0],
  [500, 100_000, 50],
  [500, 100_000, 150],
  [1000, 1000, 300],
];

export const masks: Bench<MaskFigures> = {
  question: 'How fast are masks, and removing them?',

  async measure(quick) {
    const components = quick ? 2 ** 17 : 2 ** 20;
    const engines = await measureEngines(quick ? 10 : 200);
    const expansion: Expansion[] = [];
    for (const bits of [8, 16, 20, 24, 32, 40, 48, 64]) expansion.push(await measureExpansion(bits, components, quick ? 3 : 25));
    const unmasking: UnmaskingCost[] = [];
    for (const [users, vecLen, dropped] of quick ? ([[60, 100_000, 18]] as const) : SIZES) {
      unmasking.push(await measureUnmasking(users, vecLen, dropped, availableParallelism()));
    }
    return { components, engines, expansion, unmasking };
  },

  describe: (figures) => blocks(describeEngines(figures), describeExpansion(figures), describeUnmasking(figures)),
};

function describeEngines({ engines }: MaskFigures): string {
  return blocks(
    '### The engines',
    table(
      ['', 'node:crypto', 'WebCrypto', 'JavaScript'],
      engines.map(({ what, node, web, javascript }) => [what, node, web, javascript]),
    ),
  );
}

function describeExpansion({ components, expansion }: MaskFigures): string {
  return blocks(
    `### One mask of ${whole(components)} components, made and added`,
    'Medians in ms, each of 16 masks side by side, and one alone. “Of cipher” is how much of the bare AES rate is left with 16. Bare AES is `node:crypto` for as much key stream, with the memory of each block given back at once.',
    table(
      ['bits', 'bare AES', 'secagg', 'of cipher', 'one alone', 'plain kernel', 'noble AES', 'pack', 'unpack and add'],
      expansion.map(({ bits, cipher, ours, alone, plainKernel, javascript, pack, unpackAndAdd }) => {
        const share = `${whole(100 * (cipher / ours))} %`;
        return [bits, cipher, ours, share, alone, plainKernel, javascript, pack, unpackAndAdd];
      }),
    ),
  );
}

function describeUnmasking({ unmasking }: MaskFigures): string {
  const threads = String(unmasking[0]?.threads ?? NaN);
  const long = unmasking.filter(({ vecLen }) => vecLen === 100_000);
  const { perUnit, fixed, r2 } = linearFit(long.map(({ masks, ownThread }) => [masks, 1000 * ownThread]));
  return blocks(
    '### Removing the masks',
    blocks(
      'Seconds, medians of three runs, beside those of the bare cipher for as much key stream and of bare key agreements, on one core.',
      '“Of bare” is how much of that rate is left with threads, on as many cores; “late”, how late a timer of 50 ms came at most.',
    ),
    table(
      [
        'users',
        'components',
        'dropped',
        'masks',
        'AES',
        'X25519',
        'own thread',
        `${threads} threads`,
        'faster',
        'of bare',
        'late, ms',
      ],
      unmasking.map((cost) => {
        const { users, vecLen, dropped, masks, cipher, agreements, ownThread, manyThreads, timerLate } = cost;
        const ofBare = `${whole((100 * (cipher + agreements)) / cost.threads / manyThreads)} %`;
        const sizes = [users, vecLen, dropped, masks];
        return [...sizes, cipher, agreements, ownThread, manyThreads, ownThread / manyThreads, ofBare, timerLate];
      }),
    ),
    long.length < 3
      ? ''
      : `On the own thread: ${short(fixed)} ms + ${short(perUnit)} ms a mask of 100,000 components, R² ${r2.toFixed(4)}.`,
  );
}
