// Whole sessions on a sparse graph of neighbors: exact sums whoever drops out, within what the neighborhoods bear; and where one of
// them bears no more, an error that names whom it concerns, never a wrong sum.
import { expect } from 'chai';
import fc from 'fast-check';
import { ServerWrapper, ThresholdError, UserWrapper } from '../../../src/index.ts';
import { rejected, rejection } from '../../support/errors.ts';
import { neighborsOf, positionsOf, sparseSession } from '../../support/sparse.ts';
import { sumOf, type Session, type Silent } from '../../support/session.ts';

/** Plays what is left of a session and asserts that the sum is that of exactly the users of U3. */
async function finishAndCheck(session: Session, silent: readonly Silent[]): Promise<void> {
  const sum = await session.finish(silent);
  session.expectSum(sum, session.server.progress().included!);
}

describe('a session on a sparse graph', () => {
  it('draws a new order for every session, and whoever comes first has no say in it', async () => {
    const orders = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const session = sparseSession(10, { neighbors: 4, shareThreshold: 2 });
      await session.round();
      expect([...positionsOf(session)].sort((a, b) => a - b)).to.deep.equal(session.setup.ids);
      orders.add(positionsOf(session).join());
    }
    expect(orders.size).to.equal(20);
  });

  it('bears dropouts up to the last share that a neighborhood needs', async () => {
    const session = sparseSession(20, { neighbors: 6, shareThreshold: 4 });
    await session.round();
    const around = neighborsOf(session, positionsOf(session)[7]!);
    // Two of six neighbors leave four, one of them in each way that matters: with and without its input in the sum.
    await finishAndCheck(session, [[], [], [around[0]!], [around[5]!], []]);
  });

  it('recovers either party from its state before every message', async () => {
    const session = sparseSession(14, { neighbors: 6, shareThreshold: 4 });
    for (let round = 0; round < 5; round++) {
      const again = (): void => {
        session.server = ServerWrapper.fromState(session.server.serializeState());
        for (const [id, user] of session.users) session.users.set(id, UserWrapper.fromState(user.serializeState()));
      };
      again();
      const silent = round === 2 ? [positionsOf(session)[3]!] : [];
      for (const [id, answer] of await session.answers(silent)) {
        session.server.recv(id, answer);
        session.server = ServerWrapper.fromState(session.server.serializeState());
      }
      again();
      const output = await session.close();
      if (round === 4) session.expectSum(sumOf(output), session.server.progress().included!);
      else
        expect(ServerWrapper.fromState(session.server.serializeState()).output()!.getMessages()).to.deep.equal(session.messages);
    }
  });
});

describe('a neighborhood on a sparse graph that has become too small ends the session with an error that names its user', () => {
  const graph = { neighbors: 6, shareThreshold: 4 };
  /** Three of the six neighbors of the user at place 0; every other user has four or more left. */
  const gone = (session: Session): number[] => [1, 2, 19].map((place) => positionsOf(session)[place]!);
  for (const round of [1, 2, 3, 4]) {
    it(`where it is lost in round ${round}`, async () => {
      const session = sparseSession(20, graph, { threshold: 17 });
      await session.before(round);
      const lost = gone(session);
      const owners = round === 1 ? session.setup.ids.filter((id) => !lost.includes(id)) : session.setup.ids;
      const named = owners.filter((id) => neighborsOf(session, id).filter((other) => !lost.includes(other)).length < 4);
      expect(named).to.include(positionsOf(session)[0]!);
      session.deliver(await session.answers(lost));
      expect(session.server.progress()).to.include({ ready: false });
      const error = await rejection(session.server.round());
      expect(error).to.be.instanceOf(ThresholdError).and.to.deep.include({ have: 3, need: 4, round, userIds: named });
      // And it is told again, also after recovery.
      const again = ServerWrapper.fromState(session.server.serializeState());
      const later = await rejected('ERR_SECAGG_FAILED', again.round());
      expect(later.cause).to.deep.include({ have: 3, need: 4, round, userIds: named });
    });
  }
});

describe('any dropouts on a small sparse graph', () => {
  it('give the exact sum of U3 where every neighborhood bears them, and else name exactly those that do not', async function () {
    this.timeout(120_000);
    const users = 11;
    const subset = fc.uniqueArray(fc.nat({ max: users - 1 }), { maxLength: 1 });
    let [sums, errors] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(2, 3, 4), fc.tuple(subset, subset, subset, subset), async (shareThreshold, silentAt) => {
        const session = sparseSession(users, { neighbors: 4, shareThreshold }, { threshold: 8 });
        await session.round();
        for (const round of [1, 2, 3, 4]) {
          const places = positionsOf(session);
          const silent = silentAt[round - 1]!.map((place) => places[place]!);
          const heard = new Set([...session.messages.keys()].filter((id) => !silent.includes(id)));
          const owners = round === 1 ? [...heard].sort((a, b) => a - b) : sharersIn(session);
          const around = new Map(session.setup.ids.map((id) => [id, neighborsOf(session, id)]));
          session.deliver(await session.answers(silent));
          const { ready, included } = session.server.progress();
          try {
            const output = await session.close();
            expect(ready).to.equal(true);
            if (output.isVector()) {
              sums++;
              session.expectSum(sumOf(output), included!);
            }
          } catch (error) {
            if (!(error instanceof ThresholdError)) throw error;
            errors++;
            expect(ready).to.equal(false);
            const lacking = owners.filter((id) => around.get(id)!.filter((other) => heard.has(other)).length < shareThreshold);
            if (heard.size >= 8) expect(error.userIds).to.deep.equal(lacking);
            return;
          }
        }
      }),
      { numRuns: 48 },
    );
    expect([sums > 10, errors > 10]).to.deep.equal([true, true]);
  });
});

/** The users of U2, whose secrets must be opened. */
function sharersIn(session: Session): number[] {
  const { state } = JSON.parse(session.server.serializeState()) as { state: { u2: string } };
  const u2 = Buffer.from(state.u2, 'base64');
  return positionsOf(session)
    .filter((_, i) => ((u2[i >> 3]! >> (i & 7)) & 1) === 1)
    .sort((a, b) => a - b);
}
