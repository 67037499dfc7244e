// Where a user stands: its round, the sizes of the sets, deals that it could not use, and the error that ended it.
import { expect } from 'chai';
import {
  AuthenticationError,
  DecodeError,
  ProtocolError,
  ThresholdError,
  UserWrapper,
  type AnySecAggError,
} from '../../src/index.ts';
import { membersOf } from '../../src/leaves/members.ts';
import type { Field } from '../../src/wire/msgpack.ts';
import { expectSameError, rejected } from '../support/errors.ts';
import { flip, refields } from '../support/forge.ts';
import { Session } from '../support/session.ts';
import { neighborsOf, sparseSession } from '../support/sparse.ts';

const IDS = [40, 10, 30, 20];

describe('the progress of a user', () => {
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

  it('tells that the vector is still to come until round 2 is answered', async () => {
    const session = new Session({ ids: IDS, threshold: 3, vectorOf: (_, id) => (id === 10 ? null : [1, 2, 3]) });
    const user = session.user(10);
    for (let round = 0; round <= 2; round++) {
      expect(user.progress()).to.deep.include({ round, needsVector: true });
      if (round < 2) await session.round();
    }
    user.setVector([1, 2, 3]);
    expect(user.progress().needsVector).to.equal(false);
    await session.round();
    expect(user.progress()).to.deep.include({ round: 3, needsVector: false });
  });

  it('names the users whose shares it could not use, in ascending order, until it has answered', async () => {
    for (const sparse of [false, true]) {
      const session = sparse
        ? sparseSession(9, { neighbors: 4, shareThreshold: 3 }, { threshold: 6 })
        : new Session({ ids: IDS, threshold: 3 });
      await session.before(2);
      // On a sparse graph, whose order is random: a user that has a larger id before a smaller one among its neighbors.
      const isUnordered = (each: number): boolean => neighborsOf(session, each)[0]! > neighborsOf(session, each)[2]!;
      const id = sparse ? session.setup.ids.find(isUnordered)! : 10;
      const dealers = sparse ? neighborsOf(session, id) : [20, 30, 40];
      const message = refields(session, session.messages.get(id)!, ([u2, receiver, sealed]) => {
        const spoilt = flip(flip(sealed as Uint8Array, 30), 2 * 136 + 30);
        return [u2!, receiver!, spoilt];
      });
      session.messages.set(id, message);
      const expected = [dealers[0]!, dealers[2]!].sort((a, b) => a - b);
      await session.round();
      expect(session.user(id).progress().unusableDeals).to.deep.equal(expected);
      await session.round();
      expect(session.user(id).progress().unusableDeals).to.deep.equal(expected);
      await session.round();
      expect(session.user(id).progress().unusableDeals).to.deep.equal([]);
    }
  });
});

describe('the error in the progress of a user', () => {
  /** The error that a user tells of, which must be the one that ended it, also after recovery. */
  async function toldAfter(
    round: number,
    code: AnySecAggError['code'],
    lie: (message: Uint8Array, session: Session) => Uint8Array,
  ) {
    const session = await new Session({ ids: IDS, threshold: 3 }).before(round);
    const user = session.user(10);
    expect(user.progress().error).to.equal(null);
    const thrown = await rejected(code, user.round(lie(session.messages.get(10)!, session)));
    const told = user.progress();
    expect(told).to.deep.include({ round: null, users: [], unusableDeals: [], needsVector: false, colludersBorne: null });
    const recovered = UserWrapper.fromState(user.serializeState()).progress().error;
    for (const error of [told.error, recovered]) expectSameError(error, thrown);
    return told.error!;
  }
  const fields =
    (change: (fields: Field[]) => Field[]) =>
    (message: Uint8Array, session: Session): Uint8Array =>
      refields(session, message, change);

  it('is null as long as the session goes on, and once the user has answered all', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    for (let round = 0; round <= 4; round++) {
      expect(session.user(10).progress().error).to.equal(null);
      await session.round();
    }
    expect(session.user(10).progress().error).to.equal(null);
    expect(UserWrapper.fromState(session.user(10).serializeState()).progress().error).to.equal(null);
  });

  it('is a decode error if the bytes were no message', async () => {
    const error = await toldAfter(2, 'ERR_SECAGG_DECODE', (message) => message.subarray(1));
    expect(error).to.be.instanceOf(DecodeError);
  });

  it('is a protocol error with its round if the server broke a rule', async () => {
    const error = await toldAfter(
      3,
      'ERR_SECAGG_NOT_INCLUDED',
      fields(() => [membersOf([1, 2, 3], 4)]),
    );
    expect(error).to.be.instanceOf(ProtocolError).and.to.deep.include({ round: 3, userIds: [] });
  });

  it('is an authentication error with its round if a signature does not verify', async () => {
    const error = await toldAfter(
      4,
      'ERR_SECAGG_SIGNATURE',
      fields(([signers, signatures]) => [signers!, flip(signatures as Uint8Array, 40)]),
    );
    expect(error).to.be.instanceOf(AuthenticationError).and.to.deep.include({ round: 4, userIds: [] });
  });

  it('is a threshold error with its numbers if too few users are left', async () => {
    const error = await toldAfter(
      3,
      'ERR_SECAGG_THRESHOLD',
      fields(() => [membersOf([0, 1], 4)]),
    );
    expect(error).to.be.instanceOf(ThresholdError).and.to.deep.include({ have: 2, need: 3, round: 3, userIds: [] });
  });
});
