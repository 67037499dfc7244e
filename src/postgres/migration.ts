// One numbered migration.

export interface Migration {
  readonly version: number;
  readonly name: string;
  /** Whether processes of the version before cannot go on beside it, so that they must be ended first. */
  readonly breaking: boolean;
  /** One statement or several; `:schema` stands for the quoted name of the schema. */
  readonly sql: string;
}
