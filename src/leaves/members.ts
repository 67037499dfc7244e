// Sets of users as bitmaps over positions in the session's directory, the users of U1 in ascending order of id. One type
// serves state, wire and digests: equal sets have equal bytes, and unknown, repeated or unsorted members cannot be
// written down. Position i is bit i mod 8 (least significant first) of byte i div 8; spare bits are 0. Leaf.

import { positionAt, type Position } from './positions.ts';

declare const membersBrand: unique symbol;

/** A subset of U1; ⌈|U1|/8⌉ bytes. Treated as immutable once made. */
export type Members = Uint8Array & { readonly [membersBrand]: true };

/** Bytes of a set over `users` positions. */
export function membersLength(users: number): number {
  return Math.ceil(users / 8);
}

/** Whether bytes are the one encoding of a set over `users` positions. */
export function isMembers(bytes: Uint8Array, users: number): bytes is Members {
  if (bytes.length !== membersLength(users)) return false;
  const spare = users % 8;
  return spare === 0 || (bytes[bytes.length - 1] ?? 0) >> spare === 0;
}

/** The set of some positions or indices. */
export function membersOf(indices: Iterable<number>, users: number): Members {
  const bytes = new Uint8Array(membersLength(users));
  for (const i of indices) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
  return bytes as Members;
}

export function hasMember(members: Members, index: number): boolean {
  return (((members[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

/** The positions of a set over the directory, ascending. */
export function positions(members: Members): Position[] {
  const most = members.length * 8;
  const out: Position[] = [];
  for (let i = 0; i < most; i++) if (hasMember(members, i)) out.push(positionAt(i, most));
  return out;
}

export function countMembers(members: Members): number {
  let count = 0;
  for (let byte of members) for (; byte !== 0; byte &= byte - 1) count++;
  return count;
}

export function isSubset(inner: Members, outer: Members): boolean {
  return inner.length === outer.length && inner.every((byte, i) => (byte & ~(outer[i] ?? 0)) === 0);
}
