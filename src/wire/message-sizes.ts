// How many bytes a session moves, without playing it. The layouts are those of the codecs beside this file, and of
// docs/wire-format.md; a test compares the figures with real messages.
import { userId } from '../ids.ts';
import { membersLength } from '../members.ts';
import { checkInteger } from '../checks.ts';
import { MAX_USERS, packedLength, resolveParameters } from '../parameters.ts';
import { DIGEST_BYTES, KEY_BYTES, RECORD_BYTES, SHARE_BYTES, SHARE_COMMITMENT_BYTES, SIGNATURE_BYTES } from '../sizes.ts';
import { bytesLength, integerLength, listLength } from './msgpack.ts';

/** What the sizes of messages depend on. */
export interface MessageSizesInput {
  /** Users that take part to the end. */
  readonly users: number;
  /** Components of the vector. */
  readonly vecLen: number;
  /** Ring of the components; default 32. */
  readonly bits?: number;
  /** Their ids, ascending; default 0, 1, …, users − 1. Larger ids take more bytes. */
  readonly ids?: readonly number[];
}

/** Bytes of one user in one round. */
export interface RoundSizes {
  /** From the server to the user. */
  readonly down: number;
  /** From the user to the server. */
  readonly up: number;
}

/** What a session costs one user on the wire, in bytes. */
export interface MessageSizes {
  /** By round, 0 to 4. */
  readonly rounds: readonly RoundSizes[];
  /** Of all rounds together. */
  readonly down: number;
  readonly up: number;
}

/**
 * The exact size of each message of the user with the largest id, all users staying to the end; other users' are the same
 * but for the bytes that a smaller id saves.
 *
 * @throws TypeError, RangeError that name the argument.
 * @example
 * ```js
 * import { messageSizes } from 'secagg';
 *
 * const { up, down } = messageSizes({ users: 1024, vecLen: 2 ** 20, bits: 26 });
 * console.log(up, down, ((up + down) / (2 * 2 ** 20)).toFixed(2)); // prints: 3580683 338991 1.87
 * ```
 */
export function messageSizes({ users, vecLen, bits, ids }: MessageSizesInput): MessageSizes {
  const ring = resolveParameters(checkInteger(users, 'users', 2, MAX_USERS), vecLen, bits === undefined ? {} : { bits }).bits;
  const all = ids ?? Array.from({ length: users }, (_, id) => id);
  if (all.length !== users) throw new RangeError(`ids: expected ${String(users)}, got ${String(all.length)}`);
  all.forEach((each, i) => {
    userId(each, `ids[${String(i)}]`);
    if (i > 0 && each <= (all[i - 1] ?? each)) throw new RangeError(`ids[${String(i)}]: expected ascending ids`);
  });
  const id = integerLength(Math.max(...all.slice(-1)));
  const set = membersLength(users);
  const others = users - 1;

  const toServer = (body: number): number =>
    1 + 1 + 1 + bytesLength(DIGEST_BYTES) + id + bytesLength(body) + bytesLength(SIGNATURE_BYTES);
  const toUser = (...fields: number[]): number =>
    fields.reduce((sum, field) => sum + field, 1 + 1 + 1 + bytesLength(DIGEST_BYTES));
  const rounds = [
    { down: 3, up: toServer(2 * KEY_BYTES) },
    {
      down: toUser(listLength(all), bytesLength(users * 2 * KEY_BYTES), bytesLength(users * SIGNATURE_BYTES)),
      up: toServer(2 * DIGEST_BYTES + SHARE_COMMITMENT_BYTES + others * RECORD_BYTES),
    },
    {
      down: toUser(bytesLength(set), id, bytesLength(others * RECORD_BYTES)),
      up: toServer(DIGEST_BYTES + packedLength(vecLen, ring)),
    },
    { down: toUser(bytesLength(set)), up: toServer(DIGEST_BYTES) },
    {
      down: toUser(bytesLength(set), bytesLength(users * SIGNATURE_BYTES)),
      up: toServer(DIGEST_BYTES + set + users * SHARE_BYTES),
    },
  ];
  const total = (direction: keyof RoundSizes): number => rounds.reduce((sum, round) => sum + round[direction], 0);
  return { rounds, down: total('down'), up: total('up') };
}
