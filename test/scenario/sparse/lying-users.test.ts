// Users that lie on a sparse graph: what they do costs them their place, or names them, as on the complete graph; but the votes that
// count are those of a neighborhood.
import { expect } from 'chai';
import { DisputeError, ProtocolError, type SparseGraph } from '../../../src/index.ts';
import { refused, rejected } from '../../support/errors.ts';
import { bodyOf, flip, rebody } from '../../support/forge.ts';
import { neighborsOf, positionsOf, sparseSession } from '../../support/sparse.ts';
import { sumOf, type Session } from '../../support/session.ts';

const GRAPH: SparseGraph = { neighbors: 6, shareThreshold: 4 };
const USERS = 16;
const RECORD = 136;

const newSession = (): Session => sparseSession(USERS, GRAPH);

/** Plays to round 4 with one dealer whose records for some of its neighbors are spoilt, and gives these neighbors. */
async function withBadDeal(bad: number): Promise<{ session: Session; dealer: number; receivers: number[] }> {
  const session = await newSession().before(1);
  const dealer = positionsOf(session)[3]!;
  const answers = await session.answers();
  answers.set(
    dealer,
    await rebody(session, dealer, answers.get(dealer)!, (body) => {
      let changed = body;
      // In front are the view and the commitment to the seed; each record begins with its nonce.
      for (let i = 0; i < bad; i++) changed = flip(changed, 64 + i * RECORD);
      return changed;
    }),
  );
  // The dealer masks for the deal that it made: with the spoilt one at the server its input would not be taken.
  session.deliver(answers);
  await session.close();
  return { session, dealer, receivers: neighborsOf(session, dealer).slice(0, bad) };
}

/** Plays until all have answered round 4, in which some neighbors of an honest owner report its deal. */
async function withAccused(liars: number): Promise<{ session: Session; victim: number; liars: number[] }> {
  const session = await newSession().before(4);
  const victim = positionsOf(session)[8]!;
  const accusers = neighborsOf(session, victim).slice(0, liars);
  const answers = await session.answers();
  for (const liar of accusers) {
    const at = neighborsOf(session, liar).indexOf(victim);
    const lie = (body: Uint8Array): Uint8Array => {
      const [before, after] = [body.subarray(33, 33 + 32 * at), body.subarray(33 + 32 * (at + 1))];
      return Uint8Array.from([...body.subarray(0, 32), 1 << at, ...before, ...after]);
    };
    answers.set(liar, await rebody(session, liar, answers.get(liar)!, lie));
  }
  session.deliver(answers);
  return { session, victim, liars: accusers };
}

describe('a liar on a sparse graph', () => {
  it('reveals a wrong share: it is named, and the share of the others is enough', async () => {
    const session = await newSession().before(4);
    const liar = positionsOf(session)[0]!;
    const answers = await session.answers();
    // Behind the view and one byte of reports: the share of its third neighbor.
    answers.set(liar, await rebody(session, liar, answers.get(liar)!, (body) => flip(body, 33 + 2 * 32)));
    session.deliver(answers);
    session.expectSum(sumOf(await session.close()), session.setup.ids);
    expect(session.server.progress().dropped).to.deep.equal([{ userId: liar, round: 4, reason: 'wrong-share' }]);
  });

  it('answers about more or fewer users than it has neighbors, or deals as on the complete graph', async () => {
    const session = await newSession().before(1);
    const liar = positionsOf(session)[0]!;
    const deal = (await session.answers()).get(liar)!;
    for (const [code, change] of [
      [
        'ERR_SECAGG_DECODE',
        (body: Uint8Array) => Uint8Array.from([...body.subarray(0, 64), ...new Uint8Array(16), ...body.subarray(64)]),
      ],
      ['ERR_SECAGG_COUNT', (body: Uint8Array) => body.subarray(0, body.length - RECORD)],
      // Longer than any message of the session.
      ['ERR_SECAGG_DECODE', (body: Uint8Array) => Uint8Array.from([...body, ...body.subarray(64, 64 + RECORD)])],
    ] as const) {
      const lie = await rebody(session, liar, deal, change);
      refused(code, () => session.server.recv(liar, lie));
    }
    const late = await newSession().before(4);
    const [other] = positionsOf(late);
    const answer = (await late.answers()).get(other!)!;
    expect(bodyOf(answer)).to.have.length(32 + 1 + 6 * 32);
    for (const change of [
      (body: Uint8Array) => Uint8Array.from([...body, ...body.subarray(33, 65)]),
      (body: Uint8Array) => body.subarray(0, body.length - 32),
      (body: Uint8Array) => flip(body, 32, 0x40),
    ]) {
      const lie = await rebody(late, other!, answer, change);
      refused('ERR_SECAGG_DECODE', () => late.server.recv(other!, lie));
    }
  });

  it('reports honest dealers: two of six are borne', async () => {
    const { session } = await withAccused(2);
    session.expectSum(sumOf(await session.close()), session.setup.ids);
  });

  it('fewer liars among the neighbors of an honest owner than open a secret do not get it named: they are in a dispute with it', async () => {
    const { session, victim, liars } = await withAccused(GRAPH.shareThreshold - 1);
    const error = await rejected('ERR_SECAGG_DISPUTED_DEAL', session.server.round(), DisputeError);
    const accusers = [...liars].sort((a, b) => a - b);
    expect(error.disputes).to.deep.equal([{ owner: victim, accusers }]);
    expect(error.userIds).to.deep.equal([]);
  });

  it('as many liars among its neighbors as open a secret get an honest owner named: blame holds against fewer', async () => {
    const { session, victim } = await withAccused(GRAPH.shareThreshold);
    const error = await rejected('ERR_SECAGG_INCONSISTENT_DEAL', session.server.round(), ProtocolError);
    expect(error.userIds).to.deep.equal([victim]);
  });

  it('deals records that two of its neighbors cannot open: it drops out by that, for its input is made for another deal', async () => {
    const { session, dealer, receivers } = await withBadDeal(2);
    for (const [id, answer] of await session.answers()) {
      if (id === dealer) refused('ERR_SECAGG_VIEW', () => session.server.recv(id, answer));
      else session.server.recv(id, answer);
    }
    for (const id of receivers) expect(session.user(id).progress().unusableDeals).to.deep.equal([dealer]);
    await session.close();
    session.expectSum(
      await session.finish(),
      session.setup.ids.filter((id) => id !== dealer),
    );
  });

  it('deals badly to three, and its key is needed: it and they are in a dispute, and nobody is named as guilty', async () => {
    const { session, dealer, receivers } = await withBadDeal(3);
    await session.round([dealer]);
    await session.round();
    session.deliver(await session.answers());
    const error = await rejected('ERR_SECAGG_DISPUTED_DEAL', session.server.round(), DisputeError);
    const accusers = [...receivers].sort((a, b) => a - b);
    expect(error.disputes).to.deep.equal([{ owner: dealer, accusers }]);
    expect(error.userIds).to.deep.equal([]);
  });

  it('deals badly to four, as many as open a secret: it is named on their word', async () => {
    const { session, dealer } = await withBadDeal(4);
    await session.round([dealer]);
    await session.round();
    session.deliver(await session.answers());
    const error = await rejected('ERR_SECAGG_INCONSISTENT_DEAL', session.server.round(), ProtocolError);
    expect(error.userIds).to.deep.equal([dealer]);
  });
});
