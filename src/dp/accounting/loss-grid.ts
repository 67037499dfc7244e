// Privacy loss distributions on a grid, composed by convolving. Every step can only raise δ, at every ε.
import { at } from '../../leaves/lists.ts';

/** One outcome: its probability under one input, and ln of the ratio to that under a neighboring one. */
export interface LossAtom {
  readonly probability: number;
  readonly loss: number;
}

/** A privacy loss distribution with finite losses at multiples of a step, and an infinite one. */
export interface LossGrid {
  readonly step: number;
  /** The multiple of the step that the first probability is for. */
  readonly first: number;
  readonly probabilities: Float64Array;
  /** The probability of an infinite loss. */
  readonly infinite: number;
}

/** Steps to a standard deviation of the loss. */
const RESOLUTION = 200;

/**
 * Puts atoms on a grid. Each is split between the multiples around it such that its probabilities under both inputs stay: what was there
 * is got back by forgetting on which side an outcome fell, so that the grid tells the inputs apart at least as well.
 */
export function gridOf(atoms: readonly LossAtom[], infinite: number): LossGrid {
  const step = deviation(atoms) / RESOLUTION;
  const [low, high] = [Math.min(...range(atoms)), Math.max(...range(atoms))];
  const first = Math.floor(low / step);
  const probabilities = new Float64Array(Math.floor(high / step) - first + 2);
  for (const { probability, loss } of atoms) {
    const index = Math.floor(loss / step);
    const above = Math.min(1, Math.max(0, Math.expm1(index * step - loss) / Math.expm1(-step)));
    add(probabilities, index - first, probability * (1 - above));
    add(probabilities, index - first + 1, probability * above);
  }
  return { step, first, probabilities, infinite };
}

function* range(atoms: readonly LossAtom[]): Generator<number> {
  let [low, high] = [Infinity, -Infinity];
  for (const { loss } of atoms) [low, high] = [Math.min(low, loss), Math.max(high, loss)];
  yield low;
  yield high;
}

function deviation(atoms: readonly LossAtom[]): number {
  let [mass, sum, squares] = [0, 0, 0];
  for (const { probability, loss } of atoms) {
    mass += probability;
    sum += probability * loss;
    squares += probability * loss * loss;
  }
  return Math.sqrt(Math.max(squares / mass - (sum / mass) ** 2, 1e-24));
}

function add(values: Float64Array, index: number, value: number): void {
  values[index] = (values[index] ?? 0) + value;
}

/**
 * The distribution of the sum of independent losses, each as in the grid.
 *
 * @param tail what may be moved to an infinite loss, or up to the least one that is kept, over all.
 */
export function composedGrid(one: LossGrid, times: number, tail: number): LossGrid {
  const levels = 2 * Math.ceil(Math.log2(times)) + 2;
  const cut = (grid: LossGrid, size: number): LossGrid => trimmed(coarsened(grid), (tail * size) / (times * levels));
  let power = cut(one, 1);
  let sum: LossGrid | null = null;
  let summed = 0;
  for (let size = 1; size <= times; size *= 2) {
    if (Math.floor(times / size) % 2 === 1) {
      summed += size;
      sum = sum === null ? power : cut(convolved(sum, power), summed);
    }
    if (2 * size <= times) power = cut(convolved(power, power), 2 * size);
  }
  return sum ?? power;
}

/** Doubles the step until it is just less than the resolution asks for. An atom between is split as in {@link gridOf}. */
function coarsened(grid: LossGrid): LossGrid {
  const atoms = Array.from(grid.probabilities, (probability, i) => ({ probability, loss: (grid.first + i) * grid.step }));
  const wanted = deviation(atoms) / RESOLUTION;
  let coarse = grid;
  while (coarse.step * 2 <= wanted) coarse = doubled(coarse);
  return coarse;
}

