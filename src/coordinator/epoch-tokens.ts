// Tokens that say when a participant last spoke with the coordinator, so that a request that somebody recorded is worth nothing later.
// A token is the number of an epoch and a code over it that only this coordinator can make: no state, no clock of the participant.
import { deriveKey } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import { concat, equalBytes, u64 } from '../leaves/bytes.ts';
import { userId } from '../leaves/ids.ts';
import { EPOCH_TOKEN_BYTES } from '../service/exchange.ts';
import { ServiceError } from '../service/service-error.ts';
import type { Admitted } from './admission.ts';

/** Service time that an epoch lasts, in milliseconds. A token is good for the rest of its epoch and the next one. */
const EPOCH = 600_000;

/**
 * Epochs for which the newest request of a participant is remembered, a little over a week. No token of it is good for so long: the number tells
 * a participant whose state was restored from a backup that it has spoken since.
 */
const REMEMBERED = 1100;

/** Makes and checks the tokens of one coordinator. */
export class EpochTokens {
  readonly #secret: Uint8Array;
  /** Whatever is of epochs before it was forgotten. */
  #oldest = 0;

  /** @param secret 32 bytes that all processes of a coordinator share. */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** The epoch of a service time in milliseconds. */
  epochAt(now: number): number {
    return Math.floor(now / EPOCH);
  }

  /** Calls `forget` with the epoch before which requests are not remembered any more, once for each. */
  async atEndOfEpoch(now: number, forget: (epoch: number) => Promise<void>): Promise<void> {
    const oldest = this.epochAt(now) - REMEMBERED;
    if (oldest <= this.#oldest) return;
    await forget(oldest);
    this.#oldest = oldest;
  }

  /** @param certificate digest of the participant's certificate: another certificate has other tokens. */
  tokenFor(id: number, certificate: Uint8Array, epoch: number): Uint8Array {
    // HKDF is a pseudorandom function of its info; each token is one output of it.
    return concat([
      u64(epoch),
      deriveKey(this.#secret, certificate, LABELS.epochToken, [userId(id, 'id'), userId(epoch, 'epoch')]),
    ]);
  }

  /** @throws ServiceError ERR_SECAGG_TOKEN. @param now service time, in milliseconds. */
  requireCurrent({ request, certificate, certificateDigest }: Admitted, now: number): void {
    // A first question needs no token: it changes nothing.
    if (request.kind === 'hello' || this.isCurrent(request.token, certificate.id, certificateDigest, this.epochAt(now))) return;
    throw new ServiceError('ERR_SECAGG_TOKEN', 'request: its token is not current');
  }

  /** Whether a token is the participant's own, of this epoch or the one before. */
  isCurrent(token: Uint8Array, id: number, certificate: Uint8Array, epoch: number): boolean {
    if (token.length !== EPOCH_TOKEN_BYTES) return false;
    return [epoch, epoch - 1].some((each) => each >= 0 && equalBytes(token, this.tokenFor(id, certificate, each)));
  }
}
