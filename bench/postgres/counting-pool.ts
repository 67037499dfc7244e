// A pool that counts the bytes of the values of statements that write.
import type { PoolConnection, PoolQuery, PostgresPool } from '../../src/postgres/index.ts';

export class CountingPool implements PostgresPool {
  readonly #pool: PostgresPool;
  bytes = 0;

  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  async connect(): Promise<PoolConnection> {
    const client = await this.#pool.connect();
    return {
      query: (query: PoolQuery) => {
        const { text, values } = query;
        if (/insert into|update /.test(text)) this.bytes += sizeOf(values ?? []);
        return client.query(query);
      },
      release: (error) => client.release(error),
    };
  }
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce<number>((total, one) => total + sizeOf(one), 0);
  return value instanceof Uint8Array ? value.length : 8;
}
