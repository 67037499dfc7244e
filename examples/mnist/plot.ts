// The picture: accuracy against training rounds, as an SVG file.
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LineSeriesOption } from 'echarts';
import { init } from 'echarts/dist/echarts.esm.min.mjs';
import { PICTURE } from './options.ts';
import type { Compared, Reached } from './training.ts';

const INK = '#24292f';
const MUTED = '#6e7781';
const FONT = 'system-ui, Roboto, Helvetica, Arial, sans-serif';

/** @param reached before training, then after each training round. @returns the path of the file. */
export async function writePlot(folder: string, reached: readonly Reached[], subtitle: string): Promise<string> {
  const path = join(folder, PICTURE);
  // Another demo may write the same picture at the same time: a rename leaves one of the two whole.
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, draw(reached, subtitle));
  await rename(unfinished, path);
  return path;
}

function draw(reached: readonly Reached[], subtitle: string): string {
  const spent = reached.at(-1)?.spent ?? null;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 960, height: 540 });
  const axis = {
    nameLocation: 'middle',
    nameTextStyle: { color: INK, fontSize: 14 },
    axisLabel: { color: INK, fontSize: 13 },
    axisLine: { show: true, lineStyle: { color: MUTED } },
  } as const;
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    title: {
      text: 'Digits learnt from updates that nobody but their owners saw',
      subtext: subtitle,
      left: 24,
      top: 16,
      textStyle: { color: INK, fontSize: 20 },
      subtextStyle: { color: MUTED, fontSize: 14, lineHeight: 20 },
    },
    grid: { left: 80, right: 250, top: spent === null ? 96 : 114, bottom: spent === null ? 70 : 90 },
    xAxis: {
      ...axis,
      type: 'value',
      axisLabel: { ...axis.axisLabel, lineHeight: 18, formatter: (round: number) => withEpsilon(String(round), reached[round]) },
      name: spent === null ? 'training round' : 'training round, and ε spent up to it',
      nameGap: spent === null ? 36 : 54,
      max: reached.length - 1,
      minInterval: 1,
      splitLine: { show: false },
    },
    yAxis: {
      ...axis,
      type: 'value',
      name: 'accuracy on the test digits, %',
      nameGap: 48,
      min: 0,
      max: 100,
      splitLine: { lineStyle: { color: '#e6e8eb' } },
    },
    series: [
      line('one participant alone', MUTED, 'dotted', reached, ({ alone }) => alone),
      line(
        `${spent === null ? 'in the clear' : 'without noise'}, all take part`,
        '#d4721a',
        'dashed',
        reached,
        ({ clear }) => clear,
      ),
      line(withEpsilon('secure aggregation', reached.at(-1)), '#0f62c4', 'solid', reached, ({ secure }) => secure),
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function withEpsilon(text: string, reached: Reached | undefined): string {
  const spent = reached?.spent ?? null;
  return spent === null ? text : `${text}\nε = ${spent.toFixed(1)}`;
}

function line(
  name: string,
  color: string,
  type: 'solid' | 'dashed' | 'dotted',
  reached: readonly Reached[],
  of: (accuracies: Compared<number>) => number,
): LineSeriesOption {
  const last = reached.at(-1);
  const end = last === undefined ? '' : `${(100 * of(last.accuracies)).toFixed(1)} %`;
  return {
    name,
    type: 'line',
    data: reached.map(({ accuracies }, round) => [round, 100 * of(accuracies)]),
    symbol: 'circle',
    symbolSize: 8,
    color,
    lineStyle: { width: type === 'solid' ? 3.5 : 2.5, type },
    endLabel: { show: true, formatter: `${name}\n${end}`, color, fontSize: 14, fontWeight: 'bold', distance: 12, lineHeight: 18 },
    labelLayout: { moveOverlap: 'shiftY' },
  };
}
