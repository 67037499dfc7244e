// The report of a run, as Markdown, and its pictures.
import { drawErrors } from './encoding/plot.ts';
import { BENCH_NAMES, BENCHES, type BenchName, type Figures, type Run } from './figures.ts';
import type { Machine } from './machine.ts';
import { blocks } from './markdown.ts';
import { drawOverview } from './overview.ts';
import { drawScale } from './scale/plot.ts';

const OVERVIEW = 'speed.svg';

const ERRORS = 'encoding-error.svg';
const SCALE = 'scale.svg';
const PICTURES: Partial<Record<BenchName, string>> = {
  encoding: `![Error of the weighted mean](${ERRORS})`,
  scale: `![What a user does, and what was measured, by number of users](${SCALE})`,
};

export function reportOf(run: Run): string {
  const sections = BENCH_NAMES.flatMap((name) => {
    const figures = figuresOf(run, name);
    return figures.length === 0 ? [] : [`## ${BENCHES[name].question}`, ...figures];
  });
  return `${blocks('# What secagg costs', `![The main figures beside their baselines](${OVERVIEW})`, ...sections)}\n`;
}

/** The tables of one bench, its picture and its machine; empty if it was not run. */
export function figuresOf({ machines, quick, figures }: Run, name: BenchName): string[] {
  const machine = machines[name];
  const described = describe(name, figures[name]);
  return machine === undefined || described === null ? [] : [described, PICTURES[name] ?? '', headOf(machine, quick)];
}

function describe<Name extends BenchName>(name: Name, measured: Figures[Name] | undefined): string | null {
  return measured === undefined ? null : BENCHES[name].describe(measured);
}

/** The SVG files that a report shows, by name. They are put beside it. */
export function picturesOf(figures: Partial<Figures>): Record<string, string> {
  const { encoding, scale } = figures;
  return {
    [OVERVIEW]: drawOverview(figures),
    ...(encoding === undefined ? {} : { [ERRORS]: drawErrors(encoding) }),
    ...(scale === undefined ? {} : { [SCALE]: drawScale(scale) }),
  };
}

export function sectionOf<Name extends BenchName>(name: Name, figures: Figures[Name]): string {
  return blocks(`## ${BENCHES[name].question}`, BENCHES[name].describe(figures));
}

function headOf({ cpu, cores, node, commit, date, load }: Machine, quick: boolean): string {
  const where = `Measured by \`npm run bench\` on ${date} at commit ${commit}: ${cpu}, ${cores} cores, Node ${node}.`;
  const noise = `The load before was ${load.toFixed(1)}; figures beside each other are of the same minutes.`;
  return blocks(`${where} ${noise}`, quick ? 'A smoke run: the figures mean little.' : '');
}
