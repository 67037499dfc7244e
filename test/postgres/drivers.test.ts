// What applications make of their drivers and connections: it changes nothing, or is refused at the first call with what is wrong.
import { expect } from 'chai';
import pg from 'pg';
import { PostgresSessions, PostgresUsers, type PoolQuery, type PostgresPool } from '../../src/postgres/index.ts';
import { rejected } from '../support/errors.ts';
import { StandIns } from '../support/stand-ins.ts';
import { bytesFor, testDatabase } from './support.ts';

/** bool, bytea, bigint, smallint, integer, text, float8, timestamptz, numeric, uuid, jsonb, void, and some of their arrays. */
const TYPES: readonly number[] = [16, 17, 20, 21, 23, 25, 701, 1184, 1700, 2950, 3802, 2278, 1007, 1016, 2951];

/**
 * Plays a session, with the calls around it, by pools that are made with these options.
 *
 * @param isDirect whether the pool is said not to go through PgBouncer.
 * @returns how many statements a connection has prepared.
 */
async function playWith(options: pg.PoolConfig, isDirect = false): Promise<number> {
  const database = await testDatabase();
  const pool = new pg.Pool({ connectionString: database.server.url, ...options });
  try {
    const direct = isDirect ? pool : undefined;
    const sessions = new PostgresSessions(pool, { schema: database.schema, direct });
    await sessions.migrate();
    const [setup, users] = [{ threshold: 3, vecLen: 3 }, 4];
    const standIns = new StandIns({ users, ...setup });
    const expiresAt = new Date(Date.now() + 3_600_000);
    const id = await sessions.create({ ...setup, expiresAt });
    for (const round of [0, 1, 2, 3, 4] as const) {
      for (const [i, user] of standIns.ids.entries()) {
        const message = await bytesFor(sessions, id, user);
        if (round === 1) standIns.see(i, message);
      }
      const message = round < 2 ? null : await bytesFor(sessions, id, standIns.ids[0]!);
      for (const [i, user] of standIns.ids.entries()) {
        const bytes = await standIns.answer(round, i, message);
        expect(await sessions.recv(id, user, bytes)).to.equal('accepted');
        expect(await new PostgresSessions(pool, { schema: database.schema }).recv(id, user, bytes)).to.equal('repeated');
      }
      const progress = await sessions.progress(id);
      expect(progress.heard).to.deep.equal(standIns.ids);
      expect(progress.expiresAt!.getTime()).to.be.closeTo(expiresAt.getTime(), 10_000);
      await sessions.round(id, round);
    }
    expect(await sessions.result(id)).to.deep.equal(new Int32Array(3).fill(standIns.sumOf([0, 1, 2, 3])));
    const past = new Date(Date.now() - 1_000);
    for (let i = 0; i < 120; i++) await sessions.create({ ...setup, expiresAt: past });
    expect((await sessions.list({ status: 'collecting' })).length).to.equal(100);
    expect((await sessions.sweep()).expired).to.equal(120);
    const keys = [new Uint8Array(32).fill(1)];
    expect(await new PostgresUsers(pool, { schema: database.schema, keys }).load(id, 1)).to.equal(null);
    const { rowCount } = await pool.query(`select from pg_prepared_statements where name like 'secagg_%'`);
    return rowCount ?? NaN;
  } finally {
    await pool.end();
    await database.end();
  }
}

