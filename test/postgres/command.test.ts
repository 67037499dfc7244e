// What an operator does with the command: the schema's version, migrations by hand, and a look for what is wrong, on a real database.
import { expect } from 'chai';
import pg from 'pg';
import { runPostgres } from '../../src/command/postgres.ts';
import { Database } from '../../src/postgres/database.ts';
import { examine, type Finding } from '../../src/postgres/doctor.ts';
import { SCHEMA_VERSION } from '../../src/postgres/migrations.ts';
import { PostgresSessions, type PostgresPool } from '../../src/postgres/index.ts';
import { meanOf, ONE, run as runMember } from '../pet/worlds.ts';
import { rejected } from '../support/errors.ts';
import { describeSchema } from './describe-schema.ts';
import { PetNetworks } from './pet-networks.ts';
import { testDatabase, type TestDatabase } from './support.ts';

describe('secagg postgres', () => {
  let database: TestDatabase;

  before(async () => {
    database = await testDatabase();
  });

  after(() => database.end());

  const run = (...args: string[]): ReturnType<typeof runPostgres> =>
    runPostgres([...args, '--schema', database.schema], { DATABASE_URL: database.server.url });

  async function findings(): Promise<ReadonlyMap<string, Finding>> {
    const { out } = await run('doctor', '--json');
    return new Map((JSON.parse(out!) as Finding[]).map((finding) => [finding.subject, finding]));
  }

  it('tells that there is no schema, and what is to be done', async () => {
    expect(await run('version')).to.deep.equal({ code: 1, out: `no schema; this secagg needs version ${SCHEMA_VERSION}\n` });
    const { code, out } = await run('doctor');
    expect(code).to.equal(1);
    expect(out).to.match(/^BAD +schema: none: run secagg postgres migrate$/m);
  });

  it('prints SQL that makes the same schema as migrate', async () => {
    const { out: planned } = await run('plan');
    expect(planned).to.equal((await run('plan', '--from', '0')).out);
    expect(planned).to.match(/^-- 1 sessions \(breaking: end processes of older versions first\)$/m);
    await database.pool.query(planned!);
    const byHand = await describeSchema(database.pool, database.schema);
    expect(await run('plan')).to.deep.equal({ code: 0, out: '' });
    await database.pool.query(`drop schema ${pg.escapeIdentifier(database.schema)} cascade`);
    expect(await run('migrate')).to.deep.equal({ code: 0, out: `version ${SCHEMA_VERSION}\n` });
    expect(await describeSchema(database.pool, database.schema)).to.deep.equal(byHand);
    expect(await run('version')).to.include({ code: 0 });
  });

  it('finds nothing wrong with a new schema, and what was forgotten in an old one', async () => {
    const notGood = ({ verdict, subject }: Finding): boolean =>
      verdict !== 'good' && !['fsync', 'full_page_writes'].includes(subject);
    expect([...(await findings()).values()].filter(notGood)).to.deep.equal([]);
    const sessions = new PostgresSessions(database.pool, { schema: database.schema });
    const id = await sessions.create({ threshold: 2, vecLen: 1, expiresAt: new Date(Date.now() + 1000) });
    const schema = pg.escapeIdentifier(database.schema);
    await database.pool.query(`update ${schema}.sessions set expires_at = now() - interval '2 hours' where session_id = $1`, [
      id,
    ]);
    await database.pool.query(`insert into ${schema}.keys values (gen_random_uuid(), decode(repeat('00', 32), 'hex'))`);
    const found = await findings();
    expect(found.get('expired sessions')).to.include({ verdict: 'warning' });
    const orphans = found.get('rows without a session')!.text;
    expect(orphans).to.match(/^keys \(such as [0-9a-f-]{36}\): /);
    await sessions.remove(/[0-9a-f-]{36}/.exec(orphans)![0]);
    expect((await findings()).get('rows without a session')).to.include({ verdict: 'good' });
    await sessions.remove(id);
  });

  it('takes no chunks of PET for rows without a session: neither those of a round nor those of the last mean', async () => {
    const networks = await PetNetworks.start();
    const look = async (): Promise<string> => {
      const found = await examine(new Database(networks.database.pool, { schema: networks.database.schema }));
      return found.find(({ subject }) => subject === 'rows without a session')!.text;
    };
    try {
      const { processes, sums, updates } = await networks.world();
      for (const phase of [sums, updates, sums]) {
        await Promise.all(phase.map(runMember));
        expect(await look()).to.equal('as it should be');
        await processes[0].advance();
      }
      expect(await networks.rows('chunks')).to.be.above(0);
      expect(await look()).to.equal('as it should be');
      expect((await processes[1].model())?.model).to.deep.equal(meanOf(updates, ONE));
      await networks.database.pool.query(
        `update ${networks.quoted}.pet_networks set model_round_id = gen_random_uuid(); delete from ${networks.quoted}.pet_ended_rounds`,
      );
      expect(await look()).to.match(/^chunks /);
    } finally {
      await networks.end();
    }
  });

  it('does not call good what its role may not see, and tells of tables of which the role lacks one right', async () => {
    const schema = pg.escapeIdentifier(database.schema);
    const role = `doctor_${crypto.randomUUID().slice(0, 8)}`;
    await database.pool.query(
      `create role ${role}; grant usage on schema ${schema} to ${role};
       grant select, insert, update, delete on all tables in schema ${schema} to ${role}`,
    );
    const pool = new pg.Pool({ connectionString: database.server.url, options: `-c role=${role}`, max: 1 });
    const others = await database.pool.connect();
    // PostgreSQL lists such a connection as it lists a standby.
    const standby = new pg.Client({ connectionString: database.server.url, replication: 'database' } as pg.ClientConfig);
    const look = async (): Promise<ReadonlyMap<string, Finding>> => {
      const found = await examine(new Database(pool, { schema: database.schema }));
      return new Map(found.map((finding) => [finding.subject, finding]));
    };
    try {
      await standby.connect();
      const unseen = await look();
      for (const subject of ['open transactions', 'standbys']) {
        expect(unseen.get(subject)).to.include({ verdict: 'warning' });
        expect(unseen.get(subject)!.text).to.match(/pg_read_all_stats/);
      }
      expect(unseen.get('rights')).to.include({ verdict: 'good' });
      await database.pool.query(`grant pg_read_all_stats to ${role}`);
      const seen = await look();
      expect(seen.get('open transactions')).to.include({ verdict: 'good' });
      expect(seen.get('standbys')?.text).to.match(/^asynchronous/);
      await standby.end();
      expect((await look()).get('standbys')).to.include({ verdict: 'good' });
      await database.pool.query(`revoke delete on ${schema}.chunks from ${role}; revoke select on ${schema}.tiles from ${role}`);
      expect((await look()).get('rights'))
        .to.include({ verdict: 'bad' })
        .and.to.have.property('text')
        .that.match(/^chunks, tiles: /);
    } finally {
      others.release();
      await standby.end().catch(() => undefined);
      await pool.end();
      await database.pool.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('finds rows without a session among those of many sessions, and looks at a part of them only', async () => {
    const schema = pg.escapeIdentifier(database.schema);
    await database.pool.query(
      `insert into ${schema}.keys select gen_random_uuid(), decode(repeat('00', 32), 'hex') from generate_series(1, 2500)`,
    );
    const seen: number[] = [];
    const counted: PostgresPool = {
      async connect() {
        const connection = await database.pool.connect();
        return {
          async query(query) {
            const result = await connection.query(query);
            if (query.text.includes(`${schema}.keys`)) seen.push(Number((result.rows[0] as { seen: string }).seen));
            return result;
          },
          release: (error) => connection.release(error),
        };
      },
    };
    const found = await examine(new Database(counted, { schema: database.schema }));
    expect(found.find(({ subject }) => subject === 'rows without a session')?.text).to.match(/^keys /);
    expect(seen).not.to.deep.equal([]);
    for (const owners of seen) expect(owners).to.be.at.most(1_000);
    await database.pool.query(`delete from ${schema}.keys`);
  });

  it('shows each session on one line, in a view', async () => {
    const sessions = new PostgresSessions(database.pool, { schema: database.schema });
    const id = await sessions.create({ threshold: 2, vecLen: 3, options: { bits: 20, maxUsers: 3 } });
    const { rows } = await database.pool.query(
      `select * from ${pg.escapeIdentifier(database.schema)}.overview where session_id = $1`,
      [id],
    );
    expect(rows).to.have.length(1);
    const expected = {
      status: 'collecting',
      round: 0,
      needed: 2,
      registered: null,
      admitted: 0,
      heard: '0',
      vec_len: 3,
      bits: 20,
    };
    expect(rows[0]).to.include({ ...expected, is_closing: false, ended_at: null });
    await sessions.remove(id);
  });

  it('refuses wrong usage, and says why a database cannot be reached', async () => {
    expect(await run('migrat')).to.include({ code: 2 });
    expect(await run('plan', '--from', '99')).to.include({ code: 2 });
    expect((await runPostgres(['version', '--nonsense'], {})).code).to.equal(2);
    const { code, err } = await runPostgres(['version', '--url', 'postgres://nobody@127.0.0.1:1/nothing'], {});
    expect(code).to.equal(1);
    expect(err).to.match(/cannot be reached.*ECONNREFUSED/);
  });

  it('a process that was started before a newer migration goes on, unless it is breaking', async () => {
    const schema = pg.escapeIdentifier(database.schema);
    const later = (breaking: boolean): Promise<unknown> =>
      database.pool.query(`insert into ${schema}.migrations (version, name, breaking) values ($1, 'later', $2)`, [
        SCHEMA_VERSION + 1,
        breaking,
      ]);
    const remove = (): Promise<unknown> =>
      database.pool.query(`delete from ${schema}.migrations where version > $1`, [SCHEMA_VERSION]);
    const now = performance.now.bind(performance);
    const sessions = new PostgresSessions(database.pool, { schema: database.schema });
    const id = await sessions.create({ threshold: 2, vecLen: 1 });
    try {
      await later(false);
      performance.now = () => now() + 61_000;
      expect(await sessions.result(id)).to.equal(null);
      await remove();
      await later(true);
      expect(await sessions.result(id)).to.equal(null); // it looks once a minute
      performance.now = () => now() + 122_000;
      await rejected('ERR_SECAGG_SCHEMA_NEWER', sessions.result(id));
    } finally {
      performance.now = now;
      await remove();
      await sessions.remove(id);
    }
  });
});
