// Three uses as the planner plans them, and as they were measured: bytes and computing by role.
import { plan, type PlannedSession } from '../src/planner/index.ts';
import { messageSizes } from '../src/wire/message-sizes.ts';
import type { Bench } from './bench.ts';
import { blocks, table, whole } from './markdown.ts';
import { costOf, type SessionCost } from './session/cost.ts';

interface Use {
  readonly name: string;
  readonly users: number;
  readonly vecLen: number;
  /** Bits of a component of a user's vector. */
  readonly inputBits: number;
  /** Part of the users that is lost, as planned and as measured. */
  readonly dropout: number;
}

export interface UseFigures extends Use {
  readonly threshold: number;
  /** Of a user that stays, sent and received. */
  readonly planned: { readonly bytes: number; readonly agreements: number; readonly masks: number };
  /** Of the server, with all drop-outs at the worst moment. */
  readonly removed: { readonly masks: number; readonly agreements: number };
  readonly measured: SessionCost;
}

const USES: readonly Use[] = [
  { name: 'telemetry', users: 1000, vecLen: 64, inputBits: 16, dropout: 0.1 },
  { name: 'federated fine-tuning', users: 100, vecLen: 10_000_000, inputBits: 16, dropout: 0.1 },
  { name: 'hospitals', users: 12, vecLen: 50_000_000, inputBits: 16, dropout: 1 / 12 },
];
const QUICK_USES: readonly Use[] = [{ name: 'telemetry', users: 20, vecLen: 64, inputBits: 16, dropout: 0.1 }];

export const uses: Bench<readonly UseFigures[]> = {
  question: 'What do real uses cost?',

  async measure(quick) {
    const figures: UseFigures[] = [];
    for (const use of quick ? QUICK_USES : USES) figures.push(await figuresOf(use));
    return figures;
  },

  describe: (figures) =>
    blocks(
      'On the complete graph, against a server that may lie, with drop-outs before the masked input. A user is one on average, and works on one thread; so does the server, which hears all. In brackets: what `secagg/planner` says.',
      table(
        ['', ...figures.map(({ name }) => name)],
        [
          ['users, threshold', ...figures.map(({ users, threshold }) => `${whole(users)}, ${whole(threshold)}`)],
          ['components, bits', ...figures.map(({ vecLen, inputBits }) => `${whole(vecLen)}, ${inputBits}`)],
          ['lost', ...figures.map(({ users, dropout }) => Math.floor(users * dropout))],
          ['kB of a user', ...figures.map(({ measured, planned }) => withPlan(bytesOf(measured) / 1000, planned.bytes / 1000))],
          [
            'times its input',
            ...figures.map(({ measured, vecLen, inputBits }) => (8 * bytesOf(measured)) / (vecLen * inputBits)),
          ],
          ['a user, s', ...figures.map(({ measured }) => sumOf(measured, ({ userMs }) => userMs) / 1000)],
          [
            'agreements, masks of a user',
            ...figures.map(({ planned }) => `${whole(planned.agreements)}, ${whole(planned.masks)}`),
          ],
          ['the server, s', ...figures.map(({ measured }) => sumOf(measured, ({ serverMs }) => serverMs) / 1000)],
          ['masks that it removes', ...figures.map(({ removed }) => whole(removed.masks))],
          ['adding in the clear, s', ...figures.map(({ measured }) => measured.clearMs / 1000)],
        ],
      ),
      'The sums are exact.',
    ),
};

const withPlan = (measured: number, planned: number): string => `${whole(measured)} (${whole(planned)})`;

type Round = SessionCost['rounds'][number];

const sumOf = ({ rounds }: SessionCost, of: (round: Round) => number): number =>
  rounds.reduce((sum, round) => sum + of(round), 0);

const bytesOf = (cost: SessionCost): number => sumOf(cost, ({ bytesUp, bytesDown }) => bytesUp + bytesDown);

async function figuresOf(use: Use): Promise<UseFigures> {
  const { users, vecLen, inputBits, dropout } = use;
  const bits = inputBits + Math.ceil(Math.log2(users));
  const { sessions, user, server } = plan({ users, dropout, vecLen, bits, graph: 'complete' });
  const [{ threshold, options }] = sessions as readonly [PlannedSession<'complete'>];
  const { rounds } = messageSizes({ users, vecLen, bits, graph: 'complete' });
  return {
    ...{ ...use, threshold },
    planned: { ...user.work, bytes: rounds.reduce((sum, { up, down }) => sum + up + down, 0) },
    removed: server.disturbed,
    measured: await costOf({ users, vecLen, bits, neighbors: null, dropout }, [threshold, options]),
  };
}
