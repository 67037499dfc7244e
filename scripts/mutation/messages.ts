// What the processes of a mutation run say to each other.

/** Run these tests with this mutant. */
export interface Asked {
  readonly id: number;
  readonly titles: readonly string[];
  /** How often one test evaluates the mutant's place when no mutant is there. */
  readonly most: number;
}

/** What tests reach when no mutant is there. */
export interface Reached {
  /** Mutants that are evaluated while modules and tests are loaded. */
  readonly loaded: readonly number[];
  readonly tests: readonly {
    readonly title: string;
    readonly file: string;
    readonly milliseconds: number;
    readonly ids: readonly number[];
    readonly failed: boolean;
  }[];
  /** By mutant, how often one test evaluates it at most. */
  readonly most: readonly number[];
}

export interface Outcome {
  readonly type: 'outcome';
  /** Title of a test that fails with the mutant, or null. */
  readonly failing: string | null;
  readonly evaluated: number;
  /** Whether that test fails in this process without the mutant too. */
  readonly isSpoilt: boolean;
}

export type Told =
  | { readonly type: 'loaded' }
  | { readonly type: 'not-loaded'; readonly why: string }
  | { readonly type: 'reached'; readonly reached: Reached }
  | Outcome;
