// What a session tells about itself: progress() of both roles, and the events.
import { expect } from 'chai';
import { ServerWrapper, UserWrapper, type ServerEvent, type UserEvent } from '../../src/index.ts';
import { flip, rebody } from '../support/forge.ts';
import { rejected, refused } from '../support/errors.ts';
import { Session } from '../support/session.ts';

const IDS = [40, 10, 30, 20];
const SORTED = [10, 20, 30, 40];

describe('server.progress()', () => {
  it('tells, in every round, who was heard, who is missing, what is needed and whether round() would succeed', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    const { server } = session;
    for (let round = 0; round <= 4; round++) {
      expect(server.progress()).to.deep.include({ round, heard: [], missing: SORTED, needed: 3, ready: false });
      const answers = await session.answers();
      for (const [i, [id, answer]] of [...answers].entries()) {
        server.recv(id, answer);
        const heard = [...answers.keys()].slice(0, i + 1).sort((a, b) => a - b);
        const progress = server.progress();
        expect(progress).to.deep.include({ heard, missing: SORTED.filter((other) => !heard.includes(other)) });
        expect(progress.ready).to.equal(heard.length >= 3);
        expect(progress.included).to.deep.equal(round < 3 ? null : SORTED);
        expect(progress.colludersBorne).to.equal(round === 0 ? null : 1); // 2t − n − 1
      }
      await session.close();
    }
    expect(server.progress()).to.deep.equal({
      round: 5,
      revision: 5 * SORTED.length + 5,
      heard: [],
      missing: [],
      needed: 3,
      ready: false,
      dropped: [],
      included: SORTED,
      colludersBorne: 1,
      error: null,
    });
  });

  it('lists nobody as missing in round 0 where nobody is registered', () => {
    expect(new ServerWrapper(3, 1).progress()).to.deep.include({ heard: [], missing: [], ready: false });
  });

  it('gives lists that are the caller’s own', async () => {
    const session = await new Session({ ids: IDS, threshold: 3 }).before(3, [[], [20]]);
    const progress = session.server.progress();
    for (const list of [progress.heard, progress.missing, progress.dropped, progress.included]) (list as unknown[]).length = 0;
    expect(session.server.progress()).to.deep.include({
      missing: [10, 30, 40],
      included: [10, 30, 40],
      dropped: [{ userId: 20, round: 1, reason: 'no-shares' }],
    });
  });
});

describe('user.progress()', () => {
  it('tells the round, a revision that grows, the sizes of U1 to U3, and how many colluders the threshold bears', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    const user = session.user(10);
    const told = [];
    for (let round = 0; round <= 4; round++) {
      told.push(user.progress());
      await session.round([[], [20]][round]);
    }
    told.push(user.progress());
    expect(told.map(({ round }) => round)).to.deep.equal([0, 1, 2, 3, 4, 5]);
    expect(told.map(({ revision }) => revision)).to.deep.equal([0, 1, 2, 3, 4, 5]);
    expect(told.map(({ users }) => users)).to.deep.equal([[], [], [4], [4, 3], [4, 3, 3], [4, 3, 3]]);
    expect(told.map(({ colludersBorne }) => colludersBorne)).to.deep.equal([null, null, 1, 1, 1, 1]);
    expect(told.every(({ needsVector, unusableDeals }) => !needsVector && unusableDeals.length === 0)).to.equal(true);
  });
});

