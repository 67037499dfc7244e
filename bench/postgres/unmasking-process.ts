// Run as a process of its own: a machine that helps to remove masks, by graphile-worker. Arguments: the database's URL, the schema. Says
// `ready` once it waits for jobs.
import { Logger, run } from 'graphile-worker';
import pg from 'pg';
import { PostgresSessions, sessionTasks } from '../../src/postgres/index.ts';

const [url, schema = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url });
pool.on('error', () => undefined);
const sessions = new PostgresSessions(pool, { schema, jobs: 'graphile_worker' });
await sessions.sweep(); // it has looked at the schema
const logger = new Logger(() => () => undefined);
await run({ pgPool: pool, taskList: sessionTasks(sessions), concurrency: 1, noHandleSignals: true, logger });
process.send?.('ready');
process.once('disconnect', () => process.exit());
