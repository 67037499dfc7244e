// What a task sums, as plain JSON: each plan of secagg/encoding and secagg/dp with its options, except those that a session gives.
import type { FixedPointPlan } from '../encoding/fixed-point.ts';
import type { MeanPlan } from '../encoding/floats.ts';
import type { HistogramPlan } from '../encoding/histogram.ts';
import type { Dimensions } from '../encoding/tensors.ts';
import type { WeightedMeanPlan } from '../encoding/weighted-mean.ts';
import type { PrivateHistogramPlan } from '../dp/private-histogram.ts';
import type { WeightedVectorPlan } from '../dp/private-mean.ts';
import type { PrivateMomentsPlan } from '../dp/private-moments.ts';
import type { PrivateQuantilesPlan } from '../dp/private-quantiles.ts';
import type { VectorPlan } from '../dp/vector-plan.ts';

/** The form of values, and what a session gives. */
export type Apart = 'length' | 'shapes' | 'maxUsers' | 'session' | 'random' | 'unsafeRandom';

/** The options of a plan of values in JSON, without the form of the values. */
export type OptionsOf<Plan> = { readonly [Name in keyof Plan as Exclude<Name, Apart>]: Plan[Name] };

/** Vectors of integers as the protocol sums them. */
export interface IntegersAggregate {
  /** Names the plan. */
  readonly kind: 'integers';
  /** Number of components of the vectors. */
  readonly vecLen: number;
  /** Ring Z_2^bits of every component, 1 to 64. */
  readonly bits: number;
  /** Users take any integers modulo 2^bits instead of refusing those whose sum could wrap. Default false. */
  readonly modularInputs?: boolean;
}

/** `sum` of `secagg/encoding`. JSON has no bigints: a plan whose bounds are bigints has them as decimal digits. */
export type SumAggregate = Dimensions & {
  /** Names the plan. */
  readonly kind: 'sum';
} & SumBounds;

/** The bounds of a sum: numbers, or bigints as decimal digits. */
export type SumBounds =
  | {
      /** Least value of a user. */
      readonly min: number;
      /** Largest value of a user. */
      readonly max: number;
    }
  | {
      /** Least value of a user, a bigint. */
      readonly min: string;
      /** Largest value of a user, a bigint. */
      readonly max: string;
    };

/** Several aggregates in one vector: `combine` of `secagg/encoding`. */
export interface CombinedAggregate {
  /** Names the plan. */
  readonly kind: 'combine';
  /** The parts by name. */
  readonly parts: Readonly<Record<string, EncodedAggregate>>;
  /** Names of the parts whose exact sums everybody may know, if others carry noise. */
  readonly public?: readonly string[];
}

/** The plans of values that have a form, with their options. */
export interface ValuePlans {
  /** `fixedPoint` of `secagg/encoding`. */
  readonly fixedPoint: FixedPointPlan;
  /** `mean` of `secagg/encoding`. */
  readonly mean: MeanPlan;
  /** `weightedMean` of `secagg/encoding`. */
  readonly weightedMean: WeightedMeanPlan;
  /** `privateSum` of `secagg/dp`. */
  readonly privateSum: VectorPlan;
  /** `privateMean` of `secagg/dp`. */
  readonly privateMean: VectorPlan;
  /** `privateWeightedMean` of `secagg/dp`. */
  readonly privateWeightedMean: WeightedVectorPlan;
}

/** The plans of counts and of single numbers, with their options. */
export interface ScalarPlans {
  /** `histogram` of `secagg/encoding`. */
  readonly histogram: HistogramPlan;
  /** `privateHistogram` of `secagg/dp`. */
  readonly privateHistogram: PrivateHistogramPlan;
  /** `privateQuantiles` of `secagg/dp`. */
  readonly privateQuantiles: PrivateQuantilesPlan;
  /** `privateMoments` of `secagg/dp`. */
  readonly privateMoments: PrivateMomentsPlan;
}

/** A plan of values that have a form, in JSON. */
export type ValueAggregate<Kind extends keyof ValuePlans> = Dimensions & {
  /** Names the plan. */
  readonly kind: Kind;
} & OptionsOf<ValuePlans[Kind]>;

/** A plan of values without a form, in JSON. */
export type ScalarAggregate<Kind extends keyof ScalarPlans> = {
  /** Names the plan. */
  readonly kind: Kind;
} & OptionsOf<ScalarPlans[Kind]>;

/** An aggregate that has an encoding, so that it can be a part of a combination. */
export type EncodedAggregate =
  | SumAggregate
  | { [Kind in keyof ValuePlans]: ValueAggregate<Kind> }[keyof ValuePlans]
  | { [Kind in keyof ScalarPlans]: ScalarAggregate<Kind> }[keyof ScalarPlans]
  | CombinedAggregate;

/**
 * What is summed, as plain JSON. `kind` is the name of a function of `secagg/encoding` or `secagg/dp`, or `'integers'` for vectors that the
 * application encodes itself. The other fields are the options of that function, without those that each session gives: `maxUsers`,
 * `session` and randomness.
 */
export type Aggregate = IntegersAggregate | EncodedAggregate;
