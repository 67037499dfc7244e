// Quantiles from the counts of a histogram with noise, and bounds on them. All of it is computed from what was released.
import { at } from '../leaves/lists.ts';

/** One quantile of the users' values. */
export interface PrivateQuantile {
  /** The part of the values that is below. */
  readonly probability: number;
  /** An estimate, between edges. */
  readonly value: number;
  /** The true quantile is not below this edge: see {@link PrivateQuantiles.quantiles}. */
  readonly least: number;
  /** The true quantile is not above this edge. */
  readonly most: number;
}

/**
 * How far a sum of independent noises, each times a weight of at most 1, may be from 0: `squares` is the sum of the squares of the weights.
 */
export type NoiseBound = (squares: number) => number;

/**
 * @param counts with noise, one for each bin.
 * @param edges one more than bins, ascending.
 * @param probabilities ascending, between 0 and 1.
 * @param bound fails for any bin or probability only with a small probability.
 */
export function quantilesOf(
  counts: Float64Array,
  edges: readonly number[],
  probabilities: readonly number[],
  bound: NoiseBound,
): PrivateQuantile[] {
  const sums = partialSums(counts);
  const monotone = isotonic(sums);
  const bins = probabilities.map((q) => binsOf(sums, q, bound));
  return probabilities.map((probability, i) => {
    // True quantiles ascend with their probability, so that bounds of neighbors hold too. They cross only if one is wrong, which is possible.
    const first = Math.max(...bins.slice(0, i + 1).map(([from]) => from));
    const last = Math.min(...bins.slice(i).map(([, to]) => to));
    const [least, most] = [at(edges, Math.min(first, last)), at(edges, Math.max(first, last) + 1)];
    const value = crossing(monotone, edges, probability) ?? (least + most) / 2;
    return { probability, value: Math.min(Math.max(value, least), most), least, most };
  });
}

/**
 * The first and the last bin in which the quantile may be. It is in the first bin j for which D_j = C_j − q·C is not negative, if C_j counts
 * the values up to the end of bin j, and C all. The noise of D_j is (1 − q) times that of the bins up to j, and −q times that of the others.
 */
function binsOf(sums: readonly number[], q: number, bound: NoiseBound): [number, number] {
  const last = sums.length - 1;
  let first: number | null = null;
  for (let j = 0; j < last; j++) {
    const distance = at(sums, j) - q * at(sums, last);
    const error = bound((1 - q) ** 2 * (j + 1) + q ** 2 * (last - j));
    if (first === null && distance + error >= 0) first = j;
    if (distance - error >= 0) return [first ?? j, j];
  }
  return [first ?? last, last]; // D of the last bin is (1 − q)·C, never negative
}

/** Where a monotone curve of counts reaches the part q of its last one; null if the noise has left no counts. */
function crossing(sums: readonly number[], edges: readonly number[], q: number): number | null {
  const total = at(sums, sums.length - 1);
  if (total <= 0) return null;
  const bin = sums.findIndex((sum) => sum >= q * total);
  const below = bin === 0 ? 0 : at(sums, bin - 1);
  const [start, end] = [at(edges, bin), at(edges, bin + 1)];
  return start + ((q * total - below) / (at(sums, bin) - below)) * (end - start);
}

function partialSums(counts: Float64Array): number[] {
  let sum = 0;
  return Array.from(counts, (count) => (sum += count));
}

/**
 * The nearest sequence, by least squares, that does not fall and is not negative. No element of it is further from the exact sums than the
 * worst of those that were given: isotonic regression is max over a ≤ i of min over b ≥ i of the mean of elements a to b, which moves no
 * more than its inputs do, and leaves a monotone sequence as it is.
 */
function isotonic(values: readonly number[]): number[] {
  // Runs of elements with one mean; each is above the one before.
  const runs: { sum: number; length: number }[] = [];
  for (const value of values) {
    let run = { sum: value, length: 1 };
    for (;;) {
      const last = runs[runs.length - 1];
      if (last === undefined || last.sum * run.length < run.sum * last.length) break;
      run = { sum: last.sum + run.sum, length: last.length + run.length };
      runs.pop();
    }
    runs.push(run);
  }
  return runs.flatMap(({ sum, length }) => new Array<number>(length).fill(Math.max(0, sum / length)));
}
