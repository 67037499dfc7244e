// Where an agent has its certificate from: it was given one, or a function that renews it.
import { copyOf, equalBytes } from '../leaves/bytes.ts';
import { checkBytes } from '../leaves/checks.ts';
import type { SignPublicKey } from '../crypto/sign.ts';
import { authorityDigest, CERTIFICATE_BYTES, readCertificate, type Authority } from '../service/certificate.ts';

/** Whose certificate it must be. A coordinator does not answer the requests of anybody else, and does not say why. */
interface Owner {
  readonly id: number;
  readonly publicKey: SignPublicKey;
  readonly registrar: Authority;
}

/** @throws TypeError, RangeError, DecodeError for bytes that are no certificate of the owner. */
export function certificateSource(
  given: Uint8Array | (() => Promise<Uint8Array>),
  { id, publicKey, registrar }: Owner,
): () => Promise<Uint8Array> {
  const authority = authorityDigest(registrar);
  const checked = (bytes: Uint8Array): Uint8Array => {
    const name = 'options.certificate';
    const certificate = copyOf(checkBytes(bytes, name));
    if (certificate.length !== CERTIFICATE_BYTES) {
      throw new RangeError(`${name}: expected ${CERTIFICATE_BYTES} bytes, got ${certificate.length}`);
    }
    const read = readCertificate(certificate);
    if (read.id !== id) throw new RangeError(`${name}: expected one of participant ${id}, got one of ${read.id}`);
    if (!equalBytes(read.publicKey, publicKey)) throw new RangeError(`${name}: it is of another key than options.keypair`);
    if (!equalBytes(read.authority, authority)) {
      throw new RangeError(`${name}: it is of another registrar or scope than the task names`);
    }
    return certificate;
  };
  if (typeof given === 'function') return async () => checked(await given());
  const fixed = checked(given);
  return () => Promise.resolve(fixed);
}