describe('a driver', () => {
  it('that gives back something else than it was given is refused at the first call', async () => {
    const database = await testDatabase();
    try {
      const sessions = (change: (row: Record<string, unknown>) => void): PostgresSessions =>
        new PostgresSessions(
          {
            connect: async () => {
              const connection = await database.pool.connect();
              return {
                query: async (query: PoolQuery) => {
                  const result = await connection.query(query);
                  for (const row of Array.isArray(result.rows) ? (result.rows as Record<string, unknown>[]) : []) change(row);
                  return result;
                },
                release: (error) => connection.release(error),
              };
            },
          },
          { schema: database.schema },
        );
      await sessions(() => undefined).migrate();
      for (const [column, value] of [
        ['bytes', Uint8Array.of(1, 2)],
        ['bigint', '9007199254740992'],
        ['boolean', false],
        ['text', 'a'],
        ['uuid', ''],
        ['jsonb', '{}'],
        ['float8', 0.3],
        ['list', 'x NULL'],
      ] as const) {
        const changed = sessions((row) => {
          if (column in row && 'float8' in row) row[column] = value;
        });
        const error = await rejected('ERR_SECAGG_STORE', changed.create({ threshold: 2, vecLen: 1 }));
        expect(error).to.include({ retryable: false });
        expect(error.message, column).to.match(/driver/);
      }
    } finally {
      await database.end();
    }
  });

  it('with parsers of types that give nonsense changes nothing', async () => {
    const before = new Map(TYPES.map((type) => [type, pg.types.getTypeParser(type)]));
    for (const type of TYPES) pg.types.setTypeParser(type, () => 'nonsense');
    try {
      await playWith({});
    } finally {
      for (const [type, parser] of before) pg.types.setTypeParser(type, parser as (text: string) => unknown);
    }
  });

  it('of a connection with other settings changes nothing', async () => {
    // The abbreviations of time zones: PostgreSQL reads IST as that of Israel, whatever zone it has written it for.
    for (const zone of ['Asia/Kathmandu', 'Asia/Kolkata']) await playWith({ options: settingsWith(zone) });
  });

  function settingsWith(zone: string): string {
    return [
      ['array_nulls', 'off'],
      ['extra_float_digits', '-15'],
      ['bytea_output', 'escape'],
      ['datestyle', 'SQL,DMY'],
      ['timezone', zone],
      ['intervalstyle', 'sql_standard'],
      ['default_transaction_isolation', 'serializable'],
      ['synchronous_commit', 'off'],
    ]
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' ');
  }

  it('that is said not to go through PgBouncer prepares statements, and no other does', async () => {
    expect(await playWith({ max: 1 })).to.equal(0);
    expect(await playWith({ max: 1 }, true)).to.be.above(10);
  });

  describe('whose connections have lost their prepared statements', () => {
    for (const [how, statement] of [
      ['DISCARD ALL', 'discard all'],
      ['DEALLOCATE ALL', 'deallocate all'],
      ['a column that has another type', 'drop view if exists ?.overview; alter table ?.sessions alter column round type @'],
    ] as const) {
      it(`(${how}) has calls go on with other connections, and the session has its sum`, async () => {
        const database = await testDatabase();
        const pool = new pg.Pool({ connectionString: database.server.url, max: 1 });
        let closed = 0;
        pool.on('remove', () => void closed++);
        const sessions = new PostgresSessions(pool, { schema: database.schema, direct: pool });
        const quoted = pg.escapeIdentifier(database.schema);
        try {
          await sessions.migrate();
          const setup = { threshold: 3, vecLen: 3 };
          const standIns = new StandIns({ users: 4, ...setup });
          const id = await sessions.create(setup);
          for (const round of [0, 1, 2, 3, 4] as const) {
            const messages = await Promise.all(standIns.ids.map((user) => bytesFor(sessions, id, user)));
            if (round === 1) for (const [i, message] of messages.entries()) standIns.see(i, message);
            for (const [i, user] of standIns.ids.entries()) {
              await pool.query(statement.replaceAll('?', quoted).replace('@', i % 2 === 0 ? 'integer' : 'smallint'));
              const bytes = await standIns.answer(round, i, round < 2 ? null : messages[0]!);
              expect(await sessions.recv(id, user, bytes)).to.equal('accepted');
              expect((await sessions.list({ status: 'collecting' })).length).to.equal(1);
            }
            await sessions.round(id, round);
          }
          expect(await sessions.result(id)).to.deep.equal(new Int32Array(3).fill(standIns.sumOf([0, 1, 2, 3])));
          expect(closed).to.be.at.least(5);
        } finally {
          await pool.end();
          await database.end();
        }
      });
    }
  });

  it('that is no pg.Pool is refused: postgres.js, PGlite', () => {
    const postgresJs = Object.assign(() => undefined, { unsafe: () => undefined, reserve: () => undefined });
    const pglite = { query: () => undefined, exec: () => undefined, transaction: () => undefined };
    for (const other of [postgresJs, pglite]) {
      expect(() => new PostgresSessions(other as unknown as PostgresPool)).to.throw(TypeError, 'pg.Pool');
    }
  });
});
