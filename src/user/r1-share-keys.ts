// [BIK+17] Fig. 4, round 1 (ShareKeys), user: check the directory, then share s_u^SK and b_u among the group, each
// share sealed for its holder.
import { fingerprint } from '../crypto/digest.ts';
import { agreementWith, isPublicKey } from '../crypto/agree.ts';
import { seal } from '../crypto/seal.ts';
import { firstForged } from '../crypto/sign.ts';
import { concat, equalBytes, hex, secretBytes, wipe, wipedOnError } from '../leaves/bytes.ts';
import { AuthenticationError, ProtocolError } from '../leaves/errors.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import { largestDirectory } from '../graph/policy.ts';
import { at } from '../leaves/lists.ts';
import { positionAt, type Position } from '../leaves/positions.ts';
import { Pace } from '../masking/pace.ts';
import { shareThresholdOf } from '../session/parameters.ts';
import { KEY_BYTES, SHARE_BYTES } from '../leaves/sizes.ts';
import {
  advertisedBody,
  commitToSeed,
  commitToShare,
  digestOfDeal,
  digestOfDirectory,
  rootOfExcerpt,
  sealData,
  sealKey,
  signedBytes,
} from '../session/binding.ts';
import { joinSealed } from '../session/deals.ts';
import type { Advertisement, Deal, Directory, DirectoryExcerpt, ShareKeysMessage } from '../session/messages.ts';
import { requireAtLeast } from './attendance.ts';
import type { Dependencies, Step } from './step.ts';
import type { AwaitingDirectory, AwaitingSealedShares, Peer, UserContext } from './state.ts';

const round = 1;

export async function shareKeys(
  context: UserContext,
  state: AwaitingDirectory,
  excerpt: DirectoryExcerpt,
  dependencies: Dependencies,
): Promise<Step<ShareKeysMessage, AwaitingSealedShares>> {
  const { users, first, lines } = excerpt;
  checkDirectorySize(context, users);
  checkKeys(context, state, lines);
  const own = ownLine(context, lines);
  await checkSignatures(context, lines);
  const root = rootOfExcerpt(excerpt);
  if (root === null)
    throw new ProtocolError('ERR_SECAGG_DIRECTORY', 'directory: its proof is not one for these lines', { round });

  const directoryDigest = digestOfDirectory(context.tag, users, root);
  const position = positionAt((first + own) % users, users);
  const others = lines.filter((line) => line.userId !== context.userId);
  const place = { users, position, directoryDigest, others };
  return wipedOnError((note) => dealt(context, state, place, { ...dependencies, note }));
}

/** Where a user is in a directory that it has checked, and the lines of its neighbors. */
interface Place {
  readonly users: number;
  readonly position: Position;
  readonly directoryDigest: Uint8Array;
  readonly others: Directory;
}

async function dealt(
  { userId, parameters }: UserContext,
  state: AwaitingDirectory,
  { users, position, directoryDigest, others }: Place,
  { random, split, signal, note }: Dependencies & { readonly note: (...secrets: Uint8Array[]) => void },
): Promise<Step<ShareKeysMessage, AwaitingSealedShares>> {
  const graph = neighborhoodsOf(parameters.graph, users);
  // [BIK+17] Fig. 4, round 1: sample b_u; share s_u^SK and b_u among U1, on a sparse graph among the neighbors
  const selfMaskSeed = random(KEY_BYTES);
  note(selfMaskSeed);
  const threshold = shareThresholdOf(parameters);
  const pace = new Pace(signal);
  const keyShares = await split(state.maskSecretKey, graph.groupSize, threshold, random);
  note(...keyShares);
  await pace.maybePause();
  const seedShares = await split(selfMaskSeed, graph.groupSize, threshold, random);
  note(...seedShares);
  await pace.maybePause();

  // [BIK+17] Fig. 4, round 1: e_{u,v} ← AE.enc(KA.agree(c_u^SK, c_v^PK), u ‖ v ‖ s^SK_{u,v} ‖ b_{u,v})
  const agree = agreementWith(state.channelSecretKey);
  const peers: Peer[] = [];
  const sealed: Uint8Array[] = [];
  for (const [i, neighbor] of graph.neighbors(position).entries()) {
    const peer = at(others, i);
    const agreed = await agree(peer.channelKey);
    if (agreed === null) throw badKey(peer);
    const holder = graph.holderIndex(position, neighbor);
    const selfMask = at(seedShares, holder);
    const pairwiseKey = at(keyShares, holder);
    const key = sealKey(agreed, directoryDigest, userId, peer.userId);
    const plaintext = secretBytes(2 * SHARE_BYTES);
    plaintext.set(pairwiseKey);
    plaintext.set(selfMask, SHARE_BYTES);
    const ciphertext = seal(key, sealData(directoryDigest, userId, peer.userId), plaintext, random);
    // DEVIATION from [BIK+17]: commitments to b_u and to each share, so that the server can tell who lies in round 4.
    const commitments = {
      selfMask: commitToShare(directoryDigest, 'self-mask', userId, peer.userId, selfMask),
      pairwiseKey: commitToShare(directoryDigest, 'pairwise-key', userId, peer.userId, pairwiseKey),
    };
    sealed.push(joinSealed({ ciphertext, commitments }));
    const openingKey = sealKey(agreed, directoryDigest, peer.userId, userId);
    note(openingKey);
    peers.push({ userId: peer.userId, maskKey: peer.maskKey, openingKey });
    wipe([agreed, key, plaintext]);
    await pace.maybePause();
  }

  const ownShare = graph.holders(position).includes(position) ? at(seedShares, graph.holderIndex(position, position)) : null;
  const deal: Deal = {
    seedCommitment: commitToSeed(directoryDigest, userId, selfMaskSeed),
    ownShareCommitment: ownShare === null ? null : commitToShare(directoryDigest, 'self-mask', userId, userId, ownShare),
    sealed: concat(sealed),
  };
  return {
    state: {
      phase: 'masked-input',
      signSecretKey: state.signSecretKey,
      users,
      position,
      directoryDigest,
      peers,
      maskSecretKey: state.maskSecretKey,
      selfMaskSeed,
      ownShare,
      dealDigest: digestOfDeal(directoryDigest, deal),
    },
    out: { directoryDigest, deal },
    // All agreements under c_u have been made, for both directions: the c key is not needed again.
    spent: [state.channelSecretKey, ...keyShares, ...seedShares.filter((share) => share !== ownShare)],
  };
}

