// Codecs between values and JSON, strict in both directions: what is decoded has exactly the fields that are named, each
// of its type and length, or is a StateError that says where and what was expected, and never quotes a value. It quotes the
// names of fields that should not be there.
import { platform } from '#platform';
import { movedSecret } from '../leaves/bytes.ts';
import { kindOf, shownText } from '../leaves/checks.ts';
import { StateError } from '../leaves/errors.ts';
import { jsonOf, LONG_STRING, valueOfJson } from '../leaves/json-text.ts';

/** Both directions between values of one type and JSON. */
export interface Codec<T> {
  encode(value: T): unknown;
  /** @param path of the value in the document, for errors. */
  decode(json: unknown, path: string): T;
}

/** A value of the right type that is not one of those that are expected. */
export class OutOfRange extends StateError {}

function expected(path: string, what: string, Kind: typeof StateError = StateError): StateError {
  return new Kind(`${path}: expected ${what}`);
}

export function integer(least: number, most: number): Codec<number> {
  return {
    encode: (value) => value,
    decode(json, path): number {
      if (typeof json === 'number' && Number.isSafeInteger(json) && json >= least && json <= most) return json;
      throw expected(path, `an integer in [${least}, ${most}]`, typeof json === 'number' ? OutOfRange : StateError);
    },
  };
}

export const text: Codec<string> = {
  encode: (value) => value,
  decode(json, path): string {
    if (typeof json === 'string' && json.length < LONG_STRING) return json;
    throw expected(path, 'a string');
  },
};

export const flag: Codec<boolean> = {
  encode: (value) => value,
  decode(json, path): boolean {
    if (typeof json === 'boolean') return json;
    throw expected(path, 'true or false');
  },
};

export function oneOf<const T extends string>(...values: readonly T[]): Codec<T> {
  return {
    encode: (value) => value,
    decode(json, path): T {
      const value = values.find((candidate) => candidate === json);
      if (value === undefined) throw expected(path, `one of ${values.join(', ')}`, OutOfRange);
      return value;
    },
  };
}

/** Base64, of `length` bytes or, without it, of any number. */
export function bytes(length?: number): Codec<Uint8Array> {
  return {
    encode: (value) => platform.toBase64(value),
    decode(json, path): Uint8Array {
      const value = typeof json === 'string' ? platform.fromBase64(json) : null;
      if (value === null) throw expected(path, 'base64');
      if (length !== undefined && value.length !== length) throw expected(path, `${length} bytes`, OutOfRange);
      return value;
    },
  };
}

/** Bytes that are wiped when they have served. */
export function secret(length?: number): Codec<Uint8Array> {
  const codec = bytes(length);
  return { ...codec, decode: (json, path) => movedSecret(codec.decode(json, path)) };
}

export function nullable<T>(codec: Codec<T>): Codec<T | null> {
  return {
    encode: (value) => (value === null ? null : codec.encode(value)),
    decode: (json, path) => (json === null ? null : codec.decode(json, path)),
  };
}

export function list<T>(codec: Codec<T>): Codec<T[]> {
  return {
    encode: (value) => value.map((element) => codec.encode(element)),
    decode(json, path): T[] {
      if (!Array.isArray(json)) throw expected(path, 'a list');
      return json.map((element, i) => codec.decode(element, `${path}[${i}]`));
    },
  };
}

/** A map as a list of pairs; no key twice. */
export function mapOf<K, V>(key: Codec<K>, value: Codec<V>): Codec<Map<K, V>> {
  return {
    encode: (map) => Array.from(map, ([k, v]) => [key.encode(k), value.encode(v)]),
    decode(json, path): Map<K, V> {
      if (!Array.isArray(json)) throw expected(path, 'a list of pairs');
      const map = new Map<K, V>();
      json.forEach((pair: unknown, i) => {
        const at = `${path}[${i}]`;
        if (!Array.isArray(pair) || pair.length !== 2) throw expected(at, 'a pair');
        const k = key.decode(pair[0], `${at}[0]`);
        if (map.has(k)) throw expected(at, 'another key than before');
        map.set(k, value.decode(pair[1], `${at}[1]`));
      });
      return map;
    },
  };
}

/** One codec a field; a field more or less is an error. */
export type FieldCodecs<T> = { readonly [K in keyof T]-?: Codec<T[K]> };

