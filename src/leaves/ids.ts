// The one identifier that people choose: a user's id. Leaf.
import { kindOf } from './checks.ts';

declare const userIdBrand: unique symbol;

/** An integer in [0, 2^53), checked. Ids need not be dense. */
export type UserId = number & { readonly [userIdBrand]: true };

/** Whether a decoded number may be a user id. */
export function isUserId(value: unknown): value is UserId {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
}

/** Checks a programmer's argument: TypeError or RangeError that names it. */
export function userId(value: unknown, name: string): UserId {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected a number, got ${kindOf(value)}`);
  // -0 is a caller's arithmetic slip for 0, and would be a second spelling of the same id as a map key or in JSON.
  const id = value === 0 ? 0 : value;
  if (!isUserId(id)) throw new RangeError(`${name}: expected an integer in [0, 2^53), got ${value}`);
  return id;
}
