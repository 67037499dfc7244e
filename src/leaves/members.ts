// Sets of users as bitmaps over positions in the session's directory, the users of U1 in ascending order of id. One type
// serves state, wire and digests: equal sets have equal bytes, and unknown, repeated or unsorted members cannot be
// written down. Position i is bit i mod 8 (least significant first) of byte i div 8; spare bits are 0. Leaf.

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

export function membersOf(positions: Iterable<number>, users: number): Members {
  const bytes = new Uint8Array(membersLength(users));
  for (const i of positions) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
  return bytes as Members;
}

export function hasMember(members: Members, position: number): boolean {
  return (((members[position >> 3] ?? 0) >> (position & 7)) & 1) === 1;
}

/** Positions in ascending order. */
export function positions(members: Members): number[] {
  const out: number[] = [];
  for (let i = 0; i < members.length * 8; i++) if (hasMember(members, i)) out.push(i);
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
