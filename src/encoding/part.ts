// One kind of encoding with its parameters: before a ring is chosen, and in its place in the vector of a session.
import type { Components } from './components.ts';
import type { Strata } from './strata.ts';

/** One weight for all that is weighted, or in a combination one by name. */
export type Weights = number | { readonly [part: string]: Weights };

/** What a sum is over. */
export interface SumTerms {
  /** How many users are in it. */
  readonly users: number;
  /** How many cohorts, where it is the total that `secagg/cohorts` gives: so many sessions of up to `maxUsers` each. */
  readonly cohorts?: number | undefined;
}

/** Whose error is asked for. */
export interface ErrorTerms extends SumTerms {
  /** The sum of their weights; by name where the parts of a combination have different ones. */
  readonly totalWeight?: Weights | undefined;
}

/** How far a decoded value may lie from what exact arithmetic on the clipped values gives. */
export interface ErrorBound {
  /** No component of the result is further off. */
  readonly worst: number;
  /**
   * Root mean square of a component's error over the randomness of the rounding: never more, whatever the data. With
   * `'nearest'`, which has no randomness: for data whose fractions of a step are spread evenly.
   */
  readonly rms: number;
}

/** Where a part lies in the vector, and what it costs. */
export interface LayoutEntry {
  /** Name in a combination, dotted where nested; empty for an encoding that stands alone. */
  readonly part: string;
  /** Index of its first component in the vector. */
  readonly offset: number;
  /** How many components it has. */
  readonly length: number;
  /** The narrowest ring that would hold this part. */
  readonly leastBits: number;
  /** Bits of each of its components that the ring has and the part cannot use. */
  readonly wastedBits: number;
}

/** Ring and position. */
export interface Placement {
  readonly bits: number;
  /** Of the part's first component in the vector. */
  readonly offset: number;
  /** Names of the combinations' parts that lead here, for errors. */
  readonly path: readonly string[];
}

/** What a user gives besides its data. */
interface UserTerms {
  readonly weight: Weights | undefined;
  readonly strata: Strata;
}

export interface Part<Data, Result, Bound> {
  /** What all parties must agree on, as JSON. */
  readonly description: unknown;
  readonly maxUsers: number;
  /** The largest magnitude of a component that the encoding needs. */
  readonly reach: bigint;
  /** Whether it turns what a wider ring has to spare into precision. */
  readonly fillsRing: boolean;
  /** Whether `encode` takes a weight. */
  readonly weighted: boolean;
  /** Whether `encode` takes a place. */
  readonly correlated: boolean;
  place(placement: Placement): PlacedPart<Data, Result, Bound>;
}

export interface PlacedPart<Data, Result, Bound> {
  readonly length: number;
  /** Writes `length` components; returns how many values were clipped. */
  write(data: Data, terms: UserTerms, out: Components): number;
  read(sum: Components, users: number): Result;
  errorBound(terms: ErrorTerms): Bound;
  /** Of a combination, the entries of its parts. */
  readonly layout?: readonly LayoutEntry[];
}

/** Least b such that `maxUsers` components of magnitude `reach` add up to at most 2^(b−1) − 1. */
export function leastBits({ maxUsers, reach }: { readonly maxUsers: number; readonly reach: bigint }): number {
  return (BigInt(maxUsers) * reach).toString(2).length + 1;
}

export function layoutOf(
  part: Part<unknown, unknown, unknown>,
  { bits, offset, path }: Placement,
  { length, layout }: PlacedPart<unknown, unknown, unknown>,
): readonly LayoutEntry[] {
  const least = leastBits(part);
  return layout ?? [{ part: path.join('.'), offset, length, leastBits: least, wastedBits: part.fillsRing ? 0 : bits - least }];
}

/** What errors call a value: where it was given, and the names that lead to it. */
export function nameOf(root: string, path: readonly string[]): string {
  return [root, ...path].join('.');
}
