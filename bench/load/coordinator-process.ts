// One of the coordinator's processes: it answers over HTTP, and notes how long each answer takes. It may be killed at any time.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { Coordinator, type CoordinatorOptions } from 'secagg/coordinator';
import { PostgresCoordinatorStore, PostgresSessionHost, PostgresSessions } from 'secagg/postgres';
import { registrarSeeds, Task } from 'secagg/service';
import { post } from '../../examples/service/exchange.ts';
import { nodeHandler } from '../../examples/service/http.ts';

/** What a process is told when it starts. */
export interface Setup extends Required<Pick<CoordinatorOptions, 'keypair' | 'secret'>> {
  readonly task: unknown;
  readonly revocations: Uint8Array;
  readonly database: string;
  readonly schema: string;
  /** Where the registrar gives the seeds of draws. */
  readonly registrar: string;
}

/** What a process tells of itself. */
export interface Report {
  /** Milliseconds that each answer has taken. */
  readonly milliseconds: readonly number[];
  /** Seconds of CPU time, without its start. */
  readonly cpu: number;
}

const [setup] = (await once(process, 'message')) as [Setup];
const { keypair, secret, database, schema } = setup;
const pool = new pg.Pool({ connectionString: database, max: 20 });
pool.on('error', () => undefined); // a connection broke while nobody used it; the next request gets another one
const task = Task.fromJSON(setup.task);
const coordinator = new Coordinator({
  ...{ keypair, secret, tasks: [task], capacity: 400 },
  store: new PostgresCoordinatorStore(pool, { schema }),
  host: new PostgresSessionHost(new PostgresSessions(pool, { schema })),
  seeds: registrarSeeds({
    authority: task.definition.registrar,
    async fetch(time) {
      const document = await post(setup.registrar, new TextEncoder().encode(String(time)));
      return document.length === 0 ? null : document;
    },
  }),
});
await coordinator.setRevocationList(setup.revocations);

const milliseconds: number[] = [];
const started = process.cpuUsage();
const jsonOf = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));
const handler = nodeHandler({
  '/secagg': async (request) => {
    const began = performance.now();
    try {
      return await coordinator.answer(request);
    } finally {
      milliseconds.push(performance.now() - began);
    }
  },
  '/runs': async (announcement) => jsonOf(await coordinator.openRun(announcement)),
  '/outcome': async (run) => {
    const outcome = await coordinator.outcome({ task: task.id, run: Number(new TextDecoder().decode(run)) });
    if (outcome?.kind !== 'finished') return jsonOf(outcome);
    return jsonOf({ ...outcome, result: Array.from(outcome.result as ArrayLike<number | bigint>, Number) });
  },
  '/report': () => {
    const { user, system } = process.cpuUsage(started);
    return Promise.resolve(jsonOf({ milliseconds, cpu: (user + system) / 1e6 } satisfies Report));
  },
});
const server = createServer(handler).listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
await coordinator.run({ signal: new AbortController().signal });
