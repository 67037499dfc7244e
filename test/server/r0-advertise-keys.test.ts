// Round 0 of the server: the keys of U1, and the directory that it makes of them.
import { expect } from 'chai';
import type { SecAggError } from '../../src/index.ts';
import { hex } from '../../src/leaves/bytes.ts';
import { userId, type UserId } from '../../src/leaves/ids.ts';
import { permuted } from '../../src/graph/sparse.ts';
import { advertiseKeys, directoryExcerpts } from '../../src/server/r0-advertise-keys.ts';
import type { CollectingKeys, ServerContext } from '../../src/server/state.ts';
import { digestOfDirectory, directoryTree, rootOfExcerpt } from '../../src/session/binding.ts';
import type { Advertisement } from '../../src/session/messages.ts';
import { refused, rejected } from '../support/errors.ts';
import { leaving } from '../support/states.ts';
import { closingWork, COMPLETE, seededRandom, SPARSE } from '../support/step-session.ts';
import { beginning, idAt, keysOf, momentAt, positionOf } from '../support/steps.ts';

type Keys = Omit<Advertisement, 'userId'>;

for (const [name, setup] of [
  ['the complete graph', COMPLETE],
  ['a sparse graph', SPARSE],
] as const) {
  describe(`round 0 of a server on ${name}`, () => {
    const moment = beginning(setup);
    const { session } = moment;
    const context: ServerContext = session.serverContext;
    const said = new Map<UserId, Keys>();
    before(async () => {
      for (const id of [...session.ids].reverse()) said.set(id, (await keysOf(moment, id)).message);
    });
    /** A server that has heard some users, in the order in which they are told. */
    const having = (...ids: readonly UserId[]): CollectingKeys => {
      const state: CollectingKeys = { phase: 'advertise-keys', advertisements: new Map(), keys: new Set() };
      for (const id of ids) advertiseKeys.receive(context, state, id, said.get(id)!);
      return state;
    };
    const lineOf = (id: UserId): Advertisement => ({ userId: id, ...said.get(id)! });

    it('a server enters the keys of each user that it hears', () => {
      const [one, two] = session.ids as [UserId, UserId];
      const state: CollectingKeys = { phase: 'advertise-keys', advertisements: new Map(), keys: new Set() };
      expect(advertiseKeys.receive(context, state, two, said.get(two)!)).to.deep.equal([]);
      expect(advertiseKeys.receive(context, state, one, said.get(one)!)).to.deep.equal([]);
      expect([...state.advertisements]).to.deep.equal([
        [two, lineOf(two)],
        [one, lineOf(one)],
      ]);
      const keys = [one, two].flatMap((id) => [said.get(id)!.channelKey, said.get(id)!.maskKey]);
      expect(state.keys).to.deep.equal(new Set(keys.map(hex)));
    });

    it('a server that closes the round makes the directory, and leaves the state as it was', async () => {
      const state = having(...said.keys());
      const random = seededRandom('graph');
      const { state: next, dropped } = await leaving(state, () => advertiseKeys.close(context, state, closingWork(random)));
      expect(dropped).to.deep.equal([]);
      const sorted = session.ids.map(lineOf);
      // On the complete graph by id; on a sparse graph in an order that is drawn, whatever the order in which users came.
      const lines = setup === COMPLETE ? sorted : permuted(sorted, seededRandom('graph'));
      if (next.phase !== 'share-keys') throw new Error(next.phase);
      expect(next.directory.lines).to.deep.equal(lines);
      expect(next.directoryDigest).to.deep.equal(digestOfDirectory(session.tag, lines.length, directoryTree(lines).root));
      expect(next.deals.size).to.equal(0);
    });

    it('a server that has heard fewer users than the threshold cannot close the round', async () => {
      const state = having(...session.ids.slice(0, setup.threshold - 1));
      const close = async (): Promise<unknown> => advertiseKeys.close(context, state, closingWork());
      const error = await leaving(state, () => rejected('ERR_SECAGG_THRESHOLD', close()));
      expect(error).to.deep.include({ have: setup.threshold - 1, need: setup.threshold, round: 0, userIds: [] });
    });

    const refusedFrom = (
      state: CollectingKeys,
      id: UserId,
      change: Partial<Keys>,
      policy = context.policy,
    ): Promise<SecAggError> =>
      leaving(state, () =>
        refused(policy === context.policy ? 'ERR_SECAGG_KEYS' : 'ERR_SECAGG_TOO_MANY_USERS', () =>
          advertiseKeys.receive({ ...context, policy }, state, id, { ...said.get(id)!, ...change }),
        ),
      );

    it('a user that would be one too many for everybody’s policy is refused', async () => {
      const state = having(...session.ids.slice(0, 3));
      const error = await refusedFrom(state, session.ids[3]!, {}, { ...context.policy, maxUsers: 3 });
      expect(error).to.deep.include({ round: 0, userIds: [] });
    });

    if (setup === COMPLETE) {
      it('a user that would be one too many for the threshold is refused', async () => {
        // 2t > n + c: a threshold of three bears four users with one colluder, and three with two.
        const state = having(...session.ids.slice(0, 3));
        const error = await refusedFrom(state, session.ids[3]!, {}, { ...context.policy, colluders: 2 });
        expect(error).to.deep.include({ round: 0, userIds: [] });
        advertiseKeys.receive(
          { ...context, policy: { ...context.policy, colluders: 1 } },
          state,
          session.ids[3]!,
          lineOf(session.ids[3]!),
        );
        expect(state.advertisements.size).to.equal(4);
      });
    }

    it('a user that copies a key of another one is refused, and is not named: the other one may be the copy', async () => {
      const [one, two] = session.ids as [UserId, UserId];
      const { channelKey, maskKey } = said.get(one)!;
      for (const copy of [{ channelKey }, { maskKey }, { channelKey: maskKey }, { maskKey: channelKey }]) {
        expect(await refusedFrom(having(one), two, copy)).to.deep.include({ round: 0, userIds: [] });
      }
    });

    it('a user that advertises one key twice, or none of large order, or a second spelling, is refused by name', async () => {
      const [one, two] = session.ids as [UserId, UserId];
      const { channelKey } = said.get(two)!;
      const changes: Partial<Keys>[] = [{ maskKey: channelKey }];
      for (const bytes of [new Uint8Array(32), new Uint8Array(32).fill(255)]) {
        changes.push({ channelKey: bytes }, { maskKey: bytes });
      }
      for (const change of changes) {
        expect(await refusedFrom(having(one), two, change)).to.deep.include({ round: 0, userIds: [two] });
      }
    });

    it('a server that adds what another one has heard has heard both, whoever heard a user first', async () => {
      const [one, two, three] = session.ids as [UserId, UserId, UserId];
      const [state, other] = [having(one, two), having(two, three)];
      const part = advertiseKeys.part(other);
      const merged = await leaving([state, other], () => advertiseKeys.merged(context, state, part));
      expect(merged).to.deep.equal(having(one, two, three));
      expect(merged.advertisements).not.to.equal(state.advertisements);
      expect(merged.keys).not.to.equal(state.keys);
    });

    it('a server refuses what another one has heard if a key comes twice by it, or a user too many', async () => {
      const [one, two, three] = session.ids as [UserId, UserId, UserId];
      const state = having(one, two);
      const copied: CollectingKeys = {
        ...having(),
        advertisements: new Map([[three, { ...lineOf(three), maskKey: said.get(one)!.channelKey }]]),
      };
      await leaving([state, copied], () => refused('ERR_SECAGG_KEYS', () => advertiseKeys.merged(context, state, copied)));
      const small = { ...context, policy: { ...context.policy, maxUsers: 2 } };
      const part = having(three);
      await leaving([state, part], () => refused('ERR_SECAGG_TOO_MANY_USERS', () => advertiseKeys.merged(small, state, part)));
    });

    it('a server tells its parts by the session: round 0 was made for nothing else', () => {
      expect(advertiseKeys.base(context, having())).to.equal(session.tag);
    });
  });
}

