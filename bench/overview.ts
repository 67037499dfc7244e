// The picture of the report: masks, others, unmasking and memory, each beside what it is measured against, as SVG.
import type { Figures } from './figures.ts';
import { short, whole } from './markdown.ts';
import type { MaskFigures } from './masks.ts';
import type { MemoryFigures } from './memory.ts';
import { nameOf, type PeerFigures } from './peers.ts';
import { AXIS, draw, GRID_LINES, INK, MUTED, OURS, OURS_TOO, THEIRS, THEIRS_TOO, title } from './plot.ts';

const [WIDTH, PANEL_WIDTH, PANEL_HEIGHT, LEFT, TOP, ACROSS, DOWN] = [1200, 360, 260, 90, 120, 590, 400];

interface Panel {
  readonly title: string;
  readonly x: object;
  readonly y: object;
  readonly series: readonly object[];
  /** The series that have no name at their end. */
  readonly legend?: readonly string[];
}

type Point = readonly [x: number | string, y: number];

/** One panel for each bench that was run. */
export function drawOverview({ masks, peers, memory }: Partial<Figures>): string {
  const panels = [
    ...(masks === undefined ? [] : [expansionPanel(masks), unmaskingPanel(masks)]),
    ...(peers === undefined ? [] : [peersPanel(peers)]),
    ...(memory === undefined ? [] : [memoryPanel(memory)]),
  ];
  const place = (i: number): { left: number; top: number } => ({
    left: LEFT + (i % 2) * ACROSS,
    top: TOP + Math.floor(i / 2) * DOWN,
  });
  return draw(WIDTH, TOP + Math.ceil(panels.length / 2) * DOWN - 30, {
    title: [
      title('What secagg costs, beside what it is measured against', 24, 16, 20),
      ...panels.map((panel, i) => title(panel.title, place(i).left, place(i).top - 46, 15)),
    ],
    legend: panels.flatMap(({ legend }, i) =>
      legend === undefined ? [] : [{ ...LEGEND, data: legend, left: place(i).left, top: place(i).top - 18 }],
    ),
    grid: panels.map((_, i) => ({ ...place(i), width: PANEL_WIDTH, height: PANEL_HEIGHT })),
    xAxis: panels.map(({ x }, gridIndex) => ({ ...AXIS, nameGap: 32, splitLine: { show: false }, ...x, gridIndex })),
    yAxis: panels.map(({ y }, gridIndex) => ({ ...AXIS, nameGap: 52, splitLine: GRID_LINES, ...LOG, ...y, gridIndex })),
    series: panels.flatMap(({ series }, i) => series.map((one) => ({ ...one, xAxisIndex: i, yAxisIndex: i }))),
  });
}

const LEGEND = { icon: 'rect', itemWidth: 14, itemHeight: 10, itemGap: 18, padding: 0, textStyle: { color: INK, fontSize: 12 } };

const LOG = {
  type: 'log',
  axisLabel: { ...AXIS.axisLabel, formatter: short },
};

function expansionPanel({ components, expansion }: MaskFigures): Panel {
  const of = (time: (each: MaskFigures['expansion'][number]) => number): Point[] =>
    expansion.map((each) => [String(each.bits), time(each)]);
  return {
    title: `One mask of ${whole(components)} components, made and added`,
    x: { type: 'category', boundaryGap: false, name: 'bits of a component' },
    y: { name: 'ms' },
    series: [
      line(
        'JavaScript’s cipher',
        MUTED,
        'dotted',
        of(({ javascript }) => javascript),
      ),
      line(
        'plain TypeScript kernel',
        OURS_TOO,
        'dashed',
        of(({ plainKernel }) => plainKernel),
      ),
      line(
        'secagg',
        OURS,
        'solid',
        of(({ ours }) => ours),
      ),
      line(
        'the bare cipher',
        INK,
        'dashed',
        of(({ cipher }) => cipher),
      ),
    ],
  };
}

