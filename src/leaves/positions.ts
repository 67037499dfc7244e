// A user's place in a session's directory. Leaf: imports nothing.

declare const positionBrand: unique symbol;

/**
 * The index of a user's line in the directory of U1, from 0. A position is not an id: the types cannot be assigned to each
 * other.
 */
export type Position = number & { readonly [positionBrand]: true };

/** Whether a number may be a position in a directory of `users` lines. */
function isPosition(value: number, users: number): value is Position {
  return Number.isSafeInteger(value) && value >= 0 && value < users;
}

/** The position at an index that the caller has computed; a mistake there throws instead of naming another user. */
export function positionAt(index: number, users: number): Position {
  if (!isPosition(index, users)) throw new RangeError(`no position ${index} in a directory of ${users} users`);
  return index;
}

/** All positions of a directory, ascending. */
export function allPositions(users: number): Position[] {
  const all: Position[] = [];
  for (let index = 0; index < users; index++) all.push(positionAt(index, users));
  return all;
}
