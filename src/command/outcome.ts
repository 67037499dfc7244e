// How a subcommand ends.

export interface Outcome {
  /** The exit code: 0 done, 1 refused or no sum, 2 wrong usage, 3 a wrong sum. */
  readonly code: 0 | 1 | 2 | 3;
  readonly out?: string;
  readonly err?: string;
}
