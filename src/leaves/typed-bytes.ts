// One byte string for each JSON value, for digests: it depends on neither the text nor the order of an object's fields. Leaf.
import { compareBytes, concat, u32, utf8 } from './bytes.ts';
import { checkObject, kindOf, shownText } from './checks.ts';

/** The first byte of each value. A change here changes every digest that is made of typed bytes. */
const TAGS = { null: 0, false: 1, true: 2, number: 3, string: 4, list: 5, object: 6 } as const;

/** Most lists and objects inside of each other. */
const MOST_LEVELS = 64;

/**
 * The canonical bytes of a JSON value: a tag, then what the tag needs. Two values have the same bytes only if they are equal, where the order
 * of fields does not count and −0 is 0.
 *
 * | value       | bytes after the tag                                                                                   |
 * |-------------|-------------------------------------------------------------------------------------------------------|
 * | null, false, true | none                                                                                            |
 * | number      | IEEE 754 binary64, big-endian                                                                         |
 * | string      | length of its UTF-8 (4 bytes, big-endian), its UTF-8                                                  |
 * | list        | number of elements (4 bytes, big-endian), each element                                                |
 * | object      | number of fields (4 bytes, big-endian); of each field its name as after a string's tag, and its value; ascending by the names' UTF-8 |
 *
 * @param path what errors call the value.
 * @throws TypeError, RangeError that name the place of what JSON cannot carry: undefined, NaN, half of a surrogate pair, an instance of a class.
 */
export function typedBytes(value: unknown, path: string): Uint8Array {
  const parts: Uint8Array[] = [];
  write(value, { path, level: 0 }, parts);
  return concat(parts);
}

interface Place {
  readonly path: string;
  readonly level: number;
}

function write(value: unknown, place: Place, parts: Uint8Array[]): void {
  if (value === null) parts.push(Uint8Array.of(TAGS.null));
  else if (typeof value === 'boolean') parts.push(Uint8Array.of(value ? TAGS.true : TAGS.false));
  else if (typeof value === 'number') parts.push(Uint8Array.of(TAGS.number), binary64(value, place.path));
  else if (typeof value === 'string') parts.push(Uint8Array.of(TAGS.string), ...counted(value, place.path));
  else if (Array.isArray(value)) writeList(value, place, parts);
  else writeObject(value, place, parts);
}

function writeList(list: readonly unknown[], place: Place, parts: Uint8Array[]): void {
  parts.push(Uint8Array.of(TAGS.list), u32(list.length));
  // By index: `forEach` would pass over a hole.
  for (let i = 0; i < list.length; i++) write(list[i], inside(place, `[${i}]`), parts);
}

function writeObject(value: unknown, place: Place, parts: Uint8Array[]): void {
  const fields = Object.entries(checkJsonObject(value, place.path)).map(([name, field]) => ({ name, field, bytes: utf8(name) }));
  fields.sort((a, b) => compareBytes(a.bytes, b.bytes));
  parts.push(Uint8Array.of(TAGS.object), u32(fields.length));
  for (const { name, field } of fields) {
    parts.push(...counted(name, place.path));
    write(field, inside(place, `.${shownText(name)}`), parts);
  }
}

function checkJsonObject(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object') throw new TypeError(`${path}: expected a value that JSON can carry, got ${kindOf(value)}`);
  return checkObject(value, path);
}

function inside({ path, level }: Place, step: string): Place {
  if (level === MOST_LEVELS) throw new RangeError(`${path}: expected at most ${MOST_LEVELS} levels`);
  return { path: path + step, level: level + 1 };
}

function binary64(value: number, path: string): Uint8Array {
  if (!Number.isFinite(value)) throw new RangeError(`${path}: expected a finite number, got ${value}`);
  const out = new Uint8Array(8);
  // −0 + 0 is 0.
  new DataView(out.buffer).setFloat64(0, value + 0);
  return out;
}

/** The UTF-8 of a text after its length. Half of a surrogate pair has no UTF-8: all of them would become one character. */
function counted(text: string, path: string): [Uint8Array, Uint8Array] {
  if (/\p{Cs}/u.test(text)) throw new RangeError(`${path}: expected well-formed text, got half of a surrogate pair`);
  const bytes = utf8(text);
  return [u32(bytes.length), bytes];
}
