// The tables of docs/planner.md are those of the planner. If a row differs, the test prints it as it should be.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { plan, type Plan } from '../../src/planner/index.ts';
import { googleGraph } from './google-finder.ts';

/** Rows of all tables, without the padding of the formatter. */
const ROWS = readFileSync(fileURLToPath(new URL('../../docs/planner.md', import.meta.url)), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.replaceAll(/ +/g, ' '));

const row = (...cells: (string | number)[]): string =>
  `| ${cells.map((cell) => (typeof cell === 'number' ? number(cell) : cell)).join(' | ')} |`;
const number = (n: number): string => n.toLocaleString('en-US');
const expectRow = (text: string): void => {
  if (!ROWS.includes(text)) throw new Error(`no such row: ${text}`);
};
const ringText = (found: Plan): string => {
  if (found.kind === 'sparse') return `${number(found.graph.neighbors)} / ${number(found.graph.shareThreshold)}`;
  return found.kind === 'cohorts' ? 'cohorts' : 'complete';
};
const googles = (sparse: readonly [number, number] | null): string => (sparse === null ? '—' : sparse.map(number).join(' / '));

const SIZES = [1000, 10_000, 100_000, 1_000_000];
const RATES = [
  [0.05, 0.05],
  [0.1, 0.05],
  [0.1, 0.1],
  [0.2, 0.1],
] as const;

describe('docs/planner.md', () => {
  for (const [dropout, corrupt] of RATES) {
    for (const users of SIZES) {
      const rates = [`${dropout * 100} %`, `${corrupt * 100} %`];
      it(`has the sparse graphs of ${users} users at ${rates.join(', ')}`, () => {
        const sparse = (adversary: 'semi-honest' | 'semi-malicious'): string => {
          return ringText(plan({ users, dropout, corrupt, vecLen: 1, adversary, graph: 'sparse' }));
        };
        expectRow(
          row(
            ...rates,
            users,
            sparse('semi-honest'),
            googles(googleGraph(users, corrupt, dropout, 'curious')),
            sparse('semi-malicious'),
            googles(googleGraph(users, corrupt, dropout, 'semi-malicious')),
          ),
        );
      });

      if (users > 1000) {
        it(`has the cohorts of ${users} users at ${rates.join(', ')}`, () => {
          const cells = [2, 100, 500].map((minHonest) => {
            const found = plan({ users, dropout, corrupt, vecLen: 1, minHonest, graph: 'cohorts' });
            const { users: size, threshold, options } = found.sessions[0]!;
            const count = found.sessions.reduce((sum, session) => sum + session.count, 0);
            return `${number(count)} of ${number(size)}, t ${number(threshold)}, c ${number(options.colluders)}`;
          });
          expectRow(row(...rates, users, ...cells));
        });
      }
    }
  }

  for (const users of [100, 1000, 10_000, 100_000, 1_000_000]) {
    it(`has the costs for ${users} users`, () => {
      const cells = (['malicious', 'semi-malicious', 'semi-honest'] as const).map((adversary) => {
        const { user, server, kind } = plan({ users, dropout: 0.1, vecLen: 1_000_000, adversary });
        const extra = user.up + user.down - 4_000_000;
        return `${kind}: ${number(Math.round(extra / 1000))} kB, ${number(user.work.masks)}, ${(server.disturbed.masks / users).toFixed(1)}`;
      });
      expectRow(row(users, ...cells));
    });
  }
});
