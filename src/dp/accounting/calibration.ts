// The least noise that meets a target.
import { checkInteger, checkPositive, checkObject } from '../../leaves/checks.ts';
import { leastHolding } from '../../leaves/bisection.ts';
import { MAX_RELEASES, MAX_VARIANCE, type NoisedSum, type PrivacyTarget, type SamplerError } from '../mechanism.ts';
import { PrivacyError } from '../privacy-error.ts';
import { epsilonOf } from './conversion.ts';
import { curveOf, repeated, type Curve } from './curve.ts';

/** A noised sum whose noise is to be found. */
export interface NoiseTerms extends Omit<NoisedSum, 'variance' | 'samplerError'> {
  /** The sampler's error, or what it is for each parameter σ². It must not grow with σ² faster than noise takes from ε. */
  readonly samplerError: SamplerError | ((variance: number) => SamplerError);
  /**
   * The most noises that there may be, whose samplers' total variation a ledger reserves. The bounds are those of `noises`. Default: `noises`.
   */
  readonly mostNoises?: number;
}

/**
 * What a plan has to spare of its target, relatively. A ledger adds charges up one by one in doubles, and at one order: all releases must fit there too,
 * although each sum is rounded.
 */
export const SPARE: number = 2 ** -30;

/** A curve with what a plan has to spare. */
export function withSpare({ orders, values, totalVariation }: Curve): Curve {
  return { orders, values: values.map((value) => value * (1 + SPARE)), totalVariation: totalVariation * (1 + SPARE) };
}

/** The least noise, and the ε that it gives. */
export interface CalibratedNoise {
  /** The parameter σ² of each noise. */
  readonly variance: number;
  /** The ε of all releases at the target's δ. At most the target's. */
  readonly epsilon: number;
}

/**
 * Finds the least integer parameter σ² of each noise for which the target is met, with 2^-30 of it to spare.
 *
 * @throws PrivacyError ERR_SECAGG_PRIVACY_TARGET if no parameter up to 2^52 meets it.
 * @throws TypeError, RangeError if terms or target are not well formed.
 */
export function leastVariance(terms: NoiseTerms, target: Required<PrivacyTarget>): CalibratedNoise {
  const { epsilon, delta, releases } = checkTarget(target);
  const { noises, mostNoises = noises } = terms;
  const curveFor = (variance: number): Curve => {
    const samplerError = typeof terms.samplerError === 'function' ? terms.samplerError(variance) : terms.samplerError;
    const curve = curveOf({ ...terms, variance, samplerError });
    return repeated({ ...curve, totalVariation: (curve.totalVariation / noises) * mostNoises }, releases);
  };
  const epsilonFor = (variance: number): number => epsilonOf(withSpare(curveFor(variance)), delta).epsilon;
  const least = epsilonFor(MAX_VARIANCE);
  if (!(least <= epsilon)) {
    const found = `ε = ${least.toPrecision(3)} at δ = ${delta} after ${releases} releases`;
    throw new PrivacyError(
      'ERR_SECAGG_PRIVACY_TARGET',
      `target: the most noise that there is gives ${found}, not ε = ${epsilon}`,
    );
  }
  // Every bound falls with σ²: Δ₂²/s², Δ₁·τ/s and τ do for discrete Gaussians, and all terms of the bound for Skellam noise.
  const variance = leastHolding(0, MAX_VARIANCE, (candidate) => epsilonFor(candidate) <= epsilon);
  return { variance, epsilon: epsilonOf(curveFor(variance), delta).epsilon };
}

function checkTarget(target: Required<PrivacyTarget>): Required<PrivacyTarget> {
  checkObject(target, 'target');
  checkPositive(target.epsilon, 'target.epsilon');
  checkPositive(target.delta, 'target.delta', 1);
  checkInteger(target.releases, 'target.releases', 1, MAX_RELEASES);
  return target;
}
