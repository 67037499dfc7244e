// Sessions of chance, message by message: what any of three processes says, and what is durable, is what a server in memory says. Several
// sessions are played at a time, so that their messages share statements and transactions.
import { expect } from 'chai';
import { SecAggError, type ServerOutputWrapper } from '../../src/index.ts';
import type { ClosedRound, PostgresSessions } from '../../src/postgres/index.ts';
import { randomFromSeed } from '../../src/crypto/random.ts';
import { rebody } from '../support/forge.ts';
import { registeredUsers, sparseIds } from '../support/registered-users.ts';
import { messagesAfter } from './support.ts';
import { ThreeProcesses } from './three-processes.ts';

// `npm run test:long` compares hundreds.
const SESSIONS = Number(process.env.SECAGG_COMPARED_SESSIONS ?? 6);
const AT_ONCE = 6;

async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof SecAggError)) throw error;
    return { code: error.code, userIds: 'userIds' in error ? error.userIds : null };
  }
}

describe('sessions of chance in PostgreSQL', function () {
  this.timeout(60_000 + 20_000 * SESSIONS);
  let store: ThreeProcesses;
  before(async () => (store = await ThreeProcesses.start()));
  after(() => store.end());

  it(`${SESSIONS} sessions are after each message what servers in memory are, with dropouts, lies and repetitions`, async () => {
    let left = SESSIONS;
    const playOn = async (): Promise<void> => {
      while (left-- > 0) {
        const seed = crypto.getRandomValues(new Uint8Array(32));
        try {
          await play(seed);
        } catch (error) {
          left = 0;
          console.log(`      seed: ${Buffer.from(seed).toString('hex')}`);
          throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, playOn));
  });

  async function play(seed: Uint8Array): Promise<void> {
    const random = randomFromSeed(seed);
    const below = (n: number): number => new DataView(random(4).slice().buffer).getUint32(0) % n;
    const any = (): PostgresSessions => [store.one, store.two, store.three][below(3)]!;
    const users = 3 + below(4);
    const threshold = Math.floor(users / 2) + 1;
    const registered = registeredUsers(sparseIds(users));
    const bits = [5, 21, 32, 64][below(4)]!;
    const vectorOf = (index: number): number[] => [index % 2, -(index % 2), 1];
    const [session, id] = await store.created({
      registered,
      ids: registered.ids,
      threshold,
      vecLen: 3,
      options: { bits },
      vectorOf,
    });
    const same = async (sender: number, bytes: Uint8Array): Promise<void> => {
      const said = await outcomeOf(() => session.server.recv(sender, bytes));
      expect(await outcomeOf(() => any().recv(id, sender, bytes))).to.deep.equal(said);
      const { status, expiresAt, reason, ...progress } = await any().progress(id);
      expect([status, expiresAt, reason]).to.deep.equal(['collecting', null, null]);
      expect(progress).to.deep.equal(session.server.progress());
      expect(await any().attendance(id)).to.deep.equal(session.server.attendance());
    };
    const earlier: [number, Uint8Array][] = [];
    let left = users;
    for (let round = 0; round <= 4; round++) {
      const speaking = [...session.messages.keys()];
      const silent = left > threshold && below(3) === 0 ? [speaking[below(speaking.length)]!] : [];
      left -= silent.length;
      for (const [sender, honest] of await session.answers(silent)) {
        const other = registered.ids[below(users)]!;
        const lies: (() => Promise<Uint8Array> | Uint8Array)[] = [
          () => honest.subarray(below(honest.length)),
          () => honest.map((byte, i) => (i === honest.length - 1 ? byte ^ 1 : byte)),
          () => rebody(session, sender, Uint8Array.from(honest), (body) => body.fill(round === 0 ? 0 : 3, 0, 32)),
        ];
        if (below(2) === 0) await same(sender, await lies[below(3)]!());
        if (other !== sender && below(3) === 0) await same(other, honest);
        await same(sender, honest);
        if (below(3) === 0) await same(sender, honest);
        if (earlier.length > 0 && below(3) === 0) await same(...earlier[below(earlier.length)]!);
        earlier.push([sender, honest]);
      }
      const closed = await any().round(id, round);
      await expectSame(id, closed, await session.close());
    }
  }

  async function expectSame(id: string, closed: ClosedRound, whole: ServerOutputWrapper): Promise<void> {
    if (closed.kind === 'sum') expect(closed.vector).to.deep.equal(whole.getVector());
    else expect(await messagesAfter(store.one, id, closed)).to.deep.equal(whole.getMessages());
  }
});
