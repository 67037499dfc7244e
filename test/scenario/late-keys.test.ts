// Whoever joins a session may learn the keys of its users after round 0: they come by setPublicKeys until round 1. What a server could win
// from that is refused.
import { expect } from 'chai';
import {
  genKeypair,
  PublicKeysWrapper,
  round0Msg,
  StateError,
  UsageError,
  UserWrapper,
  type DescribedUserOptions,
  type UserOptions,
} from '../../src/index.ts';
import { rejected, refused } from '../support/errors.ts';
import { Session, type Setup } from '../support/session.ts';
import { neighborsOf, sparseSession } from '../support/sparse.ts';

const IDS = [0, 1, 2, 3, 4];
const THRESHOLD = 3;

function withoutKeys(session: Session, id: number, options: UserOptions = {}): UserWrapper {
  const { threshold, vecLen, vectorOf, ids } = session.setup;
  const [pk, sk] = session.registered.keys.get(id)!;
  const own = { vecLen, maxUsers: ids.length, ...session.setup.options, ...options };
  return new UserWrapper(id, threshold, pk, sk, vectorOf(ids.indexOf(id), id), null, own);
}

/** A session none of whose users has public keys. */
function late(given: Partial<Setup> = {}): Session {
  const session = new Session({ ids: IDS, threshold: THRESHOLD, ...given });
  for (const id of session.setup.ids) session.users.set(id, withoutKeys(session, id));
  return session;
}

const restart = (session: Session, id: number): void => {
  session.users.set(id, UserWrapper.fromState(session.user(id).serializeState()));
};

/** The registered keys, with another one for user 4, and without it. */
function otherKeys(session: Session): PublicKeysWrapper[] {
  const rest = [...session.registered.pki].filter(([id]) => id !== 4);
  return [new PublicKeysWrapper([...rest, [4, genKeypair()[0]]]), new PublicKeysWrapper(rest)];
}

describe('public keys that come late', () => {
  for (const when of [0, 1]) {
    it(`before round ${when} is answered, with restarts at each step and somebody dropping out in each round`, async () => {
      const session = late({ ids: [3, 5, 8, 13, 21, 34, 55, 89, 144], threshold: 5 });
      const silent = [[3], [5], [8], [13], []];
      for (let round = 0; round < 4; round++) {
        const answers = new Map<number, Uint8Array>();
        for (const [id, message] of session.messages) {
          if (silent[round]!.includes(id)) continue;
          expect(session.user(id).progress().needsPublicKeys).to.equal(round <= when);
          if (round === when) {
            restart(session, id);
            session.user(id).setPublicKeys(session.registered.pki);
            expect(session.user(id).progress()).to.include({ needsPublicKeys: false, revision: when + 1 });
          }
          restart(session, id);
          answers.set(id, await session.user(id).round(message));
          restart(session, id);
          expect(await session.user(id).round(message)).to.deep.equal(answers.get(id));
        }
        session.deliver(answers);
        await session.close();
      }
      session.expectSum(await session.finish(silent), [13, 21, 34, 55, 89, 144]);
    });
  }

  it('while the start message is being answered are not lost', async () => {
    const session = late();
    const answers = new Map<number, Uint8Array>();
    for (const id of IDS) {
      const answering = session.user(id).round(round0Msg());
      session.user(id).setPublicKeys(session.registered.pki);
      answers.set(id, await answering);
    }
    session.deliver(answers);
    await session.close();
    session.expectSum(await session.finish([[], [], [2]]), [0, 1, 3, 4]);
  });

  it('not at all: round 1 cannot be answered, and can be once they are there', async () => {
    const session = await late().before(1);
    for (const id of IDS) {
      const user = session.user(id);
      const state = user.serializeState();
      await rejected('ERR_SECAGG_NO_PUBLIC_KEYS', user.round(session.messages.get(id)!), UsageError);
      expect(user.serializeState()).to.equal(state);
      user.setPublicKeys(session.registered.pki);
    }
    session.expectSum(await session.finish(), IDS);
  });

  it('make the same user as those that the constructor was given, but for a revision', () => {
    const session = new Session({ ids: IDS, threshold: THRESHOLD });
    const user = withoutKeys(session, 2);
    user.setPublicKeys(session.registered.pki);
    expect(user.serializeState().replace('"revision":1', '"revision":0')).to.equal(session.user(2).serializeState());
  });

  it('may lack the key of the user itself', async () => {
    const session = late();
    for (const id of IDS) {
      session.user(id).setPublicKeys(new PublicKeysWrapper([...session.registered.pki].filter(([other]) => other !== id)));
    }
    session.expectSum(await session.finish(), IDS);
  });

  it('of its neighbors are enough on a sparse graph', async () => {
    const session = sparseSession(9, { neighbors: 4, shareThreshold: 3 }, { threshold: 6 });
    const { ids } = session.setup;
    for (const id of ids) session.users.set(id, withoutKeys(session, id));
    await session.before(1);
    for (const id of ids) {
      const around = neighborsOf(session, id);
      const keys = around.map((other) => [other, session.registered.keys.get(other)![0]] as const);
      expect(() => session.user(id).setPublicKeys(new PublicKeysWrapper(keys.slice(1)))).to.throw(RangeError, 'othersSignPks:');
      session.user(id).setPublicKeys(new PublicKeysWrapper(keys));
    }
    session.expectSum(
      await session.finish([[], [], [ids[3]!]]),
      ids.filter((_, i) => i !== 3),
    );
  });
});