function doubled({ step, first, probabilities, infinite }: LossGrid): LossGrid {
  const start = Math.floor(first / 2);
  const out = new Float64Array(Math.ceil((first + probabilities.length) / 2) - start + 1);
  const above = 1 / (1 + Math.exp(-step));
  for (const [i, probability] of probabilities.entries()) {
    const index = Math.floor((first + i) / 2) - start;
    const isBetween = (first + i) % 2 !== 0;
    add(out, index, isBetween ? probability * (1 - above) : probability);
    if (isBetween) add(out, index + 1, probability * above);
  }
  return { step: 2 * step, first: start, probabilities: out, infinite };
}

/** Moves the largest losses to infinity and the least ones up to the least one that is kept, each up to a probability. */
function trimmed({ step, first, probabilities, infinite }: LossGrid, tail: number): LossGrid {
  let [start, end] = [0, probabilities.length];
  let [below, over] = [0, 0];
  while (start < end - 1 && below + (probabilities[start] ?? 0) <= tail) below += probabilities[start++] ?? 0;
  while (end > start + 1 && over + (probabilities[end - 1] ?? 0) <= tail) over += probabilities[--end] ?? 0;
  const kept = probabilities.slice(start, end);
  add(kept, 0, below);
  return { step, first: first + start, probabilities: kept, infinite: infinite + over };
}

/** By the definition: all terms are positive, so that no value is lost beside a larger one, as it would be by Fourier transforms. */
function convolved(left: LossGrid, right: LossGrid): LossGrid {
  let [a, b] = [left, right];
  while (a.step < b.step) a = doubled(a);
  while (b.step < a.step) b = doubled(b);
  const out = new Float64Array(a.probabilities.length + b.probabilities.length - 1);
  for (const [i, p] of a.probabilities.entries()) {
    if (p === 0) continue;
    for (let j = 0; j < b.probabilities.length; j++) out[i + j] = (out[i + j] ?? 0) + p * (b.probabilities[j] ?? 0);
  }
  const infinite = a.infinite + b.infinite - a.infinite * b.infinite;
  return { step: a.step, first: a.first + b.first, probabilities: out, infinite };
}

/** The atoms of a grid, in ascending order of their losses. */
export function atomsOf({ step, first, probabilities }: LossGrid): LossAtom[] {
  return Array.from(probabilities, (probability, i) => ({ probability, loss: (first + i) * step }));
}

/** δ(ε) = P(∞) + Σ P(L)·(1 - e^(ε - L)) over the losses above ε. */
export function deltaOfLosses(atoms: readonly LossAtom[], infinite: number, epsilon: number): number {
  return atoms.reduce(
    (sum, { probability, loss }) => (loss > epsilon ? sum - probability * Math.expm1(epsilon - loss) : sum),
    infinite,
  );
}

/** The least ε of at least 0 with δ(ε) at most `delta`. @param atoms in ascending order of their losses. */
export function epsilonOfLosses(atoms: readonly LossAtom[], infinite: number, delta: number): number {
  if (infinite > delta) return Infinity;
  // Between two losses δ(ε) = A - e^ε·B, with A the probability of all losses above under one input, and B under the other.
  let [above, scaled, reference] = [infinite, 0, 0];
  for (let i = atoms.length - 1; i >= 0; i--) {
    const { probability, loss } = at(atoms, i);
    // B is kept in multiples of e^-reference, the last loss, so that it neither overflows nor vanishes.
    if (scaled > 0 && above - scaled * Math.exp(loss - reference) > delta) return solved(above, scaled, reference, delta);
    scaled = scaled * Math.exp(loss - reference) + probability;
    reference = loss;
    above += probability;
  }
  return scaled > 0 && above - scaled * Math.exp(-reference) > delta ? solved(above, scaled, reference, delta) : 0;
}

function solved(above: number, scaled: number, reference: number, delta: number): number {
  return Math.max(0, reference + Math.log((above - delta) / scaled));
}
