// Users with registered keys.
import { genKeypair, PublicKeysWrapper, type SignPublicKey, type SignSecretKey } from '../../src/index.ts';

export interface RegisteredUsers {
  readonly ids: readonly number[];
  readonly keys: ReadonlyMap<number, readonly [SignPublicKey, SignSecretKey]>;
  readonly pki: PublicKeysWrapper;
}

export function registeredUsers(ids: readonly number[]): RegisteredUsers {
  const keys = new Map(ids.map((id) => [id, genKeypair()] as const));
  return { ids, keys, pki: new PublicKeysWrapper([...keys].map(([id, [pk]]) => [id, pk] as const)) };
}

/** Ids that are neither dense nor sorted the way they are spoken of. */
export function sparseIds(users: number): number[] {
  return Array.from({ length: users }, (_, i) => (i === 0 ? 2 ** 53 - 1 : i * i * 7 + 3));
}

export function secretKeyOf(registered: RegisteredUsers, id: number): SignSecretKey {
  return registered.keys.get(id)![1];
}
