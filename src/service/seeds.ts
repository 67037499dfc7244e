// The seed of a draw: 32 bytes that nobody knew before a time, and that all learn after it. Who draws cohorts with a seed that the
// coordinator chose could as well let it choose the cohorts.
import { digest } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import type { SignSecretKey } from '../crypto/sign.ts';
import { concat, copyOf, equalBytes, u64 } from '../leaves/bytes.ts';
import { checkBytes, checkFunction, checkNames } from '../leaves/checks.ts';
import { DecodeError } from '../leaves/errors.ts';
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { DIGEST_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { authorityDigest, checkAuthority, type Authority } from './certificate.ts';
import { FixedFields } from '../leaves/fixed-fields.ts';
import { ServiceError } from './service-error.ts';
import { isSignedBy, signedDocument } from './signed-documents.ts';

const VERSION = 1;
export const SEED_BYTES = 32;

/**
 * Gives the seed of a time: the same 32 bytes to everybody who asks, whom nobody that may work with the coordinator could know or
 * choose before that time. A public beacon is one; `registrarSeeds` another.
 *
 * @param time whole seconds since 1970.
 * @returns null before that time.
 */
export type SeedSource = (time: number, options: { readonly signal?: PlatformSignal }) => Promise<Uint8Array | null>;

export async function seedDocumentOf(
  authority: Authority,
  secretKey: SignSecretKey,
  time: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = concat([Uint8Array.of(VERSION), authorityDigest(authority), u64(time)]);
  return signedDocument(LABELS.seedDocument, secretKey, content);
}

/** How `registrarSeeds` gets the registrar's documents. */
export interface RegistrarSeedOptions {
  /** The registrar that is trusted, with its scope. */
  readonly authority: Authority;
  /** Gives what `Registrar.seed` returned for this time, over any transport; null if it is too early. */
  readonly fetch: (time: number, options: { readonly signal?: PlatformSignal }) => Promise<Uint8Array | null>;
}

/**
 * Seeds that the registrar gives, beside its certificates. That takes no further trust: a registrar that works with the coordinator
 * could certify as many participants as it likes.
 *
 * @returns a source that throws DecodeError or ServiceError ERR_SECAGG_SEED for what the registrar has not signed for that time.
 * @throws TypeError, RangeError that name the option.
 * @example
 * ```js
 * import { genKeypair } from 'secagg';
 * import { Registrar, registrarSeeds } from 'secagg/service';
 *
 * const registrar = new Registrar({ keypair: genKeypair(), scope: 'example app' });
 * const seeds = registrarSeeds({ authority: registrar.authority, fetch: (time) => registrar.seed(time) });
 * const now = Math.floor(Date.now() / 1000);
 * console.log((await seeds(now, {})).length, await seeds(now + 60, {})); // prints: 32 null
 * ```
 */
export function registrarSeeds(options: RegistrarSeedOptions): SeedSource {
  checkNames(options, 'options', ['authority', 'fetch']);
  const authority = checkAuthority(options.authority, 'options.authority');
  const { fetch } = options;
  checkFunction(fetch, 'options.fetch');
  const expected = authorityDigest(authority);
  return async (time, about) => {
    const given = await fetch(time, about);
    if (given === null) return null;
    const document = copyOf(checkBytes(given, 'fetch'));
    const fields = new FixedFields('seed', document);
    fields.version(VERSION);
    const [found, of] = [fields.bytes(DIGEST_BYTES), fields.integer(8)];
    fields.bytes(SIGNATURE_BYTES);
    fields.end();
    const isOurs = equalBytes(found, expected) && of === time;
    if (!isOurs || !(await isSignedBy(LABELS.seedDocument, authority.publicKey, document))) {
      throw new ServiceError('ERR_SECAGG_SEED', 'the registrar has not signed this seed for this time');
    }
    return digest(LABELS.seed, [document]);
  };
}

/** The seed of a time, from a source that anybody may have written. */
export async function seedOf(source: SeedSource, time: number, signal?: PlatformSignal): Promise<Uint8Array | null> {
  const given = await source(time, signal === undefined ? {} : { signal });
  if (given === null) return null;
  const seed = copyOf(checkBytes(given, 'seeds'));
  if (seed.length !== SEED_BYTES) throw new DecodeError(`seeds: expected ${SEED_BYTES} bytes, got ${seed.length}`);
  return seed;
}
