// The statistic that an encoding computes of users' data, with its parameters: before a ring is chosen, and in its place in the
// vector of a session.
import type { SumVector } from '../masking/vector.ts';
import type { SessionOptions, SparseGraph } from '../session/parameters.ts';
import { memberName } from './checks.ts';
import type { EncodingError } from './encoding-error.ts';
import type { Strata } from './strata.ts';

/** One weight for all weighted statistics, or in a combination one weight by name. */
export type Weights = number | { readonly [name: string]: Weights };

/** The users and cohorts in a sum. */
export interface SumTerms {
  /** Number of users in the sum. If it carries noise, at least `threshold` for each cohort. */
  readonly users: number;
  /** Number of cohorts in the sum, each a session of up to `maxUsers` users, if it is the total of `secagg/cohorts`. */
  readonly cohorts?: number | undefined;
}

/** The users in a sum, and their total weight, for which an error bound is asked. */
export interface ErrorTerms extends SumTerms {
  /** The sum of their weights, or one sum by name if the statistics of a combination have different weights. */
  readonly totalWeight?: Weights | undefined;
}

/** The largest distance of a decoded value from the result of exact arithmetic on the clipped values. */
export interface ErrorBound {
  /** The largest error of any component. */
  readonly worst: number;
  /**
   * A bound on the root mean square of a component's error over the randomness of the rounding, for any data. `'nearest'` has no
   * randomness: for it this is the root mean square for data whose fractions of a step are spread evenly.
   */
  readonly rms: number;
}

/** Where a statistic lies in the vector, and what it costs. */
export interface LayoutEntry {
  /** Name in a combination, with dots if combinations are nested; empty for an encoding that is not combined. */
  readonly name: string;
  /** Index of its first component in the vector. */
  readonly offset: number;
  /** How many components it has. */
  readonly length: number;
  /** The narrowest ring that would hold this statistic. */
  readonly leastBits: number;
  /** Bits of each of its components that the ring has and the statistic cannot use. */
  readonly wastedBits: number;
}

/** A statistic's ring, and its position in the vector. */
export interface Placement {
  readonly bits: number;
  /** Names the encoding with all its parameters; the same for all parties of a session, and no secret. */
  readonly digest: Uint8Array;
  /** Index of its first component in the vector. */
  readonly offset: number;
  /** Its name in a combination, after those of the combinations around it; for errors. */
  readonly path: readonly string[];
}

/** The values that a user gives besides its data. */
interface UserTerms {
  readonly weight: Weights | undefined;
  readonly strata: Strata;
}

/** A part of an encoding whose sum carries noise. */
export interface NoisedPart {
  /** Its name in a combination. */
  readonly path: readonly string[];
  /** What its noise is and what it costs, which `secagg/dp` knows. */
  readonly release: object;
}

/** The noise in the sums of an encoding. */
export interface Noise {
  /** What the noise asks of the session. */
  readonly session: NoiseSession;
  /** What all parts with noise must agree on besides; plain JSON. */
  readonly agreed: Readonly<Record<string, unknown>> & {
    /** The fewest users of a sum. */
    readonly threshold: number;
  };
  readonly parts: readonly NoisedPart[];
  /** Names of the parts whose sums are exact, and said to be no secret. */
  readonly publicParts: readonly string[];
}

/** The options of a session that decide how many honest users' noise is in a sum. */
export interface NoiseSession extends Required<Pick<SessionOptions, 'adversary' | 'colluders' | 'minHonest' | 'modularInputs'>> {
  /** Only if it is sparse. */
  readonly graph?: SparseGraph;
  /** Only if chance decides who is whose neighbor or in whose cohort. */
  readonly security?: number;
}

/** A statistic before a ring is chosen. */
export interface Statistic<Data, Result, Bound> {
  /** The parameters that all parties must agree on, as JSON. */
  readonly description: unknown;
  readonly maxUsers: number;
  /** The largest magnitude of a component of a sum of `maxUsers` users. */
  readonly span: bigint;
  /** Whether it uses the bits of a wider ring as precision. */
  readonly fillsRing: boolean;
  /** Whether `encode` takes a weight. */
  readonly weighted: boolean;
  /** Whether `encode` takes a place. */
  readonly correlated: boolean;
  /** Null if its sums are exact. */
  readonly noise: Noise | null;
  place(placement: Placement): PlacedStatistic<Data, Result, Bound>;
}

/** What was read from a sum. */
export interface Reading<Result> {
  readonly result: Result;
  /** Why the sum has nothing to decode: all weights in it are zero. Null if it has something. */
  readonly nothing: EncodingError | null;
}

/** A statistic in its place in the vector of a session. */
export interface PlacedStatistic<Data, Result, Bound> {
  /** How many components it has. */
  readonly length: number;
  /** Writes `length` components; returns how many values were clipped. */
  write(data: Data, terms: UserTerms, out: SumVector): number;
  /** @param isTotal whether the sum is a total of cohorts: an integer, and not a residue of the ring. */
  read(sum: SumVector, users: number, isTotal: boolean): Reading<Result>;
  errorBound(terms: ErrorTerms): Bound;
  /** The entries of its statistics, if it is a combination. */
  readonly layout?: readonly LayoutEntry[];
}

/** Least b such that a sum of magnitude `span` is at most 2^(b−1) − 1. */
export function leastBits({ span }: { readonly span: bigint }): number {
  return span.toString(2).length + 1;
}

export function layoutOf(
  statistic: Statistic<unknown, unknown, unknown>,
  { bits, offset, path }: Placement,
  { length, layout }: PlacedStatistic<unknown, unknown, unknown>,
): readonly LayoutEntry[] {
  const least = leastBits(statistic);
  return (
    layout ?? [{ name: path.join('.'), offset, length, leastBits: least, wastedBits: statistic.fillsRing ? 0 : bits - least }]
  );
}

/** The name of a value in errors: the argument, and the names that lead to it. */
export function nameOf(root: string, path: readonly string[]): string {
  return path.reduce(memberName, root);
}
