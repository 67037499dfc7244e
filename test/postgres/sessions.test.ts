// Sessions in a real database: three processes give what one server in memory gives, and refuse what it refuses.
import { platform } from '#platform';
import { expect } from 'chai';
import type { ProtocolError } from '../../src/index.ts';
import { ThresholdError, UsageError, UserWrapper } from '../../src/index.ts';
import type { PostgresSessions } from '../../src/postgres/index.ts';
import { decodeFields } from '../../src/wire/msgpack.ts';
import { rejected } from '../support/errors.ts';
import { registeredUsers } from '../support/registered-users.ts';
import { Session } from '../support/session.ts';
import { messagesAfter } from './support.ts';
import { SETUP, ThreeProcesses, UNKNOWN, USERS } from './three-processes.ts';

describe('sessions in PostgreSQL', function () {
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

  for (const [what, setup] of [
    ['of 32 bits', {}],
    ['of 5 bits', { options: { bits: 5 }, vectorOf: () => [1, -1, 2, 0, 3] }],
    ['of 64 bits', { options: { bits: 64 }, vectorOf: () => [2n ** 40n, -1n, 0n, 1n, 5n] }],
    ['that are long', { vecLen: 30_000 }],
  ] as const) {
    it(`three processes give in each round what one server in memory gives: vectors ${what}`, async () => {
      const [session, id] = await store.created(setup);
      for (let round = 0; round <= 4; round++) {
        const answers = await session.answers(round === 2 ? [40] : []);
        for (const [user, bytes] of session.messages) {
          expect(await three.message(id, user)).to.deep.equal({ kind: 'message', round, bytes });
        }
        expect(await two.result(id)).to.equal(null);
        await store.deliver(id, answers);
        for (const user of answers.keys()) expect(await one.message(id, user)).to.deep.equal({ kind: 'waiting', round });
        if (round > 2) expect(await one.message(id, 40)).to.deep.equal({ kind: 'out' });
        session.deliver(answers);
        const { status, expiresAt, reason, ...progress } = await three.progress(id);
        expect({ status, expiresAt, reason }).to.deep.equal({ status: 'collecting', expiresAt: null, reason: null });
        const local = session.server.progress();
        expect(progress).to.deep.equal({ ...local, heard: local.heard });
        const outputs = await Promise.all([one, two, three, one].map((sessions) => sessions.round(id, round)));
        const whole = await session.close();
        for (const output of outputs) {
          if (round === 4) expect(output).to.deep.equal({ kind: 'sum', vector: whole.getVector() });
          else expect(await messagesAfter(three, id, output)).to.deep.equal(whole.getMessages());
        }
        expect(await store.rowsOf('parts', id), 'nothing of the round is left').to.equal(0);
      }
      expect(await two.result(id)).to.deep.equal(session.server.output()!.getVector());
      for (const user of [1, 40, 99]) expect(await two.message(id, user)).to.deep.equal({ kind: 'finished' });
      expect((await three.progress(id)).included).to.deep.equal(session.server.progress().included);
      // Later calls give the outputs again.
      for (const [round, users] of [5, 5, 4, 4].entries()) {
        expect(await one.round(id, round))
          .to.have.property('recipients')
          .with.length(users);
      }
    });
  }

  it('a process that is given a number of threads does not ask how many the machine runs', async () => {
    const [session, id] = await store.playedTo(2);
    const answers = await session.answers();
    const { threads } = platform;
    let asked = 0;
    const counted = Object.defineProperty({ ...threads }, 'available', { get: () => ++asked });
    const limited = store.another({ threads: 0 });
    Object.assign(platform, { threads: counted });
    try {
      // The process closes round 2 with its own copy of the session, and round 3 with one that it loads.
      await Promise.all([...answers].map(([user, bytes]) => limited.recv(id, user, bytes)));
      await limited.round(id, 2);
      session.deliver(answers);
      await session.close();
      const next = await session.answers();
      await Promise.all([...next].map(([user, bytes]) => limited.recv(id, user, bytes)));
      const fresh = store.another({ threads: 0 });
      await fresh.round(id, 3);
      expect(asked).to.equal(0);
      session.deliver(next);
      await session.close();
      await store.deliver(id, await session.answers());
      await two.round(id, 4);
      expect(asked).to.be.above(0);
    } finally {
      Object.assign(platform, { threads });
    }
  });

  it('processes that close round 0 at the same time draw one sparse graph and keep it', async () => {
    const graph = { neighbors: 4, shareThreshold: 3 };
    const registered = registeredUsers(Array.from({ length: 12 }, (_, i) => 5 * i + 1));
    const options = { graph, adversary: 'semi-honest' } as const;
    const [session, id] = await store.created({ registered, ids: registered.ids, threshold: 9, options });
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
        await store.deliver(id, new Map([...answers].filter(([user]) => !late.includes(user))));
        const { ready, heard, needed } = await three.progress(id);
        expect([ready, heard.length >= needed]).to.deep.equal([false, true]);
      }
      await store.deliver(id, answers);
      expect((await two.progress(id)).ready).to.equal(true);
      const outputs = await Promise.all([one, two, three].map((sessions) => sessions.round(id, round)));
      for (const output of outputs) expect(output).to.deep.equal(outputs[0]);
      if (round < 4) session.messages = await messagesAfter(two, id, outputs[0]!);
    }
    const included = registered.ids.filter((_, i) => i !== 3);
    expect(Array.from((await two.result(id))!, BigInt)).to.deep.equal(session.plainSum(included));
    expect((await one.progress(id)).included).to.deep.equal(included);
  });

  it('a registered user is given the message of round 0, and another one nothing', async () => {
    const [, id] = await store.created();
    const first = { kind: 'message', round: 0, bytes: Uint8Array.of(146, 1, 0) };
    expect(await two.message(id, 7)).to.deep.equal(first);
    expect(await two.message(id, 8)).to.deep.equal({ kind: 'out' });
    const open = await one.create({ threshold: 2, vecLen: 1 });
    expect(await two.message(open, 8)).to.deep.equal(first);
  });

  it('a round below the threshold stays open, and closes once enough users were heard', async () => {
    const [session, id] = await store.playedTo(2);
    const answers = [...(await session.answers())];
    for (const [user, bytes] of answers.slice(0, 3)) await one.recv(id, user, bytes);
    const error = await rejected('ERR_SECAGG_THRESHOLD', two.round(id, 2), ThresholdError);
    expect([error.have, error.need, error.round]).to.deep.equal([3, 4, 2]);
    expect((await one.progress(id)).heard.length).to.equal(3);
    for (const [user, bytes] of answers.slice(3)) await two.recv(id, user, bytes);
    expect(await one.round(id, 2))
      .to.have.property('recipients')
      .with.length(5);
  });

  it('a user takes part with what any process says of the session, in every round and after the end', async () => {
    const [session, id] = await store.created();
    const descriptor = session.server.describe();
    for (let round = 0; round <= 4; round++) {
      expect(await [one, two, three][round % 3]!.describe(id)).to.deep.equal(descriptor);
      const answers = await session.answers();
      await store.deliver(id, answers);
      session.deliver(answers);
      await two.round(id, round);
      await session.close();
    }
    expect(await three.describe(id)).to.deep.equal(descriptor);
    const [signPk, signSk] = USERS.keys.get(7)!;
    const user = UserWrapper.fromDescriptor(await one.describe(id), { id: 7, signPk, signSk, othersSignPks: USERS.pki });
    expect(user.id).to.equal(7);
    await rejected('ERR_SECAGG_UNKNOWN_SESSION', one.describe(UNKNOWN), UsageError);
    const [, aborted] = await store.created();
    await one.abort(aborted, 'enough');
    await rejected('ERR_SECAGG_ABORTED', two.describe(aborted), UsageError);
  });

  it('a process refuses a message with the code of a server in memory, and goes on', async () => {
    const [session, id] = await store.playedTo(1);
    const answers = await session.answers();
    const bytes = answers.get(7)!;
    await rejected('ERR_SECAGG_SENDER', one.recv(id, 1, bytes));
    await rejected('ERR_SECAGG_UNKNOWN_USER', one.recv(id, 2, bytes));
    const forged = Uint8Array.from(bytes);
    forged[forged.length - 1]! ^= 1;
    await rejected('ERR_SECAGG_SIGNATURE', two.recv(id, 7, forged));
    await rejected('ERR_SECAGG_USAGE', two.round(id, 2), UsageError);
    await store.deliver(id, answers);
    session.deliver(answers);
    const messages = (await session.close()).getMessages();
    const early = await session.user(7).round(messages.get(7)!);
    await rejected('ERR_SECAGG_EARLY', one.recv(id, 7, early));
    await three.round(id, 1);
    await one.recv(id, 7, early); // the process has a copy of the session from the round before
  });

  it('three processes together admit as many users as the session may have', async () => {
    const session = new Session({ ...SETUP, serverOptions: { maxUsers: 4 } });
    const id = await one.create({ threshold: 4, vecLen: 5, options: { maxUsers: 4, publicKeys: USERS.pki } });
    const answers = [...(await session.answers())];
    const outcomes = await Promise.allSettled(answers.map(([user, bytes], i) => [one, two, three][i % 3]!.recv(id, user, bytes)));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).to.equal(1);
    expect((refused[0]!.reason as ProtocolError).code).to.equal('ERR_SECAGG_TOO_MANY_USERS');
    expect(await one.round(id, 0))
      .to.have.property('recipients')
      .with.length(4);
  });
});
