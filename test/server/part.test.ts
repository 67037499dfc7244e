// What one of several servers has heard, and another server that adds it: nothing changes before all is checked.
import { expect } from 'chai';
import { ProtocolError, StateError, UsageError } from '../../src/index.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { partDocument, serverDocument } from '../../src/server/json.ts';
import { mergedWith, partOf } from '../../src/server/part.ts';
import { enterMessage } from '../../src/server/receiving.ts';
import { changed } from '../../src/server/snapshot.ts';
import type { ServerPart, ServerSnapshot } from '../../src/server/state.ts';
import { sessionTag } from '../../src/session/binding.ts';
import { refused } from '../support/errors.ts';
import { flip, rebody } from '../support/forge.ts';
import { Session } from '../support/session.ts';
import { leaving } from '../support/states.ts';

const IDS = [1, 2, 3, 4];

/** One server's snapshot in a round, and what the users have to say in it. */
async function roundOf(
  round: number,
  name = 'parts',
): Promise<{ session: Session; base: string; answers: Map<number, Uint8Array> }> {
  const session = await new Session({ ids: IDS, threshold: 3, options: { session: name } }).before(round);
  return { session, base: session.server.serializeState(), answers: await session.answers() };
}

/** A server that has heard some users since. */
function having(base: string, heard: ReadonlyMap<number, Uint8Array>): { snapshot: ServerSnapshot; tag: Uint8Array } {
  let snapshot = serverDocument.parse(base);
  const tag = sessionTag(snapshot.context.parameters);
  for (const [id, bytes] of heard) {
    const accepted = enterMessage({ ...snapshot.context, tag }, snapshot, { sender: id as UserId, bytes, closing: false });
    snapshot = changed(snapshot, accepted?.dropped ?? []);
  }
  return { snapshot, tag };
}

for (const round of [0, 1, 2, 3, 4]) {
  describe(`a part of round ${round}`, () => {
    let base: string;
    let answers: Map<number, Uint8Array>;
    before(async () => ({ base, answers } = await roundOf(round)));
    const server = (...ids: number[]): ReturnType<typeof having> =>
      having(base, new Map(ids.map((id) => [id, answers.get(id)!])));
    const partFrom = (...ids: number[]): ServerPart => {
      const { snapshot, tag } = server(...ids);
      return partOf(tag, snapshot);
    };
    const refusing = async (
      code: 'ERR_SECAGG_STATE' | 'ERR_SECAGG_EQUIVOCATION',
      part: ServerPart,
      ids: number[] = [1, 2],
    ): Promise<Error> => {
      const { snapshot, tag } = server(...ids);
      return leaving([snapshot, part], () => refused(code, () => mergedWith(tag, snapshot, part)));
    };

    it('tells who was heard in this round only, and comes back from JSON', async () => {
      const { snapshot, tag } = server(3, 1);
      const part = await leaving(snapshot, () => partOf(tag, snapshot));
      expect([...part.received.keys()]).to.deep.equal([3, 1]);
      expect(part.dropped).to.deep.equal([]);
      expect(partDocument.parse(partDocument.serialize(part))).to.deep.equal(part);
    });

    it('is added without a change of either server; it counts as the same number of messages', async () => {
      const { snapshot, tag } = server(1);
      const part = partFrom(3, 4);
      const merged = await leaving([snapshot, part], () => mergedWith(tag, snapshot, part));
      expect([...merged.received[round]!.keys()]).to.deep.equal([1, 3, 4]);
      expect(merged.revision).to.equal(snapshot.revision + 2);
      for (const [other, digests] of merged.received.entries()) {
        if (other !== round) expect(digests).to.equal(snapshot.received[other]);
      }
      const all = server(1, 3, 4).snapshot;
      expect({ ...merged, revision: 0 }).to.deep.equal({ ...all, revision: 0 });
    });

    it('of another session is refused', async () => {
      const other = await roundOf(round, 'another');
      const { snapshot, tag } = having(other.base, new Map([[3, other.answers.get(3)!]]));
      await refusing('ERR_SECAGG_STATE', partOf(tag, snapshot));
    });

    it('of another round is refused', async () => {
      const other = await roundOf(round === 4 ? 0 : round + 1);
      const { snapshot, tag } = having(other.base, new Map([[3, other.answers.get(3)!]]));
      await refusing('ERR_SECAGG_STATE', partOf(tag, snapshot));
      // Also if it claims to be made for what this round is made for.
      await refusing('ERR_SECAGG_STATE', { ...partOf(tag, snapshot), base: partFrom(3).base });
    });

    it('whose messages were made for something else is refused', async () => {
      const part = partFrom(3);
      await refusing('ERR_SECAGG_STATE', { ...part, base: flip(part.base, 0) });
    });

    it(`of a user that has told two servers different things is refused${round === 0 ? '' : ', and the user is named'}`, async () => {
      const part = partFrom(2);
      const other = flip(part.received.get(2 as UserId)!, 0);
      const error = await refusing('ERR_SECAGG_EQUIVOCATION', { ...part, received: new Map([[2 as UserId, other]]) });
      expect(error)
        .to.be.instanceOf(ProtocolError)
        .and.to.deep.include({ round, userIds: round === 0 ? [] : [2] });
    });

    it(`of a user that both have heard ${round === 2 ? 'is refused: it would be in the sum twice' : 'counts once'}`, async () => {
      const part = partFrom(2, 3);
      if (round === 2) {
        await refusing('ERR_SECAGG_STATE', part);
        return;
      }
      const { snapshot, tag } = server(1, 2);
      const merged = mergedWith(tag, snapshot, part);
      expect([...merged.received[round]!.keys()]).to.deep.equal([1, 2, 3]);
      expect(merged.revision).to.equal(snapshot.revision + 1);
    });

    it('that names a user that it has not heard, or hides one, is refused', async () => {
      const part = partFrom(3);
      const digest = part.received.get(3 as UserId)!;
      await refusing('ERR_SECAGG_STATE', { ...part, received: new Map([...part.received, [4 as UserId, digest]]) });
      await refusing('ERR_SECAGG_STATE', { ...part, received: new Map() });
    });
  });
}

