// How far the sum of some discrete Gaussians is from one discrete Gaussian.

/** Terms that are added one by one. All later ones are bounded by the last of these. */
const SINGLE_TERMS = 4096;

/** The least parameter σ² of a local noise for which the bound is proven. */
const LEAST_PROVEN_VARIANCE = 0.25;

/**
 * τ: twice a bound on |ln(P(x) / Q(x))| for all x, where P is the law of the sum of `noises` independent discrete Gaussians of parameter
 * σ² = `variance`, and Q the discrete Gaussian of parameter `noises`·σ². 0 for one noise.
 */
export function convolutionTau(variance: number, noises: number): number {
  if (!(variance >= LEAST_PROVEN_VARIANCE))
    throw new RangeError(`variance: expected at least ${LEAST_PROVEN_VARIANCE}, got ${variance}`);
  // [KLS21] (2102.06387) bounds the max divergence of N(0, kσ²) + N(0, σ²) from N(0, (k + 1)σ²) by 5·exp(-2π²σ²·k/(k + 1)) if σ ≥ 1/2.
  // By Poisson summation the ratio of the two is θ(u)·Z(s)/(Z(a)·Z(b)) up to a factor that is constant, where θ(u) = 1 + 2 Σ qʲ² cos(2πju)
  // with q = exp(-2π²σ²·k/(k + 1)), and each Z = 1 + 2 Σ of smaller terms. Adding one more noise to both cannot raise their max
  // divergence, so that the steps k = 1, …, noises - 1 add up to τ/2.
  let sum = 0;
  for (let k = 1; k < noises; k++) {
    const term = Math.exp((-2 * Math.PI ** 2 * variance * k) / (k + 1));
    if (k > SINGLE_TERMS || term === 0) return 10 * (sum + term * (noises - k)); // terms fall with k
    sum += term;
  }
  return 10 * sum;
}
