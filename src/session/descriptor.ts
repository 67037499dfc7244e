// What a user needs to know of a session to take part in it, as plain JSON that a server or a store hands out.
import { UsageError } from '../leaves/errors.ts';
import { equalBytes } from '../leaves/bytes.ts';
import type { UserId } from '../leaves/ids.ts';
import { DIGEST_BYTES } from '../leaves/sizes.ts';
import type { SignPublicKey } from '../crypto/sign.ts';
import { bytes, integer, nullable, oneOf, record } from './codec.ts';
import { parameters } from './json.ts';
import { PROTOCOL_VERSION, type Graph, type Parameters } from './parameters.ts';
import { rosterDigest } from './public-keys.ts';

/**
 * The parameters that all parties of a session agree on, as plain JSON. `UserWrapper.fromDescriptor` makes a user from it.
 *
 * It holds nothing that a user decides for itself: the adversary, the number of colluders and the most users that it accepts
 * are the user's own options, because the server that hands the descriptor out is the one that they protect from.
 */
export interface SessionDescriptor {
  /** Tells the document from others. */
  readonly secagg: 'session';
  /** Version of the wire format. */
  readonly version: number;
  /** What all parties of the session agree on. */
  readonly parameters: DescribedParameters;
  /** SHA-256 over the registered users and their keys, in base64; null if the server was not given any. */
  readonly roster: string | null;
}

/** The parameters in a {@link SessionDescriptor}. */
export interface DescribedParameters {
  /** t: the least number of users in each round. */
  readonly threshold: number;
  /** Components of the vectors. */
  readonly vecLen: number;
  /** Ring Z_2^bits of every component. */
  readonly bits: number;
  /** Which users share keys with which. */
  readonly graph: Graph;
  /** The application's context, in base64. */
  readonly session: string;
}

/** A descriptor with its bytes decoded. */
export interface DescribedSession {
  readonly secagg: 'session';
  readonly version: number;
  readonly parameters: Parameters;
  readonly roster: Uint8Array | null;
}

const codec = record<DescribedSession>({
  secagg: oneOf('session'),
  version: integer(PROTOCOL_VERSION, PROTOCOL_VERSION),
  parameters,
  roster: nullable(bytes(DIGEST_BYTES)),
});

type PublicKeys = ReadonlyMap<UserId, SignPublicKey>;

export function descriptorOf(context: {
  readonly parameters: Parameters;
  readonly publicKeys: PublicKeys | null;
}): SessionDescriptor {
  return descriptorWith(context.parameters, context.publicKeys === null ? null : rosterDigest(context.publicKeys));
}

/** @param roster the digest of the registered users and their keys; null without them. */
export function descriptorWith(parameters: Parameters, roster: Uint8Array | null): SessionDescriptor {
  const described = { secagg: 'session', version: PROTOCOL_VERSION, parameters, roster } as const;
  return codec.encode(described) as SessionDescriptor;
}

/** @throws StateError if a value is no descriptor of this version. */
export function parseDescriptor(json: unknown): DescribedSession {
  return codec.decode(json, 'descriptor');
}

/**
 * @param roster the digest of the keys that the session was made with; null if none is known.
 * @throws UsageError ERR_SECAGG_KEY_CONFLICT unless a user has these keys.
 */
export function requireRoster(roster: Uint8Array | null, publicKeys: PublicKeys): void {
  if (roster === null || equalBytes(roster, rosterDigest(publicKeys))) return;
  throw new UsageError('ERR_SECAGG_KEY_CONFLICT', 'publicKeys: not the keys that this session was made with');
}