describe('a part of a session that is over', () => {
  it('is neither given nor taken', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    await session.before(4);
    const { snapshot: open, tag } = having(session.server.serializeState(), new Map());
    const part = partOf(tag, open);
    await session.round();
    const finished = serverDocument.parse(session.server.serializeState());
    refused('ERR_SECAGG_USAGE', () => partOf(tag, finished), UsageError);
    refused('ERR_SECAGG_USAGE', () => mergedWith(tag, finished, part), UsageError);
    const failed = new Session({ ids: IDS, threshold: 3 });
    await failed.server.round().catch(() => undefined);
    const over = serverDocument.parse(failed.server.serializeState());
    const error = refused('ERR_SECAGG_FAILED', () => mergedWith(tag, over, part), UsageError);
    expect(error.cause).to.have.property('code', 'ERR_SECAGG_THRESHOLD');
  });
});

describe('a part of a session in which a user has dropped out', () => {
  it('does not name it again: the servers knew that when they began the round', async () => {
    const session = await new Session({ ids: IDS, threshold: 3 }).before(2, [[], [4]]);
    const snapshot = serverDocument.parse(session.server.serializeState());
    expect(snapshot.dropped).to.deep.equal([{ userId: 4, round: 1, reason: 'no-shares' }]);
    const part = partOf(sessionTag(snapshot.context.parameters), snapshot);
    expect(part.dropped).to.deep.equal([]);
  });
});

describe('a part with a user that was found out', () => {
  it('names it to the server that adds it, once', async () => {
    const { session, base, answers } = await roundOf(4);
    const wrong = await rebody(session, 3, answers.get(3)!, (body) => flip(body, 40));
    session.server.recv(3, wrong);
    const told = serverDocument.parse(session.server.serializeState());
    const named = { userId: 3, round: 4, reason: 'wrong-share' };
    const { snapshot, tag } = having(base, new Map([[1, answers.get(1)!]]));
    const part = partOf(tag, told);
    expect(part.dropped).to.deep.equal([named]);
    const merged = mergedWith(tag, snapshot, part);
    expect(merged.dropped).to.deep.equal([named]);
    expect(mergedWith(tag, merged, part).dropped).to.deep.equal([named]);
    expect(() => partDocument.parse(session.server.serializeState())).to.throw(StateError);
  });
});