describe('events', () => {
  const named = (events: readonly { readonly type: string }[]): string[] => events.map(({ type }) => type);

  it('of the server: messages with sizes, drops, rounds, the outcome', async () => {
    const events: ServerEvent[] = [];
    const session = new Session({ ids: IDS, threshold: 3, serverOptions: { listener: (event) => events.push(event) } });
    const answers = await session.answers();
    session.deliver(answers);
    session.server.recv(10, answers.get(10)!);
    refused('ERR_SECAGG_DECODE', () => session.server.recv(10, new Uint8Array(9)));
    await session.close();
    const bytes = answers.get(10)!.length;
    expect(events.slice(0, 4).every((event) => event.type === 'message-accepted' && event.milliseconds >= 0)).to.equal(true);
    expect(events.slice(4, 6)).to.deep.equal([
      { type: 'message-repeated', userId: 10, bytes },
      { type: 'message-refused', userId: 10, bytes: 9, code: 'ERR_SECAGG_DECODE' },
    ]);
    const sent = [...session.messages.values()].reduce((total, message) => total + message.length, 0);
    expect(events[6]).to.deep.include({ type: 'round-closed', round: 0, users: 4, bytes: sent });

    events.length = 0;
    await session.finish([[], [], [40]]);
    expect(events).to.deep.include({ type: 'user-dropped', userId: 40, round: 2, reason: 'no-masked-input' });
    expect(named(events).filter((type) => type === 'round-closed')).to.have.length(4);
    expect(events.at(-1)).to.deep.equal({ type: 'finished', included: [10, 20, 30] });
  });

  it('of a wrong share: the message is accepted, its sender is named', async () => {
    const events: ServerEvent[] = [];
    const session = new Session({ ids: IDS, threshold: 3, serverOptions: { listener: (event) => events.push(event) } });
    await session.before(4);
    const answers = await session.answers();
    events.length = 0;
    session.server.recv(10, await rebody(session, 10, answers.get(10)!, (body) => flip(body, 40)));
    expect(named(events)).to.deep.equal(['message-accepted', 'user-dropped']);
    expect(events[1]).to.deep.equal({ type: 'user-dropped', userId: 10, round: 4, reason: 'wrong-share' });
  });

  it('of a session that fails', async () => {
    const events: ServerEvent[] = [];
    const session = new Session({ ids: IDS, threshold: 3, serverOptions: { listener: (event) => events.push(event) } });
    await rejected('ERR_SECAGG_THRESHOLD', session.server.round());
    expect(events).to.deep.equal([{ type: 'failed', round: 0, code: 'ERR_SECAGG_THRESHOLD' }]);
  });

  it('of a user: rounds with sizes and times, repetitions, failure', async () => {
    const events: UserEvent[] = [];
    const session = new Session({ ids: IDS, threshold: 3 });
    const listener = (event: UserEvent): unknown => events.push(event);
    const user = UserWrapper.fromState(session.user(30).serializeState(), { listener });
    session.users.set(30, user);
    const message = session.messages.get(30)!;
    const [answer] = [await user.round(message), await user.round(message)];
    await rejected('ERR_SECAGG_DECODE', user.round(new Uint8Array(2)));
    expect(named(events)).to.deep.equal(['round-answered', 'message-repeated', 'failed']);
    expect(events[0]).to.include({ round: 0, bytesIn: message.length, bytesOut: answer.length });
    expect(events[1]).to.deep.equal({ type: 'message-repeated', round: 0, bytesIn: message.length });
    expect(events[2]).to.deep.equal({ type: 'failed', code: 'ERR_SECAGG_DECODE' });
  });

  it('go on where the server is recovered with a listener', async () => {
    const session = await new Session({ ids: IDS, threshold: 3 }).before(1);
    const events: ServerEvent[] = [];
    session.server = ServerWrapper.fromState(session.server.serializeState(), { listener: (event) => events.push(event) });
    await session.finish();
    expect(named(events).filter((type) => type === 'message-accepted')).to.have.length(16);
  });

  it('do not let a listener that throws change the outcome, and do not swallow what it throws', async () => {
    const thrown: unknown[] = [];
    const known = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error));
    try {
      const listener = (): never => {
        throw new Error('of the listener');
      };
      const session = new Session({ ids: IDS, threshold: 3, serverOptions: { listener }, userOptions: { listener } });
      session.expectSum(await session.finish(), IDS);
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of known) process.on('uncaughtException', listener);
    }
    expect(thrown.length).to.be.greaterThan(20);
    expect(thrown.every((error) => error instanceof Error && error.message === 'of the listener')).to.equal(true);
  });
});
