// The fixed sizes, in bytes, of what messages are made of. Leaf: imports nothing.

/** X25519 and Ed25519 keys, secrets, SHA-256 digests. */
export const KEY_BYTES = 32;
export const DIGEST_BYTES = 32;
export const SIGNATURE_BYTES = 64;
/** A user's id, at most, in MessagePack. */
export const ID_BYTES = 9;
/** A share of a 32-byte secret: its evaluation point is its holder's position and is not written down. */
export const SHARE_BYTES = 32;
export const SHARE_COMMITMENT_BYTES = 16;
/** Nonce (24) and tag (16) of XChaCha20-Poly1305. */
const SEAL_OVERHEAD = 40;
/** A sealed pair of shares. */
export const CIPHERTEXT_BYTES: number = SEAL_OVERHEAD + 2 * SHARE_BYTES;
/** What one owner deals to one holder: the ciphertext and the commitments to both shares. */
export const RECORD_BYTES: number = CIPHERTEXT_BYTES + 2 * SHARE_COMMITMENT_BYTES;
