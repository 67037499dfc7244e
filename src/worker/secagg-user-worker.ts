// What the worker of a user runs: it holds one UserWrapper, and makes the calls that user-worker.ts sends. It is the entry point
// `secagg/user-worker`, and has an unmistakable name, because in a bundle it stands among files of the application.
import { wipe } from '../leaves/bytes.ts';
import type { UserEvent } from '../leaves/progress.ts';
import { PublicKeysWrapper } from '../session/public-keys.ts';
import { UserWrapper } from '../user/user-wrapper.ts';
import {
  GREETING,
  type Call,
  type CallName,
  type Calls,
  type FromWorker,
  type Keys,
  type Made,
  type Origin,
  type ToWorker,
} from './calls.ts';
import { dataOf } from './error-data.ts';

/** The part of a worker's global object that is used here. */
interface Scope {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
}

const scope = globalThis as unknown as Scope;
const running = new Map<number, AbortController>();
let user: UserWrapper | null = null;

const say = (message: FromWorker, transfer: readonly ArrayBuffer[] = []): void => scope.postMessage(message, transfer);

function madeFrom(origin: Origin, isHeard: boolean): UserWrapper {
  const own = isHeard ? { listener: (event: UserEvent): void => say({ event }) } : {};
  switch (origin.kind) {
    case 'new': {
      const { id, threshold, signPk, signSk, others, options } = origin;
      return new UserWrapper(id, threshold, signPk, signSk, null, keysOf(others), { ...options, ...own });
    }
    case 'state':
      return UserWrapper.fromState(origin.state, own);
    case 'descriptor': {
      const { descriptor, user: given, others } = origin;
      return UserWrapper.fromDescriptor(descriptor, { ...given, ...own, othersSignPks: keysOf(others) });
    }
  }
}

function keysOf(others: Keys | null): PublicKeysWrapper | null {
  return others === null ? null : new PublicKeysWrapper(others);
}

function madeOf(made: UserWrapper): Made {
  return { id: made.id, session: made.sessionContext };
}

/** Each call by its name. */
type Answers = {
  readonly [Name in CallName]: (
    own: UserWrapper,
    given: Calls[Name]['given'],
    signal: AbortSignal,
  ) => Calls[Name]['result'] | Promise<Calls[Name]['result']>;
};

const answers: Omit<Answers, 'make'> = {
  setVector(own, vec): undefined {
    own.setVector(vec, { transfer: true });
  },
  setPublicKeys(own, keys): undefined {
    own.setPublicKeys(new PublicKeysWrapper(keys));
  },
  round: (own, input, signal) => own.round(input, { signal }),
  progress: (own) => own.progress(),
  serializeState: (own) => own.serializeState(),
  recoverState(own, state) {
    own.recoverState(state);
    return madeOf(own);
  },
  abandon(own): undefined {
    own.abandon();
  },
};

function answer({ name, given }: Call, signal: AbortSignal): unknown {
  if (name === 'make') {
    try {
      user = madeFrom(given.origin, given.isHeard);
      return madeOf(user);
    } finally {
      // A copy, which came by the message.
      if (given.origin.kind === 'new') wipe([given.origin.signSk]);
      if (given.origin.kind === 'descriptor') wipe([given.origin.user.signSk]);
    }
  }
  if (user === null) throw new TypeError('this worker has no user yet');
  return (answers[name] as (own: UserWrapper, given: unknown, signal: AbortSignal) => unknown)(user, given, signal);
}

async function take(call: Call): Promise<void> {
  const controller = new AbortController();
  running.set(call.call, controller);
  try {
    const result: unknown = await answer(call, controller.signal);
    say({ call: call.call, result }, result instanceof Uint8Array ? [result.buffer as ArrayBuffer] : []);
  } catch (error) {
    say({ call: call.call, error: dataOf(error), aborted: controller.signal.aborted });
  } finally {
    running.delete(call.call);
    // The copy of the input that came by the message, if the user has not taken its memory.
    const given: unknown = call.given;
    const isCopy = call.name === 'setVector' && ArrayBuffer.isView(given) && given.buffer instanceof ArrayBuffer;
    if (isCopy && given.byteLength > 0) new Uint8Array(given.buffer).fill(0);
  }
}

scope.onmessage = ({ data }): void => {
  if ('abort' in data) running.get(data.abort)?.abort();
  else void take(data);
};
scope.postMessage(GREETING);
