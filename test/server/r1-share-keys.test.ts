// Round 1 of the server: the deals of U2, and which records it passes on to whom.
import { expect } from 'chai';
import { neighborhoodsOf } from '../../src/graph/graph.ts';
import { concat } from '../../src/leaves/bytes.ts';
import { membersOf } from '../../src/leaves/members.ts';
import type { Position } from '../../src/leaves/positions.ts';
import { RECORD_BYTES } from '../../src/leaves/sizes.ts';
import { DealMap } from '../../src/server/deal-map.ts';
import { sealedFor, shareKeys } from '../../src/server/r1-share-keys.ts';
import type { CollectingDeals, CollectingInputs } from '../../src/server/state.ts';
import { viewOfRound2 } from '../../src/session/binding.ts';
import type { ShareKeysMessage } from '../../src/session/messages.ts';
import { refused, rejected } from '../support/errors.ts';
import { flip } from '../support/forge.ts';
import { leaving } from '../support/states.ts';
import { closingWork, COMPLETE, SPARSE } from '../support/step-session.ts';
import { dealOf, idAt, momentAt, type Moments } from '../support/steps.ts';

for (const [name, setup] of [
  ['the complete graph', COMPLETE],
  ['a sparse graph', SPARSE],
] as const) {
  describe(`round 1 of a server on ${name}`, () => {
    let moment: Moments[1];
    let said: ShareKeysMessage[];
    before(async () => {
      moment = await momentAt(1, setup);
      said = await Promise.all(setup.ids.map(async (_, position) => (await dealOf(moment, idAt(moment, position))).message));
    });
    const positionAt = (position: number): Position => moment.server.directory.positions[position]!;
    /** A server that has heard the users at these positions. */
    const having = (...positions: readonly number[]): CollectingDeals => {
      const state = { ...moment.server, deals: new DealMap() };
      for (const position of positions) receive(state, position, said[position]!);
      return state;
    };
    const receive = (state: CollectingDeals, position: number, message: ShareKeysMessage): unknown =>
      shareKeys.receive(moment.session.serverContext, state, positionAt(position), message);
    const close = async (state: CollectingDeals): Promise<Awaited<ReturnType<typeof shareKeys.close>>> =>
      shareKeys.close(moment.session.serverContext, state, closingWork());
    const everybody = setup.ids.map((_, position) => position);
    const allBut = (...out: number[]): number[] => everybody.filter((position) => !out.includes(position));

    it('a server enters a copy of each deal', () => {
      const state = having();
      const message = structuredClone(said[1]!);
      expect(receive(state, 1, message)).to.deep.equal([]);
      message.deal.sealed.fill(0);
      expect([...state.deals]).to.deep.equal([[1, said[1]!.deal]]);
      expect(shareKeys.speakers(state)).to.equal(null);
      expect([...shareKeys.heard(state)]).to.deep.equal([1]);
    });

    it('a server that closes the round knows U2, sums from zero, names the silent users, and leaves the state as it was', async () => {
      const { directory, directoryDigest } = moment.server;
      const state = having(...allBut(3));
      const { state: next, dropped } = await leaving(state, () => close(state));
      const u2 = membersOf(allBut(3), directory.size);
      expect(next).to.deep.equal({
        phase: 'masked-input',
        directory,
        directoryDigest,
        u2,
        view2: viewOfRound2(directoryDigest, u2),
        deals: new Map(allBut(3).map((position) => [position, said[position]!.deal])),
        sum: new Uint8Array(4 * 5),
        heard: new Set(),
      } satisfies Record<keyof CollectingInputs, unknown>);
      expect((next as CollectingInputs).deals).not.to.equal(state.deals);
      expect(dropped).to.deep.equal([{ userId: idAt(moment, 3), round: 1, reason: 'no-shares' }]);
    });

    it('a deal that was made for another directory is refused, and its sender is not named', async () => {
      const state = having(0);
      const message = { ...said[1]!, directoryDigest: flip(said[1]!.directoryDigest, 0) };
      const error = await leaving(state, () => refused('ERR_SECAGG_VIEW', () => receive(state, 1, message)));
      expect(error).to.deep.include({ round: 1, userIds: [] });
    });

    it('a user that deals to more or fewer users than it has neighbors is refused by name', async () => {
      const { directoryDigest, deal } = said[1]!;
      for (const sealed of [
        deal.sealed.subarray(RECORD_BYTES),
        concat([deal.sealed, deal.sealed.subarray(0, RECORD_BYTES)]),
        new Uint8Array(),
      ]) {
        const state = having(0);
        const message = { directoryDigest, deal: { ...deal, sealed } };
        const error = await leaving(state, () => refused('ERR_SECAGG_COUNT', () => receive(state, 1, message)));
        expect(error).to.deep.include({ round: 1, userIds: [idAt(moment, 1)] });
      }
    });

    it('a server that has heard fewer users than the threshold cannot close the round', async () => {
      const state = having(...everybody.slice(0, setup.threshold - 1));
      const error = await leaving(state, () => rejected('ERR_SECAGG_THRESHOLD', close(state)));
      expect(error).to.deep.include({ have: setup.threshold - 1, need: setup.threshold, round: 1, userIds: [] });
    });

    if (setup === SPARSE) {
      it('a server cannot close the round if too few neighbors of a user are left, and says of whom', async () => {
        // Two neighbors of the user at position 2 are gone, and with them two of that at 5 and of no other that is left.
        const state = having(...allBut(3, 4));
        const error = await leaving(state, () => rejected('ERR_SECAGG_THRESHOLD', close(state)));
        const lost = [idAt(moment, 2), idAt(moment, 5)].sort((a, b) => a - b);
        expect(error).to.deep.include({ have: 2, need: 3, round: 1, userIds: lost });
        const { serverContext } = moment.session;
        const ready = (...out: number[]): boolean => shareKeys.ready(serverContext, state, allBut(...out).map(positionAt));
        expect([ready(3, 4), ready(0, 4), ready(3)]).to.deep.equal([false, false, true]);
      });
    } else {
      it('a server is ready as soon as the users are enough: all hold shares of all', () => {
        expect(shareKeys.ready(moment.session.serverContext, having(), [0, 1, 2].map(positionAt))).to.equal(true);
      });
    }

    it('a server that adds what another one has heard has heard both, and a deal that both have heard stays its own', async () => {
      const [state, other] = [having(0, 1), having(1, 2)];
      const part = shareKeys.part(other);
      expect(part).to.deep.equal({ phase: 'share-keys', deals: new Map([1, 2].map((i) => [i, said[i]!.deal])) });
      const merged = await leaving([state, other], () => shareKeys.merged(moment.session.serverContext, state, part));
      expect(merged).to.deep.equal(having(1, 2, 0));
      expect(shareKeys.base(moment.session.serverContext, state)).to.equal(moment.server.directoryDigest);
    });

    it('a server passes on to each user the records of its neighbors in U2, in the order of the graph', async () => {
      const closed = await close(having(...allBut(3)));
      const state = closed.state as CollectingInputs;
      const graph = neighborhoodsOf(moment.session.parameters.graph, setup.ids.length);
      for (const position of allBut(3).map(positionAt)) {
        const records = graph
          .neighbors(position)
          .filter((owner) => owner !== 3)
          .map((owner) => {
            const start = graph.neighborIndex(owner, position) * RECORD_BYTES;
            return said[owner]!.deal.sealed.subarray(start, start + RECORD_BYTES);
          });
        const sealed = await leaving(state, () => sealedFor(moment.session.serverContext, state, position));
        expect(sealed).to.deep.equal(concat(records));
      }
    });
  });
}
