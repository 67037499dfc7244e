// Checks of arguments that encodings share. They throw TypeError and RangeError that name the argument or the element.
import { checkInteger, checkNumber, checkObject, checkString, shownText } from '../leaves/checks.ts';
import { MAX_USERS } from '../session/parameters.ts';

/** A positive number that neither overflows nor vanishes when it is multiplied and divided by others. */
export function magnitude(value: unknown, name: string, most: number = 2 ** 512): number {
  return checkNumber(value, name, 2 ** -400, most);
}

export function users(value: unknown, name: string): number {
  return checkInteger(value, name, 1, MAX_USERS);
}

/** The application's context of a plan. */
export function context(value: unknown): string {
  return checkString(value, 'session');
}

/** What errors call a member of an object that the caller has named. */
export function memberName(path: string, name: string): string {
  return `${path}.${shownText(name)}`;
}

/** Checks that an object has exactly these names. */
export function exactNames(value: unknown, names: readonly string[], path: string): Readonly<Record<string, unknown>> {
  const object = checkObject(value, path);
  for (const name of Object.keys(object))
    if (!names.includes(name)) throw new TypeError(`${memberName(path, name)}: not in the plan`);
  for (const name of names) if (!Object.hasOwn(object, name)) throw new TypeError(`${memberName(path, name)}: missing`);
  return object;
}