function unmaskingPanel({ unmasking }: MaskFigures): Panel {
  const long = unmasking.filter(({ vecLen }) => vecLen === 100_000).sort((a, b) => a.masks - b.masks);
  const of = (time: (each: MaskFigures['unmasking'][number]) => number): Point[] => long.map((each) => [each.masks, time(each)]);
  return {
    title: 'Removing masks of 100,000 components',
    x: { ...LOG, name: 'masks', min: 10 ** Math.floor(Math.log10(long[0]?.masks ?? 1)) },
    y: { name: 's' },
    series: [
      line(
        'one core',
        OURS_TOO,
        'solid',
        of(({ ownThread }) => ownThread),
      ),
      line(
        'the bare work, one core',
        INK,
        'dashed',
        of(({ cipher, agreements }) => cipher + agreements),
      ),
      line(
        `${long[0]?.threads ?? NaN} cores`,
        OURS,
        'solid',
        of(({ manyThreads }) => manyThreads),
      ),
    ],
  };
}

/** Where bars begin, because a logarithmic axis has no zero. */
const LEAST_BAR = 0.01;

function peersPanel({ components, ours, flower, xaynet }: PeerFigures): Panel {
  const works = ['mask', 'quantize', 'split', 'combine'] as const;
  const names = { mask: 'one mask', quantize: 'floats to\nintegers', split: 'split\n67 of 100', combine: 'put\ntogether' };
  const flowers = 'skipped' in flower ? null : { ...flower, mask: flower.mask + flower.add };
  const bars = (name: string, color: string, value: (work: (typeof works)[number]) => number | null) => ({
    type: 'bar',
    name,
    color,
    data: works.map(value),
    label: {
      show: true,
      position: 'top',
      color,
      fontSize: 12,
      formatter: ({ value }: { value: number | null }) => (value === null ? '' : String(Number(value.toPrecision(2)))),
    },
  });
  const series = [
    bars('secagg', OURS, (work) => ours[work]),
    ...(flowers === null ? [] : [bars(nameOf('Flower', flower), THEIRS, (work) => flowers[work])]),
    ...('skipped' in xaynet
      ? []
      : [bars(nameOf('xaynet-core', xaynet), THEIRS_TOO, (work) => (work === 'mask' ? xaynet.mask + xaynet.add : null))]),
  ];
  const highest = Math.max(...series.flatMap(({ data }) => data.map((value) => value ?? 0))); // with room for its label
  return {
    title: `The same work by others, ${whole(components)} components`,
    x: { type: 'category', data: works.map((work) => names[work]) },
    y: { name: 'ms', min: LEAST_BAR, startValue: LEAST_BAR, max: 10 ** Math.ceil(Math.log10(4 * highest)) },
    series,
    legend: series.map(({ name }) => name),
  };
}

function memoryPanel({ idle, servers }: MemoryFigures): Panel {
  const many = servers.filter(({ who }) => who === 'stand-ins');
  return {
    title: `A server’s memory, ${whole(many[0]?.vecLen ?? NaN)} components of 32 bits`,
    x: { ...LOG, name: 'users', min: 10 },
    y: { name: 'MB' },
    series: [
      line(
        'all messages',
        MUTED,
        'dashed',
        many.map(({ users, rounds }) => [users, rounds.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6]),
      ),
      line(
        'the most held,\nabove idle Node',
        OURS,
        'solid',
        many.map(({ users, most }) => [users, (most - idle) / 1e6]),
      ),
    ],
  };
}

function line(name: string, color: string, type: 'solid' | 'dashed' | 'dotted', data: readonly Point[]): object {
  return {
    name,
    type: 'line',
    data,
    symbol: 'circle',
    symbolSize: 6,
    color,
    lineStyle: { width: type === 'solid' ? 2.5 : 2, type },
    endLabel: { show: true, formatter: name, color, fontSize: 12, fontWeight: 'bold', distance: 8 },
    labelLayout: { moveOverlap: 'shiftY' },
  };
}