describe('a user without public keys', () => {
  it('is not made without a bound of its own on the number of users', () => {
    const session = late();
    expect(() => withoutKeys(session, 0, { maxUsers: undefined as never })).to.throw(TypeError, 'options.maxUsers');
    expect(() => withoutKeys(session, 0, { maxUsers: THRESHOLD - 1 })).to.throw(RangeError, 'threshold:');
    expect(() => withoutKeys(session, 0, { maxUsers: 5, colluders: 3 })).to.throw(RangeError, 'threshold:');
    const descriptor = new Session({ ids: IDS, threshold: THRESHOLD, serverKnowsKeys: false }).server.describe();
    const [signPk, signSk] = session.registered.keys.get(0)!;
    const own: DescribedUserOptions = { id: 0, signPk, signSk, othersSignPks: null };
    expect(() => UserWrapper.fromDescriptor(descriptor, own)).to.throw(TypeError, 'options.maxUsers');
    const forgotten = { ...own, maxUsers: 5, othersSignPks: undefined as never };
    expect(() => UserWrapper.fromDescriptor(descriptor, forgotten)).to.throw(TypeError, 'othersSignPks:');
    expect(UserWrapper.fromDescriptor(descriptor, { ...own, maxUsers: 5 }).progress().needsPublicKeys).to.equal(true);
  });

  it('limits its components by the bound that it has set', () => {
    const session = late();
    const of = (component: number, maxUsers: number): UserWrapper => {
      const [pk, sk] = session.registered.keys.get(0)!;
      return new UserWrapper(0, THRESHOLD, pk, sk, [component], null, { maxUsers, bits: 16 });
    };
    // 2^15 − 1 divided by the number of users.
    expect(of(6553, 5).progress().needsVector).to.equal(false);
    expect(() => of(6554, 5)).to.throw(RangeError, 'vec[0]:');
    expect(() => of(6553, 6)).to.throw(RangeError, 'vec[0]:');
  });

  it('can be given up, and then takes none', () => {
    const user = late().user(0);
    user.abandon();
    refused('ERR_SECAGG_FAILED', () => user.setPublicKeys(new PublicKeysWrapper()), UsageError);
    expect(UserWrapper.fromState(user.serializeState()).progress()).to.include({ round: null, needsPublicKeys: false });
  });
});

