// Round 4. Server → user: U4 and its signatures of round 3 (64 bytes each), ascending.
// User → server: body = view (32) ‖ a set over U2 of the owners whose deal is reported ‖ a share (32) for each other user of
// U2, ascending. Which of the two shares it is, U3 decides: nothing on the wire could say "both".
import { concat } from '../bytes.ts';
import { DecodeError } from '../errors.ts';
import { countMembers, hasMember, isMembers, membersLength, membersOf, positions, type Members } from '../members.ts';
import type { UnmaskShare } from '../protocol/notation.ts';
import { DIGEST_BYTES, SHARE_BYTES, SIGNATURE_BYTES } from '../sizes.ts';
import { Fields } from './fields.ts';
import type { Field } from './msgpack.ts';

export interface SignaturesMessage {
  readonly u4: Members;
  readonly signatures: readonly Uint8Array[];
}

export function signaturesBytes(users: number): number {
  return membersLength(users) + users * SIGNATURE_BYTES;
}

export function encodeSignatures({ u4, signatures }: SignaturesMessage): Field[] {
  return [u4, concat(signatures)];
}

export function decodeSignatures(content: readonly Field[], users: number): SignaturesMessage {
  const fields = new Fields('signatures', content, 2);
  const u4 = fields.members(0, 'U4', users);
  const count = countMembers(u4);
  const bytes = fields.bytes(1, 'signatures', count * SIGNATURE_BYTES);
  return { u4, signatures: Array.from({ length: count }, (_, i) => bytes.slice(i * SIGNATURE_BYTES, (i + 1) * SIGNATURE_BYTES)) };
}

export function unmaskBytes(users: number): number {
  return DIGEST_BYTES + membersLength(users) + users * SHARE_BYTES;
}

/** What is revealed, and the view that was signed. */
export interface UnmaskMessage {
  readonly view: Uint8Array;
  /** About each user of U2, ascending. */
  readonly answer: readonly UnmaskShare[];
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

/** @param sets U2 and U3, which say whom the answer is about and which shares it may hold. */
export function decodeUnmask(body: Uint8Array, sets: { readonly u2: Members; readonly u3: Members }): UnmaskMessage {
  const owners = positions(sets.u2);
  const head = DIGEST_BYTES + membersLength(owners.length);
  const reported = body.slice(DIGEST_BYTES, head);
  if (!isMembers(reported, owners.length)) throw new DecodeError(`unmasking: expected a set over ${String(owners.length)} users`);
  const expected = head + (owners.length - countMembers(reported)) * SHARE_BYTES;
  if (body.length !== expected) {
    throw new DecodeError(`unmasking: expected ${String(expected)} bytes, got ${String(body.length)}`);
  }
  let at = head;
  const answer = owners.map((owner, i): UnmaskShare => {
    if (hasMember(reported, i)) return { kind: 'reported' };
    const kind = hasMember(sets.u3, owner) ? 'self-mask' : 'pairwise-key';
    return { kind, share: body.slice(at, (at += SHARE_BYTES)) };
  });
  return { view: body.slice(0, DIGEST_BYTES), answer };
}
