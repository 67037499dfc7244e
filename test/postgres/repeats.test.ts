// Messages that come more than once, or at the same time, to several processes: each counts once.
import { expect } from 'chai';
import { ProtocolError, UserWrapper } from '../../src/index.ts';
import type { PostgresSessions } from '../../src/postgres/index.ts';
import { rejected } from '../support/errors.ts';
import { registeredUsers } from '../support/registered-users.ts';
import { Session } from '../support/session.ts';
import { SETUP, ThreeProcesses, USERS } from './three-processes.ts';

describe('messages that come to several processes', function () {
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

  for (const round of [0, 1, 2, 3, 4]) {
    it(`round ${round}: a user may send the same message again to any process, and no other message`, async () => {
      const [session, id] = await store.playedTo(round);
      const twins = new Map([...session.users].map(([user, wrapper]) => [user, wrapper.serializeState()]));
      const first = await session.answers();
      // Users with an older state answer again. Only in rounds 0 and 1 do their answers differ, by fresh randomness.
      const again = new Session({ ...SETUP, registered: USERS });
      for (const [user, state] of twins) again.users.get(user)!.recoverState(state);
      again.messages = session.messages;
      const second = await again.answers();
      const bytes = first.get(7)!;
      expect(await one.recv(id, 7, bytes)).to.equal('accepted');
      expect(await one.recv(id, 7, bytes)).to.equal('repeated');
      const repeats = await Promise.all([two, three, one, two].map((sessions) => sessions.recv(id, 7, bytes)));
      expect(repeats).to.deep.equal(['repeated', 'repeated', 'repeated', 'repeated']);
      expect(await store.rowsOf('messages', id, round)).to.equal(1);
      if (round <= 1) {
        for (const sessions of [one, two, three]) {
          const error = await rejected('ERR_SECAGG_EQUIVOCATION', sessions.recv(id, 7, second.get(7)!), ProtocolError);
          // A message of round 0 may be one of an earlier session that somebody else has sent again.
          expect(error.userIds).to.deep.equal(round === 0 ? [] : [7]);
          // The first message still counts.
          expect(await sessions.recv(id, 7, bytes)).to.equal('repeated');
        }
      }
      await rejected('ERR_SECAGG_DECODE', two.recv(id, 7, new Uint8Array(9)));
      for (const [user, answer] of first) await two.recv(id, user, answer);
      await three.round(id, round);
      for (const sessions of [one, two, three]) {
        expect(await sessions.recv(id, 7, bytes)).to.equal('repeated');
        if (round <= 1) await rejected('ERR_SECAGG_EQUIVOCATION', sessions.recv(id, 7, second.get(7)!));
      }
    });
  }

  for (const round of [0, 1, 2, 3, 4]) {
    it(`round ${round}: of the same message at the same time in three processes, one is accepted and the others repeat it`, async () => {
      const [session, id] = await store.playedTo(round);
      const answers = await session.answers();
      for (const [user, bytes] of answers) {
        const calls = [one, two, three].flatMap((sessions) => [sessions.recv(id, user, bytes), sessions.recv(id, user, bytes)]);
        const outcomes = (await Promise.all(calls)).sort();
        expect(outcomes).to.deep.equal(['accepted', 'repeated', 'repeated', 'repeated', 'repeated', 'repeated']);
      }
    });
  }

  it('round 1: of two different messages of a user at the same time, one counts and the other is refused, each time', async () => {
    const [session, id] = await store.playedTo(1);
    const states = new Map([...session.users].map(([user, wrapper]) => [user, wrapper.serializeState()]));
    const answers = await session.answers();
    for (const [user, bytes] of answers) {
      const other = await UserWrapper.fromState(states.get(user)!).round(session.messages.get(user)!);
      const send = (sessions: PostgresSessions, message: Uint8Array): Promise<string>[] =>
        [0, 1, 2].map(() => sessions.recv(id, user, message).catch((error: unknown) => (error as ProtocolError).code));
      const [first, second] = await Promise.all([Promise.all(send(one, bytes)), Promise.all(send(two, other))]);
      expect([first, second].sort()).to.deep.equal([
        ['ERR_SECAGG_EQUIVOCATION', 'ERR_SECAGG_EQUIVOCATION', 'ERR_SECAGG_EQUIVOCATION'],
        ['accepted', 'repeated', 'repeated'],
      ]);
    }
  });

  it('a user that sends its input to three processes at the same time is in the sum once', async () => {
    const [session, id] = await store.playedTo(2, { vecLen: 8_000 });
    const answers = await session.answers();
    const all = [one, two, three].flatMap((sessions) => [...answers].map(([user, bytes]) => sessions.recv(id, user, bytes)));
    await Promise.all(all);
    expect(await store.rowsOf('messages', id, 2)).to.equal(5);
    await store.expectSameSum(session, id, answers);
  });

  it('a process writes long messages without more waiting once there are enough of them', async () => {
    const registered = registeredUsers(Array.from({ length: 24 }, (_, i) => i));
    const [session, id] = await store.playedTo(2, { registered, threshold: 16, vecLen: 8_000 });
    const answers = await session.answers();
    const waits = globalThis.setTimeout;
    try {
      // The wait for more messages has no end, so only their number can end it.
      globalThis.setTimeout = ((run: () => void, ms = 0) => (ms > 0 && ms < 1000 ? 0 : waits(run, ms))) as typeof setTimeout;
      const inTwo = [...answers].map(async ([user, bytes], i) => {
        if (i >= 12) await new Promise((resolve) => setImmediate(resolve));
        await one.recv(id, user, bytes);
      });
      await Promise.all(inTwo);
    } finally {
      globalThis.setTimeout = waits;
    }
    expect((await two.progress(id)).heard).to.have.length(24);
    await store.expectSameSum(session, id, answers);
  });
});
