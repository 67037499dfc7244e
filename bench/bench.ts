// What a bench is: one question, which is measured beside its baselines and answered in Markdown.
export interface Bench<Figures> {
  readonly question: string;
  /** @param quick for the smoke run: everything once, and small. @returns figures that can be JSON. @throws if a result is wrong. */
  readonly measure: (quick: boolean) => Promise<Figures>;
  /** The figures as Markdown, below a heading of the second level. */
  readonly describe: (figures: Figures) => string;
}
