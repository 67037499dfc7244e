// What ServerWrapper.round() gives: messages for users, or the sum.
import { UsageError } from '../leaves/errors.ts';
import { userId } from '../leaves/ids.ts';
import { inspectAs } from '../leaves/inspect.ts';
import type { SumVector } from '../masking/vector.ts';
import type { Messages } from './messages-to-users.ts';

/**
 * The outcome of one round of the server: messages to be sent to users, or, after the last one, the sum. `kind` tells which,
 * and TypeScript narrows {@link ServerOutput} by it.
 *
 * @example
 * ```js
 * import { ServerOutputWrapper, ServerWrapper } from 'secagg';
 *
 * const output = new ServerWrapper(2, 1).output(); // nothing yet
 * if (output instanceof ServerOutputWrapper) {
 *   if (output.kind === 'messages') for (const [id, bytes] of output.getMessages()) console.log(id, bytes.length);
 *   else console.log(output.getVector());
 * }
 * ```
 */
export abstract class ServerOutputWrapper {
  /** `'messages'` after rounds 0 to 3, `'sum'` after round 4. */
  abstract readonly kind: 'messages' | 'sum';

  /** Whether it holds messages. */
  isMessages(): this is MessagesOutput {
    return this.kind === 'messages';
  }

  /** Whether it holds the sum. */
  isVector(): this is SumOutput {
    return this.kind === 'sum';
  }

  /**
   * The message for each user that goes on. Users that are sent the same may share its bytes: do not change them.
   *
   * The messages of round 2 take 136 bytes for each two users together, as much as the server itself keeps. If that is too
   * much, ask for one after the other, with {@link getMessage}.
   *
   * @returns a fresh map from user id to bytes.
   * @throws UsageError ERR_SECAGG_USAGE if it is the sum.
   */
  getMessages(): Map<number, Uint8Array<ArrayBuffer>> {
    throw noMessages('getMessages');
  }

  /**
   * The message for one user, made when it is asked for and not kept.
   *
   * @param id user id.
   * @returns bytes as in {@link getMessages}; null for a user that gets none.
   * @throws UsageError ERR_SECAGG_USAGE if it is the sum; TypeError, RangeError if `id` is no user id.
   */
  getMessage(id: number): Uint8Array<ArrayBuffer> | null {
    userId(id, 'id');
    throw noMessages('getMessage');
  }

  /**
   * The users that there is a message for.
   *
   * @throws UsageError ERR_SECAGG_USAGE if it is the sum.
   */
  recipients(): number[] {
    throw noMessages('recipients');
  }

  /**
   * The sum over the users whose masked input was accepted in round 2.
   *
   * @returns signed components, vecLen of them.
   * @throws UsageError ERR_SECAGG_USAGE if it is messages.
   */
  getVector(): SumVector {
    throw new UsageError('ERR_SECAGG_USAGE', 'getVector: this output holds messages; the sum comes when round 4 is closed');
  }
}

function noMessages(asked: string): UsageError {
  return new UsageError('ERR_SECAGG_USAGE', `${asked}: this output holds the sum and no messages`);
}

/** The outcome of a round from 0 to 3. */
export class MessagesOutput extends ServerOutputWrapper {
  /** Tells this outcome from {@link SumOutput}. */
  override readonly kind = 'messages';
  readonly #messages: Messages;
  /** What `getMessages` has made. */
  #all: ReadonlyMap<number, Uint8Array<ArrayBuffer>> | null = null;

  static {
    inspectAs(this.prototype, (output) => `ServerOutputWrapper { messages: ${output.recipients().length} }`);
  }

  /** @internal Only a server makes one. */
  constructor(messages: Messages) {
    super();
    this.#messages = messages;
  }

  /**
   * The message for each user that goes on. Users that are sent the same may share its bytes: do not change them.
   *
   * @returns a fresh map from user id to bytes.
   */
  override getMessages(): Map<number, Uint8Array<ArrayBuffer>> {
    const messages = this.#messages;
    this.#all ??= new Map(Array.from(messages.keys(), (id) => [id, messages.get(id) ?? new Uint8Array()]));
    return new Map(this.#all);
  }

  /**
   * The message for one user, made when it is asked for and not kept.
   *
   * @returns bytes as in {@link getMessages}; null for a user that gets none.
   * @throws TypeError, RangeError if `id` is no user id.
   */
  override getMessage(id: number): Uint8Array<ArrayBuffer> | null {
    return this.#messages.get(userId(id, 'id')) ?? null;
  }

  /** The users that there is a message for. */
  override recipients(): number[] {
    return [...this.#messages.keys()];
  }
}

/** The outcome of round 4. */
export class SumOutput extends ServerOutputWrapper {
  /** Tells this outcome from {@link MessagesOutput}. */
  override readonly kind = 'sum';
  readonly #vector: SumVector;

  static {
    inspectAs(this.prototype, (output) => `ServerOutputWrapper { vector: ${output.#vector.length} components }`);
  }

  /** @internal Only a server makes one. */
  constructor(vector: SumVector) {
    super();
    this.#vector = vector;
  }

  /**
   * The sum over the users whose masked input was accepted in round 2.
   *
   * @returns fresh signed components, vecLen of them.
   */
  override getVector(): SumVector {
    return this.#vector.slice();
  }
}

/** The outcome of a round, as a union that `kind` tells apart. */
export type ServerOutput = MessagesOutput | SumOutput;
