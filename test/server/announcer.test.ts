// What a server's listener is told.
import { expect } from 'chai';
import { ServerWrapper, type ServerEvent } from '../../src/index.ts';
import { Announcer } from '../../src/server/announcer.ts';
import { flip, rebody } from '../support/forge.ts';
import { rejected, refused } from '../support/errors.ts';
import { Session } from '../support/session.ts';

const IDS = [40, 10, 30, 20];

describe('the events of a server', () => {
  const named = (events: readonly { readonly type: string }[]): string[] => events.map(({ type }) => type);

  it('tell of messages with their sizes, of users that drop out, of rounds, and of the outcome', async () => {
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

  it('name the sender of a wrong share, whose message is accepted', async () => {
    const events: ServerEvent[] = [];
    const session = new Session({ ids: IDS, threshold: 3, serverOptions: { listener: (event) => events.push(event) } });
    await session.before(4);
    const answers = await session.answers();
    events.length = 0;
    session.server.recv(10, await rebody(session, 10, answers.get(10)!, (body) => flip(body, 40)));
    expect(named(events)).to.deep.equal(['message-accepted', 'user-dropped']);
    expect(events[1]).to.deep.equal({ type: 'user-dropped', userId: 10, round: 4, reason: 'wrong-share' });
  });

  it('tell of a session that fails', async () => {
    const events: ServerEvent[] = [];
    const session = new Session({ ids: IDS, threshold: 3, serverOptions: { listener: (event) => events.push(event) } });
    await rejected('ERR_SECAGG_THRESHOLD', session.server.round());
    expect(events).to.deep.equal([{ type: 'failed', round: 0, code: 'ERR_SECAGG_THRESHOLD' }]);
  });

  it('give away copies: a listener that writes into a digest makes no message new', async () => {
    const listener = (event: ServerEvent): void => {
      if (event.type === 'message-accepted') event.digest.fill(0);
    };
    const session = new Session({ ids: IDS, threshold: 3, serverOptions: { listener } });
    const answers = await session.answers();
    session.deliver(answers);
    expect(session.server.recv(IDS[0]!, answers.get(IDS[0]!)!)).to.equal('repeated');
  });

  it('give away copies: a listener that empties the list of those in the sum does not change who is in it', async () => {
    const listener = (event: ServerEvent): void => {
      if (event.type === 'finished') (event.included as number[]).length = 0;
    };
    const session = new Session({ ids: IDS, threshold: 3, serverOptions: { listener } });
    session.expectSum(await session.finish(), IDS);
  });

  it('name whom a message, or the end of a round, shows to have broken the protocol or to be out', () => {
    const events: ServerEvent[] = [];
    const announcer = new Announcer((event) => events.push(event));
    const [liar, silent] = [
      { userId: 30, round: 4, reason: 'wrong-share' },
      { userId: 10, round: 4, reason: 'no-answer' },
    ] as const;
    const digest = new Uint8Array(32).fill(7);
    announcer.accepted(30, 5, { round: 4, digest, dropped: [liar] }, 2);
    announcer.closed(4, { users: 0, bytes: 0 }, [silent], 3);
    announcer.closed(4, null, [silent], 3);
    expect(events).to.deep.equal([
      { type: 'message-accepted', userId: 30, round: 4, bytes: 5, digest, milliseconds: 2 },
      { type: 'user-dropped', ...liar },
      { type: 'user-dropped', ...silent },
      { type: 'round-closed', round: 4, users: 0, bytes: 0, milliseconds: 3 },
      { type: 'user-dropped', ...silent },
    ]);
  });

  it('name the users that a session fails by, before they tell that it fails', () => {
    const events: ServerEvent[] = [];
    const guilty = { userId: 30, round: 1, reason: 'inconsistent-deal' } as const;
    new Announcer((event) => events.push(event)).failed(4, 'ERR_SECAGG_INCONSISTENT_DEAL', [guilty]);
    expect(events).to.deep.equal([
      { type: 'user-dropped', ...guilty },
      { type: 'failed', round: 4, code: 'ERR_SECAGG_INCONSISTENT_DEAL' },
    ]);
  });

  it('go on if the server is recovered with a listener', async () => {
    const session = await new Session({ ids: IDS, threshold: 3 }).before(1);
    const events: ServerEvent[] = [];
    session.server = ServerWrapper.fromState(session.server.serializeState(), { listener: (event) => events.push(event) });
    await session.finish();
    expect(named(events).filter((type) => type === 'message-accepted')).to.have.length(16);
  });

  for (const [what, listener] of [
    [
      'throws',
      (): never => {
        throw new Error('of the listener');
      },
    ],
    ['returns a promise that rejects', () => Promise.reject(new Error('of the listener'))],
  ] as const) {
    it(`write the error of a listener that ${what} to the console, and the session goes on`, async () => {
      const reported: unknown[][] = [];
      const { error } = console;
      console.error = (...args: unknown[]): void => void reported.push(args);
      try {
        const session = new Session({ ids: IDS, threshold: 3, serverOptions: { listener }, userOptions: { listener } });
        session.expectSum(await session.finish(), IDS);
        await new Promise((resolve) => setImmediate(resolve));
      } finally {
        console.error = error;
      }
      expect(reported.length).to.be.greaterThan(20);
      expect(reported.every(([, last]) => last instanceof Error && last.message === 'of the listener')).to.equal(true);
    });
  }
});
