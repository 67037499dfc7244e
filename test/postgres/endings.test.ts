// Sessions that have ended, by the protocol, by an application or by the clock; and the sweeps that remove what they leave.
import { expect } from 'chai';
import { ProtocolError, StoreError, UsageError } from '../../src/index.ts';
import { PostgresSessions } from '../../src/postgres/index.ts';
import { rejected } from '../support/errors.ts';
import { Session } from '../support/session.ts';
import { beside, overheard } from './support.ts';
import { SETUP, ThreeProcesses, UNKNOWN } from './three-processes.ts';

describe('sessions in PostgreSQL that end', function () {
  this.timeout(60_000);
  let store: ThreeProcesses;
  let one: PostgresSessions;
  let two: PostgresSessions;
  let three: PostgresSessions;
  before(async () => {
    store = await ThreeProcesses.start();
    ({ one, two, three } = store);
  });
  after(() => store.end());

  it('a session that the protocol has ended tells all callers why', async () => {
    const [session, id] = await store.playedTo(4);
    // The stored commitment of user 1 is changed, so that its own shares prove its deal inconsistent.
    const answers = await session.answers();
    await store.deliver(id, answers);
    await store.database.pool.query(
      `update ${store.quoted}.messages set entry = overlay(entry placing '\\x07' from 40) where session_id = $1 and round = 1 and user_id = 1`,
      [id],
    );
    const fresh = store.another();
    await rejected('ERR_SECAGG_INCONSISTENT_DEAL', fresh.round(id, 4), ProtocolError);
    for (const error of await Promise.all(
      [fresh.round(id, 4), two.round(id, 4), two.result(id), two.message(id, 1), two.abort(id, 'late')].map((call) =>
        rejected('ERR_SECAGG_FAILED', call, UsageError),
      ),
    )) {
      expect((error.cause as ProtocolError).userIds).to.deep.equal([1]);
    }
    const progress = await three.progress(id);
    expect([progress.status, progress.round]).to.deep.equal(['failed', null]);
  });

  it('a call for an unknown, aborted or removed session is refused with its own code', async () => {
    for (const id of [UNKNOWN, 'no uuid', '']) {
      await Promise.all(
        [
          one.recv(id, 1, new Uint8Array(3)),
          one.round(id, 0),
          one.message(id, 1),
          one.progress(id),
          one.result(id),
          one.abort(id, 'x'),
        ].map((call) => rejected('ERR_SECAGG_UNKNOWN_SESSION', call, UsageError)),
      );
    }
    await one.remove(UNKNOWN);

    const [session, id] = await store.playedTo(2);
    const answers = await session.answers();
    await one.recv(id, 7, answers.get(7)!);
    await two.abort(id, 'the model was withdrawn');
    await three.abort(id, 'again');
    for (const error of await Promise.all(
      [one.recv(id, 1, answers.get(1)!), one.round(id, 2), one.round(id, 0), two.message(id, 1), two.result(id)].map((call) =>
        rejected('ERR_SECAGG_ABORTED', call, UsageError),
      ),
    )) {
      expect(error.message).to.contain('withdrawn');
    }
    const { status, reason, heard } = await one.progress(id);
    expect([status, reason, heard]).to.deep.equal(['aborted', 'the model was withdrawn', []]);
    for (const table of ['messages', 'keys', 'tiles', 'parts', 'chunks']) expect(await store.rowsOf(table, id)).to.equal(0);

    await three.remove(id);
    expect(await store.rowsOf('members', id)).to.equal(0);
    await rejected('ERR_SECAGG_UNKNOWN_SESSION', one.progress(id));
  });

  it('a call that reads a session while it is removed or aborted is told how the session has ended', async () => {
    for (const [end, code] of [['remove', 'ERR_SECAGG_UNKNOWN_SESSION'] as const, ['abort', 'ERR_SECAGG_ABORTED'] as const]) {
      const read = async (
        round: number,
        table: string,
        call: (fresh: PostgresSessions, id: string) => Promise<unknown>,
      ): Promise<void> => {
        const [, id] = await store.playedTo(round);
        let ended: Promise<void> | null = null;
        // Right before the first rows of the table are read.
        const pool = overheard(store.database.pool, async (text) => {
          if (new RegExp(`from ${store.quoted}.${table}\\b`).test(text) && !text.includes('left join'))
            await (ended ??= two[end](id, 'x'));
        });
        await rejected(code, call(new PostgresSessions(pool, { schema: store.database.schema }), id), UsageError);
        expect(ended).not.to.equal(null);
      };
      for (const round of [1, 2, 4]) await read(round, round === 2 ? 'tiles' : 'chunks', (fresh, id) => fresh.message(id, 7));
      await read(1, 'chunks', (fresh, id) => fresh.recv(id, 7, new Uint8Array(9)));
      await read(1, 'chunks', (fresh, id) => fresh.round(id, 1));
      if (end === 'abort') continue;
      await read(5, 'chunks', (fresh, id) => fresh.result(id));
      await read(5, 'chunks', (fresh, id) => fresh.round(id, 4));
      await read(5, 'chunks', (fresh, id) => fresh.progress(id));
    }
  });

  it('a process that has read a session before refuses a message because another process has ended it since', async () => {
    const [session, id] = await store.playedTo(1);
    const [[user, bytes], [other]] = [...(await session.answers())] as [[number, Uint8Array], [number, Uint8Array]];
    expect(await store.one.recv(id, user, bytes)).to.equal('accepted');
    await rejected('ERR_SECAGG_SENDER', store.one.recv(id, other, bytes));
    await two.abort(id, 'x');
    await rejected('ERR_SECAGG_ABORTED', store.one.recv(id, other, bytes), UsageError);
  });

  it('a registered user that asks for its first message while the session is removed is not told that it is out', async () => {
    const [, id] = await store.playedTo(0);
    let removed: Promise<void> | null = null;
    const pool = overheard(store.database.pool, async (text) => {
      if (text.includes(`${store.quoted}.members`)) await (removed ??= two.remove(id));
    });
    const fresh = new PostgresSessions(pool, { schema: store.database.schema });
    await rejected('ERR_SECAGG_UNKNOWN_SESSION', fresh.message(id, 7), UsageError);
    expect(removed).not.to.equal(null);
  });

  it('a finished session whose removal has stopped halfway is gone for callers, and the next sweep goes on', async () => {
    const [, id] = await store.playedTo(5);
    const pool = overheard(store.database.pool, (text) => {
      if (/delete from \S+( \S+)?\.members/.test(text)) throw new Error('the process has stopped');
    });
    await rejected('ERR_SECAGG_STORE', new PostgresSessions(pool, { schema: store.database.schema }).remove(id), StoreError);
    for (const call of [two.result(id), two.message(id, 7), two.round(id, 4)])
      await rejected('ERR_SECAGG_ABORTED', call, UsageError);
    expect((await two.progress(id)).status).to.equal('aborted');
    expect((await three.sweep({ endedBefore: new Date(Date.now() + 60_000) })).removed).to.be.at.least(1);
    await rejected('ERR_SECAGG_UNKNOWN_SESSION', one.progress(id));
  });

  it('a session expires by the clock of the database, before and after the sweep', async () => {
    const [session, id] = await store.created({}, new Date(Date.now() + 3_000));
    const answers = await session.answers();
    await one.recv(id, 7, answers.get(7)!);
    expect((await one.progress(id)).expiresAt!.getTime()).to.be.above(Date.now() - 60_000);
    await new Promise((resolve) => setTimeout(resolve, 3_200));
    const expired = async (): Promise<void> => {
      await Promise.all(
        [one.recv(id, 1, answers.get(1)!), two.round(id, 0), two.message(id, 1), one.abort(id, 'x')].map((call) =>
          rejected('ERR_SECAGG_EXPIRED', call, UsageError),
        ),
      );
      expect((await two.progress(id)).status).to.equal('expired');
    };
    await expired();
    expect((await two.progress(id)).heard).to.deep.equal([7]);
    expect((await three.sweep()).expired).to.equal(1);
    await expired();
    expect(await store.rowsOf('messages', id)).to.equal(0);
  });

  it('a session lives as long as it should, also if the clock of the process is ten minutes behind or ahead', async () => {
    const { now } = Date;
    const create = (skew: number, seconds: number): Promise<string> => {
      Date.now = () => now() + skew;
      try {
        return one.create({ threshold: 2, vecLen: 1, expiresAt: new Date(Date.now() + 1000 * seconds) });
      } finally {
        Date.now = now;
      }
    };
    for (const skew of [-600_000, 600_000]) {
      expect((await two.progress(await create(skew, 300))).status).to.equal('collecting');
      expect((await two.progress(await create(skew, -1))).status).to.equal('expired');
    }
    expect((await one.sweep()).expired).to.equal(2);
  });

  it('three processes sweep many pages of sessions together, and remove those that ended long ago', async () => {
    const past = new Date(Date.now() - 1_000);
    const ids = await Promise.all(Array.from({ length: 130 }, () => one.create({ threshold: 2, vecLen: 1, expiresAt: past })));
    const swept = await Promise.all([one, two, three].map((sessions) => sessions.sweep()));
    expect(swept.reduce((total, { expired }) => total + expired, 0)).to.equal(130);
    expect((await one.sweep({ endedBefore: new Date(0) })).removed).to.equal(0);
    expect((await one.progress(ids[0]!)).status).to.equal('expired');
    expect((await one.sweep({ endedBefore: new Date(Date.now() + 60_000) })).removed).to.be.at.least(130);
    await rejected('ERR_SECAGG_UNKNOWN_SESSION', one.progress(ids[0]!));
  });

  for (const [what, before, at] of [
    ['removes', 'it deletes rows', /delete from .*\.messages/],
    ['sweeps', 'it looks whether the session is free', /skip locked/],
    ['sweeps', 'it locks the session', /for update$/],
    ['aborts', 'it deletes rows', /delete from .*\.messages/],
  ] as const) {
    it(`a process that ${what} a session and stops before ${before} leaves another one alone that has its id meanwhile`, async () => {
      const [, id] = await store.playedTo(2);
      const endedBefore = new Date(Date.now() + 60_000);
      if (what === 'sweeps') {
        await two.abort(id, 'x');
        // The sweep comes to it first.
        const update = `update ${store.quoted}.sessions set ended_at = now() - interval '1 day' where session_id = $1`;
        await store.database.pool.query(update, [id]);
      }
      let [isAt, hasStopped] = [what !== 'sweeps', false];
      let [stop, goOn] = [(): void => undefined, (): void => undefined];
      const stopped = new Promise<void>((resolve) => (stop = resolve));
      const going = new Promise<void>((resolve) => (goOn = resolve));
      const pool = overheard(store.database.pool, async (text) => {
        isAt ||= text.includes('ended_at < ');
        if (!isAt || hasStopped || !at.test(text)) return;
        hasStopped = true;
        stop();
        await going;
      });
      const slow = new PostgresSessions(pool, { schema: store.database.schema });
      const ending = what === 'removes' ? slow.remove(id) : what === 'aborts' ? slow.abort(id, 'x') : slow.sweep({ endedBefore });
      await stopped;
      await two.remove(id);
      const session = new Session(SETUP);
      const { threshold, vecLen, registered } = session.setup;
      expect(await three.create({ id, threshold, vecLen, options: { publicKeys: registered.pki } })).to.equal(id);
      for (const round of [0, 1, 2, 3, 4]) {
        const answers = await session.answers();
        await store.deliver(id, answers);
        session.deliver(answers);
        if (round === 1) {
          goOn();
          await ending;
          expect(await store.rowsOf('messages', id)).to.equal(2 * answers.size);
          expect(await store.rowsOf('members', id)).to.equal(answers.size);
        }
        await three.round(id, round);
        await session.close();
      }
      expect(await one.result(id)).to.deep.equal(session.server.output()!.getVector());
    });
  }

  it('a sweep does not wait for sessions that others hold, and takes them the next time', async () => {
    // Those that a sweep comes to first are held, among them a whole page of sessions that have expired.
    const create = async (expiresAt?: Date): Promise<string> =>
      one.create({ threshold: 2, vecLen: 1, ...(expiresAt ? { expiresAt } : {}) });
    const past = new Date(Date.now() - 1_000);
    const toExpire = (await Promise.all(Array.from({ length: 120 }, () => create(past)))).sort();
    const ended = (await Promise.all([1, 2, 3, 4].map(() => create()))).sort();
    for (const id of ended) await one.abort(id, 'x');
    await store.database.pool.query(
      `update ${store.quoted}.sessions set ended_at = now() - interval '2 hours', tidied_at = null where session_id = any ($1)`,
      [ended],
    );
    const held = [...toExpire.slice(0, 105), ...ended.slice(0, 3)];
    const before = new Date(Date.now() - 3_600_000);
    const lock = `select 1 from ${store.quoted}.sessions where session_id = any ($1) for key share`;
    await beside(store.database.pool, [[lock, [held]]], async () => {
      const started = performance.now();
      const swept = await one.sweep({ endedBefore: before });
      expect(swept).to.deep.equal({ expired: 15, tidied: 1, removed: 1 });
      expect(performance.now() - started).to.be.below(10_000);
    });
    expect(await two.sweep({ endedBefore: before })).to.deep.equal({ expired: 105, tidied: 3, removed: 3 });
  });

  it('a sweep drops the messages of a session that ended an hour ago, and keeps its sum', async () => {
    const [session, id] = await store.playedTo(5);
    const { rows } = await store.database.pool.query(
      `select distinct octet_length(entry) as bytes from ${store.quoted}.messages where session_id = $1 and round = 4`,
      [id],
    );
    expect(rows, 'shares that were revealed, once they have done their work').to.deep.equal([{ bytes: 0 }]);
    await store.database.pool.query(
      `update ${store.quoted}.sessions set ended_at = now() - interval '61 minutes' where session_id = $1`,
      [id],
    );
    expect((await one.sweep()).tidied).to.equal(1);
    for (const table of ['messages', 'keys', 'tiles']) expect(await store.rowsOf(table, id)).to.equal(0);
    expect(await store.rowsOf('chunks', id), 'the sum, and who is in it').to.equal(2);
    await rejected('ERR_SECAGG_USAGE', two.round(id, 1));
    expect(await two.round(id, 4)).to.deep.equal({ kind: 'sum', vector: session.server.output()!.getVector() });
    expect((await two.progress(id)).included).to.deep.equal(session.server.progress().included);
  });
});
