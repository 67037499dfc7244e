// The picture: accuracy against training rounds, as an SVG file.
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LineSeriesOption } from 'echarts';
import { init } from 'echarts/dist/echarts.esm.min.mjs';
import { PICTURE } from './options.ts';
import type { Compared } from './training.ts';

const INK = '#24292f';
const MUTED = '#6e7781';
const FONT = 'system-ui, Roboto, Helvetica, Arial, sans-serif';

/** @param accuracies before training, then after each training round. @returns the path of the file. */
export async function writePlot(folder: string, accuracies: readonly Compared<number>[], subtitle: string): Promise<string> {
  const path = join(folder, PICTURE);
  // Another demo may write the same picture at the same time: a rename leaves one of the two whole.
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, draw(accuracies, subtitle));
  await rename(unfinished, path);
  return path;
}

function draw(accuracies: readonly Compared<number>[], subtitle: string): string {
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
      subtextStyle: { color: MUTED, fontSize: 14 },
    },
    grid: { left: 80, right: 230, top: 96, bottom: 70 },
    xAxis: {
      ...axis,
      type: 'value',
      name: 'training round',
      nameGap: 36,
      max: accuracies.length - 1,
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
      line('one participant alone', MUTED, 'dotted', accuracies, ({ alone }) => alone),
      line('in the clear, all take part', '#d4721a', 'dashed', accuracies, ({ clear }) => clear),
      line('secure aggregation', '#0f62c4', 'solid', accuracies, ({ secure }) => secure),
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function line(
  name: string,
  color: string,
  type: 'solid' | 'dashed' | 'dotted',
  accuracies: readonly Compared<number>[],
  of: (accuracies: Compared<number>) => number,
): LineSeriesOption {
  const last = accuracies.at(-1);
  const end = last === undefined ? '' : `${(100 * of(last)).toFixed(1)} %`;
  return {
    name,
    type: 'line',
    data: accuracies.map((each, round) => [round, 100 * of(each)]),
    symbol: 'circle',
    symbolSize: 8,
    color,
    lineStyle: { width: type === 'solid' ? 3.5 : 2.5, type },
    endLabel: { show: true, formatter: `${name}\n${end}`, color, fontSize: 14, fontWeight: 'bold', distance: 12, lineHeight: 18 },
    labelLayout: { moveOverlap: 'shiftY' },
  };
}
