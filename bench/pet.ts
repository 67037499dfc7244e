// What do the masks of PET cost? Measures deriving, masking, adding and unmasking beside the bare key stream and beside xaynet-core, if cargo can build
// its program.
import { fileURLToPath } from 'node:url';
import { Aggregation } from '../src/pet/masking/aggregation.ts';
import { deriveMask } from '../src/pet/masking/derive-mask.ts';
import type { GroupType, MaskConfigPair } from '../src/pet/masking/mask-config.ts';
import { maskKeystream } from '../src/pet/masking/mask-keystream.ts';
import { MOST_KEYSTREAM } from '../src/pet/masking/mask-loops.ts';
import { maskModel } from '../src/pet/masking/mask-model.ts';
import { groupOf } from '../src/pet/masking/orders.ts';
import type { Bench } from './bench.ts';
import { blocks, table, whole, type Cell } from './markdown.ts';
import { reasonOf, run, type Skipped } from './peers/peer.ts';
import { median, timed } from './statistics.ts';

const GROUPS = ['Prime', 'Power2', 'Bits'] as const satisfies readonly GroupType[];

/** Medians in ms for one mask. */
interface Costs {
  readonly group: (typeof GROUPS)[number];
  readonly derive: number;
  readonly mask: number;
  readonly add: number;
  readonly unmask: number;
}

export interface PetFigures {
  /** Numbers of a model. */
  readonly length: number;
  readonly ours: readonly (Costs & { /** The key stream alone, in ms. */ readonly keystream: number })[];
  readonly crate: readonly Costs[] | Skipped;
}

export const pet: Bench<PetFigures> = {
  question: 'What do the masks of PET cost?',

  async measure(quick) {
    const length = quick ? 2 ** 12 : 2 ** 20;
    const runs = quick ? 2 : 9;
    const ours = [];
    for (const group of GROUPS) ours.push(await measureOurs(group, length, runs));
    return { length, ours, crate: quick ? { skipped: 'it takes a minute to build' } : measureCrate() };
  },

  describe({ length, ours, crate }) {
    const theirs = (group: string): Costs | undefined =>
      'skipped' in crate ? undefined : crate.find((each) => each.group === group);
    const cells = (group: string, of: Costs, keystream: Cell): Cell[] => [
      group,
      keystream,
      ...(['derive', 'mask', 'add', 'unmask'] as const).map((name) => whole(of[name])),
    ];
    const rows = ours.flatMap((each) => {
      const crates = theirs(each.group);
      const own = cells(`${each.group}, secagg`, each, whole(each.keystream));
      return crates === undefined ? [own] : [own, cells(`${each.group}, xaynet-core`, crates, null)];
    });
    const [prime] = ours;
    const share =
      prime === undefined ? '' : `, ${Math.round((100 * prime.keystream) / prime.derive)} % of which is the key stream`;
    const times = theirs('Prime')?.derive;
    const factor =
      prime === undefined || times === undefined ? '' : ` xaynet-core takes ${(times / prime.derive).toFixed(1)} times as long.`;
    return blocks(
      `F32, B0, M3, ${length.toLocaleString('en-US')} numbers; medians in milliseconds.`,
      table(['', 'key stream alone', 'derive', 'mask', 'add', 'unmask'], rows),
      `A mask is derived in ${prime === undefined ? '' : whole(prime.derive)} ms${share}.${factor}`,
      'skipped' in crate ? `xaynet-core was not measured: ${crate.skipped}.` : '',
    );
  },
};

async function measureOurs(group: (typeof GROUPS)[number], length: number, runs: number): Promise<PetFigures['ours'][number]> {
  const one = { groupType: group, dataType: 'F32', boundType: 'B0', modelType: 'M3' } as const;
  const config: MaskConfigPair = { vect: one, unit: one };
  // Multiples of 1/1024, which fixed point does not round.
  const model = Float32Array.from({ length }, (_, i) => ((7 * i) % 2049) / 1024 - 1);
  const times: Record<'keystream' | 'derive' | 'mask' | 'add' | 'unmask', number[]> = {
    keystream: [],
    derive: [],
    mask: [],
    add: [],
    unmask: [],
  };
  for (let i = 0; i <= runs; i++) {
    const [{ seed, masked }, mask] = await timed(() => maskModel(model, { config, length }));
    const [derived, derive] = await timed(() => deriveMask(seed, length, config));
    const [, keystream] = await timed(() => takeKeystream(seed, length, config));
    const sum = new Aggregation(config, length);
    sum.add(masked);
    const [mean, unmask] = await timed(() => sum.unmask(derived));
    if (mean.some((value, at) => value !== model[at])) throw new Error('pet: expected the model out of its mask');
    const [, add] = await timed(() => sum.add(masked));
    if (i === 0) continue; // warms up
    for (const [name, time] of Object.entries({ keystream, derive, mask, add, unmask }))
      times[name as keyof typeof times].push(time);
  }
  return {
    group,
    keystream: median(times.keystream),
    derive: median(times.derive),
    mask: median(times.mask),
    add: median(times.add),
    unmask: median(times.unmask),
  };
}

/** As many bytes as a mask takes on average. */
async function takeKeystream(seed: Uint8Array, length: number, { vect }: MaskConfigPair): Promise<void> {
  const { order, drawnBits, words } = groupOf(vect);
  const draws = Math.ceil((length * Number((1024n << BigInt(drawnBits)) / order)) / 1024);
  const stream = await maskKeystream(seed);
  const most = MOST_KEYSTREAM - (MOST_KEYSTREAM % (4 * words));
  for (let left = 4 * words * draws; left > 0; left -= most) stream.next(Math.min(left, most));
  stream.end();
}

/** The program that makes the vectors has the crate's figures too, for 2^20 numbers: one line for each group. */
function measureCrate(): readonly Costs[] | Skipped {
  const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
  const target = path('../out/pet-vectors');
  const manifest = path('../test/reference/pet/Cargo.toml');
  try {
    run('cargo', ['build', '--release', '--quiet', '--manifest-path', manifest, '--target-dir', target]);
    const lines = run(`${target}/release/pet-vectors`, ['bench']).trim().split('\n');
    return lines.map((line) => JSON.parse(line) as Costs);
  } catch (error) {
    return { skipped: reasonOf('cargo', error) };
  }
}
