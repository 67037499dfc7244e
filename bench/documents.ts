// The documents that tell figures, all from one record.
import { BENCHES, type Run } from './figures.ts';
import { withMade } from './made.ts';
import { blocks } from './markdown.ts';
import { withSpeed } from './readme.ts';
import { headOf, pictureOf, reportOf } from './report.ts';

/** By path, with the figures of a run. @param present reads what is there. @throws where the run lacks some. */
export function documentsOf(run: Run, present: (path: string) => string): Record<string, string> {
  return {
    'README.md': withSpeed(present('README.md'), run),
    'docs/scale.md': withScale(present('docs/scale.md'), run),
    'docs/speed.md': reportOf(run),
  };
}

function withScale(document: string, { machines, quick, figures: { scale } }: Run): string {
  if (scale === undefined || machines.scale === undefined) throw new Error('not measured: scale');
  return withMade(document, blocks(headOf(machines.scale, quick), BENCHES.scale.describe(scale), pictureOf('scale')));
}
