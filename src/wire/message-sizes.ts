// How many bytes a session moves, without playing it. The layouts are those of the codecs beside this file, and of
// docs/wire-format.md; a test compares the figures with real messages.
import { checkInteger, checkNames } from '../leaves/checks.ts';
import { userId } from '../leaves/ids.ts';
import { membersLength } from '../leaves/members.ts';
import { MAX_USERS, packedLength, resolveParameters, type Graph } from '../session/parameters.ts';
import { DIGEST_BYTES, KEY_BYTES, RECORD_BYTES, SHARE_BYTES, SHARE_COMMITMENT_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { proofLength } from '../leaves/tree-shape.ts';
import { bytesLength, integerLength, listLength } from './msgpack.ts';

/** What the sizes of messages depend on. */
export interface MessageSizesInput {
  /** Users that take part to the end. */
  readonly users: number;
  /** Components of the vector. */
  readonly vecLen: number;
  /** Ring of the components; default 32. */
  readonly bits?: number;
  /** Default `'complete'`. */
  readonly graph?: Graph;
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
  /** From the server to the user in all rounds together. */
  readonly down: number;
  /** From the user to the server in all rounds together. */
  readonly up: number;
}

/**
 * Computes the exact size of each message of the user with the largest id, if all users stay to the end. Messages of users
 * with smaller ids are the same, except for the bytes that a smaller id saves. On a sparse graph chance decides who a user's
 * neighbors are: the sizes are those of a user in the middle of the directory whose neighbors have the largest ids. At other
 * positions the message of round 1 has up to a few digests of 32 bytes more or less.
 *
 * @throws TypeError, RangeError that name the argument.
 * @example
 * ```js
 * import { messageSizes } from 'secagg';
 *
 * const { up, down } = messageSizes({ users: 1024, vecLen: 2 ** 20, bits: 26 });
 * console.log(up, down, ((up + down) / (2 * 2 ** 20)).toFixed(2)); // prints: 3580683 338991 1.87
 *
 * const graph = { neighbors: 48, shareThreshold: 28 };
 * const sparse = messageSizes({ users: 1024, vecLen: 2 ** 20, bits: 26, graph });
 * console.log(((sparse.up + sparse.down) / (2 * 2 ** 20)).toFixed(2)); // prints: 1.64
 * ```
 */
export function messageSizes(input: MessageSizesInput): MessageSizes {
  checkNames(input, 'input', ['users', 'vecLen', 'bits', 'graph', 'ids']);
  const { users, vecLen, bits, graph = 'complete', ids } = input;
  const options = bits === undefined ? { graph } : { bits, graph };
  const width = resolveParameters(checkInteger(users, 'users', 2, MAX_USERS), vecLen, options).bits;
  if (ids !== undefined) checkIds(ids, users);
  const shown = graph === 'complete' ? users : graph.neighbors + 1;
  const largest = ids?.slice(-shown) ?? Array.from({ length: shown }, (_, i) => users - shown + i);
  const id = integerLength(ids?.at(-1) ?? users - 1);
  const everybody = membersLength(users);
  const { neighbors, holders, ownCommitment, directory } = graph === 'complete' ? complete(largest) : sparse(largest, users);

  const toServer = (body: number): number =>
    1 + 1 + 1 + bytesLength(DIGEST_BYTES) + id + bytesLength(body) + bytesLength(SIGNATURE_BYTES);
  const toUser = (...fields: number[]): number =>
    fields.reduce((sum, field) => sum + field, 1 + 1 + 1 + bytesLength(DIGEST_BYTES));
  const rounds = [
    { down: 3, up: toServer(2 * KEY_BYTES) },
    { down: toUser(...directory), up: toServer(2 * DIGEST_BYTES + ownCommitment + neighbors * RECORD_BYTES) },
    {
      down: toUser(bytesLength(everybody), id, bytesLength(neighbors * RECORD_BYTES)),
      up: toServer(DIGEST_BYTES + packedLength(vecLen, width)),
    },
    { down: toUser(bytesLength(everybody)), up: toServer(DIGEST_BYTES) },
    {
      down: toUser(bytesLength(membersLength(holders)), bytesLength(holders * SIGNATURE_BYTES)),
      up: toServer(DIGEST_BYTES + membersLength(holders) + holders * SHARE_BYTES),
    },
  ];
  const total = (direction: keyof RoundSizes): number => rounds.reduce((sum, round) => sum + round[direction], 0);
  return { rounds, down: total('down'), up: total('up') };
}

function checkIds(ids: readonly number[], users: number): void {
  if (ids.length !== users) throw new RangeError(`ids: expected ${users}, got ${ids.length}`);
  ids.forEach((each, i) => {
    userId(each, `ids[${i}]`);
    if (i > 0 && each <= (ids[i - 1] ?? each)) throw new RangeError(`ids[${i}]: expected ascending ids`);
  });
}

interface Around {
  readonly neighbors: number;
  readonly holders: number;
  /** To a share of the own secret. */
  readonly ownCommitment: number;
  /** The fields of the message of round 1. */
  readonly directory: readonly number[];
}

function linesOf(ids: readonly number[]): number[] {
  return [listLength(ids), bytesLength(ids.length * 2 * KEY_BYTES), bytesLength(ids.length * SIGNATURE_BYTES)];
}

function complete(ids: readonly number[]): Around {
  const users = ids.length;
  return { neighbors: users - 1, holders: users, ownCommitment: SHARE_COMMITMENT_BYTES, directory: linesOf(ids) };
}

/** @param ids of a user and its neighbors. */
function sparse(ids: readonly number[], users: number): Around {
  const neighbors = ids.length - 1;
  const first = Math.floor((users - neighbors) / 2);
  const proof = proofLength(
    users,
    ids.map((_, i) => first + i),
  );
  const head = [integerLength(users), integerLength(first)];
  const directory = [...head, ...linesOf(ids), bytesLength(proof * DIGEST_BYTES)];
  return { neighbors, holders: neighbors, ownCommitment: 0, directory };
}
