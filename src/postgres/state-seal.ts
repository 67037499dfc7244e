// Seals users' states with the application's keys, of which the first seals and all open.
import { concat, copyOf, equalBytes, hex, secretCopyOf, u32, u64, utf8 } from '../leaves/bytes.ts';
import { checkBytes, kindOf } from '../leaves/checks.ts';
import { digest } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import { systemRandom } from '../crypto/random.ts';
import { open, seal } from '../crypto/seal.ts';
import { StateError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';

const KEY_ID_BYTES = 16;

/** The row that a sealed state belongs to. The state opens nowhere else. */
export interface SealedPlace {
  /** The schema's name, and the random identifier that it was given by its migration. */
  readonly schema: string;
  readonly schemaId: string;
  readonly session: string;
  readonly user: UserId;
  readonly revision: number;
  readonly answered: boolean;
}

/** A sealed state, and which key has sealed it. */
export interface SealedState {
  readonly keyId: Uint8Array;
  readonly sealed: Uint8Array;
}

interface Key {
  readonly id: Uint8Array;
  readonly key: Uint8Array;
}

export class StateSeal {
  readonly #newest: Key;
  readonly #keys: readonly Key[];

  /**
   * @param keys one or more keys of 32 bytes, the newest first; copied.
   * @throws TypeError, RangeError that name options.keys.
   */
  constructor(keys: unknown) {
    this.#keys = checkKeys(keys).map((key) => ({ id: keyIdOf(key), key: secretCopyOf(key) }));
    const [newest] = this.#keys;
    if (newest === undefined) throw new RangeError('options.keys: expected one key or more');
    this.#newest = newest;
  }

  seal(place: SealedPlace, state: string): SealedState {
    const plaintext = utf8(state);
    const sealed = seal(this.#newest.key, associatedData(place), plaintext, systemRandom);
    plaintext.fill(0);
    return { keyId: this.#newest.id, sealed };
  }

  /** @throws StateError if the key is not known, or if the row was changed or belongs to another place. */
  open(place: SealedPlace, { keyId, sealed }: SealedState): string {
    const known = this.#keys.find(({ id }) => equalBytes(id, keyId));
    if (known === undefined) {
      throw new StateError(`user ${place.user}: the row is sealed with the key ${hex(keyId)}, which is not in options.keys`);
    }
    const plaintext = open(known.key, associatedData(place), copyOf(sealed));
    if (plaintext === null) throw new StateError(`user ${place.user}: the row was changed, or copied from another place`);
    const state = new TextDecoder().decode(plaintext);
    plaintext.fill(0);
    return state;
  }
}

function checkKeys(keys: unknown): readonly Uint8Array[] {
  if (!Array.isArray(keys)) throw new TypeError(`options.keys: expected an array of keys, got ${kindOf(keys)}`);
  const checked: Uint8Array[] = [];
  for (const [i, given] of Array.from<unknown>(keys).entries()) {
    const key = checkBytes(given, `options.keys[${i}]`);
    if (key.length !== KEY_BYTES) throw new RangeError(`options.keys[${i}]: expected ${KEY_BYTES} bytes, got ${key.length}`);
    const twin = checked.findIndex((other) => equalBytes(other, key));
    if (twin !== -1) throw new RangeError(`options.keys[${i}]: expected another key than options.keys[${twin}]`);
    checked.push(key);
  }
  return checked;
}

/** Names a key without telling anything of it: the first half of its digest under a label. */
function keyIdOf(key: Uint8Array): Uint8Array {
  return digest(LABELS.userStateKeyId, [key]).slice(0, KEY_ID_BYTES);
}

/** Lengths come before what varies in length, so that no two places have the same associated data. */
function associatedData({ schema, schemaId, session, user, revision, answered }: SealedPlace): Uint8Array {
  const names = [`${schema}.user_states`, schemaId, session].map(utf8).flatMap((name) => [u32(name.length), name]);
  return concat([LABELS.userStateSeal, ...names, u64(user), u64(revision), Uint8Array.of(answered ? 1 : 0)]);
}
