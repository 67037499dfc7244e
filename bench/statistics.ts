// What figures of a noisy machine are made into.
/** The middle one: what a noisy machine says most truly. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

/** A straight line through measurements. */
export interface LinearFit {
  readonly fixed: number;
  readonly perUnit: number;
  /** The share of the variation that it explains. */
  readonly r2: number;
}

/** Least squares of ms = fixed + perUnit · size. */
export function linearFit(points: readonly (readonly [size: number, ms: number])[]): LinearFit {
  const n = points.length;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / n;
  const [x, y] = [mean(points.map(([size]) => size)), mean(points.map(([, ms]) => ms))];
  const sxx = points.reduce((sum, [size]) => sum + (size - x) ** 2, 0);
  const sxy = points.reduce((sum, [size, ms]) => sum + (size - x) * (ms - y), 0);
  const syy = points.reduce((sum, [, ms]) => sum + (ms - y) ** 2, 0);
  const perUnit = sxy / sxx;
  return { fixed: y - perUnit * x, perUnit, r2: sxy ** 2 / (sxx * syy) };
}
