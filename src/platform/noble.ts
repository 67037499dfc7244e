// Curve arithmetic in JavaScript, for engines without WebCrypto's curves and for callers that cannot wait. Used by
// web.ts only; its bytes equal those of node:crypto.
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, movedSecret } from '../leaves/bytes.ts';
import { requireRefusal } from '../leaves/refusals.ts';

/** The curve operations that a web engine takes from WebCrypto or from here. */
export const curves = {
  x25519PublicKey: (secretKey: Uint8Array): Uint8Array => x25519.getPublicKey(secretKey),

  x25519(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
    try {
      return movedSecret(x25519.getSharedSecret(secretKey, publicKey));
    } catch (error) {
      requireRefusal(error);
      return new Uint8Array(32); // noble refuses points of small order by itself
    }
  },

  ed25519PublicKey: (secretKey: Uint8Array): Uint8Array => ed25519.getPublicKey(secretKey),
  ed25519Sign: (secretKey: Uint8Array, message: Uint8Array): Uint8Array => ed25519.sign(message, secretKey),

  /**
   * RFC 8032 section 5.1.7 without the cofactor: R equals the encoding of [S]B − [k]A. noble's own verify multiplies by
   * the cofactor, OpenSSL and WebCrypto do not; on signatures made to tell the two apart, engines would disagree on who
   * may take part, and one user could split the others.
   */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    const { Point } = ed25519;
    const r = signature.subarray(0, 32);
    try {
      const a = Point.fromBytes(publicKey);
      const s = littleEndian(signature.subarray(32));
      if (s >= Point.Fn.ORDER) return false;
      const k = littleEndian(sha512(concat([r, publicKey, message]))) % Point.Fn.ORDER;
      const expected = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k)).toBytes();
      return expected.every((byte, i) => byte === r[i]);
    } catch (error) {
      requireRefusal(error);
      return false; // bytes that are no point
    }
  },
} as const;

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}
