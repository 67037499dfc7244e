// What is asked of each runtime, and the form of its answer.

export const USERS = 4;
export const LONG: number = 2 ** 18;

/** As JSON carries it. */
export interface Answers {
  readonly short: readonly string[];
  readonly long: { readonly length: number; readonly total: string; readonly last: string };
  readonly mean: { readonly totalWeight: number; readonly mean: readonly string[] };
}
