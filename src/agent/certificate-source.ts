// Where an agent has its certificate from: it was given one, or a function that renews it.
import { copyOf } from '../leaves/bytes.ts';
import { checkBytes } from '../leaves/checks.ts';
import { CERTIFICATE_BYTES, readCertificate } from '../service/certificate.ts';

/** @throws TypeError, RangeError, DecodeError for bytes that are no certificate. */
export function certificateSource(given: Uint8Array | (() => Promise<Uint8Array>)): () => Promise<Uint8Array> {
  const checked = (bytes: Uint8Array): Uint8Array => {
    const certificate = copyOf(checkBytes(bytes, 'options.certificate'));
    if (certificate.length !== CERTIFICATE_BYTES) {
      throw new RangeError(`options.certificate: expected ${CERTIFICATE_BYTES} bytes, got ${certificate.length}`);
    }
    readCertificate(certificate);
    return certificate;
  };
  if (typeof given === 'function') return async () => checked(await given());
  const fixed = checked(given);
  return () => Promise.resolve(fixed);
}
