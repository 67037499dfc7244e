// SHA-256 under a label, and keys derived with HKDF-SHA256 (RFC 5869) under a label.
import { platform, sha256 as hash } from '#platform';
import { concat, u64s } from '../leaves/bytes.ts';
import type { UserId } from '../leaves/ids.ts';
import type { Awaitable } from '../platform/platform.ts';
import type { Label } from './labels.ts';

/** Plain SHA-256 of parts in a row, beside the engine: a bundle of what needs nothing else has no curves. 32 bytes. */
export function sha256(parts: readonly Uint8Array[]): Uint8Array {
  return hash(parts);
}

/** SHA-256 over the label and the parts; callers give parts of fixed length, or prefix their length. 32 bytes. */
export function digest(label: Label, parts: readonly Uint8Array[]): Uint8Array {
  return platform.sha256([label, ...parts]);
}

/** The same of long parts that are no secrets, beside the caller's thread if the engine can. */
export function digestBeside(label: Label, parts: readonly Uint8Array[]): Awaitable<Uint8Array> {
  return platform.sha256Beside([label, ...parts]);
}

/** Plain SHA-256 of one byte string: the fingerprint of a message. 32 bytes. */
export function fingerprint(bytes: Uint8Array): Uint8Array {
  return platform.sha256([bytes]);
}

/**
 * A 32-byte key for one purpose: HKDF-SHA256 with `agreed`, a digest of all that the session has agreed on so far,
 * as salt, and the label and the users' ids as info.
 */
export function deriveKey(secret: Uint8Array, agreed: Uint8Array, label: Label, users: readonly UserId[]): Uint8Array {
  return platform.hkdfSha256(secret, agreed, concat([label, u64s(users)]));
}
