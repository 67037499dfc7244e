// Round 3 of the server: the signatures of U4, and which of them it passes on to whom.
import { expect } from 'chai';
import { neighborhoodsOf } from '../../src/graph/graph.ts';
import { membersOf } from '../../src/leaves/members.ts';
import type { Position } from '../../src/leaves/positions.ts';
import { consistencyCheck, signaturesFor } from '../../src/server/r3-consistency-check.ts';
import type { CollectingAnswers, CollectingSignatures } from '../../src/server/state.ts';
import type { ConsistencyMessage } from '../../src/session/messages.ts';
import { refused, rejected } from '../support/errors.ts';
import { flip } from '../support/forge.ts';
import { leaving } from '../support/states.ts';
import { closingWork, COMPLETE, SPARSE } from '../support/step-session.ts';
import { idAt, momentAt, viewOf, type Moments } from '../support/steps.ts';

for (const [name, setup] of [
  ['the complete graph', COMPLETE],
  ['a sparse graph', SPARSE],
] as const) {
  describe(`round 3 of a server on ${name}`, () => {
    let moment: Moments[3];
    let said: ConsistencyMessage[];
    before(async () => {
      moment = await momentAt(3, setup);
      said = await Promise.all(setup.ids.map(async (_, position) => (await viewOf(moment, idAt(moment, position))).message));
    });
    const positionAt = (position: number): Position => moment.server.directory.positions[position]!;
    const receive = (state: CollectingSignatures, position: number, message: ConsistencyMessage): unknown =>
      consistencyCheck.receive(moment.session.serverContext, state, positionAt(position), message);
    const having = (...positions: readonly number[]): CollectingSignatures => {
      const state = { ...moment.server, signatures: new Map<Position, Uint8Array>() };
      for (const position of positions) receive(state, position, said[position]!);
      return state;
    };
    const close = async (state: CollectingSignatures): Promise<Awaited<ReturnType<typeof consistencyCheck.close>>> =>
      consistencyCheck.close(moment.session.serverContext, state, closingWork());
    const everybody = setup.ids.map((_, position) => position);
    const allBut = (...out: number[]): number[] => everybody.filter((position) => !out.includes(position));

    it('a server enters each signature', () => {
      const state = having();
      expect(receive(state, 1, said[1]!)).to.deep.equal([]);
      expect(state).to.deep.equal({ ...moment.server, signatures: new Map([[1, said[1]!.signature]]) });
      expect([...consistencyCheck.heard(state)]).to.deep.equal([1]);
      expect(consistencyCheck.speakers(state)).to.equal(moment.server.u3);
    });

    it('a server that closes the round knows U4, names the silent users, and leaves the state as it was', async () => {
      const state = having(...allBut(3));
      const { state: next, dropped } = await leaving(state, () => close(state));
      expect(next).to.deep.equal({
        ...moment.server,
        phase: 'unmasking',
        u4: membersOf(allBut(3), setup.ids.length),
        signatures: new Map(allBut(3).map((position) => [position, said[position]!.signature])),
        answers: new Map(),
      } satisfies Record<keyof CollectingAnswers, unknown>);
      expect((next as CollectingAnswers).signatures).not.to.equal(state.signatures);
      expect(dropped).to.deep.equal([{ userId: idAt(moment, 3), round: 3, reason: 'no-signature' }]);
    });

    it('a signature over another view is refused: passed on, it would make every other user abort', async () => {
      const state = having(0);
      const message = { ...said[1]!, view: flip(said[1]!.view, 0) };
      const error = await leaving(state, () => refused('ERR_SECAGG_VIEW', () => receive(state, 1, message)));
      expect(error).to.deep.include({ round: 3, userIds: [] });
    });

    it('a server that has heard fewer users than the threshold cannot close the round', async () => {
      const state = having(...everybody.slice(0, setup.threshold - 1));
      const error = await leaving(state, () => rejected('ERR_SECAGG_THRESHOLD', close(state)));
      expect(error).to.deep.include({ have: setup.threshold - 1, need: setup.threshold, round: 3, userIds: [] });
    });

    if (setup === SPARSE) {
      it('a server cannot close the round if too few neighbors of a user have signed, and says of whom', async () => {
        const { serverContext } = moment.session;
        const state = having(...allBut(3, 4));
        const error = await leaving(state, () => rejected('ERR_SECAGG_THRESHOLD', close(state)));
        const lost = [idAt(moment, 2), idAt(moment, 5)].sort((a, b) => a - b);
        expect(error).to.deep.include({ have: 2, need: 3, round: 3, userIds: lost });
        const ready = (...out: number[]): boolean => consistencyCheck.ready(serverContext, state, allBut(...out).map(positionAt));
        expect([ready(3, 4), ready(0, 4), ready(3)]).to.deep.equal([false, false, true]);
      });
    } else {
      it('a server is ready as soon as the users are enough: all hold shares of all', () => {
        expect(consistencyCheck.ready(moment.session.serverContext, having(), [0, 1, 2].map(positionAt))).to.equal(true);
      });
    }

    it('a server that adds what another one has heard has heard both', async () => {
      const [state, other] = [having(0, 1), having(1, 2)];
      const part = consistencyCheck.part(other);
      expect(part).to.deep.equal({ phase: 'consistency-check', signatures: other.signatures });
      const merged = await leaving([state, other], () => consistencyCheck.merged(moment.session.serverContext, state, part));
      expect(merged).to.deep.equal(having(0, 1, 2));
      expect(consistencyCheck.base(moment.session.serverContext, state)).to.equal(moment.server.view3);
    });

    it('a server passes on to each user the signatures of those who hold its shares, in the order of the graph', async () => {
      const closed = await close(having(...allBut(3)));
      const state = closed.state as CollectingAnswers;
      const graph = neighborhoodsOf(moment.session.parameters.graph, setup.ids.length);
      for (const position of allBut(3).map(positionAt)) {
        const holders = graph.holders(position);
        const message = await leaving(state, () => signaturesFor(moment.session.serverContext, state, position));
        const signing = holders.filter((holder) => holder !== 3);
        expect(message.signers).to.deep.equal(
          membersOf(
            signing.map((holder) => holders.indexOf(holder)),
            graph.groupSize,
          ),
        );
        expect(message.signatures).to.deep.equal(signing.map((holder) => said[holder]!.signature));
      }
    });
  });
}
