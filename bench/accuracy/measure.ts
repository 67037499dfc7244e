// The error of private means where two papers measure theirs.
import { privateMean } from '../../src/dp/index.ts';
import type { Mechanism } from '../../src/dp/mechanism.ts';
import { centralError, publishedError, SETTINGS, type Setting } from './published.ts';

export const EPSILONS = [0.75, 1, 1.5, 2, 3, 4, 6] as const;
/** Rings by users: of fewer bits than the first, ours have no room for the sums. */
const BITS: Readonly<Record<number, readonly number[]>> = {
  100: [12, 13, 14, 15, 16, 18],
  1000: [16, 17, 18, 19, 20, 22],
};
/** The ε at which rings are compared. */
export const AT = 2;

/** Mean squared errors of one component. */
export interface Accuracy {
  readonly setting: Setting;
  readonly mechanism: Mechanism;
  readonly bits: number;
  readonly epsilon: number;
  readonly ours: number;
  readonly published: number;
  readonly central: number;
}

/** Pairs of normal deviates, by Box and Muller; repeatable, as pictures are committed. */
function* deviates(): Generator<number> {
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  for (;;) {
    const [radius, angle] = [Math.sqrt(-2 * Math.log(uniform())), 2 * Math.PI * uniform()];
    yield radius * Math.cos(angle);
    yield radius * Math.sin(angle);
  }
}

/** Vectors that are evenly spread over the sphere. */
function vectorsOf({ users, length, clip }: Setting): Float64Array[] {
  const deviate = deviates();
  return Array.from({ length: users }, () => {
    const vector = Float64Array.from({ length }, () => deviate.next().value as number);
    const norm = Math.hypot(...vector);
    return vector.map((x) => (x / norm) * clip);
  });
}

/** Which error is measured. */
export type Case = Pick<Accuracy, 'setting' | 'mechanism' | 'bits' | 'epsilon'>;

/** @param runs so many sums of the same vectors, each with rounding and noise of its own. */
export function accuracyOf(each: Case, runs: number): Accuracy {
  const { setting, mechanism, bits, epsilon } = each;
  const published = publishedError(setting, mechanism, bits, epsilon);
  return { ...each, ours: measured(each, runs), published, central: centralError(setting, epsilon) };
}

function measured({ setting, mechanism, bits, epsilon }: Case, runs: number): number {
  const { users, length, clip, delta } = setting;
  const plan = privateMean({
    ...{ maxUsers: users, threshold: users, colluders: 0, length, l2Clip: clip, type: 'float64', bits, mechanism },
    target: { epsilon, delta },
  });
  const vectors = vectorsOf(setting);
  let squares = 0;
  for (let run = 0; run < runs; run++) {
    const sum = new Float64Array(length);
    for (const each of vectors) {
      for (const [i, x] of plan.encode(each).vector.entries()) sum[i] = (sum[i] ?? 0) + Number(x);
    }
    const wrapped = Int32Array.from(sum, (x) => x - Math.round(x / 2 ** bits) * 2 ** bits);
    const { mean } = plan.decode(wrapped, { users });
    for (let i = 0; i < length; i++) {
      const exact = vectors.reduce((total, vector) => total + (vector[i] ?? 0), 0) / users;
      squares += ((mean[i] ?? 0) - exact) ** 2;
    }
  }
  return squares / runs / length;
}

/** All cases of the picture. @param runs for 100 users and where rings are compared; a fifth of it for the others. */
export function accuracies(runs: number): Accuracy[] {
  const cases = SETTINGS.flatMap((setting): Case[] => {
    const rings = BITS[setting.users] ?? [];
    const byEpsilon = [rings[0], rings[2], rings[4]].flatMap((bits) =>
      EPSILONS.map((epsilon) => ({ setting, mechanism: 'discrete-gaussian', bits: bits ?? 0, epsilon }) as const),
    );
    const byBits = (['discrete-gaussian', 'skellam'] as const).flatMap((mechanism) =>
      rings.map((bits) => ({ setting, mechanism, bits, epsilon: AT })),
    );
    return [...byEpsilon, ...byBits];
  });
  return cases.map((each) => accuracyOf(each, each.setting.users === 100 || each.epsilon === AT ? runs : Math.ceil(runs / 5)));
}
