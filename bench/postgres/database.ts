// The database and the schema in which a bench keeps its sessions.
import type pg from 'pg';

export interface Database {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly schema: string;
}
