// The picture of docs/scale.md: what the planner takes for each model as the number of users grows, and what was measured.
import { plan, type PlanRequest } from '../../src/planner/index.ts';
import { short, whole } from '../markdown.ts';
import { AXIS, draw, GRID_LINES, INK, MUTED, OURS, OURS_TOO, THEIRS, title } from '../plot.ts';
import { total, type ScaleFigures } from '../scale.ts';

const [WIDTH, HEIGHT, PANEL_WIDTH, PANEL_HEIGHT, TOP] = [1200, 460, 360, 290, 110];
const LEFT = [90, 700];

const USERS = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000];
const RATES = { dropout: 0.1, corrupt: 0.05, vecLen: 1 };

type Point = readonly [x: number, y: number];

export function drawScale({ graph, vecLen, sizes }: ScaleFigures): string {
  const measured = (of: (size: ScaleFigures['sizes'][number]) => number): Point[] => sizes.map((size) => [size.users, of(size)]);
  const axes = (names: readonly [string, string]) => (gridIndex: number) => ({
    ...AXIS,
    type: 'log',
    gridIndex,
    name: names[gridIndex],
    axisLabel: { ...AXIS.axisLabel, formatter: short },
  });
  return draw(WIDTH, HEIGHT, {
    title: [
      title('What a session costs a user and the server, by number of users', 24, 16, 20),
      title('Masks of the whole vector that a user makes, by plan', LEFT[0] ?? 0, TOP - 46, 15),
      title(`Measured, ${graph.neighbors} neighbors, ${whole(vecLen)} components`, LEFT[1] ?? 0, TOP - 46, 15),
    ],
    grid: LEFT.map((left) => ({ left, top: TOP, width: PANEL_WIDTH, height: PANEL_HEIGHT })),
    xAxis: [0, 1].map((i) => ({ ...axes(['users', 'users'])(i), nameGap: 32, splitLine: { show: false } })),
    yAxis: [0, 1].map((i) => ({ ...axes(['masks', 'ms for one user'])(i), nameGap: 52, splitLine: GRID_LINES })),
    series: [
      line(0, 'complete graph', MUTED, 'dashed', masks({ ...RATES, graph: 'complete', adversary: 'malicious' }, 65_535)),
      line(
        0,
        'malicious:\ncohorts of 100 honest',
        THEIRS,
        'solid',
        masks({ ...RATES, graph: 'cohorts', adversary: 'malicious' }),
      ),
      line(0, 'semi-malicious:\nsparse graph', OURS, 'solid', masks({ ...RATES, graph: 'sparse', adversary: 'semi-malicious' })),
      line(0, 'semi-honest:\nsparse graph', OURS_TOO, 'solid', masks({ ...RATES, graph: 'sparse', adversary: 'semi-honest' })),
      line(
        1,
        'the user, all rounds',
        OURS,
        'solid',
        measured((size) => total(size, 'userMs')),
      ),
      line(
        1,
        'the server for each',
        OURS_TOO,
        'solid',
        measured((size) => total(size, 'serverMs')),
      ),
    ],
  });
}

/** By number of users, as far as there are plans. */
function masks(request: Omit<PlanRequest, 'users'>, most = Infinity): Point[] {
  return USERS.filter((users) => users >= 1000 || request.graph === 'complete')
    .filter((users) => users <= most)
    .map((users) => [users, plan({ ...request, users }).user.work.masks]);
}

function line(panel: number, name: string, color: string, type: 'solid' | 'dashed', data: readonly Point[]): object {
  return {
    name,
    type: 'line',
    data,
    xAxisIndex: panel,
    yAxisIndex: panel,
    symbol: 'circle',
    symbolSize: 5,
    color,
    lineStyle: { width: 2.5, type },
    endLabel: {
      show: true,
      formatter: name,
      color: color === MUTED ? INK : color,
      fontSize: 12,
      fontWeight: 'bold',
      distance: 8,
    },
  };
}