/** The index of this user's own line: on a sparse graph in the middle, its neighbors on both sides. */
function ownLine({ userId, parameters: { graph } }: UserContext, lines: Directory): number {
  const own = lines.findIndex((line) => line.userId === userId);
  // The codec has checked how many lines there are.
  if (graph !== 'complete' && own !== graph.neighbors / 2) {
    const message = 'directory: expected as many neighbors of this user on one side as on the other';
    throw new ProtocolError('ERR_SECAGG_DIRECTORY', message, { round });
  }
  return own;
}

/** |U1| ≥ t, |U1| ≤ maxUsers, and the policy's floor on t. */
function checkDirectorySize({ parameters, policy }: UserContext, users: number): void {
  const { threshold } = parameters;
  requireAtLeast(threshold, users, { round, of: 'directory', what: 'users' });
  if (users > policy.maxUsers) {
    const message = `directory: expected at most ${policy.maxUsers} users, got ${users}`;
    throw new ProtocolError('ERR_SECAGG_TOO_MANY_USERS', message, { round });
  }
  const largest = largestDirectory(parameters, policy);
  if (users > largest) {
    // Unless 2t > n + c, the server could show two halves of the users two different sets of survivors.
    const message = `directory: a threshold of ${threshold} bears at most ${largest} users against a ${policy.adversary} server with ${policy.colluders} colluders, got ${users}`;
    throw new ProtocolError('ERR_SECAGG_POLICY', message, { round });
  }
}

/** Distinct ids that the application knows; own keys there and unchanged; all keys usable and distinct. */
function checkKeys({ userId, publicKeys }: UserContext, { advertised }: AwaitingDirectory, directory: Directory): void {
  if (new Set(directory.map((line) => line.userId)).size !== directory.length) {
    throw new ProtocolError('ERR_SECAGG_DUPLICATE_USER', 'directory: expected every user once', { round });
  }
  const stranger = directory.find((line) => !publicKeys.has(line.userId));
  if (stranger !== undefined) {
    const message = `directory: user ${stranger.userId} is not registered`;
    throw new ProtocolError('ERR_SECAGG_UNKNOWN_USER', message, { round });
  }
  const own = directory.find((line) => line.userId === userId);
  const unchanged =
    own !== undefined && equalBytes(own.channelKey, advertised.channelKey) && equalBytes(own.maskKey, advertised.maskKey);
  if (!unchanged) {
    throw new ProtocolError('ERR_SECAGG_OWN_KEYS', "directory: this user's own keys are missing or changed", { round });
  }
  // [BIK+17] Fig. 4, round 1: assert that all public key pairs are different; here every single key is.
  const seen = new Set<string>();
  for (const line of directory) {
    for (const key of [line.channelKey, line.maskKey]) {
      if (!isPublicKey(key)) throw badKey(line);
      seen.add(hex(key));
    }
  }
  if (seen.size !== 2 * directory.length) {
    throw new ProtocolError('ERR_SECAGG_KEYS', 'directory: expected distinct keys, got one key twice', { round });
  }
}

function badKey({ userId }: Advertisement): ProtocolError {
  const message = `directory: a key of user ${userId} is not a canonical X25519 key of large order`;
  return new ProtocolError('ERR_SECAGG_KEYS', message, { round });
}

/** [BIK+17] Fig. 4, round 1: SIG.ver(d_v^PK, c_v^PK ‖ s_v^PK, σ_v) = 1 for all v in U1. */
async function checkSignatures({ tag, publicKeys }: UserContext, directory: Directory): Promise<void> {
  const forgedAt = await firstForged(directory.length, (i) => {
    const line = at(directory, i);
    const message = signedBytes(tag, 0, line.userId, fingerprint(advertisedBody(line)));
    return { publicKey: publicKeys.get(line.userId), message, signature: line.signature };
  });
  const forged = directory[forgedAt];
  if (forged === undefined) return;
  throw new AuthenticationError(`directory: the signature of user ${forged.userId} does not verify`, { round });
}
