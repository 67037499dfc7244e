// Round 1 of a user: what it checks of the directory, and what it deals.
import { expect } from 'chai';
import { agreementWith } from '../../src/crypto/agree.ts';
import { seal } from '../../src/crypto/seal.ts';
import type { SecAggError, SecAggErrorCode } from '../../src/index.ts';
import { concat } from '../../src/leaves/bytes.ts';
import { userId, type UserId } from '../../src/leaves/ids.ts';
import { neighborhoodsOf } from '../../src/graph/graph.ts';
import { advertisedBody, commitToSeed, commitToShare, digestOfDeal, sealData, sealKey } from '../../src/session/binding.ts';
import { joinSealed, type SealedShares } from '../../src/session/deals.ts';
import type { Advertisement, DirectoryExcerpt } from '../../src/session/messages.ts';
import { shareThresholdOf, type Policy } from '../../src/session/parameters.ts';
import { shareKeys } from '../../src/user/r1-share-keys.ts';
import { secretsOf } from '../../src/user/state.ts';
import { rejected } from '../support/errors.ts';
import { flip } from '../support/forge.ts';
import { withPlatform } from '../support/injected.ts';
import { expectSameArrays, leaving } from '../support/states.ts';
import {
  COMPLETE,
  excerptFor,
  idAt,
  momentAt,
  positionOf,
  recordedDependencies,
  seededRandom,
  SPARSE,
  type Moments,
} from '../support/steps.ts';

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

/** What a server shows a user, changed; the policy of the user; and who is lied to. */
interface Lie {
  readonly change?: (excerpt: DirectoryExcerpt, moment: Moments[1], id: UserId) => DirectoryExcerpt | Promise<DirectoryExcerpt>;
  readonly policy?: Partial<Policy>;
}

async function refusal(moment: Moments[1], position: number, code: SecAggErrorCode, lie: Lie): Promise<SecAggError> {
  const { session, users } = moment;
  const id = idAt(moment, position);
  const excerpt = excerptFor(moment, id);
  const context = { ...session.contextOf(id), policy: { ...session.policy, ...lie.policy } };
  const shown = (await lie.change?.(excerpt, moment, id)) ?? excerpt;
  const state = users.get(id)!;
  const { dependencies } = recordedDependencies(seededRandom('victim'));
  return leaving([context, state, shown], () => rejected(code, shareKeys(context, state, shown, dependencies)));
}

const withLine = (excerpt: DirectoryExcerpt, index: number, line: Partial<Advertisement>): DirectoryExcerpt => ({
  ...excerpt,
  lines: excerpt.lines.with(index, { ...excerpt.lines[index]!, ...line }),
});

/** The same line under a good signature of its user, so that nothing but the check in question can refuse it. */
async function signedAnew({ session }: Moments[1], line: Advertisement): Promise<Advertisement> {
  return { ...line, signature: await session.signed(0, line.userId, advertisedBody(line)) };
}

const SMALL_ORDER = new Uint8Array(32);
const NOT_CANONICAL = new Uint8Array(32).fill(255);

