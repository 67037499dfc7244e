// One session that is long enough for worker threads, played once: what its users send, and its sum. A server of the same session
// in another process takes the same messages.
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from '../../src/index.ts';

const IDS = Array.from({ length: 20 }, (_, i) => i + 1);
/** Users that drop out after they have dealt their shares: so many that few have to mask anything. */
const DROPPED = new Set(IDS.slice(3));
const THRESHOLD = 3;
const ADVERSARY = 'semi-honest';
/** For 3 masks of users and 51 of pairs, so much that two threads are worth it. */
const VEC_LEN = 5_700_000;

export interface RecordedSession {
  readonly threshold: number;
  readonly vecLen: number;
  readonly adversary: 'semi-honest';
  readonly publicKeys: PublicKeysWrapper;
  /** What each user sends in each round. */
  readonly rounds: readonly ReadonlyMap<number, Uint8Array>[];
  readonly sum: Int32Array;
}

/** Users have different values, and each user one component that differs from its others. */
function vectorOf(ids: readonly number[]): Int32Array {
  const vector = new Int32Array(VEC_LEN).fill(ids.reduce((total, id) => total + 1000 * id, 0));
  for (const id of ids) vector[id * 250_000] = vector[id * 250_000]! - 999 * id;
  return vector;
}

export async function recordSession(): Promise<RecordedSession> {
  const keys = new Map(IDS.map((id) => [id, genKeypair()]));
  const publicKeys = new PublicKeysWrapper([...keys].map(([id, [pk]]) => [id, pk]));
  const server = new ServerWrapper(THRESHOLD, VEC_LEN, { publicKeys, adversary: ADVERSARY });
  const users = new Map(
    [...keys].map(([id, [pk, sk]]) => {
      const vector = DROPPED.has(id) ? null : vectorOf([id]);
      const options = { vecLen: VEC_LEN, adversary: ADVERSARY } as const;
      return [id, new UserWrapper(id, THRESHOLD, pk, sk, vector, publicKeys, options)];
    }),
  );
  const rounds: Map<number, Uint8Array>[] = [];
  let messages: ReadonlyMap<number, Uint8Array> = new Map(IDS.map((id) => [id, round0Msg()]));
  for (let round = 0; round < 5; round++) {
    const answers = new Map<number, Uint8Array>();
    for (const [id, message] of messages) {
      if (round < 2 || !DROPPED.has(id)) answers.set(id, await users.get(id)!.round(message));
    }
    rounds.push(answers);
    for (const [id, bytes] of answers) server.recv(id, bytes);
    if (round < 4) messages = (await server.round()).getMessages();
  }
  const sum = vectorOf(IDS.filter((id) => !DROPPED.has(id)));
  return { threshold: THRESHOLD, vecLen: VEC_LEN, adversary: ADVERSARY, publicKeys, rounds, sum };
}
