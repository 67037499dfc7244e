// The application's PKI: which Ed25519 key speaks for which user.
import { digest } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import { isSignPublicKey, type SignPublicKey } from '../crypto/sign.ts';
import { concat, copyOf, equalBytes, u64 } from '../leaves/bytes.ts';
import { checkBytes, kindOf } from '../leaves/checks.ts';
import { StateError, UsageError } from '../leaves/errors.ts';
import { isUserId, userId, type UserId } from '../leaves/ids.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import { decodeParsed } from './codec.ts';
import { publicKeys as codec } from './json.ts';

/**
 * User ids and their Ed25519 public keys, as the application vouches for them. Every guarantee of the protocol rests on
 * this map: it must not come from the aggregation server.
 *
 * Objects that are given one take a copy: what is inserted later does not reach them. Iterating gives pairs of id and key.
 *
 * @example
 * ```js
 * import { genKeypair, PublicKeysWrapper } from 'secagg';
 *
 * const [alice, bob] = [genKeypair(), genKeypair()];
 * const publicKeys = new PublicKeysWrapper([[1, alice[0]]]);
 * publicKeys.insert(2, bob[0]);
 * console.log(publicKeys.size, publicKeys.has(2)); // prints: 2 true
 *
 * const stored = JSON.stringify(publicKeys);
 * console.log(PublicKeysWrapper.fromJSON(JSON.parse(stored)).size); // prints: 2
 * try {
 *   publicKeys.insert(2, alice[0]);
 * } catch (error) {
 *   console.log(error.code); // prints: ERR_SECAGG_KEY_CONFLICT
 * }
 * ```
 */
export class PublicKeysWrapper implements Iterable<[number, SignPublicKey]> {
  #keys = new Map<UserId, SignPublicKey>();
  /** Whose each key is, by its bytes as text. */
  #owners = new Map<string, UserId>();
  /** Whether others hold the maps: they are copied then before they are changed, so that a million users may share them. */
  #shared = false;

  /**
   * @param entries pairs of user id and public key, as for {@link insert}.
   * @throws As {@link insert}; the message says which entry is wrong, and of which user.
   */
  constructor(entries: Iterable<readonly [number, SignPublicKey]> = []) {
    let index = 0;
    for (const [u, pk] of checkPairs(entries)) this.#add(u, pk, index++);
  }

  /**
   * Registers a user's key; the same key again for the same user changes nothing.
   *
   * @param u user id, an integer in [0, 2^53).
   * @param pk Ed25519 public key, 32 bytes; copied.
   * @throws UsageError ERR_SECAGG_KEY_CONFLICT if the user is registered with another key, or another user with this key: who has
   * several ids counts several times towards the threshold.
   * @throws TypeError, RangeError if an argument is no id or no canonical public key of large order.
   */
  insert(u: number, pk: SignPublicKey): void {
    this.#add(u, pk, null);
  }

  /** @param index of the entry in a list, for errors; null if the caller has given this one alone. */
  #add(u: number, pk: SignPublicKey, index: number | null): void {
    const entry = index === null ? '' : `entries[${index}], `;
    const id = userId(u, `${entry}u`);
    const ofUser = index === null ? '' : `${entry}user ${id}, `;
    const key = checkBytes(pk, `${ofUser}pk`);
    if (!isSignPublicKey(key)) {
      throw new RangeError(`${ofUser}pk: expected a canonical Ed25519 public key of ${KEY_BYTES} bytes`);
    }
    const known = this.#keys.get(id);
    if (known !== undefined) {
      if (equalBytes(known, key)) return;
      throw new UsageError('ERR_SECAGG_KEY_CONFLICT', `${entry}user ${id} is registered with another key`);
    }
    const text = String.fromCharCode(...key);
    const owner = this.#owners.get(text);
    if (owner !== undefined) {
      throw new UsageError('ERR_SECAGG_KEY_CONFLICT', `${entry}user ${id} has the key of user ${owner}`);
    }
    if (this.#shared) [this.#keys, this.#owners] = [new Map(this.#keys), new Map(this.#owners)];
    this.#shared = false;
    this.#keys.set(id, copyOf(key));
    this.#owners.set(text, id);
  }

  /** Number of registered users. */
  get size(): number {
    return this.#keys.size;
  }

  /** Whether a user is registered. */
  has(u: number): boolean {
    return isUserId(u) && this.#keys.has(u);
  }

  /** Pairs of user id and public key, in the order of registration; the keys are fresh copies. */
  *[Symbol.iterator](): Generator<[number, SignPublicKey], undefined, undefined> {
    for (const [id, key] of this.#keys) yield [id, copyOf(key)];
  }

  /** Pairs of user id and public key in base64, for `JSON.stringify`. */
  toJSON(): [number, string][] {
    return codec.encode(this.#keys) as [number, string][];
  }

  /**
   * The keys that {@link toJSON} gave.
   *
   * @param json a parsed value, not the text.
   * @throws StateError ERR_SECAGG_STATE if the value is none of `toJSON`, also for bytes that are no key; UsageError as {@link insert}.
   */
  static fromJSON(json: unknown): PublicKeysWrapper {
    const entries = decodeParsed(codec, json, 'public keys');
    try {
      return new PublicKeysWrapper(entries);
    } catch (error) {
      if (error instanceof RangeError) throw new StateError(`public keys: ${error.message}`);
      throw error;
    }
  }

  /** @internal The present entries; what is inserted later is not among them. */
  snapshot(): ReadonlyMap<UserId, SignPublicKey> {
    this.#shared = true;
    return this.#keys;
  }

  /** @internal The same entries in another wrapper, which may be given more. */
  copy(): PublicKeysWrapper {
    const copy = new PublicKeysWrapper();
    [copy.#keys, copy.#owners] = [this.#keys, this.#owners];
    copy.#shared = this.#shared = true;
    return copy;
  }
}

/** @throws TypeError that names the argument unless it can be iterated and gives pairs. */
function* checkPairs(entries: unknown): Generator<[number, SignPublicKey], undefined, undefined> {
  if (typeof entries !== 'object' || entries === null || !(Symbol.iterator in entries)) {
    throw new TypeError(`entries: expected pairs of user id and public key, got ${kindOf(entries)}`);
  }
  let index = 0;
  for (const pair of entries as Iterable<unknown>) {
    if (!Array.isArray(pair)) {
      throw new TypeError(`entries[${index}]: expected a pair of user id and public key, got ${kindOf(pair)}`);
    }
    index++;
    yield [pair[0] as number, pair[1] as SignPublicKey];
  }
}

/** The digest of registered users and their keys, 32 bytes, whatever the order in which they were registered. */
export function rosterDigest(publicKeys: ReadonlyMap<UserId, SignPublicKey>): Uint8Array {
  const ascending = [...publicKeys].sort(([a], [b]) => a - b);
  return digest(LABELS.roster, [concat(ascending.flatMap(([id, key]) => [u64(id), key]))]);
}
