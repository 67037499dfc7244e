// The same work by others: Flower's and xaynet's own functions, if their packages are installed; else they are skipped by name. Ours
// is measured between them, in the same minute.
import { weightedMean } from '../src/encoding/index.ts';
import type { Bench } from './bench.ts';
import { blocks, table, whole, type Cell } from './markdown.ts';
import { measureExpansion } from './masks/expansion.ts';
import { measureFlower, type Flower } from './peers/flower.ts';
import type { Skipped } from './peers/peer.ts';
import { measureSharing } from './peers/sharing.ts';
import { measureXaynet, type Xaynet } from './peers/xaynet.ts';
import { medianMs } from './statistics.ts';

export interface PeerFigures {
  readonly components: number;
  /** Medians in ms, as for the peers. `mask` includes its addition. */
  readonly ours: { readonly mask: number; readonly quantize: number; readonly split: number; readonly combine: number };
  readonly flower: Flower | Skipped;
  readonly xaynet: Xaynet | Skipped;
}

export const peers: Bench<PeerFigures> = {
  question: 'What do others take for the same work?',

  async measure(quick) {
    const components = quick ? 2 ** 17 : 2 ** 20;
    const runs = quick ? 3 : 15;
    const flower = measureFlower(components, runs);
    const { ours: mask } = await measureExpansion(32, components, runs);
    const ours = { mask, quantize: await quantizeMs(components, runs), ...(await measureSharing(runs)) };
    const xaynet = quick ? { skipped: 'it is built from source, which takes minutes' } : measureXaynet(components, runs);
    return { components, ours, flower, xaynet };
  },

  describe({ components, ours, flower, xaynet }) {
    const flowers = (of: (flower: Flower) => number): Cell => ('skipped' in flower ? null : of(flower));
    const xaynets = 'skipped' in xaynet ? null : xaynet.mask + xaynet.add;
    return blocks(
      `Medians in ms, ${whole(components)} components. Flower masks modulo 2^32 and quantises to 2^22 steps, as secagg does here; the masks of xaynet-core are of 45 bits, the least that it has.`,
      table(
        ['', 'secagg', nameOf('Flower', flower), nameOf('xaynet-core', xaynet)],
        [
          ['one mask made and added', ours.mask, flowers(({ mask, add }) => mask + add), xaynets],
          ['floats to integers', ours.quantize, flowers(({ quantize }) => quantize), null],
          ['a secret split 67 of 100', ours.split, flowers(({ split }) => split), null],
          ['and put together again', ours.combine, flowers(({ combine }) => combine), null],
        ],
      ),
      ...[skip('Flower', flower), skip('xaynet-core', xaynet)],
    );
  },
};

export function nameOf(name: string, peer: { readonly version: string } | Skipped): string {
  return 'skipped' in peer ? name : `${name} ${peer.version}`;
}

const skip = (name: string, peer: { readonly version: string } | Skipped): string =>
  'skipped' in peer ? `${name} was skipped: ${peer.skipped}.` : '';

/** Floats to integers of 29 bits, at Flower's default range and steps. */
async function quantizeMs(length: number, runs: number): Promise<number> {
  const encoding = weightedMean({ maxUsers: 100, length, quantizationRange: 2 ** 22 });
  const floats = Float32Array.from({ length }, (_, i) => 7 * Math.sin(i));
  return medianMs(runs, () => encoding.encode(floats, 500));
}
