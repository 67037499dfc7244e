// How all that a user is changes: what an input, an answer, an error and an older state do to it, and which secrets there are to wipe.
import { expect } from 'chai';
import { fingerprint } from '../../src/crypto/digest.ts';
import { StateError, UsageError } from '../../src/index.ts';
import { userDocument } from '../../src/user/json.ts';
import { shareKeys } from '../../src/user/r1-share-keys.ts';
import {
  afterAnswer,
  afterFailure,
  allSecrets,
  repeatedAnswer,
  requireNewer,
  secretsOnlyIn,
  withInput,
} from '../../src/user/snapshot.ts';
import { secretsOf, type Holding, type UserSnapshot } from '../../src/user/state.ts';
import { ABANDONED } from '../../src/session/failure.ts';
import { refused } from '../support/errors.ts';
import { Session } from '../support/session.ts';
import { expectSameArrays } from '../support/states.ts';
import { COMPLETE, recordedDependencies, seededRandom, SPARSE } from '../support/step-session.ts';
import { excerptFor, idAt, momentAt } from '../support/steps.ts';

const snapshotOf = (session: Session, id: number): UserSnapshot => userDocument.parse(session.user(id).serializeState());

describe('the snapshot of a user', () => {
  it('takes one input before round 2 is answered, as one change, and none later', async () => {
    const session = new Session({ vectorOf: (_, id) => (id === 1 ? null : [1, 2, 3]) });
    for (let round = 0; round <= 2; round++) {
      const before = snapshotOf(session, 1);
      const after = withInput(before, [1, 2, 3], false);
      expect(after.revision).to.equal(before.revision + 1);
      refused('ERR_SECAGG_USAGE', () => withInput(after, [1, 2, 3], false), UsageError);
      if (round === 2) session.user(1).setVector([1, 2, 3]);
      await session.round();
    }
    const masked = snapshotOf(session, 1);
    expect([masked.input, masked.state.phase]).to.deep.equal([null, 'consistency-check']);
    refused('ERR_SECAGG_USAGE', () => withInput(masked, [1, 2, 3], false), UsageError);
    refused('ERR_SECAGG_FAILED', () => withInput(afterFailure(masked, ABANDONED), [1, 2, 3], false), UsageError);
  });

  it('counts an answer, and an error, as one change each', async () => {
    const session = await new Session().before(1);
    const before = snapshotOf(session, 1);
    const answer = { state: before.state, out: Uint8Array.of(1), spent: [], round: 1 } as const;
    expect(afterAnswer(before, new Uint8Array(32), answer).revision).to.equal(before.revision + 1);
    expect(afterFailure(before, ABANDONED)).to.deep.include({ revision: before.revision + 1, input: null, output: null });
  });

  it('gives the last answer for the last message again, refuses an older message, and knows no other', async () => {
    const session = new Session();
    const messages = [session.messages.get(1)!];
    await session.round();
    messages.push(session.messages.get(1)!);
    await session.round();
    const snapshot = snapshotOf(session, 1);
    const [older, last] = messages.map((message) => fingerprint(message));
    expect(repeatedAnswer(snapshot, last!)).to.deep.equal({ round: 1, output: snapshot.output });
    refused('ERR_SECAGG_ANSWERED', () => repeatedAnswer(snapshot, older!), UsageError);
    expect(repeatedAnswer(snapshot, fingerprint(session.messages.get(1)!))).to.equal(null);
    refused('ERR_SECAGG_FAILED', () => repeatedAnswer(afterFailure(snapshot, ABANDONED), last!), UsageError);
  });

  it('goes back to no older state of the same user, and takes the same state, a newer one, and those of others', async () => {
    const session = new Session();
    const start = snapshotOf(session, 1);
    const other = snapshotOf(session, 2);
    await session.round();
    const later = snapshotOf(session, 1);
    refused('ERR_SECAGG_STATE_OLD', () => requireNewer(later, start), StateError);
    for (const next of [later, { ...later, revision: later.revision + 1 }, other]) requireNewer(later, next);
  });
});

for (const [name, setup] of [
  ['the complete graph', COMPLETE],
  ['a sparse graph', SPARSE],
] as const) {
  describe(`the secrets of a user on ${name}`, () => {
    it('of an answer that is not given are those that the user does not hold already', async () => {
      const moment = await momentAt(1, setup);
      const id = idAt(moment, 2);
      const state = moment.users.get(id)!;
      const { dependencies, drawn, shared } = recordedDependencies(seededRandom('dealer'));
      const step = await shareKeys(moment.session.contextOf(id), state, excerptFor(moment, id), dependencies);
      const input = moment.session.lanesOf(id);
      const snapshot: UserSnapshot = {
        revision: 1,
        context: { ...moment.session.contextOf(id), roster: null },
        modularInputs: false,
        input,
        answered: [],
        output: null,
        state,
      };
      expectSameArrays(allSecrets(snapshot), [state.signSecretKey, state.channelSecretKey, state.maskSecretKey, input]);
      const openingKeys = step.state.peers.map(({ openingKey }) => openingKey);
      const made = [drawn[0]!, ...shared.flatMap(({ shares }) => shares), ...openingKeys];
      expectSameArrays(secretsOnlyIn({ ...step, round: 1, out: new Uint8Array() }, snapshot), made);
    });

    it('are all that its state holds: keys, seeds, its own share and those of others', async () => {
      const [dealt, masked, signed] = [await momentAt(2, setup), await momentAt(3, setup), await momentAt(4, setup)];
      const { signSecretKey, maskSecretKey, selfMaskSeed, ownShare, peers, ...rest } = dealt.users.get(idAt(dealt, 2))!;
      const own = ownShare === null ? [] : [ownShare];
      expect(own.length).to.equal(setup === COMPLETE ? 1 : 0);
      const keys = [signSecretKey, maskSecretKey, selfMaskSeed, ...peers.map(({ openingKey }) => openingKey)];
      const before = { ...rest, signSecretKey, maskSecretKey, selfMaskSeed, ownShare, peers };
      expectSameArrays(secretsOf(before), [...keys, ...own]);
      for (const moment of [masked, signed]) {
        const state = moment.users.get(idAt(moment, 2))!;
        const lost: Holding = { ...state.holdings[0]!, shares: null };
        const kept = state.holdings.slice(1).flatMap(({ shares }) => [shares!.selfMask, shares!.pairwiseKey]);
        const held = [state.signSecretKey, ...(state.ownShare === null ? [] : [state.ownShare]), ...kept];
        expectSameArrays(secretsOf({ ...state, holdings: [lost, ...state.holdings.slice(1)] }), held);
      }
    });
  });
}
