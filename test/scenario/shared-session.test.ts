// Several servers share one session: each hears some of the users, and one of them closes the round for all.
import { expect } from 'chai';
import fc from 'fast-check';
import { ProtocolError, ServerWrapper, StateError, UsageError } from '../../src/index.ts';
import { refused } from '../support/errors.ts';
import { Session } from '../support/session.ts';

const IDS = [2, 3, 5, 7, 11, 13];
const SETUP = { ids: IDS, threshold: 4, vecLen: 9, options: { bits: 24 } };

interface Round {
  readonly base: string;
  readonly answers: ReadonlyMap<number, Uint8Array>;
  /** One server that has heard all, before and after it closed the round. */
  readonly whole: string;
  readonly closed: string;
}

/** One session, seen at every round; in each from round 1 on somebody falls silent. */
async function rounds(): Promise<Round[]> {
  const session = new Session(SETUP);
  const seen: Round[] = [];
  for (let round = 0; round <= 4; round++) {
    const base = session.server.serializeState();
    const answers = await session.answers(round === 2 ? [3] : round === 3 ? [11] : []);
    session.deliver(answers);
    const whole = session.server.serializeState();
    await session.close();
    seen.push({ base, answers, whole, closed: session.server.serializeState() });
  }
  return seen;
}

/** The state as a value that does not tell in which order users were heard. */
function unordered(state: string): unknown {
  const sorted = (json: unknown): unknown => {
    if (Array.isArray(json)) return json.map((value) => JSON.stringify(sorted(value))).sort();
    if (typeof json !== 'object' || json === null) return json;
    return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, sorted(value)]));
  };
  return sorted(JSON.parse(state));
}

