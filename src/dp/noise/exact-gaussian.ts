// The discrete Gaussian, exactly: rejection from a discrete Laplace law, with uniform integers and nothing else.
// [CKS20] Canonne, Kamath, Steinke 2004.00010: Algorithms 1 (Bernoulli of e^−γ), 2 (discrete Laplace) and 3 (discrete Gaussian).
// The time that a draw takes depends on what is drawn.
import { bernoulliExponential, bigBernoulliExponential, uniformBelow } from './bernoulli.ts';
import type { RandomWords } from './random-words.ts';

/** Above this the squares of the last step may leave the integers that doubles hold. */
const SAFE = 2 ** 26;

/** A draw of the discrete Gaussian of parameter σ² = `variance`, a positive integer. Takes about five draws of Bernoulli variables. */
export function discreteGaussian(words: RandomWords, variance: number): number {
  const scale = Math.floor(Math.sqrt(variance)) + 1;
  for (;;) {
    const x = discreteLaplace(words, scale);
    // e^(−(|x| − σ²/t)² / 2σ²), with the denominators multiplied out.
    const distance = Math.abs(x) * scale - variance;
    const accepted =
      Math.abs(distance) <= SAFE && variance * scale ** 2 <= SAFE ** 2 / 2
        ? bernoulliExponential(words, distance ** 2, 2 * variance * scale ** 2)
        : bigBernoulliExponential(words, squareOf(x, scale, variance), 2n * BigInt(variance) * BigInt(scale) ** 2n);
    if (accepted) return x;
  }
}

function squareOf(x: number, scale: number, variance: number): bigint {
  return (BigInt(Math.abs(x)) * BigInt(scale) - BigInt(variance)) ** 2n;
}

/** A draw x with a probability in proportion to e^(−|x|/scale). */
export function discreteLaplace(words: RandomWords, scale: number): number {
  for (;;) {
    const u = uniformBelow(words, scale);
    if (!bernoulliExponential(words, u, scale)) continue;
    let v = 0;
    while (bernoulliExponential(words, 1, 1)) v++;
    const x = u + scale * v;
    const negative = words.next() % 2 === 1;
    // 0 has one sign only.
    if (!negative) return x;
    if (x !== 0) return -x;
  }
}
