// Which batches share a transaction.
import { expect } from 'chai';
import type { Database } from '../../src/postgres/database.ts';
import type { JudgedBatch } from '../../src/postgres/hearing-transaction.ts';
import { SharedCommits } from '../../src/postgres/shared-commits.ts';

describe('batches that share a transaction', () => {
  it('are of different sessions: two of one session may have the same user', async () => {
    const locked: unknown[] = [];
    // Sessions that others hold: nothing is written, and the batches have no patience.
    const query = (_: unknown, [ids]: readonly unknown[]): Promise<readonly []> => {
      locked.push(ids);
      return Promise.resolve([]);
    };
    const transaction = (work: (ask: typeof query) => Promise<unknown>): Promise<unknown> => work(query);
    const commits = new SharedCommits({ transaction, lockTimeout: -1 } as unknown as Database);
    const batchOf = (id: string): JudgedBatch =>
      ({
        session: { id, row: { round: 2 } },
        accepted: [{ user: 1, entry: null, records: null }],
        part: null,
      }) as unknown as JudgedBatch;
    await Promise.allSettled(['a', 'b', 'a', 'c'].map((id) => commits.write(batchOf(id))));
    expect(locked.filter((ids) => Array.isArray(ids))).to.deep.equal([
      ['a', 'b'],
      ['a', 'c'],
    ]);
  });
});
