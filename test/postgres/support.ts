// A database for the tests of one file.
import pg from 'pg';
import { localPostgres, type LocalPostgres } from '../../scripts/local-postgres.ts';

export interface TestDatabase {
  readonly server: LocalPostgres;
  readonly pool: pg.Pool;
  /** Each file has its own schema, so that several files may use one server. */
  readonly schema: string;
  end(): Promise<void>;
}

export async function testDatabase(): Promise<TestDatabase> {
  const server = await localPostgres();
  const pool = poolOf(server.url);
  const schema = `secagg "${crypto.randomUUID().slice(0, 8)}"`;
  return {
    server,
    pool,
    schema,
    async end(): Promise<void> {
      await pool.query(`drop schema if exists ${pg.escapeIdentifier(schema)} cascade`);
      await pool.end();
      await server.stop();
    },
  };
}

export function poolOf(url: string, max = 10): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max });
  pool.on('error', () => undefined); // idle connections break when the server restarts
  return pool;
}
