// One server process with sessions in PostgreSQL. The test that started it calls it over a channel. With CRASH_AFTER it
// kills itself by SIGKILL, right before or right after its n-th statement.
import pg from 'pg';
import { mostResident } from '../../bench/memory/resident.ts';
import { PostgresSessions, type PoolConnection, type PostgresPool, type PoolQuery } from '../../src/postgres/index.ts';

export interface Call {
  readonly call: number;
  readonly method: 'recv' | 'round' | 'progress' | 'message' | 'migrate' | 'create' | 'result' | 'sweep' | 'memory' | 'hear';
  readonly args: readonly unknown[];
}

/** What hearing many messages has cost a process. */
export interface Heard {
  readonly milliseconds: number;
  /** Milliseconds of CPU. */
  readonly cpu: number;
}

export type Answer =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: { readonly name: string; readonly code: string | null; readonly message: string } };

const pool = new pg.Pool({ connectionString: process.env.POSTGRES_URL, max: 8 });
pool.on('error', () => undefined);

let left = Number(process.env.CRASH_AFTER ?? Infinity);
const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  for (;;); // until the signal arrives
};

const fragile: PostgresPool = {
  async connect(): Promise<PoolConnection> {
    const client = await pool.connect();
    return {
      async query(query: PoolQuery) {
        left -= 0.5;
        if (left === 0) die();
        const result = client.query(query);
        left -= 0.5;
        // The result is not awaited: the database may run the statement after the process is dead.
        if (left === 0) setImmediate(die);
        return result;
      },
      release: (error) => client.release(error),
      on: (event, listener) => client.on(event, listener),
      off: (event, listener) => client.off(event, listener),
    };
  },
};

const sessions = new PostgresSessions(fragile, {
  schema: process.env.POSTGRES_SCHEMA ?? 'secagg',
  direct: process.env.POSTGRES_DIRECT === undefined ? undefined : fragile,
});

/** Hears messages, some of them at a time. */
async function hear(
  messages: readonly (readonly [id: string, user: number, bytes: Uint8Array])[],
  atOnce: number,
): Promise<Heard> {
  const [started, before] = [performance.now(), process.cpuUsage()];
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < messages.length) await sessions.recv(...messages[next++]!);
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  const { user, system } = process.cpuUsage(before);
  return { milliseconds: performance.now() - started, cpu: (user + system) / 1000 };
}

function answerTo({ method, args }: Call): Promise<unknown> {
  if (method === 'hear') return hear(...(args as Parameters<typeof hear>));
  if (method === 'memory') return Promise.resolve(mostResident());
  return (sessions[method] as (...all: readonly unknown[]) => Promise<unknown>)(...args);
}

process.on('message', (call: Call) => {
  const send = (answer: Answer): void => void process.send?.(answer);
  answerTo(call).then(
    (value) => send({ call: call.call, value }),
    (error: unknown) => {
      const { name, message, code } = error as Error & { code?: string };
      send({ call: call.call, error: { name, message, code: code ?? null } });
    },
  );
});
process.once('disconnect', () => process.exit());
