// Sessions in a real database, through three objects that share no memory, as if each were a process.
import { platform } from '#platform';
import { expect } from 'chai';
import pg from 'pg';
import { ProtocolError, ServerWrapper, StoreError, ThresholdError, UsageError, UserWrapper } from '../../src/index.ts';
import { PostgresSessions, type PoolConnection, type PostgresPool } from '../../src/postgres/index.ts';
import { decodeFields } from '../../src/wire/msgpack.ts';
import { registeredUsers } from '../support/registered-users.ts';
import { rejected } from '../support/errors.ts';
import { Session, type Setup } from '../support/session.ts';
import { poolOf, testDatabase, withoutWrites, type TestDatabase } from './support.ts';

const USERS = registeredUsers([1, 7, 2 ** 53 - 1, 40, 41]);
const SETUP = { registered: USERS, threshold: 4, vecLen: 5 };
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

describe('sessions in PostgreSQL', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let [one, two, three]: PostgresSessions[] = [];
  let quoted = '';

  before(async () => {
    database = await testDatabase();
    quoted = pg.escapeIdentifier(database.schema);
    [one, two, three] = [1, 2, 3].map(() => new PostgresSessions(database.pool, { schema: database.schema })) as [
      PostgresSessions,
      PostgresSessions,
      PostgresSessions,
    ];
    await one.migrate();
  });
  after(() => database.end());

  const created = async (setup: Partial<Setup> = {}, expiresAt?: Date): Promise<[Session, string]> => {
    const session = new Session({ ...SETUP, ...setup });
    const { threshold, vecLen, options, registered } = session.setup;
    const id = await one!.create({
      threshold,
      vecLen,
      options: { ...options, publicKeys: registered.pki },
      ...(expiresAt ? { expiresAt } : {}),
    });
    return [session, id];
  };
  const deliver = async (id: string, answers: ReadonlyMap<number, Uint8Array>): Promise<void> => {
    await Promise.all([...answers].map(([user, bytes], i) => [one!, two!, three!][i % 3]!.recv(id, user, bytes)));
  };
  /** A session in memory and its twin in the database, both played up to this round. */
  const playedTo = async (round: number, setup: Partial<Setup> = {}): Promise<[Session, string]> => {
    const [session, id] = await created(setup);
    for (let r = 0; r < round; r++) {
      const answers = await session.answers();
      await deliver(id, answers);
      session.deliver(answers);
      await two!.round(id, r);
      await session.close();
    }
    return [session, id];
  };
  /** Closes round 2, whose answers the stored session has heard, and plays the rest of both. */
  const expectSameSum = async (session: Session, id: string, answers: ReadonlyMap<number, Uint8Array>): Promise<void> => {
    session.deliver(answers);
    await one!.round(id, 2);
    await session.close();
    for (const round of [3, 4]) {
      const next = await session.answers();
      await deliver(id, next);
      session.deliver(next);
      await session.close();
      await one!.round(id, round);
    }
    expect(await one!.result(id)).to.deep.equal(session.server.output()!.getVector());
  };
  const rowsOf = async (table: string, id: string): Promise<number> => {
    const { rows } = await database.pool.query<{ n: string }>(
      `select count(*) as n from ${quoted}.${table} where session_id = $1`,
      [id],
    );
    return Number(rows[0]!.n);
  };

  for (const [what, setup] of [
    ['of 32 bits', {}],
    ['of 5 bits', { options: { bits: 5 }, vectorOf: () => [1, -1, 2, 0, 3] }],
    ['of 64 bits', { options: { bits: 64 }, vectorOf: () => [2n ** 40n, -1n, 0n, 1n, 5n] }],
    ['that are long', { vecLen: 30_000 }],
  ] as const) {
    it(`three processes give in each round what one server in memory gives: vectors ${what}`, async () => {
      const [session, id] = await created(setup);
      for (let round = 0; round <= 4; round++) {
        const answers = await session.answers(round === 2 ? [40] : []);
        for (const [user, message] of session.messages) expect(await three!.message(id, user)).to.deep.equal(message);
        expect(await two!.result(id)).to.equal(null);
        await deliver(id, answers);
        session.deliver(answers);
        const { status, expiresAt, reason, ...progress } = await three!.progress(id);
        expect({ status, expiresAt, reason }).to.deep.equal({ status: 'collecting', expiresAt: null, reason: null });
        const local = session.server.progress();
        expect(progress).to.deep.equal({ ...local, heard: local.heard });
        const outputs = await Promise.all([one!, two!, three!, one!].map((sessions) => sessions.round(id, round)));
        const whole = await session.close();
        for (const output of outputs) {
          expect(output.isVector()).to.equal(round === 4);
          if (round === 4) expect(output.getVector()).to.deep.equal(whole.getVector());
          else expect(output.getMessages()).to.deep.equal(whole.getMessages());
        }
        expect(await rowsOf('messages', id), 'nothing of the round is left').to.equal(0);
        expect(await rowsOf('parts', id)).to.equal(0);
      }
      expect(await two!.result(id)).to.deep.equal(session.server.output()!.getVector());
      expect(await two!.message(id, 1)).to.equal(null);
      expect((await three!.progress(id)).included).to.deep.equal(session.server.progress().included);
      // Later calls give the outputs again.
      for (const round of [0, 1, 2, 3]) expect((await one!.round(id, round)).isMessages()).to.equal(true);
    });
  }

  it('a process that is given a number of threads does not ask how many the machine runs', async () => {
    const [session, id] = await playedTo(2);
    const answers = await session.answers();
    const { threads } = platform;
    let asked = 0;
    const counted = Object.defineProperty({ ...threads }, 'available', { get: () => ++asked });
    const limited = new PostgresSessions(database.pool, { schema: database.schema, threads: 0 });
    Object.assign(platform, { threads: counted });
    try {
      // The process closes round 2 with its own copy of the session, and round 3 with one that it loads.
      await Promise.all([...answers].map(([user, bytes]) => limited.recv(id, user, bytes)));
      await limited.round(id, 2);
      session.deliver(answers);
      await session.close();
      const next = await session.answers();
      await Promise.all([...next].map(([user, bytes]) => limited.recv(id, user, bytes)));
      const fresh = new PostgresSessions(database.pool, { schema: database.schema, threads: 0 });
      await fresh.round(id, 3);
      expect(asked).to.equal(0);
      await two!.round(id, 3);
      await two!.recv(id, 7, next.get(7)!);
      expect(asked).to.be.above(0);
    } finally {
      Object.assign(platform, { threads });
    }
  });

  it('processes that close round 0 at the same time draw one sparse graph and keep it', async () => {
    const graph = { neighbors: 4, shareThreshold: 3 };
    const registered = registeredUsers(Array.from({ length: 12 }, (_, i) => 5 * i + 1));
    const options = { graph, adversary: 'semi-honest' } as const;
    const [session, id] = await created({ registered, ids: registered.ids, threshold: 9, options });
    for (let round = 0; round <= 4; round++) {
      const silent = round === 2 ? [registered.ids[3]!] : [];
      const answers = await session.answers(silent);
      if (round === 1) {
        // Two of four neighbors of one user are late: enough users in all, and too few around this one.
        const [, , , , , around] = decodeFields(session.messages.get(registered.ids[0]!)!, 'test', {
          bytes: 10_000,
          listLength: 10,
        });
        const late = (around as number[]).slice(0, 2);
        await deliver(id, new Map([...answers].filter(([user]) => !late.includes(user))));
        const { ready, heard, needed } = await three!.progress(id);
        expect([ready, heard.length >= needed]).to.deep.equal([false, true]);
      }
      await deliver(id, answers);
      expect((await two!.progress(id)).ready).to.equal(true);
      const outputs = await Promise.all([one!, two!, three!].map((sessions) => sessions.round(id, round)));
      if (round === 4) break;
      const [first, ...others] = outputs.map((output) => output.getMessages());
      for (const other of others) expect(other).to.deep.equal(first);
      session.messages = first!;
    }
    const included = registered.ids.filter((_, i) => i !== 3);
    expect(Array.from((await two!.result(id))!, BigInt)).to.deep.equal(session.plainSum(included));
    expect((await one!.progress(id)).included).to.deep.equal(included);
  });

  it('a registered user is given the message of round 0, and another one nothing', async () => {
    const [, id] = await created();
    expect(await two!.message(id, 7)).to.deep.equal(Uint8Array.of(146, 1, 0));
    expect(await two!.message(id, 8)).to.equal(null);
    const open = await one!.create({ threshold: 2, vecLen: 1 });
    expect(await two!.message(open, 8)).to.deep.equal(Uint8Array.of(146, 1, 0));
  });

  it('a round below the threshold stays open, and closes once enough users were heard', async () => {
    const [session, id] = await playedTo(2);
    const answers = [...(await session.answers())];
    for (const [user, bytes] of answers.slice(0, 3)) await one!.recv(id, user, bytes);
    const error = await rejected('ERR_SECAGG_THRESHOLD', two!.round(id, 2), ThresholdError);
    expect([error.have, error.need, error.round]).to.deep.equal([3, 4, 2]);
    expect((await one!.progress(id)).heard.length).to.equal(3);
    for (const [user, bytes] of answers.slice(3)) await two!.recv(id, user, bytes);
    expect((await one!.round(id, 2)).getMessages().size).to.equal(5);
  });

  for (const round of [0, 1, 2, 3, 4]) {
    it(`round ${round}: a user may send the same message again to any process, and no other message`, async () => {
      const [session, id] = await playedTo(round);
      const twins = new Map([...session.users].map(([user, wrapper]) => [user, wrapper.serializeState()]));
      const first = await session.answers();
      // Users with an older state answer again. Only in rounds 0 and 1 do their answers differ, by fresh randomness.
      const again = new Session({ ...SETUP, registered: USERS });
      for (const [user, state] of twins) again.users.get(user)!.recoverState(state);
      again.messages = session.messages;
      const second = await again.answers();
      const bytes = first.get(7)!;
      expect(await one!.recv(id, 7, bytes)).to.equal('accepted');
      expect(await one!.recv(id, 7, bytes)).to.equal('repeated');
      const repeats = await Promise.all([two!, three!, one!, two!].map((sessions) => sessions.recv(id, 7, bytes)));
      expect(repeats).to.deep.equal(['repeated', 'repeated', 'repeated', 'repeated']);
      expect(await rowsOf('messages', id)).to.equal(1);
      if (round <= 1) {
        for (const sessions of [one!, two!, three!]) {
          const error = await rejected('ERR_SECAGG_EQUIVOCATION', sessions.recv(id, 7, second.get(7)!), ProtocolError);
          // A message of round 0 may be one of an earlier session that somebody else has sent again.
          expect(error.userIds).to.deep.equal(round === 0 ? [] : [7]);
          // The first message still counts.
          expect(await sessions.recv(id, 7, bytes)).to.equal('repeated');
        }
      }
      await rejected('ERR_SECAGG_DECODE', two!.recv(id, 7, new Uint8Array(9)));
      for (const [user, answer] of first) await two!.recv(id, user, answer);
      await three!.round(id, round);
      for (const sessions of [one!, two!, three!]) {
        expect(await sessions.recv(id, 7, bytes)).to.equal('repeated');
        if (round <= 1) await rejected('ERR_SECAGG_EQUIVOCATION', sessions.recv(id, 7, second.get(7)!));
      }
    });
  }

  for (const round of [0, 1, 2, 3, 4]) {
    it(`round ${round}: of the same message at the same time in three processes, one is accepted and the others repeat it`, async () => {
      const [session, id] = await playedTo(round);
      const answers = await session.answers();
      for (const [user, bytes] of answers) {
        const calls = [one!, two!, three!].flatMap((sessions) => [
          sessions.recv(id, user, bytes),
          sessions.recv(id, user, bytes),
        ]);
        const outcomes = (await Promise.all(calls)).sort();
        expect(outcomes).to.deep.equal(['accepted', 'repeated', 'repeated', 'repeated', 'repeated', 'repeated']);
      }
    });
  }

  it('round 1: of two different messages of a user at the same time, one counts and the other is refused, each time', async () => {
    const [session, id] = await playedTo(1);
    const states = new Map([...session.users].map(([user, wrapper]) => [user, wrapper.serializeState()]));
    const answers = await session.answers();
    for (const [user, bytes] of answers) {
      const other = await UserWrapper.fromState(states.get(user)!).round(session.messages.get(user)!);
      const send = (sessions: PostgresSessions, message: Uint8Array): Promise<string>[] =>
        [0, 1, 2].map(() => sessions.recv(id, user, message).catch((error: unknown) => (error as ProtocolError).code));
      const [first, second] = await Promise.all([Promise.all(send(one!, bytes)), Promise.all(send(two!, other))]);
      expect([first, second].sort()).to.deep.equal([
        ['ERR_SECAGG_EQUIVOCATION', 'ERR_SECAGG_EQUIVOCATION', 'ERR_SECAGG_EQUIVOCATION'],
        ['accepted', 'repeated', 'repeated'],
      ]);
    }
  });

  it('a user takes part with what any process says of the session, in every round and after the end', async () => {
    const [session, id] = await created();
    const descriptor = session.server.describe();
    for (let round = 0; round <= 4; round++) {
      expect(await [one!, two!, three!][round % 3]!.describe(id)).to.deep.equal(descriptor);
      const answers = await session.answers();
      await deliver(id, answers);
      session.deliver(answers);
      await two!.round(id, round);
      await session.close();
    }
    expect(await three!.describe(id)).to.deep.equal(descriptor);
    const [signPk, signSk] = USERS.keys.get(7)!;
    const user = UserWrapper.fromDescriptor(await one!.describe(id), { id: 7, signPk, signSk, othersSignPks: USERS.pki });
    expect(user.id).to.equal(7);
    await rejected('ERR_SECAGG_UNKNOWN_SESSION', one!.describe(UNKNOWN), UsageError);
    const [, aborted] = await created();
    await one!.abort(aborted, 'enough');
    await rejected('ERR_SECAGG_ABORTED', two!.describe(aborted), UsageError);
  });

  it('a user that sends its input to three processes at the same time is in the sum once', async () => {
    const [session, id] = await playedTo(2, { vecLen: 8_000 });
    const answers = await session.answers();
    const all = [one!, two!, three!].flatMap((sessions) => [...answers].map(([user, bytes]) => sessions.recv(id, user, bytes)));
    await Promise.all(all);
    expect(await rowsOf('messages', id)).to.equal(5);
    await expectSameSum(session, id, answers);
  });

  it('a process writes long messages without more waiting once there are enough of them', async () => {
    const registered = registeredUsers(Array.from({ length: 24 }, (_, i) => i));
    const [session, id] = await playedTo(2, { registered, threshold: 16, vecLen: 8_000 });
    const answers = await session.answers();
    const waits = globalThis.setTimeout;
    try {
      // The wait for more messages has no end, so only their number can end it.
      globalThis.setTimeout = ((run: () => void, ms = 0) => (ms > 0 && ms < 1000 ? 0 : waits(run, ms))) as typeof setTimeout;
      const inTwo = [...answers].map(async ([user, bytes], i) => {
        if (i >= 12) await new Promise((resolve) => setImmediate(resolve));
        await one!.recv(id, user, bytes);
      });
      await Promise.all(inTwo);
    } finally {
      globalThis.setTimeout = waits;
    }
    expect((await two!.progress(id)).heard).to.have.length(24);
    await expectSameSum(session, id, answers);
  });

  it('a process refuses a message with the code of a server in memory, and goes on', async () => {
    const [session, id] = await playedTo(1);
    const answers = await session.answers();
    const bytes = answers.get(7)!;
    await rejected('ERR_SECAGG_SENDER', one!.recv(id, 1, bytes));
    await rejected('ERR_SECAGG_UNKNOWN_USER', one!.recv(id, 2, bytes));
    const forged = Uint8Array.from(bytes);
    forged[forged.length - 1]! ^= 1;
    await rejected('ERR_SECAGG_SIGNATURE', two!.recv(id, 7, forged));
    await rejected('ERR_SECAGG_USAGE', two!.round(id, 2), UsageError);
    await deliver(id, answers);
    session.deliver(answers);
    const messages = (await session.close()).getMessages();
    const early = await session.user(7).round(messages.get(7)!);
    await rejected('ERR_SECAGG_EARLY', one!.recv(id, 7, early));
    await three!.round(id, 1);
    await one!.recv(id, 7, early); // the process has a copy of the session from the round before
  });

  it('three processes together admit as many users as the session may have', async () => {
    const session = new Session({ ...SETUP, serverOptions: { maxUsers: 4 } });
    const id = await one!.create({ threshold: 4, vecLen: 5, options: { maxUsers: 4, publicKeys: USERS.pki } });
    const answers = [...(await session.answers())];
    const outcomes = await Promise.allSettled(
      answers.map(([user, bytes], i) => [one!, two!, three!][i % 3]!.recv(id, user, bytes)),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).to.equal(1);
    expect((refused[0]!.reason as ProtocolError).code).to.equal('ERR_SECAGG_TOO_MANY_USERS');
    expect((await one!.round(id, 0)).getMessages().size).to.equal(4);
  });

  it('a session that the protocol has ended tells all callers why', async () => {
    const [session, id] = await playedTo(4);
    // The stored commitment of user 1 is changed, so that its own shares prove its deal inconsistent.
    const answers = await session.answers();
    await deliver(id, answers);
    const state = await database.pool.query<{ state: { state: { commitments: [number, { seedCommitment: string }][] } } }>(
      `select state from ${quoted}.sessions where session_id = $1`,
      [id],
    );
    const changed = state.rows[0]!.state;
    changed.state.commitments.find(([position]) => position === 0)![1].seedCommitment = Buffer.alloc(32, 7).toString('base64');
    await database.pool.query(`update ${quoted}.sessions set state = $2 where session_id = $1`, [id, JSON.stringify(changed)]);
    const fresh = new PostgresSessions(database.pool, { schema: database.schema });
    await rejected('ERR_SECAGG_INCONSISTENT_DEAL', fresh.round(id, 4), ProtocolError);
    for (const error of await Promise.all(
      [fresh.round(id, 4), two!.round(id, 4), two!.result(id), two!.message(id, 1), two!.abort(id, 'late')].map((call) =>
        rejected('ERR_SECAGG_FAILED', call, UsageError),
      ),
    )) {
      expect((error.cause as ProtocolError).userIds).to.deep.equal([1]);
    }
    const progress = await three!.progress(id);
    expect([progress.status, progress.round]).to.deep.equal(['failed', null]);
  });

  it('a call for an unknown, aborted or removed session is refused with its own code', async () => {
    for (const id of [UNKNOWN, 'no uuid', '']) {
      await Promise.all(
        [
          one!.recv(id, 1, new Uint8Array(3)),
          one!.round(id, 0),
          one!.message(id, 1),
          one!.progress(id),
          one!.result(id),
          one!.abort(id, 'x'),
        ].map((call) => rejected('ERR_SECAGG_UNKNOWN_SESSION', call, UsageError)),
      );
    }
    await one!.remove(UNKNOWN);

    const [session, id] = await playedTo(2);
    const answers = await session.answers();
    await one!.recv(id, 7, answers.get(7)!);
    await two!.abort(id, 'the model was withdrawn');
    await three!.abort(id, 'again');
    for (const error of await Promise.all(
      [one!.recv(id, 1, answers.get(1)!), one!.round(id, 2), one!.round(id, 0), two!.message(id, 1), two!.result(id)].map(
        (call) => rejected('ERR_SECAGG_ABORTED', call, UsageError),
      ),
    )) {
      expect(error.message).to.contain('withdrawn');
    }
    const { status, reason, heard } = await one!.progress(id);
    expect([status, reason, heard]).to.deep.equal(['aborted', 'the model was withdrawn', []]);
    for (const table of ['messages', 'parts', 'outgoing']) expect(await rowsOf(table, id)).to.equal(0);

    await three!.remove(id);
    await rejected('ERR_SECAGG_UNKNOWN_SESSION', one!.progress(id));
  });

  it('a session expires by the clock of the database, before and after the sweep', async () => {
    const [session, id] = await created({}, new Date(Date.now() + 3_000));
    const answers = await session.answers();
    await one!.recv(id, 7, answers.get(7)!);
    expect((await one!.progress(id)).expiresAt!.getTime()).to.be.above(Date.now() - 60_000);
    await new Promise((resolve) => setTimeout(resolve, 3_200));
    const expired = async (): Promise<void> => {
      await Promise.all(
        [one!.recv(id, 1, answers.get(1)!), two!.round(id, 0), two!.message(id, 1), one!.abort(id, 'x')].map((call) =>
          rejected('ERR_SECAGG_EXPIRED', call, UsageError),
        ),
      );
      expect((await two!.progress(id)).status).to.equal('expired');
    };
    await expired();
    expect((await two!.progress(id)).heard).to.deep.equal([7]);
    expect((await three!.sweep()).expired).to.equal(1);
    await expired();
    expect(await rowsOf('messages', id)).to.equal(0);
  });

  it('three processes sweep many pages of sessions together, and remove those that ended long ago', async () => {
    const past = new Date(Date.now() - 1_000);
    const ids = await Promise.all(Array.from({ length: 130 }, () => one!.create({ threshold: 2, vecLen: 1, expiresAt: past })));
    const swept = await Promise.all([one!, two!, three!].map((sessions) => sessions.sweep()));
    expect(swept.reduce((total, { expired }) => total + expired, 0)).to.equal(130);
    expect((await one!.sweep({ endedBefore: new Date(0) })).removed).to.equal(0);
    expect((await one!.progress(ids[0]!)).status).to.equal('expired');
    expect((await one!.sweep({ endedBefore: new Date(Date.now() + 60_000) })).removed).to.be.at.least(130);
    await rejected('ERR_SECAGG_UNKNOWN_SESSION', one!.progress(ids[0]!));
  });

  it('a sweep does not wait for sessions that others hold, and takes them the next time', async () => {
    // Those that a sweep comes to first are held, among them a whole page of sessions that have expired.
    const create = async (expiresAt?: Date): Promise<string> =>
      one!.create({ threshold: 2, vecLen: 1, ...(expiresAt ? { expiresAt } : {}) });
    const past = new Date(Date.now() - 1_000);
    const toExpire = (await Promise.all(Array.from({ length: 120 }, () => create(past)))).sort();
    const ended = (await Promise.all([1, 2, 3, 4].map(() => create()))).sort();
    for (const id of ended) await one!.abort(id, 'x');
    await database.pool.query(
      `update ${quoted}.sessions set ended_at = now() - interval '2 hours', tidied_at = null where session_id = any ($1)`,
      [ended],
    );
    const held = [...toExpire.slice(0, 105), ...ended.slice(0, 3)];
    const other = await database.pool.connect();
    try {
      await other.query('begin');
      await other.query(`select 1 from ${quoted}.sessions where session_id = any ($1) for key share`, [held]);
      const before = new Date(Date.now() - 3_600_000);
      const started = performance.now();
      const swept = await one!.sweep({ endedBefore: before });
      expect(swept).to.deep.equal({ expired: 15, tidied: 1, removed: 1 });
      expect(performance.now() - started).to.be.below(10_000);
      await other.query('commit');
      expect(await two!.sweep({ endedBefore: before })).to.deep.equal({ expired: 105, tidied: 3, removed: 3 });
    } finally {
      other.release(true);
    }
  });

  it('a sweep drops the messages of a session that ended an hour ago, and keeps its sum', async () => {
    const [session, id] = await playedTo(5);
    await database.pool.query(`update ${quoted}.sessions set ended_at = now() - interval '61 minutes' where session_id = $1`, [
      id,
    ]);
    expect((await one!.sweep()).tidied).to.equal(1);
    expect(await rowsOf('outgoing', id)).to.equal(0);
    await rejected('ERR_SECAGG_USAGE', two!.round(id, 1));
    expect((await two!.round(id, 4)).getVector()).to.deep.equal(session.server.output()!.getVector());
  });

  describe('when the database fails', () => {
    /** A pool whose connections fail at a given statement as a network does: before it runs, or after. */
    const failing = (at: RegExp, when: 'before' | 'after', error: Error): PostgresPool & { times: number } => {
      const pool = {
        times: 1,
        async connect(): Promise<PoolConnection> {
          const client = await database.pool.connect();
          return {
            async query(text: string, values?: unknown[]) {
              const fails = at.test(text) && pool.times > 0;
              if (fails) pool.times--;
              if (fails && when === 'before') throw error;
              const result = await client.query(text, values);
              if (fails) throw error;
              return result;
            },
            release: (broken) => client.release(broken),
          };
        },
      };
      return pool;
    };
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

    for (const [statement, text] of [
      ['begin', /^begin/],
      ['the lock', /for key share/],
      ['the insert', /insert into .*messages/],
      ['the sum', /parts/],
      ['commit', /^commit/],
    ] as const) {
      for (const when of ['before', 'after'] as const) {
        it(`a connection breaks ${when} ${statement}: a user that sends its input again is in the sum once`, async () => {
          const [session, id] = await playedTo(2);
          const answers = [...(await session.answers())];
          const pool = failing(text, when, reset);
          const sessions = new PostgresSessions(pool, { schema: database.schema });
          pool.times = 0;
          await sessions.recv(id, ...answers[0]!);
          pool.times = 1;
          const error = await rejected('ERR_SECAGG_STORE', sessions.recv(id, ...answers[1]!), StoreError);
          expect(error.sqlState).to.equal(null);
          expect(error.cause).to.equal(reset);
          // This process and another one take the message again.
          await sessions.recv(id, ...answers[1]!);
          await two!.recv(id, ...answers[1]!);
          for (const [user, bytes] of answers.slice(2)) await sessions.recv(id, user, bytes);
          for (const [user, bytes] of answers) session.server.recv(user, bytes);
          await sessions.round(id, 2);
          await session.close();
          for (const round of [3, 4]) {
            const answers = await session.answers();
            await deliver(id, answers);
            session.deliver(answers);
            await session.close();
            await one!.round(id, round);
          }
          expect(await one!.result(id)).to.deep.equal(session.server.output()!.getVector());
        });
      }
    }

    for (const when of ['before', 'after'] as const) {
      it(`a connection breaks ${when} a round's commit: a caller that tries again is given the output`, async () => {
        const [session, id] = await playedTo(1);
        const answers = await session.answers();
        await deliver(id, answers);
        session.deliver(answers);
        const sessions = new PostgresSessions(failing(/^commit/, when, reset), { schema: database.schema });
        await rejected('ERR_SECAGG_STORE', sessions.round(id, 1), StoreError);
        const messages = (await session.close()).getMessages();
        expect((await sessions.round(id, 1)).getMessages()).to.deep.equal(messages);
        expect((await two!.round(id, 1)).getMessages()).to.deep.equal(messages);
      });
    }

    it('a transaction that loses a race is tried again, a few times', async () => {
      const [session, id] = await playedTo(1);
      const answers = [...(await session.answers())];
      const lost = Object.assign(new Error('deadlock detected'), { code: '40P01' });
      const pool = failing(/insert into .*messages/, 'after', lost);
      const sessions = new PostgresSessions(pool, { schema: database.schema });
      pool.times = 3;
      await sessions.recv(id, ...answers[0]!);
      expect(pool.times).to.equal(0);
      pool.times = 1_000;
      const error = await rejected('ERR_SECAGG_STORE', sessions.recv(id, ...answers[1]!), StoreError);
      expect(error.sqlState).to.equal('40P01');
      expect(pool.times).to.be.above(980);
      pool.times = 0;
      await sessions.recv(id, ...answers[1]!);
      expect((await sessions.progress(id)).heard.length).to.equal(2);
    });

    for (const round of [1, 2]) {
      it(`round ${round}: a message that the database does not insert is not acknowledged, and its user is not blamed`, async () => {
        const [session, id] = await playedTo(round);
        const answers = await session.answers();
        await withoutWrites(database, ['insert', 'messages', 'new.user_id = 7'], async () => {
          await rejected('ERR_SECAGG_STORE', one!.recv(id, 7, answers.get(7)!), StoreError);
        });
        await deliver(id, answers);
        expect((await one!.progress(id)).heard).to.have.length(5);
      });
    }

    it('a change of a session that the database does not write is not reported as done', async () => {
      const [session, id] = await playedTo(2, { vecLen: 3_000 });
      await deliver(id, await session.answers());
      await withoutWrites(database, ['update', 'sessions', 'true'], async () => {
        await rejected('ERR_SECAGG_STORE', one!.round(id, 2), StoreError);
        await rejected('ERR_SECAGG_STORE', one!.abort(id, 'x'), StoreError);
      });
      await withoutWrites(database, ['update', 'sessions', 'old.bulk <> new.bulk'], async () => {
        await rejected('ERR_SECAGG_STORE', one!.round(id, 2), StoreError);
      });
      await withoutWrites(database, ['insert', 'sessions', 'true'], async () => {
        await rejected('ERR_SECAGG_STORE', one!.create({ threshold: 2, vecLen: 1 }), StoreError);
      });
      expect((await two!.progress(id)).round).to.equal(2);
      expect((await one!.round(id, 2)).getMessages().size).to.equal(5);
    });

    it('an error says whether the same call may succeed later', async () => {
      const retryableOf = async (code: string): Promise<[string | null, boolean]> => {
        const pool = failing(/^begin/, 'before', Object.assign(new Error('refused'), { code }));
        const sessions = new PostgresSessions(pool, { schema: database.schema });
        pool.times = 100;
        const error = await rejected('ERR_SECAGG_STORE', sessions.progress(UNKNOWN), StoreError);
        return [error.sqlState, error.retryable];
      };
      for (const code of ['42501', '28000', '28P01', '3D000', '42601', '23514', '0A000', '22P02', '54000', 'P0001']) {
        expect(await retryableOf(code)).to.deep.equal([code, false]);
      }
      for (const code of ['08006', '25P03', '25006', '40001', '53100', '53300', '55P03', '57014', '57P01', '57P03', '58030']) {
        expect(await retryableOf(code)).to.deep.equal([code, true]);
      }
      for (const code of ['ECONNRESET', 'EPIPE']) expect(await retryableOf(code)).to.deep.equal([null, true]);
    });

    it('a role without rights, an unknown role and an unknown database are errors that no later call mends', async () => {
      const url = new URL(database.server.url);
      const role = `poor_${crypto.randomUUID().slice(0, 8)}`;
      await database.pool.query(`create role ${role} login; grant usage on schema ${quoted} to ${role};
        grant select on all tables in schema ${quoted} to ${role}`);
      const [, id] = await playedTo(1);
      const wrong: [sqlState: string, user: string, name: string][] = [
        ['42501', role, url.pathname],
        ['28000', 'nobody', url.pathname],
        ['3D000', url.username, '/none'],
      ];
      for (const [sqlState, user, name] of wrong) {
        const pool = poolOf(Object.assign(new URL(url), { username: user, pathname: name }).href);
        const sessions = new PostgresSessions(pool, { schema: database.schema });
        const error = await rejected('ERR_SECAGG_STORE', sessions.abort(id, 'x'), StoreError);
        expect([error.sqlState, error.retryable]).to.deep.equal([sqlState, false]);
        await pool.end();
      }
      await database.pool.query(`drop owned by ${role}; drop role ${role}`);
    });

    it('a call without a database is refused and says to try again', async () => {
      const pool = poolOf('postgres://nobody@127.0.0.1:1/none');
      const error = await rejected('ERR_SECAGG_STORE', new PostgresSessions(pool).round(UNKNOWN, 0), StoreError);
      expect(error.sqlState).to.equal(null);
      expect(error.retryable).to.equal(true);
      await pool.end();
    });

    it('a process refuses to close a round whose partial sum was changed, and the session stays open', async () => {
      const [session, id] = await playedTo(2);
      await deliver(id, await session.answers());
      await database.pool.query(`update ${quoted}.parts set bulk = substr(bulk, 2) where session_id = $1`, [id]);
      await database.pool.query(`delete from ${quoted}.messages where session_id = $1 and user_id = 7`, [id]);
      await rejected('ERR_SECAGG_STATE', one!.round(id, 2));
      expect((await two!.progress(id)).status).to.equal('collecting');
    });
  });

  it('a server in memory recovers the stored state of a session', async () => {
    const [, id] = await playedTo(3);
    const { rows } = await database.pool.query<{ state: object; bulk: Uint8Array }>(
      `select state, bulk from ${quoted}.sessions where session_id = $1`,
      [id],
    );
    expect(JSON.stringify(rows[0]!.state)).not.to.contain('Secret');
    expect(() => ServerWrapper.fromState(JSON.stringify(rows[0]!.state))).not.to.throw();
  });
});
