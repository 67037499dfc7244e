// What binds every byte to its session, round and users: the session tag, the digests of directory and views, and the inputs
// of signatures, commitments and key derivations. DEVIATION from [BIK+17], which assumes such contexts or leaves them out:
// without them, signatures, ciphertexts and shares of one session could be replayed in another, between other users or rounds.
//
// Each digest covers the one before: tag ← directory ← view of round 2 ← view of round 3. Whoever was shown another
// session, directory or U2 derives other keys, so that nothing opens and no masks cancel. From round 1 on every body of a
// user starts with the digest of what it was made for, so that a message that was made for something else, an earlier
// session with the same tag for instance, is refused when it arrives, before anybody can be blamed for what is in it.
import { beginsWith, concat, u32, u64, u64s } from '../leaves/bytes.ts';
import { deriveKey, digest, digestBeside, fingerprint } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import type { UserId } from '../leaves/ids.ts';
import type { Members } from '../leaves/members.ts';
import { PROTOCOL_VERSION, type Parameters } from './parameters.ts';
import { DIGEST_BYTES, SHARE_COMMITMENT_BYTES } from '../leaves/sizes.ts';
import { HashTree, rootFrom } from '../crypto/hash-tree.ts';
import type { AdvertisedKeys, Advertisement, Deal, Directory, DirectoryExcerpt } from './messages.ts';
import type { Round } from './notation.ts';

const NOTHING = new Uint8Array();

/** The digest of all that the parties agree on before round 0, 32 bytes. */
export function sessionTag(parameters: Parameters): Uint8Array {
  const { threshold, vecLen, bits, graph, session } = parameters;
  return digest(LABELS.sessionTag, [
    Uint8Array.of(PROTOCOL_VERSION),
    u32(threshold),
    u32(vecLen),
    Uint8Array.of(bits),
    graph === 'complete' ? Uint8Array.of(0) : concat([Uint8Array.of(1), u32(graph.neighbors), u32(graph.shareThreshold)]),
    u32(session.length),
    session,
  ]);
}

/**
 * The digest of U1 with the keys of round 0, by position. It does not cover the signatures, which say who vouches for a line
 * and not what the line says.
 *
 * It is computed over a hash tree, so that each user computes it itself, even on a sparse graph, on which a user sees only its
 * neighbors. Users with the same digest have the same users, keys and positions, and each has seen its own lines of them.
 */
export function digestOfDirectory(tag: Uint8Array, users: number, root: Uint8Array): Uint8Array {
  return digest(LABELS.directory, [tag, u32(users), root]);
}

export function directoryTree(directory: Directory): HashTree {
  return new HashTree(LABELS.directoryNode, directory.map(lineDigest));
}

/** The root of the directory's tree over an excerpt; null if the proof does not fit it. */
export function rootOfExcerpt({ users, first, lines, proof }: DirectoryExcerpt): Uint8Array | null {
  const known = new Map(lines.map((line, i) => [(first + i) % users, lineDigest(line)]));
  return rootFrom(LABELS.directoryNode, users, known, proof);
}

function lineDigest({ userId, channelKey, maskKey }: Advertisement): Uint8Array {
  return digest(LABELS.directoryLine, [u64(userId), channelKey, maskKey]);
}

/** The digest of the directory and U2. */
export function viewOfRound2(directoryDigest: Uint8Array, u2: Members): Uint8Array {
  return digest(LABELS.survivors2, [directoryDigest, u2]);
}

/** The digest of the directory, U2 and U3, which a user signs in round 3. */
export function viewOfRound3(view2: Uint8Array, u3: Members): Uint8Array {
  return digest(LABELS.survivors3, [view2, u3]);
}

/** The digest of the body of a user's own message of round 1. */
export function digestOfDeal(directoryDigest: Uint8Array, deal: Deal): Uint8Array {
  return digest(LABELS.deal, [directoryDigest, deal.seedCommitment, deal.ownShareCommitment ?? NOTHING, deal.sealed]);
}

/**
 * The digest of what a masked input was made for: the directory, U2, and the sender's own deal. A user that lost its state
 * after it had dealt, and dealt again, masks with a seed that nobody holds shares of. Its input is refused; otherwise the sum
 * would be noise.
 */
export function maskedInputView(view2: Uint8Array, dealDigest: Uint8Array): Uint8Array {
  return digest(LABELS.maskedInputView, [view2, dealDigest]);
}

/** Components in a piece of a masked input. A piece is whole bytes at any width. */
const PIECE_COMPONENTS: number = 1 << 18;

/**
 * The digest of a message's body that its signature is over: SHA-256 of the body; of a masked input, a digest of the list of its pieces,
 * so that a receiver who has the list can check each piece as it comes.
 */
export function digestOfBody({ bits }: Pick<Parameters, 'bits'>, round: Round, body: Uint8Array): Uint8Array {
  if (round !== 2) return fingerprint(body);
  return digestOfPieces(
    body,
    piecesOf(bits, body).map((piece, i) => digest(LABELS.piece, [u32(i), piece])),
  );
}

