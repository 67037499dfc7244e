// What the processes keep in files: keys that only the owner may read, and texts that are replaced as a whole.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { genKeypair } from 'secagg';
import type { Keypair } from 'secagg/service';

/** The secret bytes in a file, which are made the first time. */
export function secretIn(file: string, make: () => Uint8Array = () => randomBytes(32)): Uint8Array {
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600, flag: 'wx' });
  return new Uint8Array(readFileSync(file));
}

/** The key pair in a file, which is made the first time: 32 bytes of the public key, then 32 bytes of the secret key. */
export function keypairIn(file: string): Keypair {
  const bytes = secretIn(file, () => Buffer.concat(genKeypair()));
  return [bytes.slice(0, 32), bytes.slice(32)];
}

/** The text in a file; null if there is no file. */
export function textIn(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** After a crash, the old text or the new one is there. */
export function replaceText(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}
