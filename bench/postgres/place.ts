// Where a bench keeps its sessions.
import type pg from 'pg';

export interface Place {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly schema: string;
}
