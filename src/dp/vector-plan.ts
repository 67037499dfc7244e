// What plans of sums and means of real vectors are told, and how they are noised.
import { Layout, type Dimensions } from '../encoding/tensors.ts';
import type { FloatArrayOf, FloatType } from '../encoding/floats.ts';
import { checkBoolean, checkNames, checkOneOf } from '../leaves/checks.ts';
import { ClippingFlags, flagCount, FLAGS_SQUARED } from './clipping-flags.ts';
import { Clipping, type L2Clip } from './clipping.ts';
import { blockOf } from './flatten.ts';
import { vectorGrid } from './grid.ts';
import type { ResultNoise } from './private-part.ts';
import { PRIVACY_NAMES, privacyTerms, type PrivacyPlan } from './privacy-terms.ts';
import { Release } from './release.ts';

/** What plans of sums and means of real vectors are told. */
export type VectorPlan = Dimensions &
  PrivacyPlan & {
    /**
     * The largest L2 norm of all values of a user, or one for each name at the top of `shapes`; a user's values are scaled down to it.
     * The norm that counts is then the root of the sum of their squares.
     */
    readonly l2Clip: L2Clip;
    /** Default `'float32'`. */
    readonly type?: FloatType;
    /**
     * `'hadamard'` spreads a vector's length evenly over its components by a public rotation, which takes a much narrower ring. `'none'`
     * is for vectors that are flat, or so short that it does not matter. Default `'hadamard'`.
     */
    readonly flatten?: 'hadamard' | 'none';
    /**
     * Whether the result tells which part of the users had values within the clip, with noise: `withinClip`, from which
     * {@link nextClip} computes the next one. It costs 0.5 % more noise. Default false.
     */
    readonly measureClipping?: boolean;
  };

/** A plan whose result tells which part of the users was within the clip. */
export interface MeasuredPlan<Clip> {
  /** Chosen when the plan is made. */
  readonly measureClipping: true;
  /** One clip, or one for each name. */
  readonly l2Clip: Clip;
}

/** Which part of the users was within the clip. */
export interface MeasuredClipping<Clip> {
  /**
   * The part of the users whose values were within the clip, or one for each clip by name. It has noise, so that it may be below 0 or above
   * 1. Users without data count as half.
   */
  readonly withinClip: Clip extends number ? number : { readonly [Name in keyof Clip]: number };
  /** How large the noise in it is. */
  readonly noise: {
    /** The standard deviation of the noise in `withinClip`. */
    readonly withinClip: number;
  };
}

/** What a result has besides if its plan has `measureClipping: true`. */
export type ClippingResult<Plan> = Plan extends MeasuredPlan<infer Clip> ? MeasuredClipping<Clip> : unknown;

export const VECTOR_NAMES: readonly string[] = [
  ...PRIVACY_NAMES,
  ...['length', 'shapes', 'l2Clip', 'type', 'flatten', 'measureClipping'],
];

/** A plan of real vectors, checked. */
export interface VectorParts {
  readonly layout: Layout;
  readonly clipping: Clipping;
  /** Null if they are not asked for. */
  readonly flags: ClippingFlags | null;
  readonly release: Release;
  readonly flat: boolean;
  readonly type: FloatType;
  readonly description: Readonly<Record<string, unknown>>;
}

/**
 * @param extra components beside the values, and the square of their L2 norm over that of the clip.
 * @throws TypeError, RangeError that name the parameter; EncodingError as `vectorGrid`.
 */
export function vectorParts(
  plan: VectorPlan,
  names: readonly string[],
  extra: (dimensions: number) => { readonly components: number; readonly squared: number } = () => ({
    components: 0,
    squared: 0,
  }),
): VectorParts {
  checkNames(plan, 'plan', names);
  const terms = privacyTerms(plan);
  const layout = new Layout(plan);
  const clipping = new Clipping(plan.l2Clip, layout);
  const flatten = checkOneOf(plan.flatten ?? 'hadamard', 'flatten', ['hadamard', 'none']);
  const type = checkOneOf(plan.type ?? 'float32', 'type', ['float32', 'float64']);
  const measured = checkBoolean(plan.measureClipping ?? false, 'measureClipping');
  const { components, squared } = extra(layout.length);
  const firstFlag = layout.length + components;
  const dimensions = firstFlag + (measured ? flagCount(clipping) : 0);
  const clip = clipping.norm * Math.sqrt(1 + squared + (measured ? FLAGS_SQUARED : 0));
  const flat = flatten === 'hadamard' && dimensions > 1;
  const grid = vectorGrid({ dimensions, clip, block: flat ? blockOf(dimensions) : null }, terms);
  return {
    layout,
    clipping,
    flags: measured ? new ClippingFlags(clipping, firstFlag) : null,
    release: new Release(terms, grid, dimensions),
    flat,
    type,
    description: { values: layout.description, l2Clip: clipping.description, flatten, measured },
  };
}

/** A user's vector in units, within its clips, with its flags; zeros if it has no data. */
export function boundedVector(
  { clipping, flags, release }: VectorParts,
  data: unknown,
  path: readonly string[],
): { readonly values: Float64Array; readonly clipped: number } {
  if (data === null) return { values: new Float64Array(release.dimensions), clipped: 0 };
  const { values, within } = clipping.clip(data, path, release.dimensions);
  flags?.write(values, within);
  return { values, clipped: within.filter((isWithin) => !isWithin).length };
}

/**
 * What a result says of its noise, and of the clips if that was asked for.
 *
 * @param noise one standard deviation of the noise in each value of the sum, in units.
 * @param divisor by which these values are divided.
 */
export function noiseAndClipping<Plan>(
  { flags }: VectorParts,
  values: Float64Array,
  { users, noise, divisor }: { readonly users: number; readonly noise: number; readonly divisor: number },
): { readonly noise: ResultNoise } & ClippingResult<Plan> {
  const standardDeviation = noise / divisor;
  if (flags === null) return { noise: { standardDeviation } } as { readonly noise: ResultNoise } & ClippingResult<Plan>;
  const { withinClip, deviation } = flags.read(values, users, noise);
  // Whether there are flags, and how many, follows from the plan at run time.
  return { withinClip, noise: { standardDeviation, withinClip: deviation } } as unknown as {
    readonly noise: ResultNoise;
  } & ClippingResult<Plan>;
}

/** Values of a result, divided, in arrays of the plan's type and under its names. */
export function restored<Plan>({ layout, type }: VectorParts, values: Float64Array, divisor: number): FloatArrayOf<Plan> {
  return layout.restore((start, length) => {
    const result = type === 'float64' ? new Float64Array(length) : new Float32Array(length);
    for (let i = 0; i < length; i++) result[i] = (values[start + i] ?? 0) / divisor;
    return result;
  }) as FloatArrayOf<Plan>;
}