/** An object with exactly the named fields. */
export function record<T extends object>(fields: FieldCodecs<T>): Codec<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  return {
    encode: (value) => Object.fromEntries(names.map((name) => [name, fields[name].encode(value[name])])),
    decode(json, path): T {
      if (typeof json !== 'object' || json === null || Array.isArray(json)) throw expected(path, 'an object');
      const source = json as Record<string, unknown>;
      const missing = names.filter((name) => !Object.hasOwn(source, name));
      const others = Object.keys(source).filter((name) => !names.includes(name as keyof T & string));
      if (missing.length > 0 || others.length > 0) throw expected(path, otherFields(missing, others));
      return Object.fromEntries(names.map((name) => [name, fields[name].decode(source[name], `${path}.${name}`)])) as T;
    },
  };
}

/** Most names of fields that an error shows. */
const MOST_NAMES = 5;

/** Which fields are missing in an object, and which should not be there. */
function otherFields(missing: readonly string[], others: readonly string[]): string {
  const shown = (names: readonly string[]): string =>
    names.slice(0, MOST_NAMES).map(shownText).join(', ') + (names.length > MOST_NAMES ? ', …' : '');
  return [
    ...(missing.length > 0 ? [`the fields ${shown(missing)}, which are missing`] : []),
    ...(others.length > 0 ? [`no fields ${shown(others)}`] : []),
  ].join(', and ');
}

/** A discriminated union: the codec is chosen by the string in the field `name`. */
export function oneOfKinds<N extends string, T extends Readonly<Record<N, string>>>(
  name: N,
  codecs: { readonly [K in T[N]]: Codec<Extract<T, Readonly<Record<N, K>>>> },
): Codec<T> {
  const known = new Map<unknown, Codec<T>>(Object.entries(codecs));
  return {
    encode: (value) => known.get(value[name])?.encode(value),
    decode(json, path): T {
      const codec = known.get((json as Partial<Record<N, unknown>> | null)?.[name]);
      if (codec === undefined) throw expected(`${path}.${name}`, `one of ${[...known.keys()].join(', ')}`);
      return codec.decode(json, path);
    },
  };
}

/** Throws unless a condition that spans several fields holds. */
export function require(condition: boolean, path: string, what: string): asserts condition {
  if (!condition) throw expected(path, what);
}

/** Decodes what JSON was parsed to. @throws StateError, which says of the text itself that it is to be parsed. */
export function decodeParsed<T>(codec: Codec<T>, json: unknown, name: string): T {
  if (typeof json === 'string') throw expected(name, 'the value that JSON.parse makes of the text, got a string');
  return codec.decode(json, name);
}

/** The whole document: JSON text of one role in one version. */
export interface Document<T> {
  /** @throws StateError ERR_SECAGG_STATE_SIZE if the text would be longer than a string can be. */
  serialize(value: T): string;
  /** @throws StateError; the value is complete or there is none. */
  parse(state: string): T;
}

export function document<T extends object>(
  role:
    | 'user'
    | 'server'
    | 'server-part'
    | 'cohort-sum'
    | 'privacy-ledger'
    | 'registrar'
    | 'run-certificate'
    | 'agent'
    | 'pet-participant'
    | 'pet-coordinator',
  version: number,
  codec: Codec<T>,
): Document<T> {
  return {
    serialize(value): string {
      try {
        return jsonOf({ secagg: role, version, ...(codec.encode(value) as object) });
      } catch {
        // One byte string as base64, or all of the text, has more characters than a string of V8, 2^29.
        throw new StateError('state: longer than a string can be', 'ERR_SECAGG_STATE_SIZE');
      }
    },
    parse(state): T {
      if (typeof state !== 'string') throw new TypeError(`state: expected a string, got ${kindOf(state)}`);
      let json: unknown;
      try {
        json = valueOfJson(state);
      } catch {
        throw new StateError('state: expected JSON, no field twice'); // the engine's own text quotes the document
      }
      if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new StateError('state: expected an object');
      const { secagg, version: found, ...rest } = json as Record<string, unknown>;
      if (secagg !== role) {
        throw new StateError(
          `state: the text is no state of a ${role}: its field secagg is not '${role}'`,
          'ERR_SECAGG_STATE_ROLE',
        );
      }
      if (found !== version) {
        throw new StateError(
          `state: expected version ${version}, got ${typeof found === 'number' ? String(found) : kindOf(found)}`,
          'ERR_SECAGG_STATE_VERSION',
        );
      }
      return codec.decode(rest, `state, ${role}`);
    },
  };
}

/** A whole state and the options that are not in it: what a class is made from instead of its constructor's arguments. */
export class Recovered<Snapshot, Own = null> {
  readonly snapshot: Snapshot;
  readonly own: Own;

  constructor(snapshot: Snapshot, own: Own) {
    this.snapshot = snapshot;
    this.own = own;
  }
}