/** The same, without keeping the caller's thread for longer than a piece takes. @param pause is called after each piece. */
export async function digestOfBodyBeside(
  { bits }: Pick<Parameters, 'bits'>,
  round: Round,
  body: Uint8Array,
  pause: () => Promise<void>,
): Promise<Uint8Array> {
  if (round !== 2) return fingerprint(body);
  const digests: Uint8Array[] = [];
  for (const [i, piece] of piecesOf(bits, body).entries()) {
    digests.push(await digestBeside(LABELS.piece, [u32(i), piece]));
    await pause();
  }
  return digestOfPieces(body, digests);
}

/** The vector of a masked input, cut into pieces. */
function piecesOf(bits: number, body: Uint8Array): Uint8Array[] {
  const vector = body.subarray(DIGEST_BYTES);
  const length = (PIECE_COMPONENTS * bits) / 8;
  return Array.from({ length: Math.ceil(vector.length / length) }, (_, i) => vector.subarray(i * length, (i + 1) * length));
}

function digestOfPieces(body: Uint8Array, digests: readonly Uint8Array[]): Uint8Array {
  return digest(LABELS.pieces, [u64(body.length), body.subarray(0, DIGEST_BYTES), u32(digests.length), ...digests]);
}

/** What every signature is over: label, session tag, round, sender and the digest of the message's body. */
export function signedBytes(tag: Uint8Array, round: Round, sender: UserId, bodyDigest: Uint8Array): Uint8Array {
  return concat([LABELS.signature, tag, Uint8Array.of(round), u64(sender), bodyDigest]);
}

/** The body of a message of round 0, which peers rebuild from the directory to check its signature. */
export function advertisedBody(keys: AdvertisedKeys): Uint8Array {
  return concat([keys.channelKey, keys.maskKey]);
}

/** The key that `sender` seals with for `receiver`. Each direction has its own, so that nothing can be reflected. */
export function sealKey(agreed: Uint8Array, directoryDigest: Uint8Array, sender: UserId, receiver: UserId): Uint8Array {
  return deriveKey(agreed, directoryDigest, LABELS.sealKey, [sender, receiver]);
}

/**
 * Associated data of a sealed pair of shares. DEVIATION from [BIK+17] Fig. 4, round 1, whose plaintext is u ‖ v ‖ shares:
 * the ids are authenticated here and in the key, together with session and directory, and take no bytes on the wire.
 */
export function sealData(directoryDigest: Uint8Array, sender: UserId, receiver: UserId): Uint8Array {
  return concat([LABELS.sealData, directoryDigest, u64s([sender, receiver])]);
}

/** The seed of p_{u,v}, which is p_{v,u} with the other sign. */
export function pairwiseMaskSeed(agreed: Uint8Array, view2: Uint8Array, u: UserId, v: UserId): Uint8Array {
  return deriveKey(agreed, view2, LABELS.pairwiseMask, u < v ? [u, v] : [v, u]);
}

/** The seed of p_u. */
export function selfMaskKey(selfMaskSeed: Uint8Array, view2: Uint8Array, u: UserId): Uint8Array {
  return deriveKey(selfMaskSeed, view2, LABELS.selfMask, [u]);
}

/** Commitment to b_u, 32 bytes. b_u is uniform, so its digest tells nothing about it. */
export function commitToSeed(directoryDigest: Uint8Array, owner: UserId, selfMaskSeed: Uint8Array): Uint8Array {
  return digest(LABELS.selfMaskCommitment, [directoryDigest, u64(owner), selfMaskSeed]);
}

/**
 * Commitment to one share, 16 bytes. Every share by itself is uniform, so its digest tells nothing about it. Sixteen bytes bind all
 * but a dealer that spends 2^64 hashes on two shares with one commitment; what it wins is that its deal is inconsistent,
 * which reconstruction finds anyway (round 4).
 */
export function commitToShare(
  directoryDigest: Uint8Array,
  kind: 'self-mask' | 'pairwise-key',
  owner: UserId,
  holder: UserId,
  share: Uint8Array,
): Uint8Array {
  return digestOfShare(directoryDigest, kind, { owner, holder }, share).slice(0, SHARE_COMMITMENT_BYTES);
}

function digestOfShare(
  directoryDigest: Uint8Array,
  kind: 'self-mask' | 'pairwise-key',
  { owner, holder }: { readonly owner: UserId; readonly holder: UserId },
  share: Uint8Array,
): Uint8Array {
  const label = kind === 'self-mask' ? LABELS.selfMaskShare : LABELS.pairwiseKeyShare;
  return digest(label, [directoryDigest, u64s([owner, holder]), share]);
}

/** Whether a share is the one that its owner committed to. */
export function isShareOf(
  directoryDigest: Uint8Array,
  kind: 'self-mask' | 'pairwise-key',
  dealt: { readonly owner: UserId; readonly holder: UserId; readonly commitment: Uint8Array },
  share: Uint8Array,
): boolean {
  return (
    dealt.commitment.length === SHARE_COMMITMENT_BYTES &&
    beginsWith(digestOfShare(directoryDigest, kind, dealt, share), dealt.commitment)
  );
}
