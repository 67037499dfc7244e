/** The middle one: what a noisy machine says most truly. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

/** Least squares of ms = fixed + perUnit · size, and how much of the variation that explains (R²). */
export function linearFit(points: readonly (readonly [size: number, ms: number])[]): {
  fixed: number;
  perUnit: number;
  r2: number;
} {
  const n = points.length;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / n;
  const [x, y] = [mean(points.map(([size]) => size)), mean(points.map(([, ms]) => ms))];
  const sxx = points.reduce((sum, [size]) => sum + (size - x) ** 2, 0);
  const sxy = points.reduce((sum, [size, ms]) => sum + (size - x) * (ms - y), 0);
  const syy = points.reduce((sum, [, ms]) => sum + (ms - y) ** 2, 0);
  const perUnit = sxy / sxx;
  return { fixed: y - perUnit * x, perUnit, r2: sxy ** 2 / (sxx * syy) };
}
