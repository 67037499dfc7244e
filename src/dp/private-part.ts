// Makes an encoding of a private part: what plans of sums, means, histograms and moments have in common.
import { Encoding } from '../encoding/encoding.ts';
import type { EncodingError } from '../encoding/encoding-error.ts';
import type { ErrorBound, ErrorTerms, Reading, Weights } from '../encoding/statistic.ts';
import type { Grid } from './grid.ts';
import { NoisedVector } from './noised-vector.ts';
import type { Release } from './release.ts';
import { randomSpan } from './span.ts';

/** The noise in a result. */
export interface ResultNoise {
  /** The standard deviation of the noise in each value of the result, in its unit. */
  readonly standardDeviation: number;
}

/** The errors of a private result, without those from clipping. */
export interface PrivateErrorBound extends ErrorBound {
  /** Infinite: no noise has a largest value. */
  readonly worst: number;
  /** A value is off by at most this with a probability of at least 99 %. */
  readonly likely: number;
  /**
   * The standard deviation of the noise, divided by that which the same privacy takes if a trusted server adds noise once, to the exact
   * sum of all: √(users / (threshold − colluders)), with the users of all cohorts. With `noiseFrom: 'server'` it is 1, or √g for g
   * cohorts whose users may lie.
   */
  readonly ratioToTrusted: number;
}

/** A user's vector in units, within the clip of the plan, and how much was left out to get there. */
interface Bounded {
  readonly values: Float64Array;
  readonly clipped: number;
}

/** A private part before it is in a session. */
export interface PrivatePart<Data, Result> {
  /** Names the kind of plan and its parameters besides those of privacy. */
  readonly description: readonly [kind: string, parameters: Readonly<Record<string, unknown>>];
  readonly release: Release;
  readonly flat: boolean;
  readonly weighted: boolean;
  bound(data: Data, weight: Weights | undefined, path: readonly string[]): Bounded;
  /** @param noise one standard deviation of the noise in each value, in units. */
  read(values: Float64Array, users: number, noise: number): { readonly result: Result; readonly nothing?: EncodingError | null };
  /** What a value of the sum is divided by to give one of the result. */
  divisor(terms: ErrorTerms): number;
}

/** The share of the roundings that are never refused is at least 1 − e^(−½), so that refusals raise the variance ¼ to this at most. */
const ROUNDING_VARIANCE = 1 / 4 / (1 - Math.exp(-1 / 2));

export function privateEncoding<Data, Result>(part: PrivatePart<Data, Result>): Encoding<Data, Result, PrivateErrorBound> {
  const { release, flat, weighted } = part;
  const { terms, grid } = release;
  const [kind, parameters] = part.description;
  const noiseOf = (users: number): number => (Math.sqrt(release.noisesIn(users)) * release.standardDeviation) / grid.steps;
  return new Encoding<Data, Result, PrivateErrorBound>({
    description: [kind, { ...terms.description, ...parameters, noise: describedGrid(grid) }],
    maxUsers: terms.maxUsers,
    span: grid.span,
    fillsRing: false,
    weighted,
    correlated: false,
    noise: {
      session: terms.session,
      agreed: { adjacency: terms.adjacency, threshold: terms.threshold, noiseFrom: terms.noiseFrom },
      parts: [{ path: [], release }],
      publicParts: [],
    },
    place(placement) {
      const vector = new NoisedVector(release, placement, flat);
      return {
        length: vector.length,
        write(data, { weight }, out): number {
          const { values, clipped } = part.bound(data, weight, placement.path);
          vector.write(values, out);
          return clipped;
        },
        read(sum, users, isTotal): Reading<Result> {
          const { result, nothing = null } = part.read(vector.read(sum, users, isTotal), users, noiseOf(users));
          return { result, nothing };
        },
        errorBound: (sum) => errorBound(release, sum, grid.steps * part.divisor(sum)),
      };
    },
  });
}

/**
 * The noise itself, for the session tag: another version of this library may compute another one from the same parameters, and receipts
 * hold only if all add the same. Nine digits, because the last ones depend on the engine's logarithms.
 */
function describedGrid({ steps, variance, fromZero }: Grid): readonly number[] {
  return [steps, variance, fromZero.l2Squared].map((value) => Number(value.toPrecision(9)));
}

function errorBound(release: Release, { users, cohorts = 1 }: ErrorTerms, scale: number): PrivateErrorBound {
  const { terms, grid, standardDeviation } = release;
  // A trusted server adds noise to each sum that it decodes: to the total if no user lies, else to the sum of each cohort.
  const sums = terms.session.adversary === 'semi-honest' ? 1 : cohorts;
  const noises = sums * release.noisesIn(users / sums);
  const rms = Math.sqrt(noises * standardDeviation ** 2 + users * ROUNDING_VARIANCE) / scale;
  const variance = noises * grid.variance;
  const spread = Math.sqrt(users) / 2;
  const likely = randomSpan({ mechanism: terms.mechanism, variance, dimensions: 1, probability: 0.01, spread }) / scale;
  return { worst: Infinity, rms, likely, ratioToTrusted: Math.sqrt(noises / terms.minHonest) };
}
