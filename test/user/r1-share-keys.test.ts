// Round 1 of a user: what it deals. What it refuses is in r1-share-keys-lies.test.ts.
import { platform } from '#platform';
import { expect } from 'chai';
import { agreementWith, type PeerKey } from '../../src/crypto/agree.ts';
import { seal } from '../../src/crypto/seal.ts';
import { concat } from '../../src/leaves/bytes.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { neighborhoodsOf } from '../../src/graph/graph.ts';
import { commitToSeed, commitToShare, digestOfDeal, sealData, sealKey } from '../../src/session/binding.ts';
import { joinSealed, type SealedShares } from '../../src/session/deals.ts';
import { shareThresholdOf } from '../../src/session/parameters.ts';
import { shareKeys } from '../../src/user/r1-share-keys.ts';
import { secretsOf } from '../../src/user/state.ts';
import { rejected } from '../support/errors.ts';
import { withPlatform } from '../support/injected.ts';
import { expectSameArrays, leaving } from '../support/states.ts';
import { COMPLETE, recordedDependencies, seededRandom, SPARSE } from '../support/step-session.ts';
import { excerptFor, idAt, momentAt, positionOf, type Moments } from '../support/steps.ts';

/** One record as the holder at the other end of the channel computes it, from its own secret key and the dealer's public one. */
async function recordFor(
  { users, server }: Moments[1],
  { dealer, holder }: { readonly dealer: UserId; readonly holder: UserId },
  dealt: { readonly selfMask: Uint8Array; readonly pairwiseKey: Uint8Array; readonly nonce: Uint8Array },
): Promise<Uint8Array> {
  const { directoryDigest } = server;
  const agreed = await agreementWith(users.get(holder)!.channelSecretKey)(users.get(dealer)!.advertised.channelKey);
  const { selfMask, pairwiseKey, nonce } = dealt;
  const record: SealedShares = {
    ciphertext: seal(
      sealKey(agreed!, directoryDigest, dealer, holder),
      sealData(directoryDigest, dealer, holder),
      concat([pairwiseKey, selfMask]),
      () => nonce,
    ),
    commitments: {
      selfMask: commitToShare(directoryDigest, 'self-mask', dealer, holder, selfMask),
      pairwiseKey: commitToShare(directoryDigest, 'pairwise-key', dealer, holder, pairwiseKey),
    },
  };
  return joinSealed(record);
}

/** The arrays of so many bytes that two or more of some secrets are copied into. */
async function joinedFrom(
  length: number,
  secrets: () => readonly ArrayLike<number>[],
  run: () => unknown,
): Promise<Uint8Array[]> {
  const copied = new Map<Uint8Array, number>();
  const native = Uint8Array.prototype;
  const set: (source: ArrayLike<number>, offset?: number) => void = Reflect.get(native, 'set');
  native.set = function (source, offset): void {
    if (secrets().includes(source)) copied.set(this, 1 + (copied.get(this) ?? 0));
    set.call(this, source, offset);
  };
  try {
    await run();
  } finally {
    Reflect.deleteProperty(native, 'set');
  }
  return [...copied.keys()].filter((target) => target.length === length && copied.get(target)! > 1);
}

