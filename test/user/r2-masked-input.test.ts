// Round 2 of a user: what it checks of U2 and of the shares, and how it masks its input.
import { platform } from '#platform';
import { expect } from 'chai';
import { agreementWith } from '../../src/crypto/agree.ts';
import { neighborhoodsOf } from '../../src/graph/graph.ts';
import type { SecAggError, SecAggErrorCode } from '../../src/index.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { hasMember, membersOf, positions } from '../../src/leaves/members.ts';
import { RECORD_BYTES } from '../../src/leaves/sizes.ts';
import { applyMasks, type Mask } from '../../src/masking/mask-expansion.ts';
import { Pace } from '../../src/masking/pace.ts';
import { ringOf } from '../../src/masking/ring.ts';
import type { AgreementKey } from '../../src/platform/platform.ts';
import { commitToShare, maskedInputView, pairwiseMaskSeed, selfMaskKey, viewOfRound2 } from '../../src/session/binding.ts';
import { sealedAt } from '../../src/session/deals.ts';
import type { Deal, SharesMessage } from '../../src/session/messages.ts';
import { maskInput } from '../../src/user/r2-masked-input.ts';
import { secretsOf } from '../../src/user/state.ts';
import { rejected } from '../support/errors.ts';
import { flip } from '../support/forge.ts';
import { withPlatform } from '../support/injected.ts';
import { expectSameArrays, leaving } from '../support/states.ts';
import { packedOf } from '../masking/lanes.ts';
import { COMPLETE, SPARSE } from '../support/step-session.ts';
import { idAt, momentAt, sharesFor, type Moments } from '../support/steps.ts';
import { toHex } from '../support/vectors.ts';

const maskingOf = (moment: Moments[2], id: UserId, message = sharesFor(moment, id)): ReturnType<typeof maskInput> =>
  maskInput(moment.session.contextOf(id), moment.users.get(id)!, message, moment.session.givenInput(id));

/** y_u as its peers can compute it: each pairwise mask from the other user's secret key and this user's public one. */
async function maskedByPeers({ session, users, server }: Moments[2], id: UserId): Promise<Uint8Array> {
  const { directory, u2, view2 } = server;
  const position = directory.positionOf(id)!;
  const graph = neighborhoodsOf(session.parameters.graph, directory.size);
  const masks: Mask[] = [{ seed: selfMaskKey(users.get(id)!.selfMaskSeed, view2, id), sign: 1 }];
  for (const neighbor of graph.neighbors(position).filter((other) => hasMember(u2, other))) {
    const peer = directory.userIdAt(neighbor);
    const agreed = await agreementWith(users.get(peer)!.maskSecretKey)(directory.line(position).maskKey);
    // [BIK+17] Fig. 4, round 2: the mask counts for the one with the larger id, and against the other one.
    masks.push({ seed: pairwiseMaskSeed(agreed!, view2, peer, id), sign: id > peer ? 1 : -1 });
  }
  const ring = ringOf(session.parameters.bits);
  const lanes = session.lanesOf(id);
  await applyMasks(ring, lanes, masks, new Pace());
  return packedOf(ring, lanes);
}

/** The arrays that hold one of some secrets when something is cut out of them, or when one is copied into another: both. */
async function holding(
  secrets: readonly Uint8Array[],
  method: 'subarray' | 'set',
  run: () => unknown,
): Promise<ReadonlySet<Uint8Array>> {
  const searched = new Set(secrets.map(toHex));
  const found = new Set<Uint8Array>();
  const native = Uint8Array.prototype;
  const original = Reflect.get(native, method) as (...given: unknown[]) => unknown;
  Reflect.set(native, method, function (this: Uint8Array, ...given: unknown[]): unknown {
    const result = original.apply(this, given);
    for (const bytes of method === 'set' ? [this, given[0] as Uint8Array] : [this])
      if (searched.has(toHex(bytes))) found.add(bytes);
    return result;
  });
  try {
    await run();
  } finally {
    Reflect.deleteProperty(native, method);
  }
  return found;
}

