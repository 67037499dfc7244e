// What do user and server cost on a sparse graph, as the number of users grows? The cost of each user should stay the same, as it
// has the same number of neighbors. Real users with real messages, the server in a process of its own, the sum checked.
import type { SparseGraph } from '../src/index.ts';
import type { Bench } from './bench.ts';
import { addInTheClear, registerUsers, requireSum, usersOf, vectorOf } from './registered-users.ts';
import { blocks, short, table, whole, type Cell } from './markdown.ts';
import { idleMemory, MeasuredServer } from './memory/measured-server.ts';
import { linearFit, median, timed, type LinearFit } from './statistics.ts';

/** Of one user in one round, on average. Milliseconds and bytes. */
interface RoundCost {
  /** The median, because all users are objects of one process, whose garbage collector stops some of them for long. */
  readonly userMs: number;
  /** Time to hear it, and its share of closing the round. */
  readonly serverMs: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

export interface ScaleCost {
  readonly users: number;
  readonly rounds: readonly RoundCost[];
  /** The most that the server's process held above an idle Node, in bytes for each user. */
  readonly memory: number;
}

export interface ScaleFigures {
  readonly graph: SparseGraph;
  readonly vecLen: number;
  /** Share of the users that send no input. */
  readonly dropout: number;
  readonly sizes: readonly ScaleCost[];
}

const VEC_LEN = 100;
const DROPOUT = 0.002;

export const scale: Bench<ScaleFigures> = {
  question: 'What does a sparse graph cost, as the number of users grows?',

  async measure(quick) {
    // 3t ≥ 2k + 2, the condition against a server that lies once the graph is drawn.
    const graph = quick ? { neighbors: 6, shareThreshold: 5 } : { neighbors: 16, shareThreshold: 12 };
    const sizes: ScaleCost[] = [];
    for (const users of quick ? [20, 40, 80] : [1000, 3000, 10_000, 20_000]) sizes.push(await costOf(users, graph));
    return { graph, vecLen: VEC_LEN, dropout: quick ? 0 : DROPOUT, sizes };
  },

  describe: ({ graph, vecLen, dropout, sizes }) =>
    blocks(
      `On a sparse graph with ${graph.neighbors} neighbors each, ${graph.shareThreshold} of whom open a secret; ${whole(vecLen)} components of 32 bits, so that the rest is seen; ${short(100 * dropout)} % of the users are lost before they send their vectors. All real users, in one process, with the server in another.`,
      table(
        ['users', 'a user, ms', 'server for each, ms', 'server for each, kB', 'bytes up', 'bytes down'],
        sizes.map((size) => [
          size.users,
          total(size, 'userMs'),
          total(size, 'serverMs'),
          size.memory / 1000,
          total(size, 'bytesUp'),
          total(size, 'bytesDown'),
        ]),
      ),
      'By round, at the largest size; and what a thousand users more add to the cost of one, by a straight line through all sizes:',
      table(
        ['round', 'a user, ms', 'added', 'server, ms', 'added', 'bytes down', 'added'],
        [0, 1, 2, 3, 4].map((round): Cell[] => {
          const last = sizes.at(-1)?.rounds[round];
          const added = (what: keyof RoundCost): string => {
            const { perUnit } = fitted(sizes, ({ rounds }) => rounds[round]?.[what] ?? NaN);
            return (1000 * perUnit).toFixed(what === 'bytesDown' ? 1 : 4);
          };
          return [
            round,
            last?.userMs ?? null,
            added('userMs'),
            last?.serverMs ?? null,
            added('serverMs'),
            last?.bytesDown ?? null,
            added('bytesDown'),
          ];
        }),
      ),
    ),
};

export function total({ rounds }: ScaleCost, what: keyof RoundCost): number {
  return rounds.reduce((sum, round) => sum + round[what], 0);
}

function fitted(sizes: readonly ScaleCost[], of: (size: ScaleCost) => number): LinearFit {
  return linearFit(sizes.map((size) => [size.users, of(size)]));
}

/** Runs a session of so many users. @throws if the sum is wrong. */
async function costOf(count: number, graph: SparseGraph): Promise<ScaleCost> {
  const lost = (id: number): boolean => id % Math.round(1 / DROPOUT) === 7 && count > 100;
  const options = { graph, adversary: 'semi-malicious' } as const;
  const threshold = Math.ceil(count * 0.95);
  const registered = registerUsers(count);
  const publicKeys = registered.keys.map(([pk]) => Buffer.from(pk).toString('hex'));
  const server = new MeasuredServer({ threshold, vecLen: VEC_LEN, publicKeys, options, longest: 65_536 });
  const users = usersOf(registered, { threshold, vecLen: VEC_LEN, options });
  const rounds: RoundCost[] = [];
  let most = 0;
  let messages: ReadonlyMap<number, Uint8Array> = new Map(users.map(({ id }) => [id, Uint8Array.of(146, 1, 0)]));
  for (const round of [0, 1, 2, 3, 4]) {
    let [up, down, spoken] = [0, 0, 0];
    const times: number[] = [];
    for (const [id, message] of messages) {
      const user = users[id];
      if (user === undefined || (round === 2 && lost(id))) continue;
      const [answer, ms] = await timed(() => user.round(message));
      await server.recv(id, answer);
      times.push(ms);
      [up, down, spoken] = [up + answer.length, down + message.length, spoken + 1];
    }
    const { report, sum, messages: next } = await server.close();
    const serverMs = report.recvMs + report.closeMs;
    rounds.push({ userMs: median(times), serverMs: serverMs / spoken, bytesUp: up / spoken, bytesDown: down / spoken });
    [messages, most] = [next, report.mostEver];
    if (round === 4) {
      const vectors = users.filter(({ id }) => !lost(id)).map(({ id }) => vectorOf(id, VEC_LEN));
      requireSum(sum ?? undefined, addInTheClear(vectors, VEC_LEN));
    }
  }
  await server.end();
  return { users: count, rounds, memory: (most - idleMemory()) / count };
}
