// What ServerWrapper.round() gives: messages for users, or the sum.
import { UsageError } from './errors.ts';

type Content =
  { readonly messages: ReadonlyMap<number, Uint8Array<ArrayBuffer>> } | { readonly vector: Int32Array | BigInt64Array };

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

  static {
    outputOf = (content): ServerOutputWrapper => new ServerOutputWrapper(content);
    // What console.log shows in Node.
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: ServerOutputWrapper): string {
        const what = this.isVector()
          ? `vector: ${String(this.getVector().length)} components`
          : `messages: ${String(this.getMessages().size)}`;
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
   * @returns a fresh map from user id to bytes.
   * @throws UsageError ERR_SECAGG_USAGE where it is the sum.
   */
  getMessages(): Map<number, Uint8Array<ArrayBuffer>> {
    if ('messages' in this.#content) return new Map(this.#content.messages);
    throw new UsageError('ERR_SECAGG_USAGE', 'getMessages: this output is the sum');
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
