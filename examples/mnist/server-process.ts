// One of the server's processes: a coordinator over PostgreSQL, behind HTTP. It keeps nothing in memory that another process lacks, so
// that it can be killed at any time.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serialize } from 'node:v8';
import pg from 'pg';
import { Coordinator, type CoordinatorOptions } from 'secagg/coordinator';
import { PostgresCoordinatorStore, PostgresSessionHost, PostgresSessions } from 'secagg/postgres';
import { Task } from 'secagg/service';
import { nodeHandler } from '../service/http.ts';

/** What a process is told when it starts. */
export interface Setup extends Required<Pick<CoordinatorOptions, 'keypair' | 'secret'>> {
  readonly task: unknown;
  readonly revocations: Uint8Array;
  readonly database: string;
  readonly schema: string;
  /** Service time, in milliseconds. */
  readonly time: number;
}

const [{ keypair, secret, task: json, revocations, database, schema, time }] = (await once(process, 'message')) as [Setup];
let now = time;

/** Service time passes when the demo says so. */
class Store extends PostgresCoordinatorStore {
  override heartbeat(): Promise<number> {
    return Promise.resolve(now);
  }
}

const pool = new pg.Pool({ connectionString: database });
pool.on('error', () => undefined); // a connection broke while nobody used it; the next request gets another one
const host = new PostgresSessionHost(new PostgresSessions(pool, { schema }));
const task = Task.fromJSON(json);
const coordinator = new Coordinator({ keypair, secret, tasks: [task], store: new Store(pool, { schema }), host });
await coordinator.setRevocationList(revocations);

const numberIn = (body: Uint8Array): number => Number(new TextDecoder().decode(body));
const handler = nodeHandler({
  // Participants.
  '/secagg': (request) => coordinator.answer(request),
  // The application.
  '/run': async (announcement) => new Uint8Array(serialize(await coordinator.openRun(announcement))),
  '/outcome': async (run) => new Uint8Array(serialize(await coordinator.outcome({ task: task.id, run: numberIn(run) }))),
  '/time': async (milliseconds) => {
    now = Math.max(now, numberIn(milliseconds));
    await coordinator.tick();
    return new Uint8Array();
  },
});
const server = createServer(handler).listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
