// What ServerWrapper.round() gives: messages for users, or the sum.
import { UsageError } from '../leaves/errors.ts';
import { userId } from '../leaves/ids.ts';

/** The messages of a round, by user: a map, or what makes them when they are asked for. */
export type Messages = Pick<ReadonlyMap<number, Uint8Array<ArrayBuffer>>, 'keys' | 'get'>;

type Content = { readonly messages: Messages } | { readonly vector: Int32Array | BigInt64Array };

/** @internal Only a server makes one. */
export let outputOf: (content: Content) => ServerOutputWrapper;

/**
 * The outcome of one round of the server: messages to be sent to users, or, after the last one, the sum.
 *
 * @example
 * ```js
 * import { ServerOutputWrapper, ServerWrapper } from 'secagg';
 *
 * const output = new ServerWrapper(2, 1).output(); // nothing yet
 * if (output instanceof ServerOutputWrapper) {
 *   if (output.isMessages()) for (const [id, bytes] of output.getMessages()) console.log(id, bytes.length);
 *   else console.log(output.getVector());
 * }
 * ```
 */
export class ServerOutputWrapper {
  readonly #content: Content;
  /** What `getMessages` made. */
  #all: ReadonlyMap<number, Uint8Array<ArrayBuffer>> | null = null;

  static {
    outputOf = (content): ServerOutputWrapper => new ServerOutputWrapper(content);
    // What console.log shows in Node.
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: ServerOutputWrapper): string {
        const what = this.isVector() ? `vector: ${this.getVector().length} components` : `messages: ${this.recipients().length}`;
        return `ServerOutputWrapper { ${what} }`;
      },
    });
  }

  private constructor(content: Content) {
    this.#content = content;
  }

  /** Whether it holds messages. */
  isMessages(): boolean {
    return 'messages' in this.#content;
  }

  /** Whether it holds the sum. */
  isVector(): boolean {
    return 'vector' in this.#content;
  }

  /**
   * The message for each user that goes on. Users that are sent the same may share its bytes: do not change them.
   *
   * The messages of round 2 take 136 bytes for each two users together, as much as the server itself keeps. Where that is
   * much, ask for one after the other, with {@link getMessage}.
   *
   * @returns a fresh map from user id to bytes.
   * @throws UsageError ERR_SECAGG_USAGE where it is the sum; TypeError, RangeError where `id` is no user id.
   */
  getMessages(): Map<number, Uint8Array<ArrayBuffer>> {
    const messages = this.#messages('getMessages');
    this.#all ??= new Map(Array.from(messages.keys(), (id) => [id, messages.get(id) ?? new Uint8Array()]));
    return new Map(this.#all);
  }

  /**
   * The message for one user, made when it is asked for and not kept.
   *
   * @param id user id.
   * @returns bytes as in {@link getMessages}; null for a user that gets none.
   * @throws UsageError ERR_SECAGG_USAGE where it is the sum.
   */
  getMessage(id: number): Uint8Array<ArrayBuffer> | null {
    return this.#messages('getMessage').get(userId(id, 'id')) ?? null;
  }

  /**
   * The users that there is a message for.
   *
   * @throws UsageError ERR_SECAGG_USAGE where it is the sum.
   */
  recipients(): number[] {
    return [...this.#messages('recipients').keys()];
  }

  #messages(asked: string): Messages {
    if ('messages' in this.#content) return this.#content.messages;
    throw new UsageError('ERR_SECAGG_USAGE', `${asked}: this output is the sum`);
  }

  /**
   * The sum over the users whose masked input was accepted in round 2.
   *
   * @returns signed components, vecLen of them: `Int32Array` for rings of up to 32 bits, `BigInt64Array` for wider ones.
   * @throws UsageError ERR_SECAGG_USAGE where it is messages.
   */
  getVector(): Int32Array | BigInt64Array {
    if ('vector' in this.#content) return this.#content.vector.slice();
    throw new UsageError('ERR_SECAGG_USAGE', 'getVector: this output is messages');
  }
}
