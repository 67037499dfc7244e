// What the browser runs: users in workers, with a server in the page.
import { genKeypair, PublicKeysWrapper, round0Msg, SecAggError, ServerWrapper, type UserEvent } from 'secagg';
import { UserWorker } from 'secagg/worker';

const THRESHOLD = 3;
const keys = [0, 1, 2, 3].map(() => genKeypair());
const publicKeys = new PublicKeysWrapper(keys.map(([pk], id) => [id, pk]));
const options = { session: 'workers' };

/** User id gives id + j at component j. */
const vectorOf = (id: number, vecLen: number): Int32Array => Int32Array.from({ length: vecLen }, (_, j) => id + j);

function started(id: number, vec: Int32Array | null, more: object = {}): Promise<UserWorker> {
  const [pk, sk] = keys[id]!;
  return UserWorker.create(id, THRESHOLD, pk, sk, vec, publicKeys, { ...options, ...more });
}

export interface SessionInWorkers {
  /** The first and the last component. */
  readonly ends: readonly number[];
  /** Of the vector that was transferred. */
  readonly left: number;
  readonly events: readonly string[];
  readonly round: number | null;
}

/** Four users, the last of which drops out; user 0 goes to another worker in each round, and user 1 gives its vector late. */
async function sessionInWorkers(vecLen: number): Promise<SessionInWorkers> {
  const events: UserEvent[] = [];
  const server = new ServerWrapper(THRESHOLD, vecLen, { ...options, publicKeys });
  const users = await Promise.all(
    keys.map((_, id) =>
      started(id, id === 1 ? null : vectorOf(id, vecLen), {
        vecLen,
        ...(id === 2 && { listener: (event: UserEvent) => events.push(event) }),
      }),
    ),
  );
  const late = vectorOf(1, vecLen);
  await users[1]!.setVector(late, { transfer: true });
  let messages = new Map(users.map(({ id }) => [id, round0Msg()]));
  for (;;) {
    for (const [id, message] of messages) {
      if (server.progress().round === 2 && id === 3) continue;
      server.recv(id, await users[id]!.round(message));
    }
    const output = await server.round();
    if (output.isVector()) {
      const { round } = await users[1]!.progress();
      const sum = output.getVector();
      await Promise.all(users.map((user) => user.terminate()));
      const ends = [Number(sum[0]), Number(sum[vecLen - 1])];
      return { ends, left: late.length, events: events.map(({ type }) => type), round };
    }
    messages = output.getMessages();
    const state = await users[0]!.serializeState();
    await users[0]!.terminate();
    users[0] = await UserWorker.fromState(state);
  }
}

/** What a promise is rejected with, as far as JSON can carry it. */
async function thrown(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return 'nothing';
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    const { name, cause } = error;
    const fields = Object.fromEntries(Object.entries(error).filter(([field]) => field !== 'name'));
    return { name, secagg: error instanceof SecAggError, ...fields, ...(cause instanceof SecAggError && { cause: cause.code }) };
  }
}

/** What goes wrong, and how the page hears of it. */
async function errorsOfWorkers(): Promise<Record<string, unknown>> {
  const user = await started(0, null, { vecLen: 2 });
  const errors: Record<string, unknown> = {
    option: await thrown(started(0, null, { vecLen: 2, thresold: 3 })),
    component: await thrown(user.setVector([2 ** 31 - 1, 0])),
    callable: await thrown(started(0, null, { vecLen: (): number => 2 })),
    early: await thrown(started(0, Int32Array.of(1, 2)).then((other) => other.round(Uint8Array.of(0x93, 1, 3, 0xc4, 0)))),
    missing: await thrown(started(0, null, { vecLen: 2, worker: '/nothing-here.js' })),
    stranger: await thrown(started(0, null, { vecLen: 2, worker: new URL('/stranger.js', location.href) })),
    ends: await thrown(started(0, null, { vecLen: 2, worker: () => new Worker('/ends.js', { type: 'module' }) })),
  };
  // The answer of round 2 takes so long that the page's next line runs before it is there.
  const { users, messages } = await atRound2(2 ** 20);
  const [busy] = users;
  await busy!.setVector(vectorOf(0, 2 ** 20));
  const controller = new AbortController();
  const reason = new Error('called off');
  const waiting = busy!.round(messages.get(0)!.slice(), { signal: controller.signal });
  controller.abort(reason);
  errors.abort = (await waiting.catch((error: unknown) => error)) === reason;
  errors.afterAbort = (await busy!.round(messages.get(0)!)).length > 0;
  await Promise.all(users.map((each) => each.terminate()));
  await user.abandon();
  errors.abandoned = await thrown(user.round(round0Msg()));
  const ended = user.progress();
  await user.terminate();
  await ended;
  errors.terminated = await thrown(user.progress());
  await user.terminate();
  return errors;
}

/** Users in workers that have dealt, and what each is to be given in round 2. */
async function atRound2(vecLen: number): Promise<{ users: UserWorker[]; messages: Map<number, Uint8Array> }> {
  const server = new ServerWrapper(THRESHOLD, vecLen, { ...options, publicKeys });
  const users = await Promise.all(keys.map((_, id) => started(id, null, { vecLen })));
  let messages = new Map(users.map(({ id }) => [id, round0Msg()]));
  for (let round = 0; round < 2; round++) {
    for (const [id, message] of messages) server.recv(id, await users[id]!.round(message));
    messages = (await server.round()).getMessages();
  }
  return { users, messages };
}

/** Three users in the page deal; the answer of round 2 is made in a worker, with so many components. */
async function longRoundInWorker(vecLen: number): Promise<number> {
  const { users, messages } = await atRound2(vecLen);
  const vector = vectorOf(0, vecLen);
  await new Promise((resolve) => setTimeout(resolve, 100));
  let last = performance.now();
  let longest = 0;
  const ticker = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 4);
  performance.mark('begin|a page whose user is in a worker');
  await users[0]!.setVector(vector);
  await users[0]!.round(messages.get(0)!);
  performance.mark('end|a page whose user is in a worker');
  clearInterval(ticker);
  await Promise.all(users.map((user) => user.terminate()));
  return longest;
}

/** A worker of the page's own encodes so many floats, and gives them to a user in another one. @returns the last component. */
async function encodingInWorker(vecLen: number): Promise<number> {
  const user = await started(0, null, { vecLen });
  const worker = new Worker('/encoding-worker.js', { type: 'module' });
  const values = new Float32Array(vecLen).fill(0.25);
  await new Promise((resolve) => setTimeout(resolve, 100));
  performance.mark('begin|a page whose floats are encoded in a worker');
  const vector = await new Promise<Int32Array>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Int32Array>): void => resolve(data);
    worker.onerror = ({ message }): void => reject(new Error(message));
    worker.postMessage(values, [values.buffer]);
  });
  const last = vector[vecLen - 1]!;
  await user.setVector(vector, { transfer: true });
  performance.mark('end|a page whose floats are encoded in a worker');
  worker.terminate();
  await user.terminate();
  return last;
}

Object.assign(globalThis, { sessionInWorkers, errorsOfWorkers, longRoundInWorker, encodingInWorker });
