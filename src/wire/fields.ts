// Typed access to the fields of a decoded message: each method gives the value or throws a DecodeError that names the field.
// The values are copies, except those that are called a view.
import { copyOf } from '../leaves/bytes.ts';
import { DecodeError } from '../leaves/errors.ts';
import { isUserId, type UserId } from '../leaves/ids.ts';
import { isMembers, type Members } from '../leaves/members.ts';
import type { Field } from './msgpack.ts';

/** One message's fields, by position. */
export class Fields {
  readonly #name: string;
  readonly #fields: readonly Field[];

  constructor(name: string, fields: readonly Field[], count: number) {
    this.#name = name;
    this.#fields = fields;
    if (fields.length !== count) throw this.#error('the message', `${count} fields`, String(fields.length));
  }

  integer(index: number, what: string, most: number): number {
    const value = this.#fields[index];
    if (typeof value !== 'number' || value > most) throw this.#error(what, `an integer up to ${most}`, describe(value));
    return value;
  }

  bytes(index: number, what: string, length: number): Uint8Array {
    const value = this.view(index, what);
    if (value.length !== length) throw this.#error(what, `${length} bytes`, String(value.length));
    return copyOf(value);
  }

  /** A byte string of any length as a view of the message, for what is used up at once or copied piece by piece. */
  view(index: number, what: string): Uint8Array {
    const value = this.#fields[index];
    if (!(value instanceof Uint8Array)) throw this.#error(what, 'bytes', describe(value));
    return value;
  }

  /** A set over `users` positions. */
  members(index: number, what: string, users: number): Members {
    const value: Uint8Array = copyOf(this.view(index, what));
    if (!isMembers(value, users)) throw this.#error(what, `a set over ${users} users`, `${value.length} other bytes`);
    return value;
  }

  /** User ids in strictly ascending order. */
  ascendingUserIds(index: number, what: string): UserId[] {
    const ids = this.userIds(index, what, null);
    if (ids.some((id, i) => i > 0 && id <= (ids[i - 1] ?? id))) {
      throw this.#error(what, 'ascending user ids', 'another order');
    }
    return ids;
  }

  /** @param count how many; null for any number. */
  userIds(index: number, what: string, count: number | null): UserId[] {
    const value = this.#fields[index];
    if (value === undefined || typeof value === 'number' || value instanceof Uint8Array) {
      throw this.#error(what, 'a list', describe(value));
    }
    if (count !== null && value.length !== count) throw this.#error(what, `${count} ids`, String(value.length));
    return value.map((id) => {
      if (!isUserId(id)) throw this.#error(what, 'user ids', 'another integer');
      return id;
    });
  }

  /** A list of exactly `count` integers. */
  integers(index: number, what: string, count: number): readonly number[] {
    const value = this.#fields[index];
    if (value === undefined || typeof value === 'number' || value instanceof Uint8Array) {
      throw this.#error(what, 'a list', describe(value));
    }
    if (value.length !== count) throw this.#error(what, `${count} integers`, String(value.length));
    return value;
  }

  #error(what: string, expected: string, got: string): DecodeError {
    return new DecodeError(`${this.#name}, ${what}: expected ${expected}, got ${got}`);
  }
}

function describe(value: Field | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return 'an integer';
  return value instanceof Uint8Array ? 'bytes' : 'a list';
}

/** Reads one body from its start to its end: bodies are byte strings of a fixed layout. */
export class BodyReader {
  readonly #name: string;
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param length of the whole body; checked here, so that nothing in it can be short. */
  constructor(name: string, bytes: Uint8Array, length: number) {
    this.#name = name;
    this.#bytes = bytes;
    if (bytes.length !== length) {
      throw new DecodeError(`${this.#name}: expected ${length} bytes, got ${bytes.length}`);
    }
  }

  next(length: number): Uint8Array {
    return this.#bytes.slice(this.#at, (this.#at += length));
  }

  /** The rest as a view, for what is long and used up at once. */
  viewOfRest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }
}
