// Run as a program on Linux, with Node's engine and --expose-gc: uses secret keys and wipes them, by themselves or in a session, collects
// garbage, and prints what is left of them in the memory of the process, as JSON.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { platform } from '#platform';
import { PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from '../../src/index.ts';

const LENGTH = 32;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const HEX = '0123456789abcdef';
const CHUNK = 1 << 20;
const COMPONENTS = LENGTH / 4;

/** The bytes of a secret one at a time, so that the search itself holds no copy of it. */
type Secret = (index: number) => number;
const numbered =
  (n: number): Secret =>
  (index) =>
    (Math.imul(index + 1, 2 * n + 151) ^ (index * index * 29)) & 0xff;

const bits = (secret: Secret, from: number, width: number): number => {
  let value = 0;
  for (let i = from; i < from + width; i++) value = (value << 1) | (i < 8 * LENGTH ? (secret(i >> 3) >> (7 - (i & 7))) & 1 : 0);
  return value;
};

/** What memory would hold of a secret: its bytes, or its digits in a string. */
const FORMS: Readonly<Record<string, { readonly length: number; readonly byte: (secret: Secret, index: number) => number }>> = {
  bytes: { length: LENGTH, byte: (secret, i) => secret(i) },
  base64url: { length: 42, byte: (secret, i) => DIGITS.charCodeAt(bits(secret, 6 * i, 6)) },
  hex: { length: 2 * LENGTH, byte: (secret, i) => HEX.charCodeAt(bits(secret, 4 * i, 4)) },
};

/** How often each form of each secret lies in the memory that the process may write to. */
function found(secrets: readonly Secret[]): Record<string, number[]> {
  const counts = Object.fromEntries(Object.keys(FORMS).map((form) => [form, secrets.map(() => 0)]));
  const memory = openSync('/proc/self/mem', 'r');
  const chunk = Buffer.allocUnsafeSlow(CHUNK + 2 * LENGTH);
  for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
    if (range === null || line.includes('[v')) continue;
    const end = parseInt(range[2]!, 16);
    for (let at = parseInt(range[1]!, 16); at < end; at += CHUNK) {
      const read = readUpTo(memory, chunk, at, Math.min(chunk.length, end - at));
      for (const [form, { length, byte }] of Object.entries(FORMS)) {
        secrets.forEach((secret, n) => {
          for (let i = -1; (i = chunk.indexOf(byte(secret, 0), i + 1)) !== -1 && i < CHUNK && i + length <= read;) {
            let same = 1;
            while (same < length && chunk[i + same] === byte(secret, same)) same++;
            if (same === length) counts[form]![n]!++;
          }
        });
      }
      chunk.fill(0);
    }
  }
  closeSync(memory);
  return counts;
}

function readUpTo(memory: number, into: Buffer, at: number, length: number): number {
  try {
    return readSync(memory, into, 0, length, at);
  } catch {
    return 0; // reserved, and not there
  }
}

/** With memory of its own: an array in the heap of V8 may be moved when garbage is collected, and its bytes stay behind. */
function make(secret: Secret): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(LENGTH));
  for (let i = 0; i < LENGTH; i++) bytes[i] = secret(i);
  return bytes;
}

/** All that the engine does with a secret key. */
async function use(secretKey: Uint8Array): Promise<void> {
  const peer = platform.x25519Peer(await platform.x25519(make(numbered(99))).publicKey);
  for (let i = 0; i < 3; i++) {
    const key = platform.x25519(secretKey);
    await key.agree(peer);
    const publicKey = platform.ed25519PublicKey(secretKey);
    const message = Uint8Array.of(i);
    await platform.ed25519Verify(publicKey, message, await platform.ed25519Sign(secretKey, message));
    platform.hkdfSha256(secretKey, message, message).fill(0);
  }
}

