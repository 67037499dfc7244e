// States of users: nobody reads them without the key or in another row, none replaces a newer one, and a user answers the
// unmasking round once.
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import pg from 'pg';
import { round0Msg, StateError, StoreError, UsageError, UserWrapper } from '../../src/index.ts';
import { PostgresUsers } from '../../src/postgres/index.ts';
import { rejected } from '../support/errors.ts';
import { Session } from '../support/session.ts';
import { overheard, testDatabase, withoutWrites, type TestDatabase } from './support.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);

describe("users' states in PostgreSQL", function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let quoted = '';
  const store = (...keys: Uint8Array[]): PostgresUsers =>
    new PostgresUsers(database.pool, { keys: keys.length === 0 ? [KEY] : keys, schema: database.schema });

  before(async () => {
    database = await testDatabase();
    quoted = pg.escapeIdentifier(database.schema);
    await store().migrate();
  });
  after(() => database.end());

  it('users that each answer in three processes at a time finish a session, and give one answer a round', async () => {
    const session = new Session({ vecLen: 4 });
    const name = crypto.randomUUID();
    for (const [id, user] of session.users) await store().save(name, id, user.serializeState());
    for (let round = 0; round <= 4; round++) {
      const answers = new Map<number, Uint8Array>();
      for (const [id, message] of session.messages) {
        // Three processes get the message at the same time and give the same answer.
        const said = await Promise.all([store(), store(), store()].map((users) => users.answer(name, id, message)));
        for (const bytes of said) expect(bytes).to.deep.equal(said[0]);
        answers.set(id, said[0]!);
      }
      session.deliver(answers);
      const output = await session.close();
      if (output.isVector()) session.expectSum([...output.getVector()].map(BigInt), [0, 1, 2, 3]);
    }
    const { rows } = await database.pool.query<{ answered: boolean }>(
      `select answered from ${quoted}.user_states where session = $1`,
      [name],
    );
    expect(rows).to.deep.equal(Array.from({ length: 4 }, () => ({ answered: true })));
  });

  it('what is read of a state is wiped once the answer is there', async () => {
    const session = new Session({ vecLen: 4 });
    const name = crypto.randomUUID();
    const fromState: (...args: Parameters<typeof UserWrapper.fromState>) => UserWrapper = Reflect.get(UserWrapper, 'fromState');
    const made: UserWrapper[] = [];
    UserWrapper.fromState = (...args) => {
      const user = fromState(...args);
      made.push(user);
      return user;
    };
    try {
      await store().save(name, 1, session.user(1).serializeState());
      await store().answer(name, 1, round0Msg());
    } finally {
      UserWrapper.fromState = fromState;
    }
    expect(made.length).to.be.greaterThan(1);
    for (const user of made) await rejected('ERR_SECAGG_FAILED', user.round(round0Msg()));
  });

  it('a message is copied: what the caller does with its bytes meanwhile changes nothing', async () => {
    const session = new Session({ vecLen: 4 });
    const name = crypto.randomUUID();
    await store().save(name, 1, session.user(1).serializeState());
    const message = round0Msg();
    const answer = store().answer(name, 1, message);
    message.fill(0xff);
    expect(session.server.recv(1, await answer)).to.equal('accepted');
  });

  it('a stored state is refused in another row, and after any change', async () => {
    const session = new Session({ vecLen: 4 });
    const state = session.user(1).serializeState();
    await store().save('a', 1, state);
    await store().save('b', 1, state);
    await store().save('a', 2, session.user(2).serializeState());
    expect(await store().load('a', 1)).to.equal(state);
    const { rows } = await database.pool.query<{ sealed: Uint8Array }>(
      `select sealed from ${quoted}.user_states where session = 'a' and user_id = 1`,
    );
    expect(Buffer.from(rows[0]!.sealed).toString('latin1')).not.to.contain('secagg');
    const changes = [
      `sealed = (select sealed from ${quoted}.user_states where session = 'b')`,
      `sealed = (select sealed from ${quoted}.user_states where session = 'a' and user_id = 2)`,
      'revision = 7',
      'answered = true',
      `sealed = set_byte(sealed, 50, 255 - get_byte(sealed, 50))`,
      `key_id = set_byte(key_id, 0, 255 - get_byte(key_id, 0))`,
    ];
    for (const change of changes) {
      await database.pool.query(`update ${quoted}.user_states set ${change} where session = 'a' and user_id = 1`);
      await rejected('ERR_SECAGG_STATE', store().load('a', 1), StateError);
      await database.pool.query(`delete from ${quoted}.user_states where session = 'a' and user_id = 1`);
      await store().save('a', 1, state);
    }
    expect(await store().load('a', 3)).to.equal(null);
  });

  it('a stored state opens in no other schema and no other database, and in a restored backup of its own', async () => {
    const name = crypto.randomUUID();
    const state = new Session().user(1).serializeState();
    await store().save(name, 1, state);
    const other = `other ${crypto.randomUUID()}`;
    const users = (): PostgresUsers => new PostgresUsers(database.pool, { keys: [KEY], schema: other });
    await users().migrate();
    const theirs = pg.escapeIdentifier(other);
    const idOf = async (schema: string): Promise<string> => {
      const { rows } = await database.pool.query<{ schema_id: string }>(`select schema_id from ${schema}.identity`);
      expect(rows).to.have.length(1);
      return rows[0]!.schema_id;
    };
    const [own, foreign] = [await idOf(quoted), await idOf(theirs)];
    expect(own).not.to.equal(foreign);
    const become = (schema: string, id: string): Promise<unknown> =>
      database.pool.query(`update ${schema}.identity set schema_id = $1`, [id]);

    await database.pool.query(`insert into ${theirs}.user_states select * from ${quoted}.user_states where session = $1`, [name]);
    await rejected('ERR_SECAGG_STATE', users().load(name, 1), StateError);
    await become(theirs, own); // another schema, although it has the same identifier
    await rejected('ERR_SECAGG_STATE', users().load(name, 1), StateError);
    await become(quoted, foreign); // as in another database, whose schema has the same name
    await rejected('ERR_SECAGG_STATE', store().load(name, 1), StateError);
    await become(quoted, own); // as in a restored backup
    expect(await store().load(name, 1)).to.equal(state);

    await database.pool.query(`delete from ${theirs}.identity`);
    const error = await rejected('ERR_SECAGG_STORE', users().load(name, 1), StoreError);
    expect(error.retryable).to.equal(false);
    await database.pool.query(`drop schema ${theirs} cascade`);
  });

  it('a key is replaced: old rows are read, and sealed with the newest key when they are next saved', async () => {
    const [oldKey, newKey, strange] = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const keyId = async (): Promise<string> => {
      const { rows } = await database.pool.query<{ id: string }>(
        `select encode(key_id, 'hex') as id from ${quoted}.user_states where session = $1`,
        [name],
      );
      return rows[0]!.id;
    };
    /** SHA-256 of the label and the key, as docs/postgres.md tells operators to compute it. */
    const idOf = (key: Uint8Array): string =>
      createHash('sha256').update('secagg/1/id of a key for user states\0').update(key).digest('hex').slice(0, 32);
    const name = crypto.randomUUID();
    const user = new Session().user(1);
    const before = user.serializeState();
    await store(oldKey).save(name, 1, before);
    expect(await keyId()).to.equal(idOf(oldKey));

    const users = store(newKey, strange, oldKey);
    expect(await users.load(name, 1)).to.equal(before);
    expect(await keyId(), 'reading changes nothing').to.equal(idOf(oldKey));
    const answer = await users.answer(name, 1, round0Msg());
    expect(await keyId()).to.equal(idOf(newKey));
    expect(await store(newKey).answer(name, 1, round0Msg())).to.deep.equal(answer);

    for (const keys of [[oldKey], [strange, oldKey]]) {
      const error = await rejected('ERR_SECAGG_STATE', store(...keys).load(name, 1), StateError);
      expect(error.message).to.contain(idOf(newKey));
      await rejected('ERR_SECAGG_STATE', store(...keys).save(name, 1, before), StateError);
    }
    expect(await store(oldKey, newKey).load(name, 1)).not.to.equal(null);
  });

  it('a process that saves an older state, or another one of the same revision, is refused', async () => {
    const session = new Session({ vecLen: 4 });
    const states = [session.user(1).serializeState()];
    const twin = UserWrapper.fromState(states[0]!);
    await session.user(1).round(round0Msg());
    states.push(session.user(1).serializeState());
    await twin.round(round0Msg()); // it draws other keys

    const users = store();
    await users.save('c', 1, states[0]!);
    await users.save('c', 1, states[0]!);
    await users.save('c', 1, states[1]!);
    await users.save('c', 1, states[1]!);
    await rejected('ERR_SECAGG_STATE_OLD', users.save('c', 1, states[0]!), StateError);
    await rejected('ERR_SECAGG_STATE_OLD', users.save('c', 1, twin.serializeState()), StateError);
    // A process that has not loaded the state does not know which one it would replace.
    await session
      .user(1)
      .round(await directoryFor(session))
      .catch(() => undefined);
    await rejected('ERR_SECAGG_STATE_OLD', store().save('c', 1, session.user(1).serializeState()), StateError);
    expect(await users.load('c', 1)).to.equal(states[1]);

    // Somebody restores a backup while the process runs.
    await database.pool.query(`delete from ${quoted}.user_states where session = 'c'`);
    await rejected('ERR_SECAGG_STATE_OLD', users.load('c', 1), StateError);
    await store().save('c', 1, states[0]!);
    await rejected('ERR_SECAGG_STATE_OLD', users.load('c', 1), StateError);
  });

  it('a user that goes back to an older state does not answer the unmasking round again', async () => {
    const session = await new Session({ vecLen: 4 }).before(4);
    const before = session.user(1).serializeState();
    const [one, two] = [store(), store()];
    await one.save('d', 1, before);
    await two.load('d', 1);
    const answer = await one.answer('d', 1, session.messages.get(1)!);
    // The same message again gets the same answer; another message gets none.
    expect(await two.answer('d', 1, session.messages.get(1)!)).to.deep.equal(answer);
    await rejected('ERR_SECAGG_STATE_OLD', two.save('d', 1, before), StateError);
    const otherwise = UserWrapper.fromState(before);
    await otherwise.round(session.messages.get(1)!.slice(1)).catch(() => undefined);
    await rejected('ERR_SECAGG_STATE_OLD', two.save('d', 1, otherwise.serializeState()), StateError);

    await one.forget('d', 1);
    expect(await two.load('d', 1).catch((error: unknown) => (error as StateError).code)).to.equal(null);
    await rejected('ERR_SECAGG_STATE_OLD', store().save('d', 1, before), StateError);
    await rejected('ERR_SECAGG_USAGE', store().answer('d', 1, session.messages.get(1)!), UsageError);
  });

  it('a finished user that is sent another message refuses it once, and repeats its answer', async () => {
    const session = await new Session({ vecLen: 4 }).before(4);
    const name = crypto.randomUUID();
    await store().save(name, 1, session.user(1).serializeState());
    const answer = await store().answer(name, 1, session.messages.get(1)!);
    let transactions = 0;
    const counted = overheard(database.pool, (text) => void (transactions += Number(text.startsWith('begin'))));
    const users = new PostgresUsers(counted, { keys: [KEY], schema: database.schema });
    await rejected('ERR_SECAGG_DECODE', users.answer(name, 1, Uint8Array.of(1, 2, 3)));
    expect(transactions).to.be.at.most(4);
    expect(await users.answer(name, 1, session.messages.get(1)!)).to.deep.equal(answer);
    expect(await store().answer(name, 1, session.messages.get(1)!)).to.deep.equal(answer);
  });

  it('a user tries again if another process saves a newer state while it answers, and only then', async () => {
    const name = crypto.randomUUID();
    const session = new Session({ vectorOf: () => null, vecLen: 2 });
    await store().save(name, 1, session.user(1).serializeState());
    let [attempts, saved] = [0, false];
    const raced = overheard(database.pool, async (text) => {
      if (!text.includes('for update') && !text.includes('insert into')) return;
      attempts++;
      if (saved) return;
      saved = true;
      const other = store();
      const user = UserWrapper.fromState((await other.load(name, 1))!);
      user.setVector([1, 2]);
      await other.save(name, 1, user.serializeState());
    });
    const users = new PostgresUsers(raced, { keys: [KEY], schema: database.schema });
    const answer = await users.answer(name, 1, round0Msg());
    expect(attempts).to.equal(2);
    expect(UserWrapper.fromState((await store().load(name, 1))!).progress()).to.include({
      round: 1,
      needsVector: false,
      revision: 2,
    });
    expect(await store().answer(name, 1, round0Msg())).to.deep.equal(answer);
  });

  it('a user whose public keys come later gets them between two answers, from any process', async () => {
    const name = crypto.randomUUID();
    const session = new Session({ vecLen: 2 });
    const { threshold, vectorOf } = session.setup;
    const [pk, sk] = session.registered.keys.get(1)!;
    const user = new UserWrapper(1, threshold, pk, sk, vectorOf(1, 1), null, { maxUsers: 4 });
    await store().save(name, 1, user.serializeState());
    const answers = await session.answers([1]);
    session.deliver(answers.set(1, await store().answer(name, 1, round0Msg())));
    await session.close();
    const directory = session.messages.get(1)!;
    await rejected('ERR_SECAGG_NO_PUBLIC_KEYS', store().answer(name, 1, directory));
    const other = store();
    const keyed = UserWrapper.fromState((await other.load(name, 1))!);
    keyed.setPublicKeys(session.registered.pki);
    await other.save(name, 1, keyed.serializeState());
    const dealt = await session.answers([1]);
    session.deliver(dealt.set(1, await store().answer(name, 1, directory)));
    await session.close();
    expect(session.messages.size).to.equal(4);
  });

  it('a user that has answered the unmasking round takes no other state, not even a newer one', async () => {
    const session = await new Session({ vecLen: 4 }).before(4);
    const name = crypto.randomUUID();
    const users = store();
    await users.save(name, 1, session.user(1).serializeState());
    await users.answer(name, 1, session.messages.get(1)!);
    const state = (await users.load(name, 1))!;
    const { revision } = UserWrapper.fromState(state).progress();
    await rejected('ERR_SECAGG_STATE_OLD', users.save(name, 1, withRevision(state, revision + 1)), StateError);
    expect(await store().load(name, 1)).to.equal(state);
  });

  it('a state that the database does not write is not reported as saved', async () => {
    const name = crypto.randomUUID();
    const user = new Session().user(1);
    const users = store();
    await users.save(name, 1, user.serializeState());
    const before = user.serializeState();
    await user.round(round0Msg());
    await withoutWrites(database, ['update', 'user_states', 'true'], async () => {
      await rejected('ERR_SECAGG_STORE', users.save(name, 1, user.serializeState()), StoreError);
    });
    expect(await users.load(name, 1)).to.equal(before);
    await users.save(name, 1, user.serializeState());
    expect(await store().load(name, 1)).to.equal(user.serializeState());
  });

  it('a user whose session has ended with an error stays at its end in other processes', async () => {
    const session = await new Session({ vecLen: 4 }).before(1);
    await store().save('e', 1, session.user(1).serializeState());
    await rejected('ERR_SECAGG_DECODE', store().answer('e', 1, Uint8Array.of(1, 2, 3)));
    await rejected('ERR_SECAGG_FAILED', store().answer('e', 1, session.messages.get(1)!), UsageError);
  });

  it('a state of another user is refused', async () => {
    await rejected('ERR_SECAGG_STATE', store().save('f', 2, new Session().user(1).serializeState()), StateError);
    await rejected('ERR_SECAGG_STATE', store().save('f', 1, 'no state'), StateError);
  });
});

/** The same state, as if it had been changed more often. */
function withRevision(state: string, revision: number): string {
  return JSON.stringify({ ...(JSON.parse(state) as object), revision });
}

/** The message of round 1 for user 1. */
async function directoryFor(session: Session): Promise<Uint8Array> {
  session.messages.delete(1);
  for (const [id, bytes] of await session.answers()) session.server.recv(id, bytes);
  return (await session.close()).getMessages().get(0)!;
}