describe('round 1 of a user, lied to on the complete graph', () => {
  /** Position of the user that is lied to, and of another one. */
  const [OWN, OTHER] = [2, 0];
  let moment: Moments[1];
  before(async () => (moment = await momentAt(1, COMPLETE)));
  const refused = (code: SecAggErrorCode, lie: Lie | Lie['change']): Promise<SecAggError> =>
    refusal(moment, OWN, code, typeof lie === 'function' ? { change: lie } : (lie ?? {}));

  it('a server that shows fewer users than the threshold is refused', async () => {
    const error = await refused('ERR_SECAGG_THRESHOLD', (excerpt) => ({
      ...excerpt,
      users: 2,
      lines: excerpt.lines.slice(1, 3),
    }));
    expect(error).to.deep.include({ have: 2, need: 3, round: 1, userIds: [] });
  });

  it('a server that shows more users than the user accepts is refused', async () => {
    const error = await refused('ERR_SECAGG_TOO_MANY_USERS', { policy: { maxUsers: 3 } });
    expect(error).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that shows so many users that two halves could unmask two sums is refused', async () => {
    const error = await refused('ERR_SECAGG_POLICY', { policy: { colluders: 2 } });
    expect(error).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that lists a user twice is refused', async () => {
    const error = await refused('ERR_SECAGG_DUPLICATE_USER', (excerpt) => ({
      ...excerpt,
      lines: excerpt.lines.with(OTHER, excerpt.lines[1]!),
    }));
    expect(error).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that lists a user whom the application does not know is refused', async () => {
    const change: Lie['change'] = (excerpt) => withLine(excerpt, OTHER, { userId: userId(5, 'id') });
    expect(await refused('ERR_SECAGG_UNKNOWN_USER', change)).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that leaves the user itself out is refused', async () => {
    const change: Lie['change'] = (excerpt) => ({ ...excerpt, users: 3, lines: excerpt.lines.toSpliced(OWN, 1) });
    expect(await refused('ERR_SECAGG_OWN_KEYS', change)).to.deep.include({ round: 1, userIds: [] });
  });

  for (const key of ['channelKey', 'maskKey'] as const) {
    it(`a server that exchanges the user's own ${key} for one that it knows is refused`, async () => {
      const change: Lie['change'] = async (excerpt, now, own) => {
        const foreign = { ...excerpt.lines[OWN]!, userId: own, [key]: flip(excerpt.lines[OWN]![key], 3) };
        return withLine(excerpt, OWN, await signedAnew(now, foreign));
      };
      expect(await refused('ERR_SECAGG_OWN_KEYS', change)).to.deep.include({ round: 1, userIds: [] });
    });

    for (const [kind, bytes] of [
      ['a point of small order, with which everybody agrees on the same', SMALL_ORDER],
      ['a second spelling of a key', NOT_CANONICAL],
    ] as const) {
      it(`a server that shows ${kind} as a ${key} is refused`, async () => {
        const change: Lie['change'] = async (excerpt, now) =>
          withLine(excerpt, OTHER, await signedAnew(now, { ...excerpt.lines[OTHER]!, [key]: bytes }));
        expect(await refused('ERR_SECAGG_KEYS', change)).to.deep.include({ round: 1, userIds: [] });
      });
    }
  }

  it('a server that shows one user’s mask key as that of another one too is refused', async () => {
    const change: Lie['change'] = async (excerpt, now) =>
      withLine(excerpt, OTHER, await signedAnew(now, { ...excerpt.lines[OTHER]!, maskKey: excerpt.lines[1]!.maskKey }));
    expect(await refused('ERR_SECAGG_KEYS', change)).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that shows a channel key as the mask key of the same user is refused: a revealed one would open its shares', async () => {
    const change: Lie['change'] = async (excerpt, now) =>
      withLine(excerpt, OTHER, await signedAnew(now, { ...excerpt.lines[OTHER]!, maskKey: excerpt.lines[OTHER]!.channelKey }));
    expect(await refused('ERR_SECAGG_KEYS', change)).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that changes the signature of any user is refused, that of the user itself too', async () => {
    for (const index of COMPLETE.ids.keys()) {
      const change: Lie['change'] = (excerpt) =>
        withLine(excerpt, index, { signature: flip(excerpt.lines[index]!.signature, 40) });
      expect(await refused('ERR_SECAGG_SIGNATURE', change)).to.deep.include({ round: 1, userIds: [] });
    }
  });

  it('a server that stands in the middle, with keys of its own under a user’s old signature, is refused', async () => {
    const change: Lie['change'] = (excerpt) => withLine(excerpt, OTHER, { maskKey: flip(excerpt.lines[OTHER]!.maskKey, 3) });
    expect(await refused('ERR_SECAGG_SIGNATURE', change)).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that passes on a signature of another session is refused', async () => {
    const elsewhere = await momentAt(1, COMPLETE, { seed: 'session elsewhere' });
    const change: Lie['change'] = async (excerpt) => {
      const signature = await elsewhere.session.signed(0, excerpt.lines[OTHER]!.userId, advertisedBody(excerpt.lines[OTHER]!));
      return withLine(excerpt, OTHER, { signature });
    };
    expect(await refused('ERR_SECAGG_SIGNATURE', change)).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that adds a proof to a whole directory is refused', async () => {
    const change: Lie['change'] = (excerpt) => ({ ...excerpt, proof: [new Uint8Array(32)] });
    expect(await refused('ERR_SECAGG_DIRECTORY', change)).to.deep.include({ round: 1, userIds: [] });
  });

  it('a peer with whom the agreement gives nothing but zeros is refused, whatever its key looks like', async () => {
    const zeros = { publicKey: new Uint8Array(32), agree: () => new Uint8Array(32) };
    const error = await withPlatform({ x25519: () => zeros }, () => refused('ERR_SECAGG_KEYS', {}));
    expect(error).to.deep.include({ round: 1, userIds: [] });
  });
});

