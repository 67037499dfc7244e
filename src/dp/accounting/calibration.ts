// The least noise that meets a target.
import { checkInteger, checkNumber, checkObject } from '../../leaves/checks.ts';
import { leastHolding } from '../../leaves/bisection.ts';
import { MAX_VARIANCE, type NoisedSum, type PrivacyTarget, type SamplerError } from '../mechanism.ts';
import { PrivacyError } from '../privacy-error.ts';
import { epsilonOf } from './conversion.ts';
import { curveOf, repeated } from './curve.ts';

/** A noised sum whose noise is to be found. */
export interface NoiseTerms extends Omit<NoisedSum, 'variance' | 'samplerError'> {
  /** The sampler's error, or what it is for each parameter σ². It must not grow with σ² faster than noise takes from ε. */
  readonly samplerError: SamplerError | ((variance: number) => SamplerError);
}

/** The least noise, and the ε that it gives. */
export interface CalibratedNoise {
  /** The parameter σ² of each noise. */
  readonly variance: number;
  /** The ε of all releases at the target's δ. At most the target's. */
  readonly epsilon: number;
}

/**
 * Finds the least integer parameter σ² of each noise for which the target is met.
 *
 * @throws PrivacyError ERR_SECAGG_PRIVACY_TARGET if no parameter up to 2^52 meets it.
 * @throws TypeError, RangeError if terms or target are not well formed.
 */
export function leastVariance(terms: NoiseTerms, target: Required<PrivacyTarget>): CalibratedNoise {
  const { epsilon, delta, releases } = checkTarget(target);
  const epsilonFor = (variance: number): number => {
    const samplerError = typeof terms.samplerError === 'function' ? terms.samplerError(variance) : terms.samplerError;
    return epsilonOf(repeated(curveOf({ ...terms, variance, samplerError }), releases), delta).epsilon;
  };
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
  return { variance, epsilon: epsilonFor(variance) };
}

function checkTarget(target: Required<PrivacyTarget>): Required<PrivacyTarget> {
  checkObject(target, 'target');
  checkNumber(target.epsilon, 'target.epsilon', Number.MIN_VALUE, Number.MAX_VALUE);
  checkNumber(target.delta, 'target.delta', Number.MIN_VALUE, 1 - 2 ** -53);
  checkInteger(target.releases, 'target.releases', 1, 2 ** 32);
  return target;
}
