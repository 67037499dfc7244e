// How the costs of each round grow with one dimension of a session: straight lines through the costs of several sizes.
import { blocks, short, table, whole } from '../markdown.ts';
import { linearFit, median, type LinearFit } from '../statistics.ts';
import { costOf, type RoundCost, type SessionCost, type Size } from './cost.ts';

/** A dimension, and sizes of sessions that differ in it alone. */
export interface Series {
  readonly of: 'users' | 'vecLen' | 'neighbors';
  readonly sizes: readonly Size[];
}

export interface Growth extends Series {
  /** By round. The time of the server is that for one user. */
  readonly rounds: readonly Readonly<Record<keyof RoundCost, LinearFit>>[];
}

/** Measures a series and fits lines. @param runs of each size, of which the medians are taken. */
export async function fit({ of, sizes }: Series, runs: number): Promise<Growth> {
  const costs: { readonly size: Size; readonly sessions: readonly SessionCost[] }[] = [];
  for (const size of sizes) {
    const sessions: SessionCost[] = [];
    for (let i = 0; i < runs; i++) sessions.push(await costOf(size));
    costs.push({ size, sessions });
  }
  const fitted = (round: number, what: keyof RoundCost, per: (size: Size) => number = () => 1): LinearFit =>
    linearFit(
      costs.map(({ size, sessions }) => {
        const cost = median(sessions.map(({ rounds }) => rounds[round]?.[what] ?? NaN));
        return [size[of] ?? NaN, cost / per(size)];
      }),
    );
  const rounds = [0, 1, 2, 3, 4].map((round) => ({
    userMs: fitted(round, 'userMs'),
    serverMs: fitted(round, 'serverMs', ({ users }) => users),
    bytesUp: fitted(round, 'bytesUp'),
    bytesDown: fitted(round, 'bytesDown'),
  }));
  return { of, sizes, rounds };
}

const UNITS: Readonly<Record<Series['of'], readonly [unit: string, size: number]>> = {
  users: ['a user', 1],
  neighbors: ['a neighbor', 1],
  vecLen: ['1,000 components', 1000],
};

export function describeGrowth({ of, sizes, rounds }: Growth): string {
  const [unit, per] = UNITS[of];
  const told = ({ perUnit, r2 }: LinearFit): [number, string] => [per * perUnit, r2.toFixed(2)];
  return blocks(
    `### With ${unit} more, fitted over ${sizes.map((size) => whole(size[of] ?? NaN)).join(', ')}`,
    restOf(of, sizes),
    table(
      ['round', 'a user, ms', 'R²', 'server for each user, ms', 'R²', 'bytes up', 'bytes down'],
      rounds.map(({ userMs, serverMs, bytesUp, bytesDown }, round) => {
        const bytes = [bytesUp, bytesDown].map(({ perUnit }) => (per * perUnit).toFixed(1));
        return [round, ...told(userMs), ...told(serverMs), ...bytes];
      }),
    ),
  );
}

/** What is the same in all sizes. */
function restOf(of: Series['of'], [size]: readonly Size[]): string {
  if (size === undefined) return '';
  const { users, vecLen, bits, neighbors, dropout } = size;
  const same = [
    ...(of === 'users' ? [] : [`${whole(users)} users`]),
    ...(of === 'vecLen' ? [] : [`${whole(vecLen)} components`]),
    `${bits} bits`,
    `${short(100 * dropout)} % drop out`,
  ];
  return `${neighbors === null ? 'On the complete graph' : 'On a sparse graph'}: ${same.join(', ')}.`;
}
