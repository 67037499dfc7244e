// A second opinion on keys: what a log of keys, or anybody else who knows them, says beside the registrar.
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import type { SignPublicKey } from '../crypto/sign.ts';

/** A participant of a session, as the registrar has certified it. */
export interface CertifiedKey {
  /** Id of the participant. */
  readonly id: number;
  /** Its Ed25519 public key, 32 bytes. */
  readonly publicKey: SignPublicKey;
  /** Number of the certificate. */
  readonly serial: number;
}

/**
 * Looks at the keys of all participants of a session, before anything is sent in it. On a sparse graph: at the participant's own key by
 * then, and at those of its neighbors, too, before it answers round 1.
 *
 * @returns whether each of them is the key of that participant. If not, the participant takes no part in the attempt.
 * @throws anything if it cannot tell now; the agent asks again later.
 */
export type VerifyKeys = (keys: readonly CertifiedKey[], options: { readonly signal?: PlatformSignal }) => Promise<boolean>;
