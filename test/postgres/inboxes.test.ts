// Messages that wait in a process until a transaction takes them: rounds are closed meanwhile, sessions are removed, and nothing stays behind.
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { userId } from '../../src/leaves/ids.ts';
import { closeRound } from '../../src/postgres/closing.ts';
import { Database } from '../../src/postgres/database.ts';
import { Inboxes } from '../../src/postgres/inboxes.ts';
import { SessionReads } from '../../src/postgres/session-reads.ts';
import { rejected } from '../support/errors.ts';
import { SETUP, StandInSessions } from './stand-in-sessions.ts';
import { overheard } from './support.ts';

describe('messages that wait in a process', function () {
  this.timeout(60_000);
  let store: StandInSessions;
  before(async () => {
    store = await StandInSessions.start();
  });
  after(() => store.end());

  describe('a round', () => {
    it('is closed although messages that are refused keep coming', async () => {
      const playing = await store.playedTo(0);
      for (const message of await store.answers(playing, 0)) await store.sessions.recv(...message);
      const process = await store.another();
      let isOver = false;
      const junk = async (): Promise<void> => {
        while (!isOver) {
          void process.recv(playing.id, playing.users.ids[0]!, new Uint8Array(10)).catch(() => undefined);
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      const sender = junk();
      await sleep(200);
      const outcome = await Promise.race([process.round(playing.id, 0), sleep(5_000, null)]);
      isOver = true;
      await sender;
      expect(outcome).to.have.property('kind', 'messages');
    });

    it('that waits for messages of a session that others hold is called off by its signal', async () => {
      const playing = await store.playedTo(0);
      const process = await store.another();
      const message = await store.first(playing, 0);
      const heard: Promise<string>[] = [];
      await store.whileHeld([playing], async () => {
        heard.push(process.recv(...message));
        const reason = new Error('too long');
        const controller = new AbortController();
        setTimeout(() => controller.abort(reason), 100);
        const outcome: unknown = await process
          .round(playing.id, 0, { signal: controller.signal })
          .catch((error: unknown) => error);
        expect(outcome).to.equal(reason);
      });
      expect(await Promise.all(heard)).to.deep.equal(['accepted']);
    });

    it('that is refused leaves no token behind', async () => {
      const { id } = await store.playedTo(0);
      const own = new Database(store.database.pool, { schema: store.database.schema });
      const known = { reads: new SessionReads(own.read), jobs: null, known: null, abandoned: new Set<string>() };
      const closing = { sessionId: id, round: 3, locals: {}, signal: undefined, ...known };
      await rejected('ERR_SECAGG_USAGE', closeRound(own, closing));
      expect(known.abandoned.size).to.equal(0);
    });
  });

  it('take no memory if their sessions do not exist', async () => {
    const own = new Database(store.database.pool, { schema: store.database.schema });
    const inboxes = new Inboxes(own, new SessionReads(own.read), null);
    const ids = Array.from({ length: 200 }, () => crypto.randomUUID());
    await Promise.all(
      ids.map((id) => rejected('ERR_SECAGG_UNKNOWN_SESSION', inboxes.put(id, userId(1, 'user'), new Uint8Array(10)))),
    );
    expect(ids.filter((id) => inboxes.find(id) !== null)).to.deep.equal([]);
  });

  it('leave no chunks if their session is removed while a long sum of it is written', async () => {
    const playing = await store.playedTo(2, { ...SETUP, vecLen: 1_100_000 });
    const message = await store.first(playing, 2);
    let removed: Promise<void> | null = null;
    const pool = overheard(store.database.pool, async (text) => {
      if (text.includes('.chunks (session_id')) await (removed ??= store.sessions.remove(playing.id));
    });
    await rejected('ERR_SECAGG_UNKNOWN_SESSION', (await store.another(pool)).recv(...message));
    const { rows } = await store.database.pool.query(`select 1 from ${store.quoted}.chunks where session_id = $1`, [playing.id]);
    expect(rows).to.deep.equal([]);
  });
});
