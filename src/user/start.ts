// What starts a user: the one message that needs no server.
import { encodeStartMessage } from '../wire/envelope.ts';

/**
 * The message that starts every user: constant, so that any transport may make or repeat it.
 *
 * @returns 3 fresh bytes.
 * @example
 * ```js
 * import { round0Msg } from 'secagg';
 *
 * console.log(round0Msg()); // prints: Uint8Array(3) [ 146, 1, 0 ]
 * ```
 */
export function round0Msg(): Uint8Array<ArrayBuffer> {
  return encodeStartMessage();
}
