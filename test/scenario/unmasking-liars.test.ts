// Round 4 under fire: wrong shares, false reports, dealers whose shares do not fit. A wrong sum never leaves, nobody
// honest is named, and up to r − t liars among r answers are borne.
import { expect } from 'chai';
import { DisputeError, ProtocolError, ServerWrapper, ThresholdError, UserWrapper, type SecAggError } from '../../src/index.ts';
import { digestOfDeal } from '../../src/session/binding.ts';
import { dealInconsistently } from '../support/user-lies.ts';
import { decodeShareKeys } from '../../src/wire/r1-share-keys.ts';
import { refused, rejected } from '../support/errors.ts';
import { bodyOf, flip, rebody } from '../support/forge.ts';
import { Session, sumOf } from '../support/session.ts';

function digestOfDealIn(body: Uint8Array): Uint8Array {
  const { directoryDigest, deal } = decodeShareKeys(body, 'complete');
  return digestOfDeal(directoryDigest, deal);
}

const IDS = [1, 2, 3, 4, 5, 6, 7];
const THRESHOLD = 5;

function newSession(): Session {
  return new Session({ ids: IDS, threshold: THRESHOLD });
}

/** Plays round 4 with the answers of some users changed. */
async function unmaskWith(
  session: Session,
  liars: readonly number[],
  lie: (body: Uint8Array, id: number) => Uint8Array,
  silent: readonly number[] = [],
): Promise<void> {
  const answers = await session.answers(silent);
  for (const id of liars) answers.set(id, await rebody(session, id, answers.get(id)!, (body) => lie(body, id)));
  session.deliver(answers);
}

/** Where the share about the owner at `index` of U2 starts: after the view and, for 7 users, one byte of reports. */
const shareAt = (index: number): number => 33 + 32 * index;

const wrongShare = (index: number) => (body: Uint8Array) => flip(body, shareAt(index) + 5);

/** An answer that reports the owners at these positions instead of revealing their shares. */
const reporting =
  (...owners: number[]) =>
  (body: Uint8Array): Uint8Array => {
    const reports = owners.reduce((bits, owner) => bits | (1 << owner), 0);
    const shares = IDS.flatMap((_, i) => (owners.includes(i) ? [] : [...body.subarray(shareAt(i), shareAt(i + 1))]));
    return Uint8Array.from([...body.subarray(0, 32), reports, ...shares]);
  };

const named = (session: Session): unknown[] =>
  session.server
    .progress()
    .dropped.filter(({ reason }) => reason === 'wrong-share')
    .map(({ userId, round }) => [userId, round]);

describe('wrong shares', () => {
  it('of two liars among seven answers are left out, and both are named', async () => {
    const session = await newSession().before(4);
    await unmaskWith(session, [2, 6], wrongShare(0));
    expect(named(session)).to.deep.equal([
      [2, 4],
      [6, 4],
    ]);
    session.expectSum(sumOf(await session.close()), IDS);
  });

  it('do not spoil the other shares of who sent them: each owner needs t good ones', async () => {
    const session = await newSession().before(4);
    // Each of four users lies about another owner: only three answers are spotless.
    const answers = await session.answers();
    for (const [i, id] of [1, 2, 3, 4].entries()) {
      answers.set(id, await rebody(session, id, answers.get(id)!, wrongShare((i + 1) % 7)));
    }
    session.deliver(answers);
    expect(named(session)).to.have.length(4);
    session.expectSum(sumOf(await session.close()), IDS);
  });

  it('of the mask key of a user that dropped out are found as well', async () => {
    const session = await newSession().before(4, [[], [], [3]]);
    await unmaskWith(session, [1], wrongShare(2));
    expect(named(session)).to.deep.equal([[1, 4]]);
    session.expectSum(
      sumOf(await session.close()),
      IDS.filter((id) => id !== 3),
    );
  });

  it('about the own secret are found as well', async () => {
    const session = await newSession().before(4);
    await unmaskWith(session, [1], wrongShare(0));
    expect(named(session)).to.deep.equal([[1, 4]]);
    session.expectSum(sumOf(await session.close()), IDS);
  });

  it('of the other kind, the mask key of a survivor, count as wrong', async () => {
    const session = await newSession().before(3);
    const spy = session.user(1).serializeState();
    await session.round();
    const held = (JSON.parse(spy) as { state: { holdings: { shares: { pairwiseKey: string } }[] } }).state.holdings;
    const pairwiseKeys = held.map(({ shares }) => Uint8Array.from(Buffer.from(shares.pairwiseKey, 'base64')));
    await unmaskWith(session, [1], (body) => {
      pairwiseKeys.forEach((share, i) => body.set(share, shareAt(i + 1)));
      return body;
    });
    expect(named(session)).to.deep.equal([[1, 4]]);
    session.expectSum(sumOf(await session.close()), IDS);
  });

  it('that leave too few good ones end in a threshold error; only the liars are named', async () => {
    const session = await newSession().before(4);
    await unmaskWith(session, [2, 6, 7], wrongShare(0));
    expect(session.server.progress().ready).to.equal(false);
    const error = await rejected('ERR_SECAGG_THRESHOLD', session.server.round(), ThresholdError);
    expect(error).to.include({ have: 4, need: 5, round: 4 });
    expect(session.server.progress().dropped.map(({ userId }) => userId)).to.deep.equal([2, 6, 7]);
  });
});

