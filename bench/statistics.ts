// Measures time, and makes medians and straight lines of figures from a noisy machine.

/** Runs a function. @returns its result, and the milliseconds that it took. */
export async function timed<T>(run: () => T | Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  const result = await run();
  return [result, performance.now() - started];
}

/** The median of the milliseconds of several runs, after one that warms up. */
export async function medianMs(runs: number, run: () => unknown): Promise<number> {
  await run();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) times.push((await timed(run))[1]);
  return median(times);
}

/** The median, which the outliers of a noisy machine do not move. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

/** A straight line through measurements. */
export interface LinearFit {
  readonly fixed: number;
  readonly perUnit: number;
  /** The share of the variance that the line explains. */
  readonly r2: number;
}

/** Least squares of cost = fixed + perUnit · size. */
export function linearFit(points: readonly (readonly [size: number, cost: number])[]): LinearFit {
  const n = points.length;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / n;
  const [x, y] = [mean(points.map(([size]) => size)), mean(points.map(([, cost]) => cost))];
  const sxx = points.reduce((sum, [size]) => sum + (size - x) ** 2, 0);
  const sxy = points.reduce((sum, [size, cost]) => sum + (size - x) * (cost - y), 0);
  const syy = points.reduce((sum, [, cost]) => sum + (cost - y) ** 2, 0);
  const perUnit = sxy / sxx;
  return { fixed: y - perUnit * x, perUnit, r2: syy === 0 ? 1 : sxy ** 2 / (sxx * syy) };
}
