// The documents that hold figures, all of one run.
import type { BenchName, Run } from './figures.ts';
import { withSection } from './generated-section.ts';
import { blocks } from './markdown.ts';
import { withSpeed } from './readme.ts';
import { figuresOf, reportOf } from './report.ts';

/** The documents by path, with the figures of a run. @param present reads a document as it is. @throws if the run lacks figures. */
export function documentsOf(run: Run, present: (path: string) => string): Record<string, string> {
  return {
    'README.md': withSpeed(present('README.md'), run),
    'docs/postgres.md': withFigures(present('docs/postgres.md'), run, 'postgres'),
    'docs/scale.md': withFigures(present('docs/scale.md'), run, 'scale'),
    'docs/speed.md': reportOf(run),
  };
}

function withFigures(document: string, run: Run, name: BenchName): string {
  const [first, ...others] = figuresOf(run, name);
  if (first === undefined) throw new Error(`not measured: ${name}`);
  return withSection(document, blocks(first, ...others));
}