describe('false reports', () => {
  it('of two liars among seven answers are borne, and their victims stay in the sum', async () => {
    const session = await newSession().before(4);
    await unmaskWith(session, [2, 6], reporting(0, 3));
    session.expectSum(sumOf(await session.close()), IDS);
    expect(session.server.progress().dropped).to.deep.equal([]);
  });

  it('about everybody else are borne too', async () => {
    const session = await newSession().before(4);
    const others = (id: number): number[] => IDS.filter((other) => other !== id).map((other) => IDS.indexOf(other));
    await unmaskWith(session, [2, 6], (body, id) => reporting(...others(id))(body));
    session.expectSum(sumOf(await session.close()), IDS);
  });

  it('about oneself are refused: nobody can be unable to use what it has kept', async () => {
    const session = await newSession().before(4);
    const answers = await session.answers();
    const honest = answers.get(2)!;
    const absurd = await rebody(session, 2, honest, reporting(1));
    const error = refused('ERR_SECAGG_SELF_REPORT', () => session.server.recv(2, absurd));
    expect(error).to.deep.include({ userIds: [2] });
    session.deliver(answers);
    session.expectSum(sumOf(await session.close()), IDS);
  });

  it('of few, where many answers are missing, end in a dispute that names nobody as guilty', async () => {
    const session = await newSession().before(4);
    await unmaskWith(session, [2], reporting(0, 3), [6, 7]);
    expect(session.server.progress().ready).to.equal(false);
    const error = await rejected('ERR_SECAGG_DISPUTED_DEAL', session.server.round(), DisputeError);
    expect(error).to.deep.include({
      userIds: [],
      userId: null,
      disputes: [
        { owner: 1, accusers: [2] },
        { owner: 4, accusers: [2] },
      ],
    });
    expect(session.server.progress().dropped).to.deep.equal([]);
    const recovered = ServerWrapper.fromState(session.server.serializeState());
    const later = refused('ERR_SECAGG_FAILED', () => recovered.recv(1, new Uint8Array(1)));
    expect(later.cause).to.be.instanceOf(DisputeError).and.to.deep.include({ disputes: error.disputes });
  });

  it('of one less than the threshold do not condemn an honest owner', async () => {
    const session = await newSession().before(4);
    await unmaskWith(session, [2, 3, 5, 6], reporting(0));
    const error = await rejected('ERR_SECAGG_DISPUTED_DEAL', session.server.round(), DisputeError);
    expect(error.disputes).to.deep.equal([{ owner: 1, accusers: [2, 3, 5, 6] }]);
    expect(session.server.progress().dropped).to.deep.equal([]);
  });

  it('of a single liar never condemn an honest owner, however small the threshold', async () => {
    for (const [users, threshold] of [
      [3, 2],
      [5, 3],
      [7, 4],
    ] as const) {
      const session = await new Session({ ids: IDS.slice(0, users), threshold }).before(4);
      const answers = await session.answers(IDS.slice(threshold, users));
      const sharesOf = (body: Uint8Array): Uint8Array => body.subarray(33 + 32); // all but that of the first owner
      const lie = (body: Uint8Array): Uint8Array => Uint8Array.from([...body.subarray(0, 32), 1, ...sharesOf(body)]);
      answers.set(2, await rebody(session, 2, answers.get(2)!, lie));
      session.deliver(answers);
      const error = await rejected('ERR_SECAGG_DISPUTED_DEAL', session.server.round(), DisputeError);
      expect(error).to.deep.include({ userIds: [], disputes: [{ owner: 1, accusers: [2] }] });
    }
  });

  it('among fewer answers than the threshold are no dispute: there would be too few without them', async () => {
    const session = await newSession().before(4);
    await unmaskWith(session, [2], reporting(0, 3), [5, 6, 7]);
    const error = await rejected('ERR_SECAGG_THRESHOLD', session.server.round(), ThresholdError);
    expect(error).to.include({ have: 4, need: 5, round: 4 });
  });

  it('are told in the order of ids, whatever the order of arrival', async () => {
    const session = await newSession().before(4);
    const answers = await session.answers([7]);
    for (const id of [2, 3]) answers.set(id, await rebody(session, id, answers.get(id)!, reporting(0)));
    session.deliver(new Map([...answers].reverse()));
    const error = await rejected('ERR_SECAGG_DISPUTED_DEAL', session.server.round(), DisputeError);
    expect(error.disputes).to.deep.equal([{ owner: 1, accusers: [2, 3] }]);
  });
});

