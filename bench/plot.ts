// Draws the pictures of all benches with echarts, as SVG and in one style.
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { init, use, type EChartsCoreOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

export const INK = '#24292f';
export const MUTED = '#6e7781';
export const OURS = '#0f62c4';
export const OURS_TOO = '#1a7f37';
export const THEIRS = '#d4721a';
export const THEIRS_TOO = '#8250df';

export const title = (text: string, left: number, top: number, fontSize: number): object => ({
  text,
  left,
  top,
  textStyle: { color: INK, fontSize },
});

/** What all axes have in common. */
export const AXIS = {
  nameLocation: 'middle' as const,
  nameTextStyle: { color: INK, fontSize: 13 },
  axisLabel: { color: INK, fontSize: 12 },
  axisLine: { show: true, onZero: false, lineStyle: { color: MUTED } },
};
export const GRID_LINES = { lineStyle: { color: '#e6e8eb' } };

/** @returns an SVG file. */
export function draw(width: number, height: number, option: EChartsCoreOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'system-ui, Roboto, Helvetica, Arial, sans-serif' },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
