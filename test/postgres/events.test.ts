// What each process tells of what it does with sessions.
import { expect } from 'chai';
import { PostgresSessions, type StoreEvent } from '../../src/postgres/index.ts';
import { rejected } from '../support/errors.ts';
import { overheard } from './support.ts';
import { ThreeProcesses } from './three-processes.ts';

describe('the events of sessions in PostgreSQL', function () {
  this.timeout(60_000);
  let store: ThreeProcesses;

  before(async () => {
    store = await ThreeProcesses.start();
  });

  after(() => store.end());

  function process(events: StoreEvent[], hear: (text: string) => Promise<void> | void = () => undefined): PostgresSessions {
    const { pool, schema } = store.database;
    return new PostgresSessions(overheard(pool, hear), { schema, listener: (event) => void events.push(event) });
  }

  const without = (events: readonly StoreEvent[]): unknown[] =>
    events.map((event) => ({ ...event, ...('milliseconds' in event && { milliseconds: event.milliseconds >= 0 }) }));

  it('tell of messages, of those that are refused, and of closed rounds', async () => {
    const [session, id] = await store.playedTo(1);
    const events: StoreEvent[] = [];
    const one = process(events);
    const answers = [...(await session.answers())];
    await Promise.all(answers.map(([user, bytes]) => one.recv(id, user, bytes)));
    expect(events.every(({ type }) => type === 'messages-heard')).to.equal(true);
    const accepted = events.map((event) => (event.type === 'messages-heard' ? event.accepted : 0));
    expect(accepted.reduce((sum, count) => sum + count)).to.equal(answers.length);
    events.length = 0;
    const [user, bytes] = answers[0]!;
    await one.recv(id, user, bytes);
    await rejected('ERR_SECAGG_DECODE', one.recv(id, user, Uint8Array.of(1, 2, 3)));
    const { recipients } = (await one.round(id, 1)) as { readonly recipients: readonly number[] };
    const heard = { type: 'messages-heard', sessionId: id, round: 1, accepted: 0, milliseconds: true };
    expect(without(events)).to.deep.equal([
      { ...heard, repeated: 1, refused: 0 },
      { type: 'message-refused', sessionId: id, userId: user, code: 'ERR_SECAGG_DECODE' },
      { ...heard, repeated: 0, refused: 1 },
      { type: 'round-closed', sessionId: id, round: 1, users: recipients.length, milliseconds: true },
    ]);
  });

  it('tell who has waited for another process, and who has taken the place of one that has stopped', async () => {
    const [session, id] = await store.playedTo(0);
    await store.deliver(id, await session.answers());
    const [first, second]: [StoreEvent[], StoreEvent[]] = [[], []];
    const types = (events: readonly StoreEvent[]): string[] => events.map(({ type }) => type);
    // The first closes slowly, so that the second comes meanwhile.
    let come: () => void = () => undefined;
    const came = new Promise<void>((resolve) => (come = resolve));
    let isClosing = false;
    const slow = process(first, async (text) => {
      isClosing ||= text.includes('set closing = $3');
      if (!isClosing || text === 'commit' || text.includes('set closing')) return;
      come();
      await new Promise((resolve) => setTimeout(resolve, 30));
    });
    const closing = slow.round(id, 0);
    await came;
    await Promise.all([closing, process(second).round(id, 0)]);
    expect([types(first), types(second)]).to.deep.equal([['round-closed'], ['closing-waited']]);

    const [another, other] = await store.playedTo(0);
    await store.deliver(other, await another.answers());
    await store.database.pool.query(
      `update ${store.quoted}.sessions set closing = gen_random_uuid(), lease_until = now() - interval '1 second' where session_id = $1`,
      [other],
    );
    second.length = 0;
    await process(second).round(other, 0);
    expect(types(second)).to.deep.equal(['closing-taken-over', 'round-closed']);
  });

  it('tell of transactions that lose a race or are slow, and of an error that ends a session', async () => {
    const [session, id] = await store.playedTo(4);
    await store.deliver(id, await session.answers());
    await store.database.pool.query(
      `update ${store.quoted}.messages set entry = overlay(entry placing '\\x07' from 40) where session_id = $1 and round = 1 and user_id = 1`,
      [id],
    );
    const events: StoreEvent[] = [];
    let races = 1;
    const one = process(events, async (text) => {
      if (!text.includes('for update')) return;
      if (races-- > 0) throw Object.assign(new Error('a deadlock'), { code: '40P01' });
      await new Promise((resolve) => setTimeout(resolve, 1_100));
    });
    await rejected('ERR_SECAGG_INCONSISTENT_DEAL', one.round(id, 4));
    expect(without(events)).to.deep.equal([
      { type: 'transaction-retried', sqlState: '40P01' },
      { type: 'transaction-slow', milliseconds: true },
      { type: 'failed', sessionId: id, round: 4, code: 'ERR_SECAGG_INCONSISTENT_DEAL' },
    ]);
  });
});
