// Documents that end with an Ed25519 signature over all before it, under a label that no other kind of document has.
import { fingerprint } from '../crypto/digest.ts';
import type { Label } from '../crypto/labels.ts';
import { sign, verify, type SignPublicKey, type SignSecretKey } from '../crypto/sign.ts';
import { concat } from '../leaves/bytes.ts';
import { SIGNATURE_BYTES } from '../leaves/sizes.ts';

/** What the signature is over: the label and SHA-256 of the content. */
function signedBytes(label: Label, content: Uint8Array): Uint8Array {
  return concat([label, fingerprint(content)]);
}

/** The content and its signature. */
export async function signedDocument(
  label: Label,
  secretKey: SignSecretKey,
  content: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return concat([content, await sign(secretKey, signedBytes(label, content))]);
}

/** Whether a document ends with the signature that this key makes. */
export async function isSignedBy(label: Label, publicKey: SignPublicKey, document: Uint8Array): Promise<boolean> {
  if (document.length < SIGNATURE_BYTES) return false;
  const content = document.subarray(0, document.length - SIGNATURE_BYTES);
  return verify(publicKey, signedBytes(label, content), document.subarray(content.length));
}
