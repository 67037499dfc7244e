// Checks of a planner's and an encoder's arguments: TypeError and RangeError that name the argument or the element.
import { MAX_USERS } from '../parameters.ts';

/** How a value of the wrong kind is called in an error. */
export function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
}

export function integer(value: unknown, name: string, least: number, most: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected a number, got ${kindOf(value)}`);
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${name}: expected an integer in [${String(least)}, ${String(most)}], got ${String(value)}`);
  }
  return value;
}

/** A positive number that neither overflows nor vanishes when it is multiplied and divided by others. */
export function magnitude(value: unknown, name: string, most: number = 2 ** 512): number {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected a number, got ${kindOf(value)}`);
  if (!(value >= 2 ** -400 && value <= most)) {
    throw new RangeError(`${name}: expected a number in (0, ${String(most)}], got ${String(value)}`);
  }
  return value;
}

export function users(value: unknown, name: string): number {
  return integer(value, name, 1, MAX_USERS);
}

/** The context that the application gives a plan. */
export function context(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`session: expected a string, got ${kindOf(value)}`);
  return value;
}

/** An object with names, which is not an array. */
export function record(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${name}: expected an object, got ${kindOf(value)}`);
  }
  return value as Readonly<Record<string, unknown>>;
}

/** Refuses misspelt names, with which a default would silently take the place of what the caller meant. */
export function knownNames(plan: unknown, known: readonly string[]): void {
  for (const name of Object.keys(record(plan, 'plan'))) {
    if (!known.includes(name)) throw new TypeError(`plan: unknown name '${name}'`);
  }
}

/** Refuses an object whose names are not exactly these. */
export function exactNames(value: unknown, names: readonly string[], path: string): Readonly<Record<string, unknown>> {
  const object = record(value, path);
  for (const name of Object.keys(object)) if (!names.includes(name)) throw new TypeError(`${path}.${name}: not in the plan`);
  for (const name of names) if (!Object.hasOwn(object, name)) throw new TypeError(`${path}.${name}: missing`);
  return object;
}
