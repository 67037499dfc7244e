// Users with registered keys, the vectors that they send, and the sum of these.
import {
  genKeypair,
  PublicKeysWrapper,
  UserWrapper,
  type SessionOptions,
  type SignPublicKey,
  type SignSecretKey,
} from '../src/index.ts';

export interface RegisteredUsers {
  /** Key pairs by id: 0, 1, … */
  readonly keys: readonly (readonly [SignPublicKey, SignSecretKey])[];
  readonly publicKeys: PublicKeysWrapper;
}

export function registerUsers(users: number): RegisteredUsers {
  const keys = Array.from({ length: users }, () => genKeypair());
  return { keys, publicKeys: new PublicKeysWrapper(keys.map(([pk], id) => [id, pk] as const)) };
}

/** All registered users as users of one session. @param vectors false if they are set later. */
export function usersOf(
  { keys, publicKeys }: RegisteredUsers,
  {
    threshold,
    vecLen,
    options = {},
    vectors = true,
  }: { threshold: number; vecLen: number; options?: SessionOptions; vectors?: boolean },
): UserWrapper[] {
  return keys.map(([pk, sk], id) => {
    const vector = vectors ? vectorOf(id, vecLen) : null;
    return new UserWrapper(id, threshold, pk, sk, vector, publicKeys, vectors ? options : { ...options, vecLen });
  });
}

/** A threshold of more than two thirds, so that fewer than a third of the users may work with a lying server. */
export function thresholdFor(users: number): number {
  return Math.floor((2 * users) / 3) + 1;
}

/** The vector of a user: components up to 1000. */
export function vectorOf(id: number, vecLen: number): Int32Array {
  const vector = new Int32Array(vecLen); // a loop takes a tenth of the time of Int32Array.from
  for (let j = 0; j < vecLen; j++) vector[j] = ((id + 1) * (j + 7)) % 1001;
  return vector;
}

export function addInTheClear(vectors: Iterable<Int32Array>, vecLen: number): Int32Array {
  const sum = new Int32Array(vecLen);
  for (const vector of vectors) addInPlace(sum, vector);
  return sum;
}

export function addInPlace(sum: Int32Array, vector: Int32Array): void {
  for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] ?? 0) + (vector[j] ?? 0);
}

/** @throws if the sum is wrong, because the figures of a wrong sum mean nothing. */
export function requireSum(got: ArrayLike<number | bigint> | undefined, expected: Int32Array): void {
  const right = got?.length === expected.length && expected.every((component, j) => Number(got[j]) === component);
  if (!right) throw new Error('the sum is wrong');
}
