// What plans of sums and means of real vectors are told, and how they are noised.
import { Layout, type Dimensions } from '../encoding/tensors.ts';
import type { FloatArrayOf, FloatType } from '../encoding/floats.ts';
import { checkNames, checkOneOf } from '../leaves/checks.ts';
import { Clipping, type L2Clip } from './clipping.ts';
import { blockOf } from './flatten.ts';
import { vectorGrid } from './grid.ts';
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
  };

export const VECTOR_NAMES: readonly string[] = [...PRIVACY_NAMES, 'length', 'shapes', 'l2Clip', 'type', 'flatten'];

/** A plan of real vectors, checked. */
export interface VectorParts {
  readonly layout: Layout;
  readonly clipping: Clipping;
  readonly release: Release;
  readonly flat: boolean;
  readonly type: FloatType;
  readonly description: Readonly<Record<string, unknown>>;
}

/**
 * @param extra components beside the values, and the factor by which these lengthen a user's vector.
 * @throws TypeError, RangeError that name the parameter; EncodingError as `vectorGrid`.
 */
export function vectorParts(
  plan: VectorPlan,
  names: readonly string[],
  extra: (dimensions: number) => { readonly components: number; readonly factor: number } = () => ({ components: 0, factor: 1 }),
): VectorParts {
  checkNames(plan, 'plan', names);
  const terms = privacyTerms(plan);
  const layout = new Layout(plan);
  const clipping = new Clipping(plan.l2Clip, layout);
  const flatten = checkOneOf(plan.flatten ?? 'hadamard', 'flatten', ['hadamard', 'none']);
  const type = checkOneOf(plan.type ?? 'float32', 'type', ['float32', 'float64']);
  const { components, factor } = extra(layout.length);
  const dimensions = layout.length + components;
  const flat = flatten === 'hadamard' && dimensions > 1;
  const grid = vectorGrid({ dimensions, clip: clipping.norm * factor, block: flat ? blockOf(dimensions) : null }, terms);
  const shift = Math.ceil(Math.sqrt(grid.sensitivity.l2Squared));
  return {
    layout,
    clipping,
    release: new Release(terms, grid, dimensions, dimensions === 1 ? { components: 1, shift } : null),
    flat,
    type,
    description: { values: layout.description, l2Clip: clipping.description, flatten },
  };
}

/** Values of a result, divided, in arrays of the plan's type and under its names. */
export function restored<Plan>({ layout, type }: VectorParts, values: Float64Array, divisor: number): FloatArrayOf<Plan> {
  return layout.restore((start, length) => {
    const result = type === 'float64' ? new Float64Array(length) : new Float32Array(length);
    for (let i = 0; i < length; i++) result[i] = (values[start + i] ?? 0) / divisor;
    return result;
  }) as FloatArrayOf<Plan>;
}
