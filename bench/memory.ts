// How much memory does a server need? It runs in a process of its own from the first message to the sum, and is compared with an
// idle Node. Users are in this process: a few real ones with dropouts, then as many stand-ins, then many stand-ins.
import { round0Msg } from '../src/index.ts';
import type { Bench } from './bench.ts';
import {
  addInTheClear,
  registerUsers,
  requireSum,
  thresholdFor,
  usersOf,
  vectorOf,
  type RegisteredUsers,
} from './registered-users.ts';
import { blocks, table, whole } from './markdown.ts';
import type { Report } from './memory/frames.ts';
import { idleMemory, MeasuredServer } from './memory/measured-server.ts';
import { StandIns } from './memory/stand-ins.ts';
import type { Round } from '../src/session/notation.ts';

type Who = 'real users' | 'stand-ins';

interface Size {
  readonly who: Who;
  readonly users: number;
  readonly vecLen: number;
  /** Users that deal and send no input. */
  readonly dropped: number;
}

interface ServerMemory extends Size {
  /** The most that its process held, in bytes. */
  readonly most: number;
  readonly rounds: readonly Report[];
}

export interface MemoryFigures {
  /** Memory of an idle Node, in bytes. */
  readonly idle: number;
  readonly servers: readonly ServerMemory[];
}

const sizes = (quick: boolean): readonly Size[] => {
  const [few, many, vecLen] = quick ? [8, [24], 2 ** 16] : [32, [100, 300, 1000], 2 ** 20];
  return [
    { who: 'real users', users: few, vecLen, dropped: Math.floor(few / 8) },
    { who: 'real users', users: few, vecLen, dropped: 0 },
    ...[few, ...many].map((users) => ({ who: 'stand-ins' as const, users, vecLen, dropped: 0 })),
  ];
};

export const memory: Bench<MemoryFigures> = {
  question: 'How much memory does a server need?',

  async measure(quick) {
    const servers: ServerMemory[] = [];
    for (const size of sizes(quick)) servers.push(await memoryOf(size));
    requireSameBytes(servers);
    return { idle: idleMemory(), servers };
  },

  describe: ({ idle, servers }) => {
    const above = (bytes: number): number => (bytes - idle) / 1e6;
    return blocks(
      `Resident memory of the server’s process in MB, above the ${whole(idle / 1e6)} MB of an idle Node. Components are of 32 bits.`,
      table(
        ['users', 'dropped', 'components', 'messages, MB', 'at most', '', 'recv in round 2, GB/s', 'SHA-256 alone, GB/s'],
        servers.map(({ who, users, dropped, vecLen, most, rounds }) => {
          const { bytes = NaN, recvMs = NaN, sha256Ms = NaN } = rounds[2] ?? {};
          const messages = rounds.reduce((sum, round) => sum + round.bytes, 0) / 1e6;
          return [users, dropped, vecLen, messages, above(most), who, bytes / 1e6 / recvMs, bytes / 1e6 / sha256Ms];
        }),
      ),
      ...servers.slice(-1).map(({ users, rounds }) =>
        blocks(
          `### Of ${whole(users)} users, by round`,
          table(
            ['round', 'all heard', 'at most', 'closed', 'messages, MB', 'recv, s', 'close, s'],
            rounds.map(({ heard, most, closed, bytes, recvMs, closeMs }, round) => {
              return [round, above(heard), above(most), above(closed), bytes / 1e6, recvMs / 1000, closeMs / 1000];
            }),
          ),
        ),
      ),
    );
  },
};

/** Runs a session with a server in a process of its own. @throws if the sum is wrong. */
async function memoryOf(size: Size): Promise<ServerMemory> {
  const { users, vecLen, dropped, who } = size;
  const threshold = thresholdFor(users);
  const registered = registerUsers(users);
  const publicKeys = registered.keys.map(([pk]) => Buffer.from(pk).toString('hex'));
  const server = new MeasuredServer({ threshold, vecLen, publicKeys, longest: 4 * vecLen + 200 * users + 1000 });
  const party = who === 'stand-ins' ? new StandIns(registered, { threshold, vecLen }) : realUsers(registered, threshold, size);
  const rounds: Report[] = [];
  let messages: ReadonlyMap<number, Uint8Array> = new Map();
  for (const round of [0, 1, 2, 3, 4] satisfies Round[]) {
    for await (const [id, answer] of party.answers(round, messages)) await server.recv(id, answer);
    const closed = await server.close();
    rounds.push(closed.report);
    messages = closed.messages;
    if (round === 4) requireSum(closed.sum ?? undefined, plainSum(users, dropped, vecLen));
  }
  await server.end();
  return { ...size, most: Math.max(...rounds.map(({ mostEver }) => mostEver)), rounds };
}

function realUsers(registered: RegisteredUsers, threshold: number, { vecLen, dropped }: Size): Pick<StandIns, 'answers'> {
  const users = usersOf(registered, { threshold, vecLen });
  return {
    async *answers(round, messages): AsyncGenerator<[number, Uint8Array]> {
      for (const user of users) {
        const message = round === 0 ? round0Msg() : messages.get(user.id);
        if (message !== undefined && !(round === 2 && user.id < dropped)) yield [user.id, await user.round(message)];
      }
    },
  };
}

function plainSum(users: number, dropped: number, vecLen: number): Int32Array {
  function* vectors(): Generator<Int32Array> {
    for (let id = dropped; id < users; id++) yield vectorOf(id, vecLen);
  }
  return addInTheClear(vectors(), vecLen);
}

/** @throws unless stand-ins send as many bytes as real users in each round, as their figures mean nothing otherwise. */
function requireSameBytes(servers: readonly ServerMemory[]): void {
  const [real, standIns] = servers.slice(1).map(({ rounds }) => rounds.map(({ bytes }) => bytes).join());
  if (real !== standIns) throw new Error(`real users sent ${real} bytes, their stand-ins ${standIns}`);
}
