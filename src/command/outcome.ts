// What a subcommand ends with.

export interface Outcome {
  /** 0 done, 1 refused, 2 wrong usage. */
  readonly code: 0 | 1 | 2;
  readonly out?: string;
  readonly err?: string;
}
