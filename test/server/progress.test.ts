// Where a server stands: who was heard, who is missing, whether that is enough, and the error that ended it.
import { expect } from 'chai';
import {
  DisputeError,
  ProtocolError,
  ServerWrapper,
  ThresholdError,
  type AnySecAggError,
  type ServerProgress,
} from '../../src/index.ts';
import { expectSameError, rejected } from '../support/errors.ts';
import { rebody } from '../support/forge.ts';
import { dealInconsistently } from '../support/user-lies.ts';
import { Session } from '../support/session.ts';
import { sparseSession } from '../support/sparse.ts';

const IDS = [40, 10, 30, 20];
const SORTED = [10, 20, 30, 40];

/** Where a server stands; the short form, which has how many there are of each, must say the same. */
function progressOf(server: ServerWrapper): ServerProgress {
  const progress = server.progress();
  const { round, heard, missing } = progress;
  expect(server.attendance()).to.deep.equal({ round, heard: heard.length, missing: missing.length });
  return progress;
}

describe('the progress of a server', () => {
  it('tells, in every round, who was heard, who is missing, what is needed and whether round() would succeed', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    const { server } = session;
    for (let round = 0; round <= 4; round++) {
      expect(progressOf(server)).to.deep.include({ round, heard: [], missing: SORTED, needed: 3, ready: false });
      const answers = await session.answers();
      for (const [i, [id, answer]] of [...answers].entries()) {
        server.recv(id, answer);
        const heard = [...answers.keys()].slice(0, i + 1).sort((a, b) => a - b);
        const progress = progressOf(server);
        expect(progress).to.deep.include({ heard, missing: SORTED.filter((other) => !heard.includes(other)) });
        expect(progress.ready).to.equal(heard.length >= 3);
        expect(progress.included).to.deep.equal(round < 3 ? null : SORTED);
        expect(progress.colludersBorne).to.equal(round === 0 ? null : 1); // 2t − n − 1
      }
      await session.close();
    }
    expect(progressOf(server)).to.deep.equal({
      round: 5,
      revision: 5 * SORTED.length + 5,
      heard: [],
      missing: [],
      needed: 3,
      ready: false,
      dropped: [],
      included: SORTED,
      colludersBorne: 1,
      error: null,
    });
  });

  it('lists nobody as missing in round 0 if nobody is registered', () => {
    expect(progressOf(new ServerWrapper(3, 1))).to.deep.include({ heard: [], missing: [], ready: false });
  });

  it('has lists that are the caller’s own', async () => {
    const session = await new Session({ ids: IDS, threshold: 3 }).before(3, [[], [20]]);
    const progress = session.server.progress();
    for (const list of [progress.heard, progress.missing, progress.dropped, progress.included]) (list as unknown[]).length = 0;
    expect(progressOf(session.server)).to.deep.include({
      missing: [10, 30, 40],
      included: [10, 30, 40],
      dropped: [{ userId: 20, round: 1, reason: 'no-shares' }],
    });
    await session.finish();
    (session.server.progress().included as number[]).length = 0;
    expect(session.server.progress().included).to.deep.equal([10, 30, 40]);
  });
});

describe('the error in the progress of a server', () => {
  /** The error that a server tells of, which must be the one that ended it, also after recovery. */
  async function toldAfter(session: Session, code: AnySecAggError['code']): Promise<AnySecAggError> {
    expect(session.server.progress().error).to.equal(null);
    const thrown = await rejected(code, session.server.round());
    const told = progressOf(session.server);
    expect(told).to.deep.include({ round: null, heard: [], missing: [], ready: false });
    const recovered = ServerWrapper.fromState(session.server.serializeState()).progress().error;
    for (const error of [told.error, recovered]) expectSameError(error, thrown);
    return told.error!;
  }

  it('is null as long as the session goes on, and once the sum is known', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    for (let round = 0; round <= 4; round++) {
      expect(session.server.progress().error).to.equal(null);
      await session.round();
    }
    expect(session.server.progress().error).to.equal(null);
    expect(ServerWrapper.fromState(session.server.serializeState()).progress().error).to.equal(null);
  });

  it('is a threshold error with its numbers if too few users were heard', async () => {
    const session = await new Session({ ids: IDS, threshold: 3 }).before(2);
    session.deliver(await session.answers([10, 20]));
    const error = await toldAfter(session, 'ERR_SECAGG_THRESHOLD');
    expect(error).to.be.instanceOf(ThresholdError).and.to.deep.include({ have: 2, need: 3, round: 2, userIds: [] });
  });

  it('names the users whose neighborhood has become too small', async () => {
    const session = await sparseSession(9, { neighbors: 4, shareThreshold: 3 }, { threshold: 6 }).before(1);
    session.deliver(await session.answers([10, 13]));
    const error = await toldAfter(session, 'ERR_SECAGG_THRESHOLD');
    expect(error).to.be.instanceOf(ThresholdError).and.to.have.property('userIds').that.is.not.empty;
  });

  it('is a protocol error that names the user whose deal is inconsistent', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    dealInconsistently(session, 30, 'seed', [0]);
    await session.before(4);
    session.deliver(await session.answers());
    const error = await toldAfter(session, 'ERR_SECAGG_INCONSISTENT_DEAL');
    expect(error)
      .to.be.instanceOf(ProtocolError)
      .and.to.deep.include({ round: 1, userIds: [30], userId: 30 });
  });

  it('is a dispute with both sides if users report a deal', async () => {
    const session = await new Session({ ids: IDS, threshold: 3 }).before(4);
    const answers = await session.answers();
    for (const id of [20, 40]) {
      // The view, one byte of reports, then 32 bytes for each owner: that at position 0 is reported instead.
      const lie = (body: Uint8Array): Uint8Array => Uint8Array.from([...body.subarray(0, 32), 1, ...body.subarray(65)]);
      answers.set(id, await rebody(session, id, answers.get(id)!, lie));
    }
    session.deliver(answers);
    const error = await toldAfter(session, 'ERR_SECAGG_DISPUTED_DEAL');
    expect(error).to.be.instanceOf(DisputeError);
    expect(error).to.deep.include({ round: 1, userIds: [], disputes: [{ owner: 10, accusers: [20, 40] }] });
  });
});

describe('readiness with users that have not been heard', () => {
  it('is told for any users in rounds 0 to 3: as many as the threshold', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    for (let round = 0; round < 4; round++) {
      expect(session.server.readyWith([10, 20, 30])).to.equal(true);
      expect(session.server.readyWith([10, 20])).to.equal(false);
      await session.round();
    }
  });

  it('is false once the session is over', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    await session.finish();
    expect(session.server.readyWith(SORTED)).to.equal(false);
    const failed = new Session({ ids: IDS, threshold: 3 });
    await rejected('ERR_SECAGG_THRESHOLD', failed.server.round());
    expect(failed.server.readyWith(SORTED)).to.equal(false);
  });

  it('on a sparse graph needs enough neighbors of everybody', async () => {
    const session = await sparseSession(9, { neighbors: 4, shareThreshold: 3 }, { threshold: 6 }).before(1);
    const ids = [...session.setup.ids];
    expect(session.server.readyWith(ids)).to.equal(true);
    expect(session.server.readyWith(ids.slice(1))).to.equal(true);
    expect(session.server.readyWith(ids.slice(2))).to.equal(false);
  });
});
