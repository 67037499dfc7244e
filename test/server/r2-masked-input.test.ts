// Round 2 of the server: the running sum of U3, and what stays of the deals.
import { expect } from 'chai';
import { StateError } from '../../src/index.ts';
import { membersOf } from '../../src/leaves/members.ts';
import type { Position } from '../../src/leaves/positions.ts';
import { addPacked } from '../../src/masking/running-sum.ts';
import { ringOf } from '../../src/masking/ring.ts';
import { maskedInput } from '../../src/server/r2-masked-input.ts';
import type { CollectingInputs, CollectingSignatures } from '../../src/server/state.ts';
import { maskedInputView, viewOfRound3 } from '../../src/session/binding.ts';
import { commitmentsOf } from '../../src/session/deals.ts';
import type { Deal, MaskedInputMessage } from '../../src/session/messages.ts';
import { refused, rejected } from '../support/errors.ts';
import { flip } from '../support/forge.ts';
import { leaving } from '../support/states.ts';
import { closingWork, COMPLETE, SPARSE } from '../support/step-session.ts';
import { idAt, inputOf, momentAt, type Moments } from '../support/steps.ts';

for (const [name, setup] of [
  ['the complete graph', COMPLETE],
  ['a sparse graph', SPARSE],
] as const) {
  describe(`round 2 of a server on ${name}`, () => {
    let moment: Moments[2];
    let said: MaskedInputMessage[];
    before(async () => {
      moment = await momentAt(2, setup);
      said = await Promise.all(setup.ids.map(async (_, position) => (await inputOf(moment, idAt(moment, position))).message));
    });
    const positionAt = (position: number): Position => moment.server.directory.positions[position]!;
    const receive = (state: CollectingInputs, position: number, message: MaskedInputMessage): unknown =>
      maskedInput.receive(moment.session.serverContext, state, positionAt(position), message);
    const having = (...positions: readonly number[]): CollectingInputs => {
      const state = { ...moment.server, sum: new Uint8Array(4 * 5), heard: new Set<Position>() };
      for (const position of positions) receive(state, position, said[position]!);
      return state;
    };
    const close = async (state: CollectingInputs): Promise<Awaited<ReturnType<typeof maskedInput.close>>> =>
      maskedInput.close(moment.session.serverContext, state, closingWork());
    const sumOf = (...positions: readonly number[]): Uint8Array => {
      const sum = new Uint8Array(4 * 5);
      for (const position of positions) addPacked(ringOf(20), sum, said[position]!.vector);
      return sum;
    };
    const everybody = setup.ids.map((_, position) => position);
    const allBut = (...out: number[]): number[] => everybody.filter((position) => !out.includes(position));

    it('a server adds each masked input to its sum, and keeps none', () => {
      const state = having();
      expect(receive(state, 2, said[2]!)).to.deep.equal([]);
      expect(receive(state, 0, said[0]!)).to.deep.equal([]);
      expect(state).to.deep.equal({ ...moment.server, sum: sumOf(0, 2), heard: new Set([2, 0]) });
      expect([...maskedInput.heard(state)]).to.deep.equal([2, 0]);
      expect(maskedInput.speakers(state)).to.equal(moment.server.u2);
    });

    it('a server that closes the round keeps commitments of the deals only, names the silent users, and changes nothing', async () => {
      const { directory, directoryDigest, u2, view2, deals } = moment.server;
      const state = having(...allBut(3));
      const { state: next, dropped } = await leaving(state, () => close(state));
      const u3 = membersOf(allBut(3), directory.size);
      const commitments = [...(deals as ReadonlyMap<Position, Deal>)].map(
        ([position, { seedCommitment, ownShareCommitment, sealed }]) => {
          return [position, { seedCommitment, ownShareCommitment, shares: commitmentsOf(sealed) }] as const;
        },
      );
      expect(next).to.deep.equal({
        phase: 'consistency-check',
        directory,
        directoryDigest,
        u2,
        u3,
        view2,
        view3: viewOfRound3(view2, u3),
        commitments: new Map(commitments),
        sum: sumOf(...allBut(3)),
        signatures: new Map(),
      } satisfies Record<keyof CollectingSignatures, unknown>);
      expect(dropped).to.deep.equal([{ userId: idAt(moment, 3), round: 2, reason: 'no-masked-input' }]);
    });

    it('an input that was masked for another U2 is refused: its masks would not cancel', async () => {
      const elsewhere = await momentAt(2, setup, { silent: [[], [3]] });
      const { message } = await inputOf(elsewhere, idAt(elsewhere, 1));
      const state = having(0);
      const error = await leaving(state, () => refused('ERR_SECAGG_VIEW', () => receive(state, 1, message)));
      expect(error).to.deep.include({ round: 2, userIds: [] });
    });

    it('an input that was masked after another deal is refused: no shares could remove its mask', async () => {
      const state = having(0);
      const view = maskedInputView(moment.server.view2, flip(moment.users.get(idAt(moment, 1))!.dealDigest, 0));
      const message = { ...said[1]!, view };
      const error = await leaving(state, () => refused('ERR_SECAGG_VIEW', () => receive(state, 1, message)));
      expect(error).to.deep.include({ round: 2, userIds: [] });
    });

    it('an input of a user without a deal is refused, even if its view is empty', async () => {
      const deals = new Map([...moment.server.deals].filter(([position]) => position !== 1));
      const state = { ...having(0), deals };
      for (const { view, vector } of [said[1]!, { ...said[1]!, view: new Uint8Array(32) }]) {
        await leaving(state, () => refused('ERR_SECAGG_VIEW', () => receive(state, 1, { view, vector })));
      }
    });

    it('a server that has heard fewer users than the threshold cannot close the round', async () => {
      const state = having(...everybody.slice(0, setup.threshold - 1));
      const error = await leaving(state, () => rejected('ERR_SECAGG_THRESHOLD', close(state)));
      expect(error).to.deep.include({ have: setup.threshold - 1, need: setup.threshold, round: 2, userIds: [] });
    });

    if (setup === SPARSE) {
      it('a server cannot close the round if too few are left that could open somebody’s mask, and says whose', async () => {
        const { serverContext } = moment.session;
        const state = having(...allBut(3, 4));
        const error = await leaving(state, () => rejected('ERR_SECAGG_THRESHOLD', close(state)));
        // The two that are gone have three neighbors left themselves; each between them and the others has two.
        const lost = [idAt(moment, 2), idAt(moment, 5)].sort((a, b) => a - b);
        expect(error).to.deep.include({ have: 2, need: 3, round: 2, userIds: lost });
        const ready = (...out: number[]): boolean => maskedInput.ready(serverContext, state, allBut(...out).map(positionAt));
        expect([ready(3, 4), ready(0, 4), ready(3)]).to.deep.equal([false, false, true]);
      });
    } else {
      it('a server is ready as soon as the users are enough: all hold shares of all', () => {
        expect(maskedInput.ready(moment.session.serverContext, having(), [0, 1, 2].map(positionAt))).to.equal(true);
      });
    }

    it('a server that adds what another one has heard has the sum of both, and neither has changed', async () => {
      const [state, other] = [having(0, 1), having(2)];
      const part = maskedInput.part(other);
      expect(part).to.deep.equal({ phase: 'masked-input', heard: new Set([2]), sum: sumOf(2) });
      const merged = await leaving([state, other], () => maskedInput.merged(moment.session.serverContext, state, part));
      expect(merged).to.deep.equal(having(0, 1, 2));
      expect(maskedInput.base(moment.session.serverContext, state)).to.equal(moment.server.view2);
    });

    it('a server refuses the sum of another length that another one has heard', async () => {
      const state = having(0, 1);
      for (const length of [0, 19, 24]) {
        const part = { ...maskedInput.part(having(2)), sum: new Uint8Array(length) };
        await leaving([state, part], () =>
          refused('ERR_SECAGG_STATE', () => maskedInput.merged(moment.session.serverContext, state, part), StateError),
        );
      }
    });
  });
}
