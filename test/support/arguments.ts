// Users and servers made with some arguments of a test's choice, whatever their type.
import {
  genKeypair,
  PublicKeysWrapper,
  ServerWrapper,
  UserWrapper,
  type SignPublicKey,
  type SignSecretKey,
} from '../../src/index.ts';

/** The keys of user 0. */
export const [pk, sk]: [SignPublicKey, SignSecretKey] = genKeypair();

/** Users 1 and 2. */
export const others: PublicKeysWrapper = new PublicKeysWrapper([
  [1, genKeypair()[0]],
  [2, genKeypair()[0]],
]);

type Argument = 'id' | 'threshold' | 'pk' | 'sk' | 'vec' | 'others' | 'options';

/** User 0 of three, a threshold of 2, with the input [1, 2]. */
export function userFrom(overrides: Partial<Record<Argument, unknown>> = {}): UserWrapper {
  const given = { id: 0, threshold: 2, pk, sk, vec: [1, 2], others, options: {}, ...overrides };
  return new (UserWrapper as unknown as new (...args: unknown[]) => UserWrapper)(
    given.id,
    given.threshold,
    given.pk,
    given.sk,
    given.vec,
    given.others,
    given.options,
  );
}

export function serverFrom(...args: unknown[]): ServerWrapper {
  return new (ServerWrapper as unknown as new (...args: unknown[]) => ServerWrapper)(...args);
}
