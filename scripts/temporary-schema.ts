// A schema of its own for one run of a program, in a database that others may use as well.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { PostgresCoordinatorStore } from 'secagg/postgres';
import type { LocalPostgres } from './local-postgres.ts';

export interface TemporarySchema {
  readonly name: string;
  /** Removes it, if the database stays. */
  drop(): Promise<void>;
}

/** Makes a schema with the tables of the library. @throws StoreError if the database cannot be used. */
export async function temporarySchema({ url, own }: Pick<LocalPostgres, 'url' | 'own'>): Promise<TemporarySchema> {
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // Not the id of this process: programs on other machines may use the same database.
  const name = `secagg_${randomUUID().replaceAll('-', '')}`;
  try {
    await new PostgresCoordinatorStore(pool, { schema: name }).migrate();
  } finally {
    await pool.end();
  }
  return {
    name,
    async drop() {
      if (own) return; // the database goes with this process
      const last = new pg.Pool({ connectionString: url });
      await last.query(`drop schema if exists ${name} cascade`);
      await last.end();
    },
  };
}
