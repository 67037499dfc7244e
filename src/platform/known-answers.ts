// A signature that is right. An engine that does not verify it is not believed when it says that somebody has forged one. Leaf.

const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));

/** A message, its signature, and the key that it verifies under. */
export interface Signed {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** RFC 8032 section 7.1, test 1: the signature of the empty message. */
export const KNOWN_SIGNATURE: Signed = {
  publicKey: bytes('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'),
  message: new Uint8Array(),
  signature: bytes(
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ),
};

/** A point of large order, the base point of RFC 7748 section 4.1. */
export const BASE_POINT: Uint8Array = Uint8Array.of(9, ...new Uint8Array(31));
