// Several real processes serve the same sessions. They are killed and started again, and so is the database. Every result
// must be the plain sum of its users, and must have the input of every user that was acknowledged.
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { StoreError, type ServerOutputWrapper } from '../../src/index.ts';
import { PostgresSessions } from '../../src/postgres/index.ts';
import { registeredUsers } from '../support/registered-users.ts';
import { Session } from '../support/session.ts';
import { Died, Fleet, RemoteError } from '../postgres/fleet.ts';
import { beside, messagesAfter, testDatabase, type TestDatabase } from '../postgres/support.ts';

// `npm run test:long` runs hundreds.
const SESSIONS = Number(process.env.SECAGG_CRASH_SESSIONS ?? 8);
const AT_ONCE = 12;
const PROCESSES = 4;

const USERS = registeredUsers([1, 2, 3, 5, 8, 13]);
const random = (below: number): number => crypto.getRandomValues(new Uint32Array(1))[0]! % below;
const chance = (probability: number): boolean => random(1_000_000) < probability * 1_000_000;

type Output = { kind: 'sum'; vector: Int32Array } | { kind: 'messages'; recipients: number[] };

describe('processes that share sessions', function () {
  this.timeout(120_000 + 2_000 * SESSIONS);
  let database: TestDatabase;
  let sessions: PostgresSessions;
  let fleet: Fleet;
  let quoted = '';
  let over = false;

  const start = async (crashAfter?: () => number | null): Promise<void> => {
    over = false;
    fleet = await Fleet.start(PROCESSES, { POSTGRES_URL: database.server.url, POSTGRES_SCHEMA: database.schema }, crashAfter);
  };
  const created = (session: Session): Promise<string> =>
    sessions.create({
      threshold: session.setup.threshold,
      vecLen: session.setup.vecLen,
      options: { ...session.setup.options, publicKeys: session.registered.pki },
    });

  /** What a process has told is what a server in memory gives, and so is what users are then sent. */
  const expectOutput = async (id: string, output: Output, whole: ServerOutputWrapper): Promise<void> => {
    if (output.kind === 'sum') expect(output.vector).to.deep.equal(whole.getVector());
    else expect(await messagesAfter(sessions, id, output)).to.deep.equal(whole.getMessages());
  };

  before(async () => {
    database = await testDatabase({ crashes: true });
    quoted = pg.escapeIdentifier(database.schema);
    sessions = new PostgresSessions(database.pool, { schema: database.schema });
    await sessions.migrate();
  });
  // This also ends the loops of a test that ran out of time, which would go on during all later tests.
  afterEach(() => {
    over = true;
    fleet.end();
  });
  after(() => database.end());

  it('four processes each hear some users, and close each round once', async () => {
    await start();
    const session = new Session({ registered: USERS, threshold: 4, vecLen: 6_000 });
    const id = await created(session);
    for (let round = 0; round <= 4; round++) {
      const answers = await session.answers(round === 2 ? [13] : []);
      await Promise.all([...answers].map(([user, bytes], i) => fleet.call(i, 'recv', id, user, bytes)));
      if (round === 2) {
        // Each process has written its own partial sum, and no input is stored.
        const { rows } = await database.pool.query(
          `select octet_length(body) as bytes from ${quoted}.parts join ${quoted}.chunks using (session_id, set_id)`,
        );
        expect(rows).to.deep.equal(Array.from({ length: PROCESSES }, () => ({ bytes: 4 * 6_000 })));
        const kept = await database.pool.query(`select 1 from ${quoted}.messages where round = 2 and entry is not null`);
        expect(kept.rows).to.deep.equal([]);
      }
      session.deliver(answers);
      const outputs = (await Promise.all([0, 1, 2, 3].map((i) => fleet.call(i, 'round', id, round)))) as Output[];
      const whole = await session.close();
      for (const output of outputs) await expectOutput(id, output, whole);
    }
    expect(await sessions.result(id)).to.deep.equal(Int32Array.from({ length: 6_000 }, () => 31));
  });

  it('a process that stops in a transaction delays the closing of the round, and no message', async () => {
    await start();
    const session = new Session({ registered: USERS, threshold: 4, vecLen: 2 });
    const id = await created(session);
    const answers = await session.answers();
    for (const [user, bytes] of answers) await sessions.recv(id, user, bytes);
    session.deliver(answers);
    await session.close();
    await sessions.round(id, 0);
    const deals = await session.answers();
    let closed: Promise<string> = Promise.resolve('');
    // The lock that recv holds until it commits.
    const lock = `select 1 from ${quoted}.sessions where session_id = $1 for key share`;
    await beside(database.pool, [[lock, [id]]], async () => {
      await Promise.all([...deals].map(([user, bytes], i) => fleet.call(i, 'recv', id, user, bytes)));
      closed = fleet.call(0, 'round', id, 1).then(() => 'closed');
      expect(await Promise.race([closed, sleep(300, 'waits')])).to.equal('waits');
    });
    expect(await closed).to.equal('closed');
  });

  it('a message that races the closing of its round is in the round or is refused', async () => {
    await start();
    let [inside, refused] = [0, 0];
    for (let i = 0; i < 8; i++) {
      const session = new Session({ registered: USERS, threshold: 4, vecLen: 2 });
      const id = await created(session);
      for (let round = 0; round <= 4; round++) {
        const answers = await session.answers();
        const racing = [...answers].slice(4);
        const close = (): Promise<Output> => fleet.call(0, 'round', id, round) as Promise<Output>;
        for (const [user, bytes] of [...answers].slice(0, 4)) await fleet.call(random(4), 'recv', id, user, bytes);
        // Half of the time the round closes first. Else it closes within some milliseconds in the first session, and within more in others, so
        // that some messages win the race on any machine.
        const closing = chance(0.5) ? close() : null;
        const outcomes = racing.map(([user, bytes], j): Promise<number | null> =>
          fleet.call(1 + j, 'recv', id, user, bytes).then(
            () => user,
            (error: unknown) => {
              expect((error as RemoteError).code).to.equal('ERR_SECAGG_LATE');
              return null;
            },
          ),
        );
        if (closing === null) await sleep(random(4 ** (1 + (i % 4))));
        const output = await (closing ?? close());
        const heard = (await Promise.all(outcomes)).filter((user) => user !== null);
        inside += heard.length;
        refused += outcomes.length - heard.length;
        if (output.kind === 'sum') {
          const { included } = await sessions.progress(id);
          expect([...output.vector].map(BigInt)).to.deep.equal(session.plainSum(included!));
        } else {
          for (const user of heard) expect(output.recipients).to.include(user);
          expect(output.recipients).to.have.length(4 + heard.length);
          session.messages = await messagesAfter(sessions, id, output);
        }
      }
    }
    expect(inside, 'messages in the round').to.be.above(0);
    expect(refused, 'late messages').to.be.above(0);
  });

  it(`${SESSIONS} sessions give the right sums while processes and the database are killed all the time`, async () => {
    // Some processes die at a statement, others at a random time, by the loop below.
    await start(() => (chance(0.7) ? 4 + random(500) : null));
    let [acknowledged, retries, restarts] = [0, 0, 0];
    const chaos = (async (): Promise<void> => {
      while (!over) {
        await sleep(300 + random(900));
        fleet.kill(random(PROCESSES));
      }
    })();
    const restarting = (async (): Promise<void> => {
      while (database.server.own) {
        await sleep(3_000 + random(4_000));
        if (over) return;
        await database.server.crash();
        restarts++;
        await sleep(random(300));
        await database.server.start();
      }
    })();

    /** Tries again until neither a process nor the database has died during an attempt. */
    const persistently = async <T>(attempt: () => Promise<T>): Promise<T> => {
      for (;;) {
        try {
          return await attempt();
        } catch (error) {
          const store = (error instanceof RemoteError || error instanceof StoreError) && error.code === 'ERR_SECAGG_STORE';
          if (over || !(store || error instanceof Died)) throw error;
          retries++;
          await sleep(10 + random(40));
        }
      }
    };
    const call = (method: 'recv' | 'round', ...args: readonly unknown[]): Promise<unknown> =>
      persistently(() => fleet.call(random(PROCESSES), method, ...args));
    /** Sends a message to one process, or to two at a time, as an impatient client does. */
    const delivered = async (id: string, user: number, bytes: Uint8Array): Promise<void> => {
      const copies = chance(0.2) ? 2 : 1;
      await Promise.all(Array.from({ length: copies }, () => call('recv', id, user, bytes)));
      acknowledged++;
    };

    const play = async (): Promise<void> => {
      const vecLen = chance(0.3) ? 8_000 : 3;
      const session = new Session({
        registered: USERS,
        threshold: 4,
        vecLen,
        vectorOf: (index) => Array.from({ length: vecLen }, (_, j) => (index + 1) * 1_000 + (j % 7)),
      });
      const id = await persistently(() => created(session));
      for (let round = 0; round <= 4; round++) {
        const silent =
          session.messages.size > 4 && chance(0.4) ? [[...session.messages.keys()][random(session.messages.size)]!] : [];
        const answers = await session.answers(silent);
        // The round is closed after all messages are acknowledged, so all of them must be in it.
        await Promise.all([...answers].map(([user, bytes]) => delivered(id, user, bytes)));
        const closers = await Promise.all(
          Array.from({ length: 1 + random(3) }, () => call('round', id, round) as Promise<Output>),
        );
        for (const output of closers) expect(output).to.deep.equal(closers[0]);
        session.deliver(answers);
        const whole = await session.close();
        const [output] = closers as [Output];
        await persistently(() => expectOutput(id, output, whole));
        if (output.kind === 'sum') session.expectSum([...output.vector].map(BigInt), session.server.progress().included!);
        // The same message again is harmless after the round is closed.
        const [user, bytes] = [...answers][random(answers.size)]!;
        await call('recv', id, user, bytes);
      }
    };
    try {
      let next = 0;
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          while (!over && next++ < SESSIONS) await play();
        }),
      );
    } finally {
      over = true;
      await chaos;
      await restarting;
    }
    console.log(
      `      ${acknowledged} messages acknowledged, ${fleet.deaths} processes killed, ` +
        `${restarts} crashes of the database, ${retries} retries`,
    );
    expect(fleet.deaths).to.be.at.least(Math.min(10, SESSIONS / 4));
    const { rows } = await database.pool.query<{ left: string }>(`select count(*) as left from ${quoted}.parts`);
    expect(Number(rows[0]!.left), 'partial sums left of rounds that are closed').to.equal(0);
  });
});
