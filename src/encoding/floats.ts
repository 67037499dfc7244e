// What the encodings of floats have in common: their parameters, the grid that fills the ring, and the error that is left.
import { componentLimit } from '../session/parameters.ts';
import { checkInteger } from '../leaves/checks.ts';
import { context, magnitude, users } from './checks.ts';
import type { ErrorBound, SumTerms } from './part.ts';
import { rounderOf, type Rounder, type Rounding, type RoundingOptions } from './rounding.ts';
import { strataFor } from './strata.ts';
import { Layout, type Dimensions } from './tensors.ts';

/** The type of the decoded arrays. */
export type FloatType = 'float32' | 'float64';

/** The arrays that a plan decodes to. */
export type FloatArrayOf<Plan> = Plan extends { readonly type: 'float64' } ? Float64Array : Float32Array;

/** What every encoding of floats is told. */
export type FloatPlan = Dimensions &
  RoundingOptions & {
    /** Most users of a session, 1 to 1,000,000. */
    readonly maxUsers: number;
    /** Values beyond ±clippingRange are clipped; default 8. */
    readonly clippingRange?: number;
    /** Default `'float32'`. */
    readonly type?: FloatType;
    /** Application context: task, model version, cohort; part of what all parties must agree on. Default empty. */
    readonly session?: string;
  };

/** What an encoding of means is told besides; names and defaults are those of Flower's `SecAggWorkflow`. */
export type MeanPlan = FloatPlan & {
  /**
   * Least number of steps from −clippingRange to clippingRange, 2 to 2^53 − 1; default 2^22. It decides how many bits the
   * ring has; what the ring then has to spare makes the steps finer still.
   */
  readonly quantizationRange?: number;
};

export const FLOAT_NAMES: readonly string[] = [
  ...['length', 'shapes', 'maxUsers', 'clippingRange', 'type', 'session'],
  ...['rounding', 'random'],
];
export const MEAN_NAMES: readonly string[] = [...FLOAT_NAMES, 'quantizationRange'];

export interface FloatParameters {
  readonly maxUsers: number;
  readonly clip: number;
  readonly type: FloatType;
  readonly rounding: Rounding;
  readonly rounder: Rounder;
  readonly layout: Layout;
  /** For the session tag. How a party rounds and what it decodes to is its own affair. */
  readonly description: Readonly<Record<string, unknown>>;
}

export function floatParameters(plan: FloatPlan): FloatParameters {
  const maxUsers = users(plan.maxUsers, 'maxUsers');
  const clip = magnitude(plan.clippingRange ?? 8, 'clippingRange');
  const { type = 'float32', rounding = 'stochastic' } = plan;
  const given: string = type;
  if (given !== 'float32' && given !== 'float64') {
    throw new RangeError(`type: expected 'float32' or 'float64', got '${given}'`);
  }
  if (type === 'float32' && clip > MAX_FLOAT32) {
    throw new RangeError(`clippingRange: ${clip} is more than 2^100, the most for type 'float32'`);
  }
  const layout = new Layout(plan);
  const description = { maxUsers, clippingRange: clip, values: layout.description, session: context(plan.session ?? '') };
  return { maxUsers, clip, type, rounding, rounder: rounderOf(plan, maxUsers), layout, description };
}

const MAX_FLOAT32 = 2 ** 100;

export function quantizationRange(plan: MeanPlan): number {
  return checkInteger(plan.quantizationRange ?? 2 ** 22, 'quantizationRange', 2, Number.MAX_SAFE_INTEGER);
}

/** Components to each side of zero that give so many steps in all. */
export function reachOf(range: number): bigint {
  return BigInt(Math.ceil(range / 2));
}

/**
 * Steps for one unit where `largest` units take the largest component that the rounds accept. A little less, so that what
 * doubles round up in `clip · scale` does not lead beyond it.
 */
export function stepsFor(largest: number, bits: number, maxUsers: number): number {
  return (Number(componentLimit(bits, maxUsers)) * (1 - 2 ** -50)) / largest;
}

/** The error of a sum of `users` roundings, `step` being one step in units of the result, and of values up to `size` as floats. */
export function floatErrorBound(
  { rounding, type, maxUsers }: FloatParameters,
  { users, cohorts, step, size }: SumTerms & { readonly step: number; readonly size: number },
): ErrorBound {
  const asFloats = size * (2 ** -50 + (type === 'float32' ? 2 ** -24 : 0));
  const one = rounding === 'nearest' ? 1 / 2 : 1;
  const rms = step * Math.sqrt(roundingVariance(rounding, { users, cohorts }, maxUsers));
  return { worst: users * step * one + asFloats, rms: rms + asFloats };
}

/** Of the sum of `users` roundings, in squares of a step. */
function roundingVariance(rounding: Rounding, { users, cohorts = 1 }: SumTerms, maxUsers: number): number {
  if (rounding === 'nearest') return users / 12;
  if (rounding === 'stochastic') return users / 4; // f(1 − f) ≤ 1/4
  const p = strataFor(maxUsers);
  return Math.min(users / 4, (cohorts * (p ** 2 + 3)) / (12 * (p - 1)));
}
