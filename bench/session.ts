// What does a session cost, by round and role, and how does each step grow?
import type { Bench } from './bench.ts';
import { blocks, short, table, whole } from './markdown.ts';
import { describeGrowth, fit, type Growth, type Series } from './session/growth.ts';
import { costOf, type SessionCost, type Size } from './session/cost.ts';

export interface SessionFigures {
  readonly sessions: readonly SessionCost[];
  readonly growth: readonly Growth[];
}

const SIZES: readonly Size[] = [
  { users: 20, vecLen: 100_000, bits: 32, neighbors: null, dropout: 0 },
  { users: 20, vecLen: 100_000, bits: 32, neighbors: null, dropout: 0.3 },
  { users: 20, vecLen: 100_000, bits: 16, neighbors: null, dropout: 0.3 },
  { users: 100, vecLen: 10_000, bits: 32, neighbors: null, dropout: 0.1 },
  { users: 100, vecLen: 100_000, bits: 32, neighbors: null, dropout: 0.1 },
  { users: 200, vecLen: 1000, bits: 32, neighbors: null, dropout: 0.1 },
];
const QUICK_SIZES: readonly Size[] = [{ users: 6, vecLen: 1000, bits: 32, neighbors: null, dropout: 0.2 }];

const REST = { bits: 32, neighbors: null, dropout: 0.2 };
const series = (quick: boolean): readonly Series[] => [
  { of: 'users', sizes: (quick ? [6, 12, 24] : [25, 50, 100]).map((users) => ({ ...REST, users, vecLen: 1000 })) },
  {
    of: 'vecLen',
    sizes: (quick ? [1000, 2000, 4000] : [20_000, 100_000, 500_000]).map((vecLen) => ({ ...REST, users: 10, vecLen })),
  },
  {
    of: 'neighbors',
    sizes: (quick ? [4, 6, 8] : [16, 32, 64]).map((neighbors) => {
      return { bits: 32, dropout: 0, users: quick ? 12 : 100, vecLen: 1000, neighbors };
    }),
  },
];

export const session: Bench<SessionFigures> = {
  question: 'What does a session cost, by round and role?',

  async measure(quick) {
    const sessions: SessionCost[] = [];
    for (const size of quick ? QUICK_SIZES : SIZES) sessions.push(await costOf(size));
    const growth: Growth[] = [];
    for (const one of series(quick)) growth.push(await fit(one, quick ? 1 : 5));
    return { sessions, growth };
  },

  describe: ({ sessions, growth }) =>
    blocks(
      'Times and bytes of a user are those of one, on average; the server hears all, on one thread.',
      ...sessions.map(describeSession),
      ...growth.map(describeGrowth),
    ),
};

function describeSession({ users, vecLen, bits, dropout, rounds, clearMs }: SessionCost): string {
  const total = rounds.reduce((sum, { serverMs }) => sum + serverMs, 0);
  return blocks(
    `### ${users} users × ${whole(vecLen)} components of ${bits} bits, ${short(100 * dropout)} % drop out before they send`,
    table(
      ['round', 'a user, ms', 'server, ms', 'bytes up', 'bytes down'],
      rounds.map(({ userMs, serverMs, bytesUp, bytesDown }, round) => [round, userMs, serverMs, bytesUp, bytesDown]),
    ),
    `The server in all: ${short(total)} ms; the same vectors added in the clear: ${short(clearMs)} ms. The sum is exact.`,
  );
}
