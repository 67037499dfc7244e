// What does noise cost? Measures the samplers of secagg/dp beside those of OpenDP and TensorFlow Privacy, if these are installed.
import { systemRandom } from '../src/crypto/random.ts';
import type { Mechanism, Sampler } from '../src/dp/mechanism.ts';
import { noiseOf } from '../src/dp/noise/noise.ts';
import type { Bench } from './bench.ts';
import { blocks, table, whole, type Cell } from './markdown.ts';
import { measurePeer, type PeerNoise } from './noise/peers.ts';
import { measurePlans, type PlanSpeed } from './noise/plans.ts';
import { nameOf } from './peers.ts';
import type { Skipped } from './peers/peer.ts';
import { median, timed } from './statistics.ts';

const SCALES = [2, 50, 300, 2400] as const;
const MECHANISMS: readonly Mechanism[] = ['discrete-gaussian', 'skellam'];
const SAMPLERS: readonly Sampler[] = ['constant-time', 'exact'];

interface Ours {
  readonly mechanism: Mechanism;
  readonly sampler: Sampler;
  readonly scale: number;
  /** Median in ns a draw. */
  readonly draw: number;
  /** Makes the tables and draws once, in ms. */
  readonly first: number;
}

export interface NoiseFigures {
  readonly draws: number;
  readonly ours: readonly Ours[];
  readonly opendp: PeerNoise | Skipped;
  readonly tensorflow: PeerNoise | Skipped;
  /** Encodings with and without noise, in vectors of `draws` values. Older records have none. */
  readonly plans?: readonly PlanSpeed[];
}

export const noise: Bench<NoiseFigures> = {
  question: 'What does noise cost?',

  async measure(quick) {
    const draws = quick ? 2 ** 14 : 2 ** 20;
    const runs = quick ? 3 : 7;
    const ours: Ours[] = [];
    for (const mechanism of MECHANISMS) {
      for (const sampler of SAMPLERS) {
        for (const scale of SCALES) ours.push(await measureOurs({ mechanism, sampler, scale }, draws, runs));
      }
    }
    // OpenDP's noise takes several microseconds a draw.
    const opendp = measurePeer('noise_of_opendp.py', draws / 8, runs, SCALES);
    const tensorflow = quick
      ? { skipped: 'it takes a minute to start' }
      : measurePeer('noise_of_tensorflow.py', draws, runs, SCALES);
    return { draws, ours, opendp, tensorflow, plans: measurePlans(draws, runs) };
  },

  describe({ draws, ours, opendp, tensorflow, plans = [] }) {
    const of = (mechanism: Mechanism, sampler: Sampler, scale: number): Ours | undefined =>
      ours.find((each) => each.mechanism === mechanism && each.sampler === sampler && each.scale === scale);
    const peer = (figures: PeerNoise | Skipped, mechanism: Mechanism, scale: number): Cell => {
      if ('skipped' in figures) return null;
      return (mechanism === 'skellam' ? figures.skellam : figures.gaussian)[scale] ?? null;
    };
    return blocks(
      `Medians in ns a draw, ${whole(draws)} draws. The first draw makes the tables of the constant-time sampler. TensorFlow Privacy draws in floats, from a generator that is seeded with the time.`,
      table(
        ['', 'σ', 'constant-time', 'exact', 'tables, ms', nameOf('OpenDP', opendp), nameOf('TensorFlow Privacy', tensorflow)],
        MECHANISMS.flatMap((mechanism) =>
          SCALES.map((scale) => {
            const [constant, exact] = SAMPLERS.map((sampler) => of(mechanism, sampler, scale));
            const peers = [opendp, tensorflow].map((figures) => peer(figures, mechanism, scale));
            return [mechanism, scale, constant?.draw ?? null, exact?.draw ?? null, constant?.first ?? null, ...peers];
          }),
        ),
      ),
      ...Object.entries({ OpenDP: opendp, 'TensorFlow Privacy': tensorflow }).map(([name, figures]) =>
        'skipped' in figures ? `${name} was skipped: ${figures.skipped}.` : '',
      ),
      ...(plans.length === 0
        ? []
        : [
            `Encoding and decoding ${whole(draws)} values, 100 users, medians in ms. Private means have ε = 8 for 200 releases.`,
            table(
              ['', 'bits', 'encode', 'decode'],
              plans.map(({ what, bits, encode, decode }) => [what, bits, encode, decode]),
            ),
          ]),
    );
  },
};

async function measureOurs(law: Pick<Ours, 'mechanism' | 'sampler' | 'scale'>, draws: number, runs: number): Promise<Ours> {
  const { mechanism, sampler, scale } = law;
  const variance = scale ** 2;
  const drawn = noiseOf({ mechanism, variance }, sampler, systemRandom);
  const out = new Int32Array(draws);
  const [, first] = await timed(() => drawn.fill(out.subarray(0, 1)));
  const times: number[] = [];
  for (let i = 0; i <= runs; i++) times.push((await timed(() => drawn.fill(out)))[1]);
  const measured = out.reduce((sum, x) => sum + x ** 2, 0) / draws;
  // Six standard deviations of a sample variance.
  if (Math.abs(measured / variance - 1) > 6 * Math.sqrt(2 / draws)) {
    throw new Error(`the variance of ${mechanism} noise is ${measured}, not ${variance}`);
  }
  return { ...law, draw: (1e6 * median(times.slice(1))) / draws, first };
}
