// Reads plain JSON of options strictly: what is read has exactly the known fields, in one order, each of its type, or is a StateError that
// names the place.
import { shownText } from '../leaves/checks.ts';
import { require } from '../session/codec.ts';

/** Reads one value. @param path of the value, for errors. @throws StateError. */
export type Reader<T> = (json: unknown, path: string) => T;

type OptionalNames<T> = { [Name in keyof T]-?: object extends Pick<T, Name> ? Name : never }[keyof T];
type RequiredNames<T> = Exclude<keyof T, OptionalNames<T>>;

/** One reader for each field that must be there. */
export type Required<T> = { readonly [Name in RequiredNames<T>]: Reader<T[Name]> };
/** One reader for each field that may be missing. */
export type Optional<T> = { readonly [Name in OptionalNames<T>]-?: Reader<Exclude<T[Name], undefined>> };

/** An object with the required fields, any of the optional ones, and no other. */
export function fields<T>(required: Required<T>, optional: Optional<T>): Reader<T> {
  const needed = Object.entries<Reader<unknown>>(required);
  const readers = [...needed, ...Object.entries<Reader<unknown>>(optional)];
  const names = readers.map(([name]) => name);
  return (json, path) => {
    const source = object(json, path);
    const other = Object.keys(source).find((name) => !names.includes(name));
    require(other === undefined, path, `no field ${shownText(other ?? '')}, but only ${names.join(', ')}`);
    for (const [name] of needed) require(Object.hasOwn(source, name), `${path}.${name}`, 'a value');
    const given = readers.filter(([name]) => Object.hasOwn(source, name));
    return Object.fromEntries(given.map(([name, read]) => [name, read(source[name], `${path}.${name}`)])) as T;
  };
}

/** An object with at least one field, whose names are the application's own. */
export function members<T>(read: Reader<T>): Reader<Record<string, T>> {
  return (json, path) => {
    const entries = Object.entries(object(json, path));
    require(entries.length > 0, path, 'at least one name');
    // Half of a surrogate pair has no bytes to make a digest of.
    for (const [name] of entries) require(!/\p{Cs}/u.test(name), path, 'names that are well-formed text');
    return Object.fromEntries(entries.map(([name, value]) => [name, read(value, `${path}.${shownText(name)}`)]));
  };
}

export function object(json: unknown, path: string): Readonly<Record<string, unknown>> {
  require(typeof json === 'object' && json !== null && !Array.isArray(json), path, 'an object');
  const prototype: unknown = Object.getPrototypeOf(json);
  // Objects of another realm, too: only Object.prototype has no prototype itself.
  require(prototype === null || Object.getPrototypeOf(prototype) === null, path, 'a plain object');
  return json as Readonly<Record<string, unknown>>;
}

export function list<T>(read: Reader<T>): Reader<T[]> {
  return (json, path) => {
    require(Array.isArray(json), path, 'a list');
    return Array.from(json, (element: unknown, i) => read(element, `${path}[${i}]`));
  };
}

/** A finite number. Its range is checked when a plan is made of it. */
export const number: Reader<number> = (json, path) => {
  require(typeof json === 'number' && Number.isFinite(json), path, 'a number');
  return json + 0; // −0 has the bytes of 0
};

export const integer: Reader<number> = (json, path) => {
  const value = number(json, path);
  require(Number.isSafeInteger(value), path, 'an integer');
  return value;
};

export const flag: Reader<boolean> = (json, path) => {
  require(typeof json === 'boolean', path, 'true or false');
  return json;
};

export const text: Reader<string> = (json, path) => {
  require(typeof json === 'string' && !/\p{Cs}/u.test(json), path, 'a text');
  return json;
};

export function oneOf<const T extends string>(...values: readonly T[]): Reader<T> {
  return (json, path) => {
    const value = values.find((candidate) => candidate === json);
    require(value !== undefined, path, `one of ${values.join(', ')}`);
    return value;
  };
}
