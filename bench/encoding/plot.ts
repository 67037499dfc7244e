// The picture: error against bits, users and spread of weights, side by side, as SVG.
import { LineChart, type LineSeriesOption } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Errors } from './error.ts';

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const INK = '#24292f';
const MUTED = '#6e7781';
const FONT = 'system-ui, Roboto, Helvetica, Arial, sans-serif';
const [WIDTH, HEIGHT, LEFT, TOP, PANEL, GAP] = [1200, 500, 80, 130, 290, 80];

const SERIES = [
  ['flower', 'Flower, range 2^22 (its default)', '#d4721a', 'dotted'],
  ['flowerBest', 'Flower, largest range that fits', '#d4721a', 'dashed'],
  ['stochastic', 'secagg, stochastic (default)', '#0f62c4', 'solid'],
  ['correlated', 'secagg, correlated', '#1a7f37', 'solid'],
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
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    title: [
      {
        text: 'Error of the weighted mean, at the same bits on the wire',
        left: 24,
        top: 16,
        textStyle: { color: INK, fontSize: 20 },
      },
      ...panels.map(({ title }, i) => ({
        text: title,
        left: LEFT + i * (PANEL + GAP),
        top: TOP - 34,
        textStyle: { color: INK, fontSize: 14 },
      })),
    ],
    legend: { left: 24, top: 52, itemWidth: 36, itemGap: 56, textStyle: { color: INK, fontSize: 13 } },
    grid: panels.map((_, i) => ({ left: LEFT + i * (PANEL + GAP), top: TOP, width: PANEL, bottom: 70 })),
    xAxis: panels.map(({ of, name, rows }, i) => ({
      gridIndex: i,
      ...(of === 'bits' ? { type: 'value' as const, interval: 4 } : { type: 'log' as const }),
      min: Math.min(...rows.map((row) => row[of])),
      max: Math.max(...rows.map((row) => row[of])),
      name,
      nameLocation: 'middle' as const,
      nameGap: 32,
      nameTextStyle: { color: INK, fontSize: 13 },
      axisLabel: { color: INK, fontSize: 12 },
      axisLine: { show: true, onZero: false, lineStyle: { color: MUTED } },
      splitLine: { show: false },
    })),
    yAxis: panels.map(({ rows }, i) => ({
      gridIndex: i,
      type: 'log' as const,
      ...decades(rows),
      ...(i === 0 ? { name: 'root mean square error, values in ±8', nameLocation: 'middle' as const, nameGap: 56 } : {}),
      nameTextStyle: { color: INK, fontSize: 13 },
      axisLabel: { color: INK, fontSize: 12, formatter: (value: number) => `1e${String(Math.round(Math.log10(value)))}` },
      axisLine: { show: true, onZero: false, lineStyle: { color: MUTED } },
      splitLine: { lineStyle: { color: '#e6e8eb' } },
    })),
    series: panels.flatMap(({ rows, of }, i) =>
      SERIES.map(([key, name, color, type]): LineSeriesOption => ({
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
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function decades(rows: readonly Errors[]): { readonly min: number; readonly max: number } {
  const all = rows.flatMap((row) => SERIES.map(([key]) => row[key] ?? []).flat());
  return { min: 10 ** Math.floor(Math.log10(Math.min(...all))), max: 10 ** Math.ceil(Math.log10(Math.max(...all))) };
}
