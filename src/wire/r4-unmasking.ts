// Round 4. Server → user: which holders of its shares are in U4, and their signatures of round 3 (64 bytes each).
// User → server: body = view (32) ‖ a set over the owners, the users of U2 whose shares it holds, of those whose deal is
// reported ‖ a share (32) for each other owner. Which of the two shares it is, U3 decides: nothing on the wire could say "both".
import { concat } from '../leaves/bytes.ts';
import { DecodeError } from '../leaves/errors.ts';
import { countMembers, hasMember, isMembers, membersLength, membersOf, type Members } from '../leaves/members.ts';
import type { SignaturesMessage, UnmaskMessage, UnmaskShare } from '../session/messages.ts';
import type { Position } from '../leaves/positions.ts';
import { DIGEST_BYTES, SHARE_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { Fields } from './fields.ts';
import type { Field } from './msgpack.ts';

export function signaturesBytes(holders: number): number {
  return membersLength(holders) + holders * SIGNATURE_BYTES;
}

export function encodeSignatures({ signers, signatures }: SignaturesMessage): Field[] {
  return [signers, concat(signatures)];
}

/** @param holders of the receiver's shares: all of U1, or its neighbors on a sparse graph. */
export function decodeSignatures(content: readonly Field[], holders: number): SignaturesMessage {
  const fields = new Fields('signatures', content, 2);
  const signers = fields.members(0, 'U4', holders);
  const count = countMembers(signers);
  const bytes = fields.bytes(1, 'signatures', count * SIGNATURE_BYTES);
  const signatures = Array.from({ length: count }, (_, i) => bytes.slice(i * SIGNATURE_BYTES, (i + 1) * SIGNATURE_BYTES));
  return { signers, signatures };
}

/** @param owners that an answer is about, at most. */
export function unmaskBytes(owners: number): number {
  return DIGEST_BYTES + membersLength(owners) + owners * SHARE_BYTES;
}

export function encodeUnmask({ view, answer }: UnmaskMessage): Uint8Array {
  const reported: number[] = [];
  const shares: Uint8Array[] = [];
  answer.forEach((share, i) => {
    if (share.kind === 'reported') reported.push(i);
    else shares.push(share.share);
  });
  return concat([view, membersOf(reported, answer.length), ...shares]);
}

/** @param about whom the answer is about, and U3, which says which shares it may hold. */
export function decodeUnmask(
  body: Uint8Array,
  about: { readonly owners: readonly Position[]; readonly u3: Members },
): UnmaskMessage {
  const { owners, u3 } = about;
  const head = DIGEST_BYTES + membersLength(owners.length);
  const reported = body.slice(DIGEST_BYTES, head);
  if (!isMembers(reported, owners.length)) throw new DecodeError(`unmasking: expected a set over ${owners.length} users`);
  const expected = head + (owners.length - countMembers(reported)) * SHARE_BYTES;
  if (body.length !== expected) {
    throw new DecodeError(`unmasking: expected ${expected} bytes, got ${body.length}`);
  }
  let at = head;
  const answer = owners.map((owner, i): UnmaskShare => {
    if (hasMember(reported, i)) return { kind: 'reported' };
    const kind = hasMember(u3, owner) ? 'self-mask' : 'pairwise-key';
    return { kind, share: body.subarray(at, (at += SHARE_BYTES)) };
  });
  return { view: body.slice(0, DIGEST_BYTES), answer };
}
