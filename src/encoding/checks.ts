// Checks of a planner's and an encoder's arguments: TypeError and RangeError that name the argument or the element.
import { checkInteger, checkObject, kindOf } from '../leaves/checks.ts';
import { MAX_USERS } from '../session/parameters.ts';

/** A positive number that neither overflows nor vanishes when it is multiplied and divided by others. */
export function magnitude(value: unknown, name: string, most: number = 2 ** 512): number {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected a number, got ${kindOf(value)}`);
  if (!(value >= 2 ** -400 && value <= most)) {
    throw new RangeError(`${name}: expected a number in (0, ${most}], got ${value}`);
  }
  return value;
}

export function users(value: unknown, name: string): number {
  return checkInteger(value, name, 1, MAX_USERS);
}

/** The context that the application gives a plan. */
export function context(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`session: expected a string, got ${kindOf(value)}`);
  return value;
}

/** Refuses an object whose names are not exactly these. */
export function exactNames(value: unknown, names: readonly string[], path: string): Readonly<Record<string, unknown>> {
  const object = checkObject(value, path);
  for (const name of Object.keys(object)) if (!names.includes(name)) throw new TypeError(`${path}.${name}: not in the plan`);
  for (const name of names) if (!Object.hasOwn(object, name)) throw new TypeError(`${path}.${name}: missing`);
  return object;
}
