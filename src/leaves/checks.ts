// Checks of what programmers give: TypeError and RangeError that name the argument, say what was expected and what came.
// Leaf.
import { copyOf, utf8 } from './bytes.ts';
import { isArrayBuffer, typedArrayKind, typedArrayOf } from './typed-arrays.ts';

/** Most characters of a caller's text that an error shows. */
const MOST_SHOWN = 60;

/**
 * A text of the caller as an error shows it: the start of a long one, and for each character that does not print its number, so that no
 * text breaks the line of a log or hides what stands beside it.
 */
export function shownText(text: string): string {
  const start = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  return start.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** What an error calls a value of the wrong kind. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (isPromise(value)) return 'a Promise, which must be awaited';
  if (isArrayBuffer(value)) return 'an ArrayBuffer, of which new Uint8Array(…) makes one';
  const kind = typedArrayKind(value);
  return kind === undefined ? typeof value : `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** @throws TypeError, RangeError unless a value is an integer from `least` to `most`. */
export function checkInteger(value: unknown, name: string, least: number, most: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected a number, got ${shown(value)}`);
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${name}: expected an integer in [${least}, ${most}], got ${value}`);
  }
  return value;
}

/** What took the place of a number. Any other string may be a secret in the wrong place. */
function shown(value: unknown): string {
  if (typeof value === 'string' && /^[\d.+-]{1,20}$/.test(value)) return `the string '${value}'`;
  return typeof value === 'bigint' ? `the bigint ${value}n` : kindOf(value);
}

/**
 * Bytes of this realm, over memory that only the caller can change; see `typedArrayOf`. A longer life needs a copy.
 *
 * @throws TypeError unless a value is bytes.
 */
export function checkBytes(value: unknown, name: string): Uint8Array {
  const bytes = typedArrayOf(value, 'Uint8Array', name);
  if (bytes === null) throw new TypeError(`${name}: expected a Uint8Array, got ${kindOf(value)}`);
  return bytes;
}

/** A fresh copy of bytes, or the UTF-8 of a string. @throws TypeError. */
export function bytesOrText(value: unknown, name: string): Uint8Array {
  if (typeof value === 'string') return utf8(value);
  const bytes = typedArrayOf(value, 'Uint8Array', name);
  if (bytes === null) throw new TypeError(`${name}: expected a string or a Uint8Array, got ${kindOf(value)}`);
  return copyOf(bytes);
}

/** @throws TypeError unless a value has these methods, as an object of the application or of a library has. */
export function checkMethods(value: unknown, name: string, methods: readonly string[]): void {
  const given = Object(value) as Readonly<Record<string, unknown>>;
  const missing = methods.find((method) => typeof given[method] !== 'function');
  if (missing === undefined) return;
  throw new TypeError(`${name}: expected an object with the method ${missing}, got ${kindOf(value)} without it`);
}

/** A plain object with names. An instance of a class has none of its own, and would silently stand for an empty one. */
export function checkObject(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${name}: expected an object, got ${kindOf(value)}`);
  }
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype !== null && !isObjectPrototype(prototype)) {
    throw new TypeError(`${name}: expected a plain object, got ${classOf(prototype)}`);
  }
  return value as Readonly<Record<string, unknown>>;
}

/** Whether an object is `Object.prototype` of any realm: objects of other realms are plain too. */
function isObjectPrototype(prototype: object): boolean {
  const made: unknown = (prototype as { constructor?: unknown }).constructor;
  const isOfObject = typeof made === 'function' && made.name === 'Object' && made.prototype === prototype;
  return isOfObject && Object.getPrototypeOf(prototype) === null;
}

function classOf(prototype: object): string {
  const made: unknown = (prototype as { constructor?: unknown }).constructor;
  if (typeof made !== 'function' || made.name === 'Object') return 'one that inherits from another object';
  // A class may define a static `name` of its own.
  const name: unknown = made.name;
  return typeof name === 'string' && name !== '' ? `a ${shownText(name)}` : 'one of a class';
}

/** @throws TypeError unless a value is true or false: any other one would be taken for one of them. */
export function checkBoolean(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${name}: expected a boolean, got ${kindOf(value)}`);
  return value;
}

/** Refuses misspelt names, with which a default would silently take the place of what the caller meant. */
export function checkNames(value: unknown, name: string, known: readonly string[]): void {
  for (const each of Object.keys(checkObject(value, name))) {
    if (known.includes(each)) continue;
    const near = nearest(each, known);
    const help = near === null ? `the options are ${known.join(', ')}` : `did you mean '${near}'?`;
    throw new TypeError(`${name}: unknown option '${shownText(each)}'; ${help}`);
  }
}

/** The known name that a misspelt one is at most a third of its letters away from; null if there is none. */
function nearest(name: string, known: readonly string[]): string | null {
  if (name.length > MOST_SHOWN) return null; // the distance takes time by the length
  let best: string | null = null;
  let least = Math.ceil(name.length / 3) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** The least number of letters to insert, remove or replace (Levenshtein), for names of a few letters. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** A string of `least` to `most` UTF-8 bytes. */
export function checkString(
  value: unknown,
  name: string,
  { least = 0, most = Infinity }: { readonly least?: number; readonly most?: number } = {},
): string {
  if (typeof value !== 'string') throw new TypeError(`${name}: expected a string, got ${kindOf(value)}`);
  const { length } = utf8(value);
  if (length < least || length > most) throw new RangeError(`${name}: expected ${least} to ${most} bytes, got ${length}`);
  return value;
}

/**
 * PostgreSQL stores no zero characters, and half of a surrogate pair has no UTF-8: two names could become one.
 *
 * @throws RangeError for a string with one of them.
 */
export function checkStorable(text: string, name: string): string {
  if (!/[\0\p{Surrogate}]/u.test(text)) return text;
  throw new RangeError(`${name}: expected a string without zero characters and without unpaired surrogates`);
}

/** The milliseconds since 1970 of a Date of any realm that is a time: not `new Date(NaN)`. */
export function checkDate(value: unknown, name: string): number {
  let time: number;
  try {
    time = Date.prototype.getTime.call(value);
  } catch {
    throw new TypeError(`${name}: expected a Date, got ${kindOf(value)}`);
  }
  if (Number.isNaN(time)) throw new RangeError(`${name}: expected a valid Date`);
  return time;
}

/** A number in [least, most], which need not be an integer. */
export function checkNumber(value: unknown, name: string, least: number, most: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected a number, got ${kindOf(value)}`);
  if (!(value >= least && value <= most)) {
    throw new RangeError(`${name}: expected a number in [${least}, ${most}], got ${value}`);
  }
  return value;
}

/** @throws TypeError, RangeError unless a value is a finite number above 0 and below a limit. */
export function checkPositive(value: unknown, name: string, below?: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected a number, got ${kindOf(value)}`);
  if (!(value > 0 && value < (below ?? Infinity))) {
    const limit = below === undefined ? 'that is finite' : `and below ${below}`;
    throw new RangeError(`${name}: expected a number above 0 ${limit}, got ${value}`);
  }
  return value;
}

/** One of some strings. A value of any other type is refused with a RangeError too, as the list says what is expected. */
export function checkOneOf<T extends string>(value: unknown, name: string, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  const came = typeof value === 'string' ? `'${shownText(value)}'` : kindOf(value);
  throw new RangeError(`${name}: expected ${known.map((each) => `'${each}'`).join(', ')}, got ${came}`);
}
