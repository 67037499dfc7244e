// The picture: error against ε for 100 and 1,000 users, and against bits, beside a trusted server's Gaussian noise, as SVG.
import { AXIS, draw, GRID_LINES, INK, MUTED, OURS, OURS_TOO, THEIRS, THEIRS_TOO, title } from '../plot.ts';
import { AT, EPSILONS, type Accuracy } from './measure.ts';
import { SETTINGS } from './published.ts';

const [WIDTH, HEIGHT, LEFT, TOP, PANEL, GAP] = [1200, 500, 80, 150, 290, 80];
const COLORS = [OURS_TOO, OURS, THEIRS_TOO];

interface Line {
  readonly name: string;
  readonly panel: number;
  readonly color: string;
  readonly type: 'solid' | 'dashed' | 'dotted';
  readonly data: readonly (readonly [number, number])[];
}

/** Root mean squares of the error of a mean, of vectors of length 10. */
function byEpsilon(all: readonly Accuracy[], users: number, panel: number): Line[] {
  const mine = all.filter(({ setting, mechanism }) => setting.users === users && mechanism === 'discrete-gaussian');
  const rings = [...new Set(mine.filter(({ epsilon }) => epsilon !== AT).map(({ bits }) => bits))];
  const first = mine.filter(({ bits }) => bits === rings[0]);
  const rows = (of: readonly Accuracy[], value: (each: Accuracy) => number): [number, number][] =>
    EPSILONS.flatMap((epsilon) => {
      const found = of.find((each) => each.epsilon === epsilon);
      return found === undefined ? [] : [[epsilon, Math.sqrt(value(found))] as [number, number]];
    });
  const ours = rings.map((bits, i): Line => ({
    name: ['secagg, least bits', 'secagg, 2 bits more', 'secagg, 4 bits more'][i] ?? '',
    panel,
    color: COLORS[i] ?? INK,
    type: 'solid',
    data: rows(
      mine.filter((each) => each.bits === bits),
      ({ ours }) => ours,
    ),
  }));
  return [
    { name: 'trusted server, Gaussian', panel, color: MUTED, type: 'dashed', data: rows(first, ({ central }) => central) },
    ...ours,
  ];
}

/** Mean squared errors over those of the trusted server. */
function byBits(all: readonly Accuracy[]): Line[] {
  return SETTINGS.flatMap(({ users }, i) => {
    const rows = (mechanism: Accuracy['mechanism'], value: (each: Accuracy) => number): [number, number][] => {
      const found = new Map(
        all
          .filter((each) => each.setting.users === users && each.mechanism === mechanism && each.epsilon === AT)
          .map((each) => [each.bits, value(each) / each.central]),
      );
      return [...found].sort(([a], [b]) => a - b);
    };
    const color = [OURS, THEIRS][i] ?? INK;
    return [
      { name: `${users} users`, panel: 2, color, type: 'solid', data: rows('discrete-gaussian', ({ ours }) => ours) },
      { name: `${users} users, Skellam`, panel: 2, color, type: 'dashed', data: rows('skellam', ({ ours }) => ours) },
      {
        name: `${users} users, papers’ formulas`,
        panel: 2,
        color,
        type: 'dotted',
        data: rows('discrete-gaussian', ({ published }) => published),
      },
    ] as const;
  });
}

export function drawAccuracy(all: readonly Accuracy[]): string {
  const lines = [...byEpsilon(all, 100, 0), ...byEpsilon(all, 1000, 1), ...byBits(all)];
  const panels = [
    { name: 'ε', title: '100 users: 12, 14, 16 bits' },
    { name: 'ε', title: '1,000 users: 16, 18, 20 bits' },
    { name: 'bits a component', title: `Squared error over the trusted server’s, ε = ${AT}` },
  ];
  const names = [...new Set(lines.map(({ name }) => name))];
  const legend = { itemWidth: 32, itemGap: 26, textStyle: { color: INK, fontSize: 13 } };
  return draw(WIDTH, HEIGHT, {
    title: [
      title('Error of a private mean of 250 values, δ = 1e-5', 24, 16, 20),
      ...panels.map((panel, i) => title(panel.title, LEFT + i * (PANEL + GAP), TOP - 34, 14)),
    ],
    legend: [
      { ...legend, left: 24, top: 48, data: names.slice(0, 4) },
      { ...legend, left: 24, top: 76, data: names.slice(4) },
    ],
    grid: panels.map((_, i) => ({ left: LEFT + i * (PANEL + GAP), top: TOP, width: PANEL, bottom: 70 })),
    xAxis: panels.map(({ name }, i) => ({
      ...AXIS,
      gridIndex: i,
      type: 'value' as const,
      ...(i < 2 ? { min: 0, max: 6 } : { min: 12, max: 22, interval: 2 }),
      name,
      nameGap: 32,
      splitLine: { show: false },
    })),
    yAxis: panels.map((_, i) => ({
      ...AXIS,
      gridIndex: i,
      ...(i < 2 ? { type: 'log' as const } : { type: 'value' as const, min: 1, max: 1.4, interval: 0.1 }),
      ...[{ min: 0.01, max: 1 }, { min: 0.001, max: 0.1 }, {}][i],
      ...(i === 0 ? { name: 'root mean square error, vectors of length 10', nameGap: 56 } : {}),
      splitLine: GRID_LINES,
    })),
    series: lines.map(({ name, panel, color, type, data }) => ({
      ...{ name, type: 'line', xAxisIndex: panel, yAxisIndex: panel, data, color },
      ...{ symbol: 'circle', symbolSize: type === 'solid' ? 6 : 4, lineStyle: { width: type === 'solid' ? 2.5 : 2, type } },
    })),
  });
}
