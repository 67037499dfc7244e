// One numbered migration.

export interface Migration {
  readonly version: number;
  readonly name: string;
  /** One statement or several; `:schema` stands for the quoted name of the schema. */
  readonly sql: string;
}
