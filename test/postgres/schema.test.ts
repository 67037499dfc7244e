// The schema: processes create it once, refuse another version, and ask it by indexes only; schema.txt describes each column.
import { expect } from 'chai';
import { readFileSync, writeFileSync } from 'node:fs';
import pg from 'pg';
import { StoreError } from '../../src/index.ts';
import { PostgresSessions, PostgresUsers } from '../../src/postgres/index.ts';
import { SESSIONS } from '../../src/postgres/doctor.ts';
import { listAny, listByStatus } from '../../src/postgres/session-list.ts';
import type { Statement } from '../../src/postgres/statement.ts';
import { SCHEMA_VERSION } from '../../src/postgres/migrations.ts';
import * as chunkStatements from '../../src/postgres/chunk-statements.ts';
import * as coordinatorStatements from '../../src/postgres/coordinator-statements.ts';
import * as participantStatements from '../../src/postgres/participant-statements.ts';
import * as petStatements from '../../src/postgres/pet-statements.ts';
import * as messageStatements from '../../src/postgres/message-statements.ts';
import * as sessionStatements from '../../src/postgres/statements.ts';
import * as unmaskStatements from '../../src/postgres/unmask-statements.ts';
import * as userStatements from '../../src/postgres/user-statements.ts';
import { rejected } from '../support/errors.ts';
import { describeSchema } from './describe-schema.ts';
import { overheard, poolOf, testDatabase, type TestDatabase } from './support.ts';

const COMMITTED = new URL('schema.txt', import.meta.url);