for (const [name, setup] of [
  ['the complete graph', COMPLETE],
  ['a sparse graph', SPARSE],
] as const) {
  describe(`round 2 of a user on ${name}`, () => {
    let moment: Moments[2];
    let id: UserId;
    before(async () => {
      moment = await momentAt(2, setup, { silent: [[], [3]] });
      id = idAt(moment, 2);
    });

    it('a user adds its own mask and one mask for each neighbor in U2, and says what it was made for', async () => {
      const { session, users, server } = moment;
      const [state, message, given] = [users.get(id)!, sharesFor(moment, id), session.givenInput(id)];
      const context = session.contextOf(id);
      const { out } = await leaving([context, state, message, given.input], () => maskInput(context, state, message, given));
      expect(out).to.deep.equal({
        view: maskedInputView(viewOfRound2(server.directoryDigest, server.u2), state.dealDigest),
        vector: await maskedByPeers(moment, id),
      });
    });

    it('a user keeps the shares that its neighbors in U2 dealt to it, and hands over what masked its input to be wiped', async () => {
      const { session, users, server } = moment;
      const before = users.get(id)!;
      const { state, spent } = await maskingOf(moment, id);
      const graph = neighborhoodsOf(session.parameters.graph, server.directory.size);
      const dealers = graph.neighbors(before.position).filter((position) => hasMember(server.u2, position));
      const { holdings, ...rest } = state;
      expect(rest).to.deep.equal({
        phase: 'consistency-check',
        signSecretKey: before.signSecretKey,
        users: setup.ids.length,
        position: before.position,
        peers: before.peers.map(({ userId }) => userId),
        u2: server.u2,
        view2: server.view2,
        ownShare: before.ownShare,
      });
      expect(holdings.map(({ position }) => position)).to.deep.equal(dealers);
      for (const { position, shares } of holdings) {
        const dealer = server.directory.userIdAt(position);
        const { commitments } = sealedAt(
          (server.deals.get(position) as Deal).sealed,
          graph.neighborIndex(position, before.position),
        );
        const commit = (kind: 'self-mask' | 'pairwise-key', share: Uint8Array): Uint8Array =>
          commitToShare(server.directoryDigest, kind, dealer, id, share);
        expect(commit('self-mask', shares!.selfMask)).to.deep.equal(commitments.selfMask);
        expect(commit('pairwise-key', shares!.pairwiseKey)).to.deep.equal(commitments.pairwiseKey);
      }
      expectSameArrays(spent, [before.maskSecretKey, before.selfMaskSeed, ...before.peers.map(({ openingKey }) => openingKey)]);
      expect(secretsOf(state).some((secret) => spent.includes(secret))).to.equal(false);
      expectSameArrays([...spent, ...secretsOf(state).filter((secret) => secretsOf(before).includes(secret))], secretsOf(before));
    });

    it('a user that masks the same input for the same U2 again sends the same bytes, and for another U2 other ones', async () => {
      const one = await maskingOf(moment, id);
      expect(await maskingOf(moment, id)).to.deep.equal(one);
      const elsewhere = await momentAt(2, setup);
      const other = await maskingOf(elsewhere, id);
      expect(other.out.view).not.to.deep.equal(one.out.view);
      expect(other.out.vector).not.to.deep.equal(one.out.vector);
    });

    for (const [attack, byte] of [
      ['a ciphertext that it changed', 30],
      ['another commitment to the share of the seed', 104],
      ['another commitment to the share of the mask key', 120],
    ] as const) {
      it(`a server that passes on ${attack} is not believed: the deal counts as unusable, and the others as before`, async () => {
        const message = sharesFor(moment, id);
        const honest = await maskingOf(moment, id);
        const lied = await maskingOf(moment, id, { ...message, sealed: flip(message.sealed, RECORD_BYTES + byte) });
        expect(lied.state.holdings[1]).to.deep.equal({ position: honest.state.holdings[1]!.position, shares: null });
        expect(lied.state.holdings.toSpliced(1, 1)).to.deep.equal(honest.state.holdings.toSpliced(1, 1));
        expect(lied.out).to.deep.equal(honest.out);
      });
    }

    it('a server that exchanges the records of two dealers is not believed: both deals count as unusable', async () => {
      const { sealed, ...message } = sharesFor(moment, id);
      const swapped = Uint8Array.from(sealed);
      swapped.set(sealed.subarray(RECORD_BYTES, 2 * RECORD_BYTES), 0);
      swapped.set(sealed.subarray(0, RECORD_BYTES), RECORD_BYTES);
      const { state } = await maskingOf(moment, id, { ...message, sealed: swapped });
      const unusable = state.holdings.map(({ shares }) => shares === null);
      expect(unusable).to.deep.equal(state.holdings.map((_, i) => i < 2));
    });

    const refused = async (
      code: SecAggErrorCode,
      change: (message: SharesMessage) => Partial<SharesMessage>,
    ): Promise<SecAggError> => {
      const context = moment.session.contextOf(id);
      const [state, given] = [moment.users.get(id)!, moment.session.givenInput(id)];
      const honest = sharesFor(moment, id);
      const message = { ...honest, ...change(honest) };
      return leaving([context, state, message, given.input], () => rejected(code, maskInput(context, state, message, given)));
    };
    const withoutMembers = (...out: number[]): SharesMessage['u2'] =>
      membersOf(
        positions(moment.server.u2).filter((position) => !out.includes(position)),
        setup.ids.length,
      );

    it('a server that passes on the shares for another user is refused: this user would report every honest dealer', async () => {
      const error = await refused('ERR_SECAGG_RECIPIENT', () => sharesFor(moment, idAt(moment, 1)));
      expect(error).to.deep.include({ round: 2, userIds: [] });
    });

    it('a server that shows fewer users in U2 than the threshold is refused', async () => {
      const few = membersOf([1, 2], setup.ids.length);
      const error = await refused('ERR_SECAGG_THRESHOLD', () => ({ u2: few }));
      expect(error).to.deep.include({ have: 2, need: setup.threshold, round: 2, userIds: [] });
    });

    it('a server that leaves the user itself out of U2 is refused', async () => {
      const u2 = membersOf([...positions(withoutMembers(2)), 3], setup.ids.length);
      expect(await refused('ERR_SECAGG_NOT_INCLUDED', () => ({ u2 }))).to.deep.include({ round: 2, userIds: [] });
    });

    it('a server that holds back the records of a user in U2, or adds some, is refused', async () => {
      for (const change of [
        ({ sealed }: SharesMessage) => ({ sealed: sealed.subarray(RECORD_BYTES) }),
        ({ sealed }: SharesMessage) => ({ sealed: sealed.subarray(1) }),
        ({ sealed }: SharesMessage) => ({ sealed: Uint8Array.from([...sealed, ...sealed.subarray(0, RECORD_BYTES)]) }),
      ]) {
        expect(await refused('ERR_SECAGG_COUNT', change)).to.deep.include({ round: 2, userIds: [] });
      }
    });

    it('a peer with whom the agreement gives nothing but zeros is refused: its mask would be known to all', async () => {
      const zeros = { publicKey: new Uint8Array(32), agree: () => new Uint8Array(32) };
      const error = await withPlatform({ x25519: () => zeros }, () => refused('ERR_SECAGG_KEYS', () => ({})));
      expect(error).to.deep.include({ round: 2, userIds: [] });
    });

    it('a user that cannot mask its input overwrites the shares that it has opened', async () => {
      const zeros = { publicKey: new Uint8Array(32), agree: () => new Uint8Array(32) };
      const { holdings } = (await maskingOf(moment, id)).state;
      const dealt = holdings.flatMap(({ shares }) => [shares!.pairwiseKey, shares!.selfMask]);
      // Both shares of a dealer are copied out of what it sealed.
      const opened = await holding(dealt, 'set', () =>
        withPlatform({ x25519: () => zeros }, () => refused('ERR_SECAGG_KEYS', () => ({}))),
      );
      expect(opened.size).to.equal(4 * holdings.length);
      for (const bytes of opened) expect(bytes.every((byte) => byte === 0)).to.equal(true);
    });

    it('a user that has masked its input overwrites its agreements and its copy of the input', async () => {
      const engine = { ...platform };
      const agreements: Uint8Array[] = [];
      const recording = (secretKey: Uint8Array): AgreementKey => {
        const key = engine.x25519(secretKey);
        return {
          ...key,
          async agree(peer): Promise<Uint8Array> {
            const agreed = await key.agree(peer);
            agreements.push(agreed);
            return agreed;
          },
        };
      };
      const given = moment.session.givenInput(id);
      const { input } = given; // the caller's, who wipes it
      const masking = (): Promise<unknown> =>
        maskInput(moment.session.contextOf(id), moment.users.get(id)!, sharesFor(moment, id), given);
      const found = await holding([Uint8Array.from(input)], 'subarray', () => withPlatform({ x25519: recording }, masking));
      const masked = [...found].filter((bytes) => bytes !== input);
      expect(agreements.length).to.equal((await maskingOf(moment, id)).state.holdings.length);
      expect(masked.length).to.be.greaterThan(0);
      for (const bytes of [...agreements, ...masked]) expect(bytes.every((byte) => byte === 0)).to.equal(true);
    });

    if (setup === SPARSE) {
      it('a server that isolates a user from its neighbors is refused: so few could open nothing but its input', async () => {
        // Of the neighbors at 0, 1, 3 and 4, two are left; six of the others are enough for the threshold.
        const u2 = membersOf([0, 1, 2, 5, 6, 7, 8], SPARSE.ids.length);
        const dealt = sharesFor(moment, id).sealed.subarray(0, 2 * RECORD_BYTES);
        const error = await refused('ERR_SECAGG_THRESHOLD', () => ({ u2, sealed: dealt }));
        expect(error).to.deep.include({ have: 2, need: 3, round: 2, userIds: [id] });
      });
    }

    it('the masked inputs of all in U2 add up to their inputs and their own masks: pairwise masks cancel', async () => {
      const { session, users, server } = moment;
      const ring = ringOf(session.parameters.bits);
      const mask = 2 ** session.parameters.bits - 1;
      const words = (lanes: Uint8Array): number[] => [...new Uint32Array(lanes.slice().buffer)];
      const sum = new Array<number>(session.parameters.vecLen).fill(0);
      const unmasked = new Array<number>(session.parameters.vecLen).fill(0);
      for (const each of users.keys()) {
        const { vector } = (await maskingOf(moment, each)).out;
        const masks = [{ seed: selfMaskKey(users.get(each)!.selfMaskSeed, server.view2, each), sign: 1 as const }];
        const lanes = session.lanesOf(each);
        await applyMasks(ring, lanes, masks, new Pace());
        words(lanes).forEach((word, j) => (unmasked[j] = (unmasked[j]! + word) & mask));
        unpacked(vector, session.parameters).forEach((word, j) => (sum[j] = (sum[j]! + word) & mask));
      }
      expect(sum).to.deep.equal(unmasked);
    });
  });
}

/** The components of a bit-packed vector, least significant bit first. */
function unpacked(vector: Uint8Array, { vecLen, bits }: { readonly vecLen: number; readonly bits: number }): number[] {
  const stream = [...vector].flatMap((byte) => Array.from({ length: 8 }, (_, bit) => (byte >> bit) & 1));
  return Array.from({ length: vecLen }, (_, j) =>
    stream.slice(j * bits, (j + 1) * bits).reduce((word, bit, i) => word + bit * 2 ** i, 0),
  );
}
