// Run by fips.test.ts in a process of its own, for the mode stays. In the middle of a session OpenSSL begins to refuse what is not
// of its FIPS module, and there is none, so it refuses everything. Prints what each call comes to, and then that all goes on.
import { setFips } from 'node:crypto';
import { fingerprint } from '../../src/crypto/digest.ts';
import { sign, verify, verifySync } from '../../src/crypto/sign.ts';
import { genKeypair, SecAggError } from '../../src/index.ts';
import { platform } from '../../src/platform/node.ts';
import { Session } from '../support/session.ts';

const outcome = async (run: () => unknown): Promise<string> => {
  try {
    return (await run()) === false ? 'called forged' : 'done';
  } catch (error) {
    const userIds = (error as { readonly userIds?: readonly number[] }).userIds ?? [];
    return `${error instanceof SecAggError ? error.code : String(error)}${userIds.length > 0 ? ` names ${userIds.join()}` : ''}`;
  }
};

const session = new Session({ ids: [1, 2, 3], threshold: 2, vecLen: 2 });
session.deliver(await session.answers());
await session.close();
const [user, server] = [session.user(1), session.server];
const message = session.messages.get(1)!;
const other = await session.user(2).round(session.messages.get(2)!);
const secretKey = new Uint8Array(32).fill(1);
const agreement = platform.x25519(secretKey);
const peer = platform.x25519Peer(await agreement.publicKey);
const [signKey, signSecret] = session.registered.keys.get(1)!;
const signature = await sign(signSecret, message);

const calls: readonly (readonly [string, () => unknown])[] = [
  ['verify', () => verify(signKey, message, signature)],
  ['verifySync', () => verifySync(signKey, message, signature)],
  ['agree', () => agreement.agree(peer)],
  ['x25519Peer', () => platform.x25519Peer(new Uint8Array(32).fill(9))],
  ['x25519', () => platform.x25519(secretKey)],
  ['ed25519PublicKey', () => platform.ed25519PublicKey(secretKey)],
  ['sign', () => sign(signSecret, message)],
  ['sha256', () => fingerprint(new Uint8Array(10))],
  ['sha256 of much', () => fingerprint(new Uint8Array(10_000))],
  ['hkdfSha256', () => platform.hkdfSha256(secretKey, secretKey, secretKey)],
  ['aes256Ctr', () => platform.aes256Ctr(secretKey, new Uint8Array(16))],
  ['genKeypair', () => genKeypair()],
  ["a user's round", () => user.round(message)],
  ["a server's recv", () => server.recv(2, other)],
];

for (const mode of [true, false]) {
  setFips(mode);
  for (const [name, call] of calls) console.log(`${name}: ${await outcome(call)}`);
}
