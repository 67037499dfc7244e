// The aggregation server: any number of these processes serve one PostgreSQL database, with the same files server.key and server.secret.
//   DATABASE_URL=postgres://… node --import tsx server.ts <port> <URL of the registrar>
import { createServer } from 'node:http';
import pg from 'pg';
import { Coordinator } from 'secagg/coordinator';
import { PostgresCoordinatorStore, PostgresSessionHost, PostgresSessions } from 'secagg/postgres';
import { Task } from 'secagg/service';
import { nodeHandler } from '../http.ts';
import { keypairIn, secretIn, textIn } from './files.ts';

const [port, registrar] = process.argv.slice(2);
const task = Task.fromJSON(JSON.parse(textIn('task.json') ?? 'null'));
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 10_000, keepAlive: true });
pool.on('error', (error) => console.error(error.message)); // `pg` ends a process that does not listen
const sessions = new PostgresSessions(pool);
await sessions.migrate();

const coordinator = new Coordinator({
  keypair: keypairIn('server.key'),
  secret: secretIn('server.secret'),
  tasks: [task],
  store: new PostgresCoordinatorStore(pool),
  host: new PostgresSessionHost(sessions),
  listener: (event) => console.log(JSON.stringify(event)),
});

async function takeRevocationList(): Promise<void> {
  const response = await fetch(`${registrar}/revocations`);
  await coordinator.setRevocationList(new Uint8Array(await response.arrayBuffer()));
}
// The store has the list of another process, or of the last start, if the registrar is not there, or if that list is newer.
await takeRevocationList().catch(console.error);
const everyHour = setInterval(() => void takeRevocationList().catch(console.error), 3_600_000);

const server = createServer(
  nodeHandler({
    '/secagg': (request) => coordinator.answer(request),
    '/runs': async (announcement) => {
      const run = await coordinator.openRun(announcement); // refused unless the publisher has signed it
      // With several processes, let whoever wants the result ask for `coordinator.outcome(run)`.
      void coordinator.finished(run).then((outcome) => {
        if (outcome.kind === 'failed') console.log(`run ${outcome.run}: no sum, ${outcome.code}`);
        else console.log(`run ${outcome.run}: sum over ${outcome.included.length} participants`, outcome.result);
      }, console.error);
      return new Uint8Array();
    },
  }),
);
const publicKey = Buffer.from(coordinator.publicKey).toString('hex');
server.listen(Number(port), '127.0.0.1', () => console.log(publicKey)); // the application of participants has this key

const ending = new AbortController();
process.once('SIGTERM', () => server.close(() => ending.abort())); // all are answered who have asked
await coordinator.run({ signal: ending.signal });
clearInterval(everyHour);
await pool.end();
