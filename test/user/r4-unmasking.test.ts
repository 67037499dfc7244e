// Round 4 of a user: what it checks of the signatures, and which share of whom it reveals.
import { expect } from 'chai';
import { neighborhoodsOf } from '../../src/graph/graph.ts';
import type { SecAggError, SecAggErrorCode } from '../../src/index.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { hasMember, membersOf, positions, type Members } from '../../src/leaves/members.ts';
import type { SignaturesMessage } from '../../src/session/messages.ts';
import { revealShares } from '../../src/user/r4-unmasking.ts';
import { secretsOf, type AwaitingSignatures } from '../../src/user/state.ts';
import { rejected } from '../support/errors.ts';
import { flip } from '../support/forge.ts';
import { expectSameArrays, leaving } from '../support/states.ts';
import { COMPLETE, SPARSE } from '../support/step-session.ts';
import { idAt, momentAt, signersFor, type Moments } from '../support/steps.ts';

for (const [name, setup] of [
  ['the complete graph', COMPLETE],
  ['a sparse graph', { ...SPARSE, ids: SPARSE.ids.slice(0, 8), threshold: 5 }],
] as const) {
  describe(`round 4 of a user on ${name}`, () => {
    /** The user at position 3, a neighbor of that at 2, dealt shares and sent no input. */
    let moment: Moments[4];
    let id: UserId;
    before(async () => {
      moment = await momentAt(4, setup, { silent: [[], [], [3]] });
      id = idAt(moment, 2);
    });
    const revealing = (
      message: SignaturesMessage = signersFor(moment, id),
      state: AwaitingSignatures = moment.users.get(id)!,
    ): ReturnType<typeof revealShares> => revealShares(moment.session.contextOf(id), state, message);
    /** The users of U2 whose shares the user holds, by position. */
    const owners = (): readonly number[] => {
      const { position, u2 } = moment.users.get(id)!;
      const graph = neighborhoodsOf(moment.session.parameters.graph, setup.ids.length);
      return graph.holders(position).filter((owner) => hasMember(u2, owner));
    };

    it('a user reveals the share of the seed of each survivor, that of the mask key of each other user, never both', async () => {
      const { session, users, server } = moment;
      const [context, before, message] = [session.contextOf(id), users.get(id)!, signersFor(moment, id)];
      const { out } = await leaving([context, before, message], () => revealing(message));
      const held = new Map<number, (typeof before.holdings)[0]>(before.holdings.map((holding) => [holding.position, holding]));
      const expected = owners().map((owner) => {
        if (owner === before.position) return { kind: 'self-mask', share: before.ownShare };
        const { selfMask, pairwiseKey } = held.get(owner)!.shares!;
        return owner === 3 ? { kind: 'pairwise-key', share: pairwiseKey } : { kind: 'self-mask', share: selfMask };
      });
      expect(owners()).to.include(3);
      expect(out).to.deep.equal({ view: server.view3, answer: expected });
    });

    it('a user that has answered knows the sets and nothing else: every secret is handed over to be wiped', async () => {
      const { users, server } = moment;
      const before = users.get(id)!;
      const { state, spent } = await revealing();
      expect(state).to.deep.equal({
        phase: 'finished',
        users: setup.ids.length,
        position: before.position,
        u2: server.u2,
        u3: server.u3,
      });
      expect(secretsOf(state)).to.deep.equal([]);
      expectSameArrays(spent, secretsOf(before));
    });

    it('a user answers the same signatures again with the same shares', async () => {
      expect(await revealing()).to.deep.equal(await revealing());
    });

    it('a user reports a deal that it could not use, and reveals no share of it', async () => {
      const before = moment.users.get(id)!;
      const spoilt = before.holdings[0]!.position;
      const holdings = before.holdings.with(0, { position: spoilt, shares: null });
      const honest = await revealing();
      const { out } = await revealing(signersFor(moment, id), { ...before, holdings });
      expect(out.answer).to.deep.equal(honest.out.answer.with(owners().indexOf(spoilt), { kind: 'reported' }));
    });

    const refused = async (code: SecAggErrorCode, message: SignaturesMessage): Promise<SecAggError> => {
      const [context, state] = [moment.session.contextOf(id), moment.users.get(id)!];
      return leaving([context, state, message], () => rejected(code, revealing(message)));
    };
    /** Those signers of whom a condition holds, by their index among the holders of the user's shares. */
    const fewer = (keep: (index: number) => boolean): SignaturesMessage => {
      const { signers, signatures } = signersFor(moment, id);
      const indices: number[] = positions(signers);
      const groupSize = setup === COMPLETE ? setup.ids.length : 4;
      return {
        signers: membersOf(indices.filter(keep), groupSize),
        signatures: signatures.filter((_, i) => keep(indices[i]!)),
      };
    };
    const withSigner = (signers: Members, index: number): Members =>
      membersOf([...positions(signers), index], setup === COMPLETE ? setup.ids.length : 4);

    it('a server that lists a signer that is not in U3 is refused', async () => {
      const { signers, signatures } = signersFor(moment, id);
      // The third neighbor on the sparse graph, as the graph lists them, is that at position 3.
      const message = { signers: withSigner(signers, setup === COMPLETE ? 3 : 2), signatures: [...signatures, signatures[0]!] };
      expect(await refused('ERR_SECAGG_SUBSET', message)).to.deep.include({ round: 4, userIds: [] });
    });

    it('a server that shows fewer signers than open a secret is refused: another view may have as many', async () => {
      const message = fewer((index) => index !== 0);
      const error = await refused('ERR_SECAGG_THRESHOLD', message);
      expect(error).to.deep.include({ have: 2, need: 3, round: 4, userIds: [] });
    });

    it('a server that sends fewer signatures than signers, or more, is refused', async () => {
      const { signers, signatures } = signersFor(moment, id);
      for (const other of [signatures.slice(1), [...signatures, signatures[0]!]]) {
        const error = await refused('ERR_SECAGG_COUNT', { signers, signatures: other });
        expect(error).to.deep.include({ round: 4, userIds: [] });
      }
    });

    it('a server that changes the signature of any signer is refused', async () => {
      const { signers, signatures } = signersFor(moment, id);
      for (const [i, signature] of signatures.entries()) {
        const message = { signers, signatures: signatures.with(i, flip(signature, 40)) };
        expect(await refused('ERR_SECAGG_SIGNATURE', message)).to.deep.include({ round: 4, userIds: [] });
      }
    });

    it('a server that counts one user’s signature for another one is refused', async () => {
      const { signers, signatures } = signersFor(moment, id);
      const message = { signers, signatures: signatures.with(0, signatures[1]!) };
      expect(await refused('ERR_SECAGG_SIGNATURE', message)).to.deep.include({ round: 4, userIds: [] });
    });

    it('a server that passes on a signature of another view, or of another round, is refused', async () => {
      const { session, server } = moment;
      const { signers, signatures } = signersFor(moment, id);
      const graph = neighborhoodsOf(session.parameters.graph, setup.ids.length);
      const signer = server.directory.userIdAt(graph.holders(moment.users.get(id)!.position)[positions(signers)[0]!]!);
      for (const other of [
        await session.signed(3, signer, flip(server.view3, 0)),
        await session.signed(4, signer, server.view3),
      ]) {
        const message = { signers, signatures: signatures.with(0, other) };
        expect(await refused('ERR_SECAGG_SIGNATURE', message)).to.deep.include({ round: 4, userIds: [] });
      }
    });
  });
}