describe('a server that has a hand in public keys that come late', () => {
  it('cannot exchange those that were given, before or after round 0, and not after a restart', async () => {
    const session = late();
    const user = (): UserWrapper => session.user(0);
    user().setPublicKeys(session.registered.pki);
    for (let round = 0; round <= 1; round++) {
      for (const other of otherKeys(session)) {
        restart(session, 0);
        const state = user().serializeState();
        refused('ERR_SECAGG_KEY_CONFLICT', () => user().setPublicKeys(other), UsageError);
        expect(user().serializeState()).to.equal(state);
      }
      if (round === 0) await user().round(round0Msg());
    }
  });

  it('cannot exchange those that the constructor was given', () => {
    const session = new Session({ ids: IDS, threshold: THRESHOLD });
    for (const other of otherKeys(session)) {
      refused('ERR_SECAGG_KEY_CONFLICT', () => session.user(0).setPublicKeys(other), UsageError);
    }
  });

  it('wins nothing by the same ones twice: nothing changes until round 1 is answered, and then they are refused', async () => {
    const session = late();
    for (const id of IDS) session.user(id).setPublicKeys(session.registered.pki);
    await session.before(1);
    const state = session.user(0).serializeState();
    session.user(0).setPublicKeys(new PublicKeysWrapper([...session.registered.pki].reverse()));
    expect(session.user(0).serializeState()).to.equal(state);
    await session.round();
    for (let round = 2; round <= 4; round++) {
      const later = session.user(0).serializeState();
      for (const keys of [session.registered.pki, ...otherKeys(session)]) {
        refused('ERR_SECAGG_USAGE', () => session.user(0).setPublicKeys(keys), UsageError);
      }
      expect(session.user(0).serializeState()).to.equal(later);
      await session.round();
    }
    refused('ERR_SECAGG_USAGE', () => session.user(0).setPublicKeys(session.registered.pki), UsageError);
  });

  it('cannot give more than the user accepts users, too few, or another key of the user itself', () => {
    const session = late();
    const user = session.user(0);
    const state = user.serializeState();
    const all = [...session.registered.pki];
    const of = (entries: readonly (readonly [number, Uint8Array])[]): PublicKeysWrapper => new PublicKeysWrapper(entries);
    for (const keys of [of([...all, [5, genKeypair()[0]]]), of(all.slice(0, 2)), of(all.slice(1, 2)), of([])]) {
      expect(() => user.setPublicKeys(keys)).to.throw(RangeError, 'othersSignPks:');
    }
    // User 0 itself is counted although its key is not among them.
    expect(() => user.setPublicKeys(of([...all.slice(1), [5, genKeypair()[0]]]))).to.throw(RangeError, 'othersSignPks:');
    refused('ERR_SECAGG_KEY_CONFLICT', () => user.setPublicKeys(of([...all.slice(1), [0, genKeypair()[0]]])), UsageError);
    for (const keys of [null, undefined, all, new Map(all)]) {
      expect(() => user.setPublicKeys(keys as never)).to.throw(TypeError, 'othersSignPks:');
    }
    expect(user.serializeState()).to.equal(state);
  });

  it('cannot put somebody into the directory whose key was not given', async () => {
    const session = late();
    const [, without] = otherKeys(session);
    for (const id of IDS) session.user(id).setPublicKeys(id === 0 ? without! : session.registered.pki);
    await session.before(1);
    await rejected('ERR_SECAGG_UNKNOWN_USER', session.user(0).round(session.messages.get(0)!));
    expect(session.user(0).progress().round).to.equal(null);
  });

  it('cannot show a neighbor on a sparse graph whose key was not given, nor exchange the neighbors once their keys are there', async () => {
    const session = sparseSession(9, { neighbors: 4, shareThreshold: 3 }, { threshold: 6 });
    const { ids } = session.setup;
    for (const id of ids) session.users.set(id, withoutKeys(session, id));
    await session.before(1);
    const [id] = ids as [number];
    const around = neighborsOf(session, id);
    const [outside] = ids.filter((other) => other !== id && !around.includes(other)) as [number];
    const keysOf = (others: readonly number[]): PublicKeysWrapper =>
      new PublicKeysWrapper(others.map((other) => [other, session.registered.keys.get(other)![0]]));
    const user = session.user(id);
    user.setPublicKeys(keysOf([...around.slice(1), outside]));
    refused('ERR_SECAGG_KEY_CONFLICT', () => user.setPublicKeys(keysOf(around)), UsageError);
    await rejected('ERR_SECAGG_UNKNOWN_USER', user.round(session.messages.get(id)!));
    expect(user.progress().round).to.equal(null);
  });

  it('cannot put somebody into the directory under another key than the one that was given', async () => {
    const session = late();
    const [exchanged] = otherKeys(session);
    for (const id of IDS) session.user(id).setPublicKeys(id === 0 ? exchanged! : session.registered.pki);
    await session.before(1);
    await rejected('ERR_SECAGG_SIGNATURE', session.user(0).round(session.messages.get(0)!));
  });

  it('is held to the digest of the keys in its descriptor, which the state of the user keeps', async () => {
    const session = late();
    const descriptor = JSON.parse(JSON.stringify(session.server.describe())) as ReturnType<typeof session.server.describe>;
    for (const id of IDS) {
      const [signPk, signSk] = session.registered.keys.get(id)!;
      const vec = session.setup.vectorOf(id, id);
      const own = { id, signPk, signSk, vec, othersSignPks: null, maxUsers: 5 };
      session.users.set(id, UserWrapper.fromDescriptor(descriptor, own));
    }
    await session.before(1);
    for (const id of IDS) {
      restart(session, id);
      const state = session.user(id).serializeState();
      for (const other of otherKeys(session)) {
        if (id !== 4) refused('ERR_SECAGG_KEY_CONFLICT', () => session.user(id).setPublicKeys(other), UsageError);
      }
      expect(session.user(id).serializeState()).to.equal(state);
      session.user(id).setPublicKeys(session.registered.pki);
      const { context } = JSON.parse(session.user(id).serializeState()) as { context: { roster: null } };
      expect(context.roster).to.equal(null);
    }
    session.expectSum(await session.finish([[], [], [], [1]]), IDS);
  });

  it('cannot have a user go back to a state without keys, or with fewer answers, that has as many revisions', async () => {
    const session = late({ vectorOf: () => null });
    const user = session.user(0);
    const other = UserWrapper.fromState(user.serializeState());
    user.setPublicKeys(session.registered.pki);
    other.setVector([1, 2, 3]);
    const keyed = user.serializeState();
    refused('ERR_SECAGG_STATE_OLD', () => user.recoverState(other.serializeState()), StateError);
    await user.round(round0Msg());
    const forked = UserWrapper.fromState(keyed);
    forked.setVector([1, 2, 3]);
    expect(forked.progress().revision).to.equal(user.progress().revision);
    refused('ERR_SECAGG_STATE_OLD', () => user.recoverState(forked.serializeState()), StateError);
    expect(user.progress()).to.include({ round: 1, revision: 2, needsPublicKeys: false });
  });
});