describe('round 1 of a user, lied to on a sparse graph', () => {
  /** Index of the user's own line among those that it is shown. */
  const OWN = 2;
  let moment: Moments[1];
  before(async () => (moment = await momentAt(1, SPARSE)));
  const refused = (code: SecAggErrorCode, lie: Lie): Promise<SecAggError> => refusal(moment, 4, code, lie);

  it('a server that claims fewer users than the threshold is refused', async () => {
    const error = await refused('ERR_SECAGG_THRESHOLD', { change: (excerpt) => ({ ...excerpt, users: 5 }) });
    expect(error).to.deep.include({ have: 5, need: 6, round: 1, userIds: [] });
  });

  it('a server that claims more users than the user accepts is refused', async () => {
    const error = await refused('ERR_SECAGG_TOO_MANY_USERS', { change: (excerpt) => ({ ...excerpt, users: 10 }) });
    expect(error).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that puts one neighbor in two places is refused: one colluder would hold two shares', async () => {
    const change: Lie['change'] = (excerpt) => ({ ...excerpt, lines: excerpt.lines.with(0, excerpt.lines[1]!) });
    expect(await refused('ERR_SECAGG_DUPLICATE_USER', { change })).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that shows more neighbors on one side than on the other is refused', async () => {
    const change: Lie['change'] = ({ lines, ...excerpt }) => ({
      ...excerpt,
      lines: [lines[1]!, lines[OWN]!, lines[0]!, lines[3]!, lines[4]!],
    });
    expect(await refused('ERR_SECAGG_DIRECTORY', { change })).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server whose proof has a digest more, or one less, is refused', async () => {
    for (const other of [
      (proof: DirectoryExcerpt['proof']) => [...proof, new Uint8Array(32)],
      (proof: DirectoryExcerpt['proof']) => proof.slice(1),
    ]) {
      const change: Lie['change'] = (excerpt) => ({ ...excerpt, proof: other(excerpt.proof) });
      expect(await refused('ERR_SECAGG_DIRECTORY', { change })).to.deep.include({ round: 1, userIds: [] });
    }
  });

  it('a server that changes the signature of a neighbor is refused', async () => {
    const change: Lie['change'] = (excerpt) => withLine(excerpt, 4, { signature: flip(excerpt.lines[4]!.signature, 40) });
    expect(await refused('ERR_SECAGG_SIGNATURE', { change })).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that shows another place on the graph gets a deal for a directory that nobody else has', async () => {
    const { session, users, server } = moment;
    const id = idAt(moment, 4);
    const excerpt = excerptFor(moment, id);
    const { dependencies } = recordedDependencies(seededRandom('victim'));
    const context = session.contextOf(id);
    const { out } = await shareKeys(context, users.get(id)!, excerpt, dependencies);
    expect(out.directoryDigest).to.deep.equal(server.directoryDigest);
    const proof = excerpt.proof.with(0, flip(excerpt.proof[0]!, 0));
    const lied = await shareKeys(context, users.get(id)!, { ...excerpt, proof }, dependencies);
    expect(lied.out.directoryDigest).not.to.deep.equal(server.directoryDigest);
  });
});
