// One session: people in workers, and a server in the page, which an application would have on another machine.
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper } from 'secagg';
import { UserWorker } from 'secagg/worker';

const THRESHOLD = 4;
const ROUNDS = 5;

export interface Person {
  readonly id: number;
  readonly steps: number;
  /** The round in which this person is not heard any more; null if it stays. */
  readonly leavesIn: number | null;
}

/** Hears how the session goes. */
export interface Watcher {
  round(round: number, heard: number): void;
  answered(id: number, round: number, bytes: Uint8Array): void;
  left(id: number, round: number): void;
}

export interface Outcome {
  readonly sum: number;
  /** Who is in the sum. */
  readonly included: readonly number[];
  readonly milliseconds: number;
}

/** Steps come first, and the other components stand for the update of a model. */
function vectorOf({ id, steps }: Person, length: number): Int32Array {
  const vector = Int32Array.from({ length }, (_, i) => (i * (id + 1)) % 1000);
  vector[0] = steps;
  return vector;
}

export async function runSession(people: readonly Person[], length: number, watcher: Watcher): Promise<Outcome> {
  const started = performance.now();
  const session = `steps, ${new Date().toISOString()}`;
  // In production each person makes its own keys once, and somebody other than the server vouches for the public ones.
  const keys = new Map(people.map(({ id }) => [id, genKeypair()] as const));
  const publicKeys = new PublicKeysWrapper([...keys].map(([id, [publicKey]]) => [id, publicKey]));
  const server = new ServerWrapper(THRESHOLD, length, { session, publicKeys });
  const users = new Map<number, UserWorker>();
  try {
    for (const person of people) {
      const [publicKey, secretKey] = keys.get(person.id) ?? genKeypair();
      const options = { session, vecLen: length };
      const user = await UserWorker.create(person.id, THRESHOLD, publicKey, secretKey, null, publicKeys, options);
      users.set(person.id, user);
      await user.setVector(vectorOf(person, length), { transfer: true });
    }
    let messages = new Map(people.map(({ id }) => [id, round0Msg()]));
    for (let round = 0; round < ROUNDS; round++) {
      watcher.round(round, 0);
      for (const { id, leavesIn } of people) {
        if (leavesIn !== round) continue;
        messages.delete(id);
        await users.get(id)?.terminate();
        watcher.left(id, round);
      }
      // The users answer side by side, and the server takes each answer as it comes.
      let heard = 0;
      const answer = async (id: number, message: Uint8Array): Promise<void> => {
        const bytes = await users.get(id)?.round(message);
        if (bytes === undefined) return;
        server.recv(id, bytes);
        watcher.answered(id, round, bytes);
        watcher.round(round, ++heard);
      };
      await Promise.all([...messages].map(([id, message]) => answer(id, message)));
      const output = await server.round();
      if (output.isVector()) {
        const sum = Number(output.getVector()[0]);
        return { sum, included: server.progress().included ?? [], milliseconds: performance.now() - started };
      }
      messages = output.getMessages();
    }
    throw new Error('the session has ended without a sum');
  } finally {
    await Promise.all([...users.values()].map((user) => user.terminate()));
  }
}
