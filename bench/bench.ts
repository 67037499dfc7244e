// What a bench is: one question, measured beside its baselines, and told.
export interface Bench<Figures> {
  readonly question: string;
  /** @param quick the smoke run: everything once, small. Throws where a result is wrong. @returns what can be JSON. */
  readonly measure: (quick: boolean) => Promise<Figures>;
  /** The figures as Markdown, below a heading of the second level. */
  readonly describe: (figures: Figures) => string;
}