describe('a dealer whose shares do not fit', () => {
  async function endsNaming(session: Session, owners: readonly number[]): Promise<SecAggError> {
    const error = await rejected('ERR_SECAGG_INCONSISTENT_DEAL', session.server.round(), ProtocolError);
    expect(error).to.deep.include({ round: 1, userIds: owners });
    const guilty = session.server.progress().dropped.filter(({ reason }) => reason === 'inconsistent-deal');
    expect(guilty.map(({ userId }) => userId)).to.deep.equal(owners);
    const later = await rejected('ERR_SECAGG_FAILED', session.server.round());
    expect(later.cause, 'who it was can be asked again').to.deep.include({ round: 1, userIds: owners });
    return error;
  }

  it('is named where the shares of its seed do not give the seed it committed to', async () => {
    const session = newSession();
    dealInconsistently(session, 4, 'seed', [1]);
    await session.before(4);
    session.deliver(await session.answers());
    expect(session.server.progress().ready).to.equal(true);
    const error = await endsNaming(session, [4]);
    expect(error).to.have.property('userId', 4);
  });

  it('is named where it dropped out and the shares of its mask key do not give the key it advertised', async () => {
    const session = newSession();
    dealInconsistently(session, 4, 'key', [0, 2]);
    await session.before(4, [[], [], [4]]);
    session.deliver(await session.answers());
    await endsNaming(session, [4]);
  });

  it('does no harm where only the secret that nobody needs is dealt badly', async () => {
    const stays = newSession();
    dealInconsistently(stays, 4, 'key', [0, 2]);
    stays.expectSum(await stays.finish(), IDS);
    const drops = newSession();
    dealInconsistently(drops, 4, 'seed', [0, 2]);
    drops.expectSum(
      await drops.finish([[], [], [4]]),
      IDS.filter((id) => id !== 4),
    );
  });

  it('is named with the others where there are several', async () => {
    const session = newSession();
    for (const id of [2, 6]) dealInconsistently(session, id, 'seed', [3]);
    await session.before(4);
    session.deliver(await session.answers());
    const error = await endsNaming(session, [2, 6]);
    expect(error).to.have.property('userId', null);
  });

  /** A dealer whose ciphertexts for some neighbors do not open, or whose commitments to their shares do not match. */
  async function withBadRecords(byte: number, neighbors: readonly number[]): Promise<Session> {
    const session = newSession();
    await session.before(1);
    const answers = await session.answers();
    const spoilt = await rebody(session, 4, answers.get(4)!, (body) => {
      for (const i of neighbors) body[80 + 136 * i + byte]! ^= 1;
      return body;
    });
    session.deliver(new Map([...answers, [4, spoilt]]));
    await session.close();
    // Its own input is made for the deal that it believes to have sent.
    const dealer = JSON.parse(session.user(4).serializeState()) as { state: { dealDigest: string } };
    dealer.state.dealDigest = Buffer.from(digestOfDealIn(bodyOf(spoilt))).toString('base64');
    session.users.set(4, UserWrapper.fromState(JSON.stringify(dealer)));
    return session;
  }

  for (const [name, byte] of [
    ['that nobody can open', 30],
    ['with commitments to other shares', 110],
  ] as const) {
    for (const receivers of [
      [1, 2, 3, 4, 5],
      [0, 1, 2, 3, 4, 5],
    ]) {
      it(`${name}: is named where as many users say so as the threshold needs, ${receivers.length}`, async () => {
        const session = await withBadRecords(byte, receivers);
        await session.before(2); // rounds 2 and 3
        expect(session.user(2).progress().unusableDeals).to.deep.equal([4]);
        session.deliver(await session.answers());
        expect(session.server.progress().ready).to.equal(false);
        await endsNaming(session, [4]);
      });
    }

    it(`${name}: is in a dispute with its receivers where they are fewer`, async () => {
      const session = await withBadRecords(byte, [1, 2, 3, 4]);
      await session.before(2);
      session.deliver(await session.answers());
      const error = await rejected('ERR_SECAGG_DISPUTED_DEAL', session.server.round(), DisputeError);
      expect(error.disputes).to.deep.equal([{ owner: 4, accusers: [2, 3, 5, 6] }]);
    });

    it(`${name}: is borne for as many receivers as there are answers to spare`, async () => {
      const session = await withBadRecords(byte, [0, 5]);
      await session.before(2);
      expect(session.user(7).progress().unusableDeals).to.deep.equal([4]);
      session.expectSum(await session.finish(), IDS);
    });
  }

  it('never turns into a wrong sum, whatever it deals to whom', async () => {
    for (let holders = 1; holders < 7; holders++) {
      const session = newSession();
      dealInconsistently(
        session,
        4,
        'seed',
        Array.from({ length: holders }, (_, i) => i),
      );
      await session.before(4);
      session.deliver(await session.answers());
      const outcome = await session.server.round().catch((error: unknown) => error);
      expect(outcome).to.have.property('code', 'ERR_SECAGG_INCONSISTENT_DEAL');
    }
  });
});
