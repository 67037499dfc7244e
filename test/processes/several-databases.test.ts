// Sessions that are spread over two databases by their ids, as docs/postgres.md says.
import { expect } from 'chai';
import pg from 'pg';
import { StoreError, UsageError } from '../../src/index.ts';
import { PostgresSessions } from '../../src/postgres/index.ts';
import { rejected } from '../support/errors.ts';
import { registeredUsers } from '../support/registered-users.ts';
import { Session } from '../support/session.ts';
import { messagesAfter, testDatabase, type TestDatabase } from '../postgres/support.ts';

const USERS = registeredUsers([1, 2, 3]);

describe('sessions over two databases', function () {
  this.timeout(120_000);
  let databases: readonly TestDatabase[];
  before(async () => (databases = [await testDatabase({ crashes: true }), await testDatabase({ crashes: true })]));
  after(() => Promise.all(databases.map((database) => database.end())));

  it('are each where its id says, give their sums, and go on while the other database is down', async () => {
    const all = databases.map(({ pool, schema }) => new PostgresSessions(pool, { schema, timeout: 2_000 }));
    await Promise.all(all.map((one) => one.migrate()));
    const at = (id: string): PostgresSessions => all[Number.parseInt(id.slice(0, 8), 16) % all.length]!;

    const playing = await Promise.all(
      Array.from({ length: 8 }, async (): Promise<[string, Session]> => {
        const session = new Session({ registered: USERS, threshold: 3, vecLen: 4 });
        const { threshold, vecLen } = session.setup;
        const id = crypto.randomUUID();
        await at(id).create({ id, threshold, vecLen, options: { publicKeys: USERS.pki } });
        return [id, session];
      }),
    );
    const play = async ([id, session]: [string, Session], rounds: readonly number[]): Promise<void> => {
      for (const round of rounds) {
        const answers = await session.answers();
        await Promise.all([...answers].map(([user, bytes]) => at(id).recv(id, user, bytes)));
        session.deliver(answers);
        const [closed, whole] = [await at(id).round(id, round), await session.close()];
        if (closed.kind === 'sum') expect(closed.vector).to.deep.equal(whole.getVector());
        else expect(await messagesAfter(at(id), id, closed)).to.deep.equal(whole.getMessages());
      }
    };
    await Promise.all(playing.map((one) => play(one, [0, 1])));

    const [first, second] = all.map((one) => playing.filter(([id]) => at(id) === one)) as [typeof playing, typeof playing];
    for (const { pool, schema } of databases) {
      const { rows } = await pool.query<{ id: string }>(`select session_id as id from ${pg.escapeIdentifier(schema)}.sessions`);
      expect(rows.map(({ id }) => at(id))).to.satisfy((where: PostgresSessions[]) => new Set(where).size <= 1);
    }
    if (first[0] !== undefined) await rejected('ERR_SECAGG_UNKNOWN_SESSION', all[1]!.progress(first[0][0]), UsageError);

    const { server } = databases[0]!;
    if (server.own) await server.crash();
    await Promise.all(second.map((one) => play(one, [2, 3, 4])));
    if (server.own) {
      for (const [id] of first) await rejected('ERR_SECAGG_STORE', at(id).progress(id), StoreError);
      await server.start();
    }
    await Promise.all(first.map((one) => play(one, [2, 3, 4])));
    for (const one of all) await one.sweep({ endedBefore: new Date(Date.now() + 60_000) });
    for (const [id] of playing) await rejected('ERR_SECAGG_UNKNOWN_SESSION', at(id).result(id), UsageError);
  });
});
