// Round 4 of the server: each share that is revealed is judged, the secrets are reconstructed, and the sum is unmasked.
import { expect } from 'chai';
import { neighborhoodsOf } from '../../src/graph/graph.ts';
import { DisputeError, type SecAggError } from '../../src/index.ts';
import { concat } from '../../src/leaves/bytes.ts';
import { hasMember, membersOf } from '../../src/leaves/members.ts';
import type { Position } from '../../src/leaves/positions.ts';
import { ringOf } from '../../src/masking/ring.ts';
import { vectorOf } from '../../src/masking/vector.ts';
import { ownersFor, unmasking } from '../../src/server/r4-unmasking.ts';
import { VERDICT, type CollectingAnswers } from '../../src/server/state.ts';
import type { UnmaskMessage, UnmaskShare } from '../../src/session/messages.ts';
import { refused, rejected } from '../support/errors.ts';
import { flip } from '../support/forge.ts';
import { leaving } from '../support/states.ts';
import { closingWork, COMPLETE, SPARSE } from '../support/step-session.ts';
import { idAt, momentAt, revealedBy, type Moments } from '../support/steps.ts';

for (const [name, setup] of [
  // With five users, so that one may be silent after another one has sent no input.
  ['the complete graph', { ...COMPLETE, ids: [...COMPLETE.ids.slice(0, 3), 21, 2 ** 53 - 1] }],
  // With twelve, so that two may be gone who have no neighbor in common.
  ['a sparse graph', { ...SPARSE, ids: Array.from({ length: 12 }, (_, i) => 10 + 3 * i), threshold: 9 }],
] as const) {
  const sparse = setup.graph !== 'complete';
  /** The position of a user that gives no answer. */
  const quiet = sparse ? 8 : 2;
  describe(`round 4 of a server on ${name}`, () => {
    /** The user at position 3 dealt shares and sent no input. */
    let moment: Moments[4];
    let said: Map<number, UnmaskMessage>;
    before(async () => {
      moment = await momentAt(4, setup, { silent: [[], [], [3]] });
      const answers = allBut(3).map(async (i) => [i, (await revealedBy(moment, idAt(moment, i))).message] as const);
      said = new Map(await Promise.all(answers));
    });
    const positionAt = (position: number): Position => moment.server.directory.positions[position]!;
    const receive = (state: CollectingAnswers, position: number, message: UnmaskMessage): ReturnType<typeof unmasking.receive> =>
      unmasking.receive(moment.session.serverContext, state, positionAt(position), message);
    const having = (...positions: readonly number[]): CollectingAnswers => {
      const state = { ...moment.server, answers: new Map<Position, never>() };
      for (const position of positions) receive(state, position, said.get(position)!);
      return state;
    };
    const close = async (state: CollectingAnswers): Promise<Awaited<ReturnType<typeof unmasking.close>>> =>
      unmasking.close(moment.session.serverContext, state, closingWork());
    const everybody = setup.ids.map((_, position) => position);
    const allBut = (...out: number[]): number[] => everybody.filter((position) => !out.includes(position));
    const graph = (): ReturnType<typeof neighborhoodsOf> => neighborhoodsOf(moment.session.parameters.graph, setup.ids.length);
    /** An answer whose entry about one owner is another one. */
    const changed = (holder: number, owner: number, change: (share: UnmaskShare) => UnmaskShare): UnmaskMessage => {
      const { view, answer } = said.get(holder)!;
      const index = ownersFor(moment.session.serverContext, moment.server, positionAt(holder)).indexOf(positionAt(owner));
      return { view, answer: answer.with(index, change(answer[index]!)) };
    };
    const spoilt = (share: UnmaskShare): UnmaskShare =>
      share.kind === 'reported' ? share : { ...share, share: flip(share.share, 7) };
    const reported = (): UnmaskShare => ({ kind: 'reported' });
    const verdictOf = (state: CollectingAnswers, holder: number, owner: number): number =>
      state.answers.get(positionAt(holder))!.verdicts[graph().holderIndex(positionAt(holder), positionAt(owner))]!;

    it('a server enters each share where its owner is in the graph, and that it is good', () => {
      const state = having();
      expect(receive(state, 2, said.get(2)!)).to.deep.equal([]);
      const { shares, verdicts } = state.answers.get(positionAt(2))!;
      const owners = ownersFor(moment.session.serverContext, state, positionAt(2));
      const expected = graph()
        .holders(positionAt(2))
        .map((owner) => said.get(2)!.answer[owners.indexOf(owner)]);
      expect(verdicts).to.deep.equal(new Uint8Array(expected.length).fill(VERDICT.good));
      expect(shares).to.deep.equal(concat(expected.map((share) => (share as { readonly share: Uint8Array }).share)));
      expect([...unmasking.heard(state)]).to.deep.equal([2]);
      expect(unmasking.speakers(state)).to.equal(moment.server.u4);
    });

    it('a server asks a holder about those of U2 whose shares it holds', async () => {
      const state = await momentAt(4, setup, { silent: [[], [3]] });
      for (const position of allBut(3).map(positionAt)) {
        const owners = graph()
          .holders(position)
          .filter((owner) => owner !== 3);
        expect(ownersFor(state.session.serverContext, state.server, position)).to.deep.equal(owners);
      }
      // There is no entry about a user that dealt nothing.
      const { message } = await revealedBy(state, idAt(state, 2));
      unmasking.receive(state.session.serverContext, state.server, positionAt(2), message);
      expect(verdictOf(state.server, 2, 3)).to.equal(VERDICT.none);
    });

    it('a server that closes the round gives the sum of U3, names the silent users, and leaves the state as it was', async () => {
      const { session, server } = moment;
      const state = having(...allBut(3, quiet));
      const { state: next, dropped } = await leaving(state, () => close(state));
      const included = server.directory.userIds(server.u3);
      if (next.phase !== 'finished') throw new Error(next.phase);
      expect({ ...next, sum: null }).to.deep.equal({ phase: 'finished', included, users: setup.ids.length, sum: null });
      expect([...vectorOf(ringOf(session.parameters.bits), next.sum)]).to.deep.equal(session.plainSum(included));
      expect(dropped).to.deep.equal([{ userId: idAt(moment, quiet), round: 4, reason: 'no-answer' }]);
    });

    it('a server that closes the round twice gives the same sum', async () => {
      const state = having(...allBut(3));
      expect(await close(state)).to.deep.equal(await close(state));
    });

    it('an answer for another view is refused', async () => {
      const state = having(0);
      const message = { ...said.get(1)!, view: flip(said.get(1)!.view, 0) };
      const error = await leaving(state, () => refused('ERR_SECAGG_VIEW', () => receive(state, 1, message)));
      expect(error).to.deep.include({ round: 4, userIds: [] });
    });

    for (const [what, owner, change] of [
      ['the share of a survivor’s seed', 1, spoilt],
      ['the share of the mask key of a user that dropped out', 3, spoilt],
      [
        'a share of the other kind',
        1,
        (share: UnmaskShare): UnmaskShare => (share.kind === 'reported' ? share : { kind: 'pairwise-key', share: share.share }),
      ],
    ] as const) {
      it(`a user that changes ${what} is named, and what else it reveals counts`, () => {
        const state = having();
        const wrong = { userId: idAt(moment, 2), round: 4, reason: 'wrong-share' };
        expect(receive(state, 2, changed(2, owner, change))).to.deep.equal([wrong]);
        expect(verdictOf(state, 2, owner)).to.equal(VERDICT.wrong);
        const at = 32 * graph().holderIndex(positionAt(2), positionAt(owner));
        const { verdicts, shares } = state.answers.get(positionAt(2))!;
        expect(shares.subarray(at, at + 32)).to.deep.equal(new Uint8Array(32));
        const honest = having(2).answers.get(positionAt(2))!;
        expect(verdicts.filter((verdict) => verdict === VERDICT.good)).to.have.length(honest.verdicts.length - 1);
      });
    }

    it('a share of a user whose commitments the server does not have is not judged, and nobody is named', () => {
      const commitments = new Map([...moment.server.commitments].filter(([position]) => position !== 1));
      const state = { ...having(), commitments };
      refused('ERR_SECAGG_STATE', () => receive(state, 2, said.get(2)!));
      expect(state.answers.has(positionAt(2))).to.equal(false);
    });

    it('a user that reports a deal is not named, and its word is kept', () => {
      const state = having();
      expect(receive(state, 2, changed(2, 1, reported))).to.deep.equal([]);
      expect(verdictOf(state, 2, 1)).to.equal(VERDICT.reported);
    });

    if (!sparse) {
      it('a user that changes the share of its own seed, of which no other one can speak, is named', () => {
        const state = having();
        expect(receive(state, 2, changed(2, 2, spoilt))).to.have.length(1);
        expect(verdictOf(state, 2, 2)).to.equal(VERDICT.wrong);
        const noCommitment = new Map(
          [...moment.server.commitments].map(([position, dealt]) => [position, { ...dealt, ownShareCommitment: null }]),
        );
        expect(receive({ ...having(), commitments: noCommitment }, 2, said.get(2)!)).to.have.length(1);
      });

      it('a user that reports itself is refused by name: it cannot be unable to use what it has kept', async () => {
        const state = having(0);
        const message = changed(2, 2, reported);
        const error = await leaving(state, () => refused('ERR_SECAGG_SELF_REPORT', () => receive(state, 2, message)));
        expect(error).to.deep.include({ round: 4, userIds: [idAt(moment, 2)] });
      });
    }

    it('a server that has heard fewer users than the threshold cannot close the round', async () => {
      const state = having(...allBut(3).slice(0, setup.threshold - 1));
      const error = await leaving(state, () => rejected('ERR_SECAGG_THRESHOLD', close(state)));
      expect(error).to.deep.include({ have: setup.threshold - 1, need: setup.threshold, round: 4, userIds: [] });
    });

    /** Answers of all of U4; those of some holders say something else about the owner at position 1. */
    const withLies = (holders: readonly number[], change: (share: UnmaskShare) => UnmaskShare): CollectingAnswers => {
      const state = having(...allBut(3, ...holders));
      for (const holder of holders) receive(state, holder, changed(holder, 1, change));
      return state;
    };
    /** Two holders of the shares of the owner at position 1; with them gone, two are left on either graph. */
    const LIARS = [0, 2] as const;

    it('a server is ready if each secret has as many good shares as open it, whoever sent them', () => {
      const { serverContext } = moment.session;
      const ready = (state: CollectingAnswers): boolean => unmasking.ready(serverContext, state, []);
      expect(ready(having(...allBut(3)))).to.equal(true);
      expect(ready(having())).to.equal(false);
      expect(ready(withLies(LIARS, spoilt))).to.equal(false);
      expect(ready(withLies(LIARS, reported))).to.equal(false);
      // On the complete graph four answer, and three of them are enough; on the sparse graph one of four neighbors dropped out.
      expect(ready(withLies([0], spoilt))).to.equal(!sparse);
    });

    const refusedWith = async (
      code: 'ERR_SECAGG_THRESHOLD' | 'ERR_SECAGG_DISPUTED_DEAL',
      state: CollectingAnswers,
    ): Promise<SecAggError> => leaving(state, () => rejected(code, close(state)));

    it('a server that has too few good shares of somebody cannot unmask', async () => {
      const error = await refusedWith('ERR_SECAGG_THRESHOLD', withLies(LIARS, spoilt));
      const userIds = sparse ? [idAt(moment, 1)] : [];
      expect(error).to.deep.include({ have: sparse ? 1 : 2, need: 3, round: 4, userIds });
    });

    it('a server that lacks shares because users report a deal names both sides, and nobody as guilty', async () => {
      const error = await refusedWith('ERR_SECAGG_DISPUTED_DEAL', withLies(LIARS, reported));
      const accusers = LIARS.map((position) => idAt(moment, position)).sort((a, b) => a - b);
      expect(error).to.be.instanceOf(DisputeError);
      expect(error).to.deep.include({ round: 1, userIds: [], disputes: [{ owner: idAt(moment, 1), accusers }] });
    });

    it('a server that adds what another one has heard has heard both', async () => {
      const [state, other] = [having(0, 1), having(1, 2)];
      const part = unmasking.part(other);
      expect(part).to.deep.equal({ phase: 'unmasking', answers: other.answers });
      const merged = await leaving([state, other], () => unmasking.merged(moment.session.serverContext, state, part));
      expect(merged).to.deep.equal(having(0, 1, 2));
      const { view3, u4 } = moment.server;
      expect(unmasking.base(moment.session.serverContext, state)).to.deep.equal(concat([view3, u4]));
      expect(hasMember(u4, 3)).to.equal(false);
      expect(u4).to.deep.equal(membersOf(allBut(3), setup.ids.length));
    });
  });
}
