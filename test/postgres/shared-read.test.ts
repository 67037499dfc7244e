// A statement that answers questions about many sessions: what is wrong with one of them is refused to those who ask about it alone.
import { expect } from 'chai';
import { StoreError } from '../../src/index.ts';
import { SessionReads } from '../../src/postgres/session-reads.ts';
import { SharedRead } from '../../src/postgres/shared-read.ts';
import type { Query } from '../../src/postgres/statement.ts';

describe('a shared read', () => {
  const corrupt = new StoreError('ERR_SECAGG_STORE', 'a page', { sqlState: 'XX001' });

  it('whose statement meets a damaged page of one session answers all others, in a few statements more', async () => {
    let statements = 0;
    const read = new SharedRead<number, number>(256, (asked) => {
      statements++;
      return asked.includes(77) ? Promise.reject(corrupt) : Promise.resolve(asked);
    });
    const outcomes = await Promise.allSettled(Array.from({ length: 256 }, (_, i) => read.ask(i)));
    outcomes.forEach((outcome, i) =>
      expect(outcome).to.deep.equal(i === 77 ? { status: 'rejected', reason: corrupt } : { status: 'fulfilled', value: i }),
    );
    expect(statements).to.equal(17);
  });

  for (const [why, error] of [
    ['the connection breaks', new StoreError('ERR_SECAGG_STORE', 'x')],
    ['the server shuts down', new StoreError('ERR_SECAGG_STORE', 'x', { sqlState: '57P01' })],
    ['the schema is missing', new StoreError('ERR_SECAGG_MIGRATION', 'x', { sqlState: '42P01' })],
  ] as const) {
    it(`is not repeated if ${why}`, async () => {
      let statements = 0;
      const read = new SharedRead<number, number>(256, () => {
        statements++;
        return Promise.reject(error);
      });
      const outcomes = await Promise.allSettled([1, 2, 3].map((i) => read.ask(i)));
      for (const outcome of outcomes) expect(outcome).to.deep.equal({ status: 'rejected', reason: error });
      expect(statements).to.equal(1);
    });
  }

  it('asks for a few thousand users in a statement, however many questions there are', async () => {
    const sizes: number[] = [];
    const query: Query = (_, values) => {
      sizes.push((values![0] as unknown[]).length);
      return Promise.resolve([]);
    };
    const reads = new SessionReads(query);
    const users = Array.from({ length: 1_000 }, (_, user) => ({ user, round: 0 as const }));
    await Promise.all(Array.from({ length: 256 }, () => reads.said(crypto.randomUUID(), users)));
    expect(Math.max(...sizes)).to.equal(4_000);
    expect(sizes.reduce((sum, size) => sum + size)).to.equal(256_000);
  });
});