describe('the schema in PostgreSQL', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  before(async () => (database = await testDatabase()));
  after(() => database.end());

  it('a call before migrate() is refused and says what to do', async () => {
    const sessions = new PostgresSessions(database.pool, { schema: database.schema });
    const users = new PostgresUsers(database.pool, { keys: [new Uint8Array(32)], schema: database.schema });
    const calls = [sessions.create({ threshold: 2, vecLen: 1 }), sessions.sweep(), users.load('a', 1)];
    for (const error of await Promise.all(calls.map((call) => rejected('ERR_SECAGG_MIGRATION', call, StoreError)))) {
      expect(error.retryable).to.equal(false);
    }
  });

  it('is made by the PostgreSQL that SECAGG_POSTGRES names, if it names one', async () => {
    const [major] = (process.env.SECAGG_POSTGRES ?? '').split('.');
    const { rows } = await database.pool.query<{ version: string }>(`select current_setting('server_version') as version`);
    expect(Number.parseInt(rows[0]!.version)).to.be.at.least(14);
    if (major !== '') expect(rows[0]!.version.split('.')[0]).to.equal(major);
  });

  it('20 processes that migrate at the same time create it once', async () => {
    const pools = Array.from({ length: 20 }, () => poolOf(database.server.url, 1));
    await Promise.all(pools.map((pool) => new PostgresSessions(pool, { schema: database.schema }).migrate()));
    await Promise.all(pools.map((pool) => pool.end()));
    const quoted = pg.escapeIdentifier(database.schema);
    const { rows } = await database.pool.query<{ version: number }>(`select version from ${quoted}.migrations order by version`);
    expect(rows.map(({ version }) => version)).to.deep.equal(Array.from({ length: SCHEMA_VERSION }, (_, i) => i + 1));
  });

  it('a process gives up soon if a table of the application has the name of one that it creates', async () => {
    const schema = `taken ${crypto.randomUUID()}`;
    const quoted = pg.escapeIdentifier(schema);
    await database.pool.query(`create schema ${quoted}; create table ${quoted}.sessions ()`);
    let transactions = 0;
    const counted = overheard(database.pool, (text) => void (transactions += Number(text.startsWith('begin'))));
    const error = await rejected('ERR_SECAGG_STORE', new PostgresSessions(counted, { schema }).migrate(), StoreError);
    expect(error.sqlState).to.equal('42P07');
    expect(transactions).to.be.at.most(5);
    await database.pool.query(`drop schema ${quoted} cascade`);
  });

  it('migrate() creates what schema.txt describes, with a comment on every table and column', async () => {
    const described = await describeSchema(database.pool, database.schema);
    // `SECAGG_UPDATE=1 npm test` after a migration was added; the change is then reviewed.
    if (process.env.SECAGG_UPDATE === '1') writeFileSync(COMMITTED, described);
    expect(described).to.equal(readFileSync(COMMITTED, 'utf8'));
    expect(described).not.to.contain('NO COMMENT');
  });

  it('a process refuses a schema of a later version', async () => {
    const quoted = pg.escapeIdentifier(database.schema);
    await database.pool.query(`insert into ${quoted}.migrations (version, name, breaking) values (999, 'from the future', true)`);
    const sessions = new PostgresSessions(database.pool, { schema: database.schema });
    await rejected('ERR_SECAGG_SCHEMA_NEWER', sessions.migrate(), StoreError);
    await rejected('ERR_SECAGG_SCHEMA_NEWER', sessions.create({ threshold: 2, vecLen: 1 }), StoreError);
    await database.pool.query(`delete from ${quoted}.migrations where version = 999`);
    await sessions.create({ threshold: 2, vecLen: 1 });
  });

  it('an application may give it any name, except those that PostgreSQL would change or refuse', async () => {
    for (const schema of ['x"; drop table secagg; --', 'Größe', 'select']) {
      const sessions = new PostgresSessions(database.pool, { schema });
      await sessions.migrate();
      expect((await sessions.progress(await sessions.create({ threshold: 2, vecLen: 1 }))).round).to.equal(0);
      await database.pool.query(`drop schema ${pg.escapeIdentifier(schema)} cascade`);
    }
    for (const schema of ['', 'pg_x', 'x'.repeat(64), 'a\0b']) {
      expect(() => new PostgresSessions(database.pool, { schema })).to.throw(RangeError);
    }
  });

  it('PostgreSQL refuses rows that no session can have', async () => {
    const sessions = new PostgresSessions(database.pool, { schema: database.schema });
    const id = await sessions.create({ threshold: 2, vecLen: 1 });
    const quoted = pg.escapeIdentifier(database.schema);
    const session = (change: string): string => `update ${quoted}.sessions set ${change} where session_id = '${id}'`;
    const message = (values: string): string =>
      `insert into ${quoted}.messages (session_id, round, user_id, position, digest, entry, part_id) values ('${id}', ${values})`;
    const chunk = (values: string): string =>
      `insert into ${quoted}.chunks (session_id, set_id, kind, no, body) values ('${id}', ${part}, ${values})`;
    const state = (values: string): string =>
      `insert into ${quoted}.user_states (user_id, revision, answered, session, key_id, sealed) values (1, 1, false, ${values})`;
    const sealed = `'\\x${'00'.repeat(41)}'`;
    const digest = `'\\x${'00'.repeat(32)}'`;
    const part = `'${crypto.randomUUID()}'`;
    const wrong = [
      session(`status = 'lost'`),
      session(`status = 'finished'`),
      session('round = 5'),
      session('round = 6'),
      session('brief = null'),
      session(`brief = '[]'`),
      session('registered = 5'),
      session(`registered = 5, roster = '\\x00'`),
      session('admitted = -1'),
      session('round = 1'), // without a directory
      session(`round = 1, directory_digest = ${digest}`), // without the closing of round 0
      session(`round = 1, directory_digest = '\\x00', closings = array[${part}::uuid]`),
      session(`view2 = ${digest}`), // before round 1 is closed
      session(`closings = array[${part}::uuid]`), // before a round is closed
      session(`closing = ${part}`), // without a lease
      session('lease_until = now()'), // of nobody
      session(`closing = ${part}, lease_until = now(), status = 'aborted', reason = 'x', ended_at = now()`),
      session(`reason = 'none'`),
      session('ended_at = now()'),
      session('tidied_at = now()'),
      session(`status = 'aborted', ended_at = now()`),
      session(`status = 'expired', ended_at = now()`),
      session(`status = 'failed', ended_at = now()`), // without the closing that has found it
      message(`1, 1, 0, '\\x00', '\\x00', null`), // a digest of one byte
      message(`2, 1, 0, ${digest}, '\\x00', ${part}`), // a masked input that is kept
      message(`2, 1, 0, ${digest}, null, null`), // a masked input that is in no sum
      message(`1, 1, 0, ${digest}, null, null`), // a message without its entry
      message(`1, 1, null, ${digest}, '\\x00', null`), // a message of a user without a position
      message(`0, 1, 0, ${digest}, '\\x00', null`), // a position before there is a directory
      message(`1, 1, -1, ${digest}, '\\x00', null`),
      message(`1, -1, 0, ${digest}, '\\x00', null`),
      message(`1, 9007199254740992, 0, ${digest}, '\\x00', null`),
      message(`5, 1, 0, ${digest}, '\\x00', null`),
      chunk(`'else', 0, '\\x00'`),
      chunk(`'sum', -1, '\\x00'`),
      chunk(`'sum', 0, ''`),
      chunk(`'sum', 0, decode(repeat('00', 16777217), 'hex')`),
      `insert into ${quoted}.members values ('${id}', -1, ${digest})`,
      `insert into ${quoted}.members values ('${id}', 1, '\\x00')`,
      `insert into ${quoted}.keys values ('${id}', '\\x00')`,
      `insert into ${quoted}.tiles values ('${id}', ${part}, '{}', '\\x00')`,
      `insert into ${quoted}.deals values ('${id}', -1, '\\x00')`,
      `insert into ${quoted}.parts (session_id, part_id, set_id, revision, users) values ('${id}', ${part}, ${part}, 0, 1)`,
      `insert into ${quoted}.parts (session_id, part_id, set_id, revision, users) values ('${id}', ${part}, ${part}, 1, 0)`,
      state(`'s', '\\x${'00'.repeat(16)}', '\\x00'`), // a sealed state that is too short
      state(`'s', '\\x00', ${sealed}`), // a key id of one byte
      state(`'s', null, ${sealed}`),
      state(`'s', '\\x${'00'.repeat(16)}', null`),
      state(`'', null, null`),
      `insert into ${quoted}.identity (only_row) values (false)`,
    ];
    for (const statement of wrong) {
      const code = await database.pool.query(statement).then(
        () => 'accepted',
        (error: unknown) => (error as pg.DatabaseError).code,
      );
      expect(code, statement).to.match(/^23(514|503|502)$/);
    }
  });

  it('every statement uses an index, and names its sessions, its task or its round, or reads one page', async () => {
    const all = { ...sessionStatements, ...messageStatements, ...chunkStatements, ...unmaskStatements, ...userStatements };
    const runs: Readonly<Record<string, Statement<unknown>>> = { ...coordinatorStatements, ...participantStatements };
    // Of all tasks: the clock, what each process looks at when it starts, and what is forgotten.
    const ofAllTasks = new Set(['heartbeat', 'readOpenRuns', 'deleteRequests']);
    const ofAllSessions: Readonly<Record<string, Statement<unknown>>> = { listAny, listByStatus, countsOfDoctor: SESSIONS };
    const pet = Object.fromEntries(
      Object.entries(petStatements).flatMap(([name, each]) =>
        Array.isArray(each) ? each.map((one, i) => [`${name}${i}`, one]) : [[name, each]],
      ),
    ) as Readonly<Record<string, Statement<unknown>>>;
    const paged = new Set(['sessionsToExpire', 'sessionsToTidy', 'sessionsToRemove', 'sessionsToRecover']);
    /** Statements that are asked by an index of their own. */
    const indexOf: Readonly<Record<string, RegExp>> = {
      sessionsToExpire: /sessions_to_expire[^]*Index Cond: .*expires_at <= now\(\)/,
      sessionsToTidy: /sessions_to_tidy/,
      sessionsToRemove: /sessions_ended[^]*Index Cond: .*ended_at < \(now\(\)/,
      sessionsToRecover: /sessions_closing/,
      listAny: /sessions_pkey/,
      listByStatus: /sessions_by_status/,
      countsOfDoctor: /sessions_to_expire[^]*sessions_closing[^]*sessions_by_status[^]*sessions_to_tidy/,
      readOpenRuns: /runs_open/,
      deleteRequests: /requests_epoch/,
    };
    const client = await database.pool.connect();
    try {
      // The plans are those of tables with many rows.
      await client.query('set enable_seqscan = off; set plan_cache_mode = force_generic_plan');
      for (const [name, statement] of Object.entries({ ...all, ...runs, ...ofAllSessions, ...pet })) {
        const text = statement.text.replaceAll(':schema', () => pg.escapeIdentifier(database.schema));
        const isOfAll = name in ofAllSessions || ofAllTasks.has(name);
        if (name in runs && !isOfAll)
          expect(text, name).to.match(/(task|runs\.task|registrar) = \$1|(values \(|select )\$1|unnest\(\$1::text\[\]/);
        else if (name in pet) expect(text, name).to.match(/network = \$1|round_id = \$1::uuid|values \(\$1/);
        else if (paged.has(name)) expect(text, name).to.match(/order by (\w+, )?session_id limit (\$|1000)/);
        else if (name.includes('UserState'))
          expect(text, name).to.match(/\(session, user_id|session = \$1::text and user_id = \$2/);
        else if (!isOfAll) expect(text, name).to.match(/session_id = (any \()?\$1::uuid|(values \(|select |unnest\()\$1::uuid/);
        expect(text, name).not.to.match(/'[^']*\$\{/);
        const used = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, n]) => Number(n)));
        await client.query(`prepare s as ${text}`);
        const values = new Array(used).fill('null').join(', ');
        const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain execute s${values === '' ? '' : `(${values})`}`);
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan, `${name}\n${plan}`).not.to.contain('Seq Scan');
        if (indexOf[name] !== undefined) expect(plan, name).to.match(indexOf[name]);
        await client.query('deallocate s');
      }
    } finally {
      client.release(true);
    }
  });
});
