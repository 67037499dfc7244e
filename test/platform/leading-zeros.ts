// What an engine gives for keys, points, signatures and shares of which many begin or end with zeros. Runs in any engine, also in a
// browser; nothing here may import what Node alone has.
import { Reconstruction, split } from '../../src/crypto/shamir.ts';
import { concat, hex } from '../../src/leaves/bytes.ts';
import type { Platform } from '../../src/platform/platform.ts';

const KEYS = 24;
/** First and last bytes of the secrets and messages. */
const ENDS = [[0], [0, 0, 0], [0x80], [0xff], []] as const;

/** Ed25519 messages are as long as keys, so one list of byte strings serves for all. */
function strings(engine: Platform): Uint8Array[] {
  const all = ENDS.flatMap((first, i) => ENDS.map((last, j) => bytes(engine, 1000 + 10 * i + j, first, last)));
  // Half of them are secrets of which WebKit refuses to import any.
  return [...all, ...Array.from({ length: KEYS }, (_, i) => bytes(engine, i, i % 2 === 0 ? [0] : [], []))];
}

function bytes(engine: Platform, n: number, first: readonly number[], last: readonly number[]): Uint8Array {
  const out = engine.sha256([Uint8Array.of(n >> 8, n)]);
  out.set(first);
  out.set(last, out.length - last.length);
  return out;
}

/** One line for each key, and one for sharing; engines are equal if the lines are. */
export async function answersOf(engine: Platform): Promise<string[]> {
  const lines: string[] = [];
  const secrets = strings(engine);
  const points = await Promise.all(secrets.map(async (secret) => engine.x25519(secret).publicKey));
  for (const [i, secret] of secrets.entries()) {
    const other = (offset: number): Uint8Array => secrets[(i + offset) % secrets.length]!;
    // A public key, and a point that is nobody's key; the highest bit is not part of it.
    const agreed = [
      await engine.x25519(secret).agree(engine.x25519Peer(points[(i + 1) % points.length]!)),
      await engine.x25519(secret).agree(engine.x25519Peer(other(3).map((byte, at) => (at === 31 ? byte & 0x7f : byte)))),
    ];
    const publicKey = engine.ed25519PublicKey(secret);
    const signature = await engine.ed25519Sign(secret, other(2));
    const verified = [
      await engine.ed25519Verify(publicKey, other(2), signature),
      engine.ed25519VerifySync(publicKey, other(2), signature),
      await engine.ed25519Verify(publicKey, other(5), signature),
      await engine.ed25519Verify(other(4), other(2), signature),
      await engine.ed25519Verify(publicKey, other(2), concat([signature.subarray(0, 32), other(6)])),
    ];
    lines.push([points[i]!, ...agreed, publicKey, signature].map(hex).join(' ') + ` ${verified.join(' ')}`);
  }
  lines.push((await shared(engine, secrets)).join(' '));
  return lines;
}

/** Of groups in both fields: whether each secret comes back from the shares of the last holders. */
async function shared(engine: Platform, secrets: readonly Uint8Array[]): Promise<boolean[]> {
  const good: boolean[] = [];
  for (const [i, secret] of secrets.slice(0, 30).entries()) {
    const groupSize = i < 28 ? 3 : 300;
    const shares = await split(secret, groupSize, 2, (length) => engine.randomBytes(length));
    const holders = [groupSize - 2, groupSize - 1];
    const again = new Reconstruction(groupSize, holders).secret(holders.map((holder) => shares[holder]!));
    good.push(hex(again) === hex(secret));
  }
  return good;
}