/** A session of four users of whom one drops out, whose inputs, keys and seeds are numbered secrets. Gives how many there are. */
async function session(): Promise<number> {
  let secrets = 0;
  const engine = { ...platform };
  const drawn = (length: number): Uint8Array => {
    const bytes = engine.randomBytes(length);
    if (length !== LENGTH) return bytes;
    const secret = numbered(secrets++);
    for (let i = 0; i < LENGTH; i++) bytes[i] = secret(i);
    return bytes;
  };
  Object.assign(platform, { randomBytes: drawn });
  const people = [1, 2, 3, 4].map((id) => {
    const [secretKey, input] = [make(numbered(secrets++)), numbered(secrets++)];
    return { id, publicKey: platform.ed25519PublicKey(secretKey), secretKey, input };
  });
  const publicKeys = new PublicKeysWrapper(people.map(({ id, publicKey }) => [id, publicKey]));
  const options = { session: new Uint8Array(16).fill(7), maxUsers: people.length };
  const server = new ServerWrapper(3, COMPONENTS, { ...options, publicKeys });
  const users = people.map(({ id, publicKey, secretKey, input }) => {
    const bytes = make(input);
    const vec = new Int32Array(bytes.buffer);
    const user = new UserWrapper(id, 3, publicKey, secretKey, vec, publicKeys, { ...options, modularInputs: true });
    for (const used of [secretKey, bytes]) used.fill(0);
    return user;
  });
  let messages: ReadonlyMap<number, Uint8Array> = new Map(users.map(({ id }) => [id, round0Msg()]));
  for (;;) {
    for (const user of users) {
      const message = messages.get(user.id);
      // The first one drops out before it sends its masked input.
      if (message === undefined || (user === users[0] && server.progress().round === 2)) continue;
      await server.recvAsync(user.id, await user.round(message));
      globalThis.gc!(); // moves what can be moved
    }
    const output = await server.round();
    globalThis.gc!();
    if (output.kind === 'sum') {
      const component = (input: Secret, i: number): number =>
        input(4 * i) | (input(4 * i + 1) << 8) | (input(4 * i + 2) << 16) | (input(4 * i + 3) << 24);
      output.getVector().forEach((sum, i) => {
        const expected = people.slice(1).reduce((all, { input }) => (all + component(input, i)) | 0, 0);
        if (Number(sum) !== expected) throw new Error('a wrong sum');
      });
      break;
    }
    messages = output.getMessages();
  }
  for (const user of users) user.abandon();
  return secrets;
}

async function collected(): Promise<void> {
  for (let i = 0; i < 6; i++) {
    globalThis.gc!();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function oneKey(): Promise<number> {
  const secretKey = make(numbered(0));
  await use(secretKey);
  secretKey.fill(0);
  return 1;
}

/** OpenSSL frees the encoding of a key that it has decoded as it is; the next one that it decodes lies in the same memory. */
async function others(): Promise<void> {
  for (let n = 100; n < 110; n++) await use(make(numbered(n)));
}

const secrets = await (process.argv[2] === 'session' ? session() : oneKey());
await others();
const held = make(numbered(secrets));
const texts = [Buffer.from(held.buffer).toString('base64url'), Buffer.from(held.buffer).toString('hex')];
const all = Array.from({ length: secrets + 1 }, (_, n) => numbered(n));
let counts: Record<string, number[]>;
// A key object that the engine has not freed yet is freed by a later collection. What is left behind stays.
for (let tries = 5; ; tries--) {
  await collected();
  counts = found(all);
  if (tries === 1 || Object.values(counts).every((each) => each.slice(0, -1).every((left) => left === 0))) break;
}
const of = (count: (each: number[]) => number): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).map(([form, each]) => [form, count(each)]));
const used = of((each) => each.slice(0, -1).reduce((sum, left) => sum + left, 0));
console.log(JSON.stringify({ secrets, used, kept: of((each) => each.at(-1)!), texts: texts.length, bytes: held.length }));