describe('the directory as a server shows it', () => {
  it('on the complete graph every user is shown all of it', async () => {
    const { session, server } = await momentAt(1, COMPLETE);
    const excerptFor = directoryExcerpts(session.serverContext, server);
    for (const position of server.directory.positions) {
      expect(excerptFor(position)).to.deep.equal({ users: 4, first: 0, lines: server.directory.lines, proof: [] });
    }
  });

  it('on a sparse graph each user is shown itself between its neighbors, and a proof to the digest that all have', async () => {
    const moment = await momentAt(1, SPARSE);
    const { session, server } = moment;
    const { lines, size } = server.directory;
    const excerptFor = directoryExcerpts(session.serverContext, server);
    for (const position of server.directory.positions) {
      const excerpt = excerptFor(position);
      expect(excerpt.users).to.equal(9);
      expect(excerpt.first).to.equal((position + 7) % 9);
      expect(excerpt.lines).to.deep.equal([7, 8, 9, 10, 11].map((ahead) => lines[(position + ahead) % size]));
      const root = rootOfExcerpt(excerpt)!;
      expect(digestOfDirectory(session.tag, size, root)).to.deep.equal(server.directoryDigest);
    }
    expect(positionOf(moment, idAt(moment, 8))).to.equal(8);
    expect(server.directory.positionOf(userId(11, 'id'))).to.equal(null);
  });
});