describe('servers that share a session', () => {
  let seen: Round[] = [];
  before(async () => (seen = await rounds()));

  const forks = (round: number, ...split: readonly (readonly number[])[]): ServerWrapper[] =>
    split.map((ids) => {
      const fork = ServerWrapper.fromState(seen[round]!.base);
      for (const id of ids) fork.recv(id, seen[round]!.answers.get(id)!);
      return fork;
    });

  for (const round of [0, 1, 2, 3, 4]) {
    it(`round ${round}: any split of the users over any number, merged in any order, is one server that heard all`, async () => {
      const { base, answers, whole, closed } = seen[round]!;
      const ids = [...answers.keys()];
      const splits = fc.record({
        shard: fc.array(fc.nat(4), { minLength: ids.length, maxLength: ids.length }),
        order: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
        heard: fc.shuffledSubarray(ids, { minLength: ids.length }),
      });
      await fc.assert(
        fc.asyncProperty(splits, async ({ shard, order, heard }) => {
          const shards = [0, 1, 2, 3, 4].map(() => ServerWrapper.fromState(base));
          for (const id of heard) shards[shard[ids.indexOf(id)]!]!.recv(id, answers.get(id)!);
          // Over bytes, and into one that may have heard some itself.
          const [first, ...others] = order.map((i) => shards[i]!);
          for (const other of others) first!.mergePart(other.serializePart());
          expect(unordered(first!.serializeState())).to.deep.equal(unordered(whole));
          await first!.round();
          expect(unordered(first!.serializeState())).to.deep.equal(unordered(closed));
        }),
        { numRuns: 12 },
      );
    });

    it(`round ${round}: a part fits its own round and session only`, async () => {
      const [one] = forks(round, [2]);
      const later = ServerWrapper.fromState(seen[round]!.closed);
      if (round < 4) refused('ERR_SECAGG_STATE', () => later.mergePart(one!.serializePart()), StateError);
      const elsewhere = await new Session({ ...SETUP, options: { bits: 24, session: 'another' } }).before(round);
      const state = elsewhere.server.serializeState();
      refused('ERR_SECAGG_STATE', () => elsewhere.server.mergePart(one!.serializePart()), StateError);
      expect(elsewhere.server.serializeState()).to.equal(state);
    });

    it(`round ${round}: a user that two have heard ${round === 2 ? 'would be in the sum twice' : 'counts once'}`, () => {
      const [one, two] = forks(round, [2, 5], [5, 7]);
      const before = one!.serializeState();
      if (round === 2) {
        refused('ERR_SECAGG_STATE', () => one!.mergePart(two!.serializePart()), StateError);
        expect(one!.serializeState()).to.equal(before);
      } else {
        one!.mergePart(two!.serializePart());
        expect(one!.progress().heard).to.deep.equal([2, 5, 7]);
      }
    });
  }

  it('a user that told two of them different things is named', async () => {
    const session = await new Session(SETUP).before(1);
    const base = session.server.serializeState();
    const twin = session.user(5).serializeState();
    const answer = async (): Promise<Uint8Array> => {
      session.user(5).recoverState(twin);
      return session.user(5).round(session.messages.get(5)!);
    };
    const [one, two] = [ServerWrapper.fromState(base), ServerWrapper.fromState(base)];
    const first = await answer();
    one.recv(5, first);
    const rolledBack = new Session({ ...SETUP, registered: session.registered });
    rolledBack.users.get(5)!.recoverState(twin);
    two.recv(5, await rolledBack.user(5).round(session.messages.get(5)!));
    const before = one.serializeState();
    const error = refused('ERR_SECAGG_EQUIVOCATION', () => one.mergePart(two.serializePart()), ProtocolError);
    expect(error.userIds).to.deep.equal([5]);
    expect(one.serializeState()).to.equal(before);
  });

  it('a key that users of two servers advertise, and one user too many, are refused', async () => {
    const session = new Session({ ...SETUP, serverOptions: { maxUsers: 4 } });
    const base = session.server.serializeState();
    const answers = await session.answers();
    const [one, two] = [ServerWrapper.fromState(base), ServerWrapper.fromState(base)];
    for (const id of [2, 3, 5]) one.recv(id, answers.get(id)!);
    for (const id of [7, 11]) two.recv(id, answers.get(id)!);
    const before = one.serializeState();
    refused('ERR_SECAGG_TOO_MANY_USERS', () => one.mergePart(two.serializePart()), ProtocolError);
    expect(one.serializeState()).to.equal(before);

    const copied = JSON.parse(two.serializePart()) as { heard: { advertisements: object[] } };
    const own = JSON.parse(one.serializePart()) as { heard: { advertisements: { channelKey: string }[] } };
    Object.assign(copied.heard.advertisements[0]!, { channelKey: own.heard.advertisements[0]!.channelKey });
    refused('ERR_SECAGG_KEYS', () => one.mergePart(JSON.stringify(copied)), ProtocolError);
    expect(one.serializeState()).to.equal(before);
  });

  it('a part that is not whole is refused, and nothing of it is merged', () => {
    for (const round of [0, 1, 2, 3, 4]) {
      const [one, two] = forks(round, [2], [5, 7]);
      const before = one!.serializeState();
      const part = JSON.parse(two!.serializePart()) as Record<string, unknown> & { received: unknown[]; heard: object };
      const wrong = [
        { ...part, received: part.received.slice(1) },
        { ...part, received: [...part.received, [13, (part.received[0] as unknown[])[1]]] },
        { ...part, base: 'AAAA' },
        { ...part, secagg: 'server' },
        { ...part, version: 0 },
        { ...part, more: 1 },
        { ...part, heard: { ...part.heard, phase: 'finished' } },
        ...(round === 2 ? [{ ...part, heard: { ...part.heard, sum: 'AAAA' } }] : []),
        ...(round === 2 ? [{ ...part, heard: { ...part.heard, heard: [0, 65_000] } }] : []),
      ];
      for (const json of wrong) {
        expect(() => one!.mergePart(JSON.stringify(json)), JSON.stringify(json).slice(0, 200)).to.throw(StateError);
        expect(one!.serializeState()).to.equal(before);
      }
    }
  });

  it('a session that is over takes none and gives none', async () => {
    const finished = ServerWrapper.fromState(seen[4]!.closed);
    refused('ERR_SECAGG_USAGE', () => finished.serializePart(), UsageError);
    const [one] = forks(4, [2]);
    refused('ERR_SECAGG_USAGE', () => finished.mergePart(one!.serializePart()), UsageError);
    const failed = new ServerWrapper(2, 1);
    await failed.round().catch(() => undefined);
    refused('ERR_SECAGG_FAILED', () => failed.serializePart(), UsageError);
  });

  it('the part of round 2 has the size of one vector, however many were heard', () => {
    const [one, two] = forks(2, [2], [2, 5, 7, 11]);
    const growth = two!.serializePart().length - one!.serializePart().length;
    expect(growth).to.be.below(3 * 64);
  });
});
