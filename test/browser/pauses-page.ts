// What the browser runs to see how long a page stands still: one session, and the longest wait of a timer in each of its calls.
import { sha256 } from '@noble/hashes/sha2.js';
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from 'secagg';
import { mean } from 'secagg/encoding';

/** The longest wait of a timer in milliseconds, by call. */
export type Pauses = Record<string, number>;

const TICK_MILLISECONDS = 4;
const STRETCHES = 5;
/** So many take some 50 ms, and each is long enough for a clock of whole milliseconds. */
const PIECES = 4;
const HASHED_BYTES = 2 ** 19;
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Runs some work in tasks of its own, marks its begin and end for a trace of the browser, and notes how long a timer had to wait. */
async function watched<T>(pauses: Pauses, name: string, work: () => T | Promise<T>): Promise<T> {
  await turn();
  let last = performance.now();
  let longest = 0;
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const ticker = setInterval(look, TICK_MILLISECONDS);
  performance.mark(`begin|${name}`);
  const result = await work();
  performance.mark(`end|${name}`);
  look();
  clearInterval(ticker);
  await turn();
  pauses[name] = Math.max(pauses[name] ?? 0, longest);
  return result;
}

/** A text as a store gives it. */
const stored = (text: string): string => new TextDecoder().decode(new TextEncoder().encode(text));

/** A session of four users, the last of which drops out. What user 0 and the server do is watched. */
async function pausesOf(vecLen: number, bits: number): Promise<Pauses> {
  const pauses: Pauses = {};
  const keys = [0, 1, 2, 3].map(() => genKeypair());
  const publicKeys = new PublicKeysWrapper(keys.map(([pk], id) => [id, pk]));
  const options = { session: 'pauses', bits };
  const server = new ServerWrapper(3, vecLen, { ...options, publicKeys });
  const vector = Int32Array.from({ length: vecLen }, (_, i) => (i % 1000) - 500);
  const made = keys.map(([pk, sk], id) => new UserWrapper(id, 3, pk, sk, null, publicKeys, { ...options, vecLen }));
  for (const user of made) await watched(pauses, 'setVector', () => user.setVector(vector));
  let messages = new Map(keys.map((_, id) => [id, round0Msg()]));
  for (let round = 0; round < 5; round++) {
    if (round === 2) messages.delete(3);
    for (const [id, message] of messages) {
      const user = made[id]!;
      const answer = await watched(pauses, `user, round ${round}`, () => user.round(message));
      const state = stored(await watched(pauses, 'user, serializeState', () => user.serializeState()));
      if (id === 0) await watched(pauses, 'user, fromState', () => UserWrapper.fromState(state));
      if (round !== 2) await watched(pauses, 'server, recv', () => server.recv(id, answer));
      else if (id === 0) await watched(pauses, 'server, recv of round 2', () => server.recv(id, answer));
      else await watched(pauses, 'server, recvAsync of round 2', () => server.recvAsync(id, answer));
    }
    const output = await watched(pauses, 'server, round', () => server.round());
    const state = stored(await watched(pauses, 'server, serializeState', () => server.serializeState()));
    await watched(pauses, 'server, fromState', () => ServerWrapper.fromState(state));
    if (output.isMessages()) messages = output.getMessages();
    else await watched(pauses, 'server, getVector', () => output.getVector());
  }
  return pauses;
}

/** What an encoding of so many floats takes. */
async function encodingPauses(vecLen: number): Promise<Pauses> {
  const pauses: Pauses = {};
  const encoding = mean({ maxUsers: 4, shapes: { layer: [vecLen] }, session: 'pauses' });
  const update = { layer: { shape: [vecLen], data: new Float32Array(vecLen).fill(0.25) } };
  const { vector } = await watched(pauses, 'encode', () => encoding.encode(update));
  await watched(pauses, 'decode', () => encoding.decode(vector as Int32Array, { users: 1 }));
  return pauses;
}

/**
 * How many times longer a call takes than on a machine that does nothing else: the longest of as many stretches of hashing as a session has
 * rounds, in each of which a call is watched, by the shortest piece, in which hardly any other program had the processor.
 */
function busyFactor(): number {
  const piece = new Uint8Array(HASHED_BYTES);
  const times = Array.from({ length: STRETCHES * PIECES }, () => {
    const started = performance.now();
    sha256(piece);
    return performance.now() - started;
  });
  const stretches = Array.from({ length: STRETCHES }, (_, i) => times.slice(i * PIECES, (i + 1) * PIECES));
  const longest = Math.max(...stretches.map((some) => some.reduce((sum, time) => sum + time, 0)));
  return longest / (PIECES * Math.min(...times));
}

Object.assign(globalThis, { pausesOf, encodingPauses, busyFactor });