for (const [name, setup] of [
  ['the complete graph', COMPLETE],
  ['a sparse graph', SPARSE],
] as const) {
  describe(`round 1 of a user on ${name}`, () => {
    let moment: Moments[1];
    let id: UserId;
    before(async () => {
      moment = await momentAt(1, setup);
      id = idAt(moment, 2);
    });
    const dealing = (
      dependencies = recordedDependencies(seededRandom('dealer')).dependencies,
      excerpt = excerptFor(moment, id),
    ): ReturnType<typeof shareKeys> => shareKeys(moment.session.contextOf(id), moment.users.get(id)!, excerpt, dependencies);

    it('a user deals to each neighbor its two shares, sealed for it, beside commitments to them', async () => {
      const { session, users, server } = moment;
      const { dependencies, drawn, shared } = recordedDependencies(seededRandom('dealer'));
      const excerpt = excerptFor(moment, id);
      const state = users.get(id)!;
      const { out } = await leaving([session.contextOf(id), state, excerpt], () => dealing(dependencies, excerpt));

      const graph = neighborhoodsOf(session.parameters.graph, server.directory.size);
      const position = positionOf(moment, id);
      const [selfMaskSeed, ...nonces] = drawn as [Uint8Array, ...Uint8Array[]];
      const [keys, seeds] = shared as [(typeof shared)[0], (typeof shared)[0]];
      expect(drawn.map(({ length }) => length)).to.deep.equal([32, ...new Array<number>(graph.degree).fill(24)]);
      expect([keys.secret, seeds.secret]).to.deep.equal([state.maskSecretKey, selfMaskSeed]);
      for (const { shares, threshold } of shared) {
        expect([shares.length, threshold]).to.deep.equal([graph.groupSize, shareThresholdOf(session.parameters)]);
      }
      const records = graph.neighbors(position).map((neighbor, i) => {
        const holder = graph.holderIndex(position, neighbor);
        const dealt = { selfMask: seeds.shares[holder]!, pairwiseKey: keys.shares[holder]!, nonce: nonces[i]! };
        return recordFor(moment, { dealer: id, holder: server.directory.userIdAt(neighbor) }, dealt);
      });
      const { directoryDigest } = server;
      const own = setup === COMPLETE ? commitToShare(directoryDigest, 'self-mask', id, id, seeds.shares[position]!) : null;
      expect(out).to.deep.equal({
        directoryDigest,
        deal: {
          seedCommitment: commitToSeed(directoryDigest, id, selfMaskSeed),
          ownShareCommitment: own,
          sealed: concat(await Promise.all(records)),
        },
      });
    });

    it('a user that has dealt keeps what masking and opening take, and hands over all other secrets to be wiped', async () => {
      const { session, users, server } = moment;
      const { dependencies, drawn, shared } = recordedDependencies(seededRandom('dealer'));
      const before = users.get(id)!;
      const { state, out, spent } = await dealing(dependencies);
      const position = positionOf(moment, id);
      const graph = neighborhoodsOf(session.parameters.graph, server.directory.size);
      const [keyShares, seedShares] = shared.map(({ shares }) => shares) as [Uint8Array[], Uint8Array[]];
      const ownShare = setup === COMPLETE ? seedShares[position]! : null;
      const peers = graph.neighbors(position).map(async (neighbor) => {
        const line = server.directory.line(neighbor);
        const agreed = await agreementWith(users.get(line.userId)!.channelSecretKey)(before.advertised.channelKey);
        const openingKey = sealKey(agreed!, server.directoryDigest, line.userId, id);
        return { userId: line.userId, maskKey: line.maskKey, openingKey };
      });
      expect(state).to.deep.equal({
        phase: 'masked-input',
        signSecretKey: before.signSecretKey,
        users: setup.ids.length,
        position,
        directoryDigest: server.directoryDigest,
        peers: await Promise.all(peers),
        maskSecretKey: before.maskSecretKey,
        selfMaskSeed: drawn[0],
        ownShare,
        dealDigest: digestOfDeal(server.directoryDigest, out.deal),
      });
      expectSameArrays(spent, [before.channelSecretKey, ...keyShares, ...seedShares.filter((share) => share !== ownShare)]);
      expect(secretsOf(state).some((secret) => spent.includes(secret))).to.equal(false);
    });

    it('a user that cannot deal to its last neighbor overwrites what it has drawn, dealt, agreed and derived for the others', async () => {
      const { dependencies, drawn, shared } = recordedDependencies(seededRandom('dealer'));
      const engine = { ...platform };
      const agreements: Uint8Array[] = [];
      const derived: Uint8Array[] = [];
      const failing: Partial<typeof platform> = {
        x25519: (secretKey) => {
          const key = engine.x25519(secretKey);
          let left = excerptFor(moment, id).lines.length - 1;
          const agree = async (peer: PeerKey): Promise<Uint8Array> => {
            const agreed = await key.agree(peer);
            agreements.push(agreed);
            return agreed;
          };
          return { ...key, agree: (peer) => (--left === 0 ? new Uint8Array(32) : agree(peer)) };
        },
        hkdfSha256: (...given) => {
          const key = engine.hkdfSha256(...given);
          derived.push(key);
          return key;
        },
      };
      const before = secretsOf(moment.users.get(id)!).map((secret) => [...secret]);
      const plaintexts = await joinedFrom(
        64,
        () => shared.flatMap(({ shares }) => shares),
        () => withPlatform(failing, () => rejected('ERR_SECAGG_KEYS', dealing(dependencies))),
      );
      const [selfMaskSeed] = drawn;
      const secrets = [selfMaskSeed!, ...shared.flatMap(({ shares }) => shares), ...agreements, ...derived, ...plaintexts];
      const others = excerptFor(moment, id).lines.length - 2;
      expect([shared.length, agreements.length, derived.length]).to.deep.equal([2, others, 2 * others]);
      expect(plaintexts.length).to.equal(others);
      for (const secret of secrets) expect(secret.every((byte) => byte === 0)).to.equal(true);
      expect(secretsOf(moment.users.get(id)!).map((secret) => [...secret])).to.deep.equal(before);
    });

    it('a user that deals again with the same draws deals the same, and with others it does not', async () => {
      const { dependencies, shared } = recordedDependencies(seededRandom('dealer'));
      const one = await dealing(dependencies);
      const again = [...shared];
      const replayed = { random: seededRandom('dealer'), split: () => Promise.resolve(again.shift()!.shares) };
      expect(await dealing(replayed)).to.deep.equal(one);
      const other = await dealing({ ...dependencies, random: seededRandom('another') });
      expect(other.out.deal.seedCommitment).not.to.deep.equal(one.out.deal.seedCommitment);
    });
  });
}
