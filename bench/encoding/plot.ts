// The picture: error against bits, users and spread of weights, side by side, as SVG.
import { AXIS, draw, GRID_LINES, INK, OURS, OURS_TOO, THEIRS, title } from '../plot.ts';
import type { Errors } from './error.ts';

const [WIDTH, HEIGHT, LEFT, TOP, PANEL, GAP] = [1200, 500, 80, 130, 290, 80];

const SERIES = [
  ['flower', 'Flower, range 2^22 (its default)', THEIRS, 'dotted'],
  ['flowerBest', 'Flower, largest range that fits', THEIRS, 'dashed'],
  ['stochastic', 'secagg, stochastic (default)', OURS, 'solid'],
  ['correlated', 'secagg, correlated', OURS_TOO, 'solid'],
] as const;

interface Panel {
  readonly rows: readonly Errors[];
  readonly of: 'bits' | 'users' | 'spread';
  readonly name: string;
  readonly title: string;
}

export function drawErrors(report: Readonly<Record<'byBits' | 'byUsers' | 'bySpread', readonly Errors[]>>): string {
  const panels: readonly Panel[] = [
    {
      rows: report.byBits.filter(({ spread }) => spread === 1000),
      of: 'bits',
      name: 'bits a component',
      title: '100 users, weights 1 to 1000',
    },
    {
      rows: report.byUsers.filter(({ bits }) => bits === 32),
      of: 'users',
      name: 'users',
      title: '32 bits, weights 10 to 1000',
    },
    {
      rows: report.bySpread.filter(({ bits }) => bits === 14),
      of: 'spread',
      name: 'largest weight / smallest weight',
      title: '14 bits, 100 users',
    },
  ];
  return draw(WIDTH, HEIGHT, {
    title: [
      title('Error of the weighted mean, at the same bits on the wire', 24, 16, 20),
      ...panels.map((panel, i) => title(panel.title, LEFT + i * (PANEL + GAP), TOP - 34, 14)),
    ],
    legend: { left: 24, top: 52, itemWidth: 36, itemGap: 56, textStyle: { color: INK, fontSize: 13 } },
    grid: panels.map((_, i) => ({ left: LEFT + i * (PANEL + GAP), top: TOP, width: PANEL, bottom: 70 })),
    xAxis: panels.map(({ of, name, rows }, i) => ({
      ...AXIS,
      gridIndex: i,
      ...(of === 'bits' ? { type: 'value' as const, interval: 4 } : { type: 'log' as const }),
      min: Math.min(...rows.map((row) => row[of])),
      max: Math.max(...rows.map((row) => row[of])),
      name,
      nameGap: 32,
      splitLine: { show: false },
    })),
    yAxis: panels.map(({ rows }, i) => ({
      ...AXIS,
      gridIndex: i,
      type: 'log' as const,
      ...decades(rows),
      ...(i === 0 ? { name: 'root mean square error, values in ±8', nameGap: 56 } : {}),
      axisLabel: { ...AXIS.axisLabel, formatter: (value: number) => `1e${Math.round(Math.log10(value))}` },
      splitLine: GRID_LINES,
    })),
    series: panels.flatMap(({ rows, of }, i) =>
      SERIES.map(([key, name, color, type]) => ({
        name,
        type: 'line',
        xAxisIndex: i,
        yAxisIndex: i,
        data: rows.map((row) => [row[of], row[key] ?? '-']),
        symbol: 'circle',
        symbolSize: 6,
        color,
        lineStyle: { width: type === 'solid' ? 2.5 : 2, type },
      })),
    ),
  });
}

function decades(rows: readonly Errors[]): { readonly min: number; readonly max: number } {
  const all = rows.flatMap((row) => SERIES.map(([key]) => row[key] ?? []).flat());
  return { min: 10 ** Math.floor(Math.log10(Math.min(...all))), max: 10 ** Math.ceil(Math.log10(Math.max(...all))) };
}
