// Bytes of messages written field by field, and what decoders do with them.
import { refused } from './errors.ts';

export const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
export const repeat = (text: string, times: number): string => text.repeat(times);

/** A decoder of bodies must refuse every length but the right ones. */
export function onlyLengths(decoder: (body: Uint8Array) => unknown, lengths: readonly number[], most: number): void {
  for (let length = 0; length <= most; length++) {
    const attempt = (): unknown => decoder(filled(length, 0));
    if (lengths.includes(length)) attempt();
    else refused('ERR_SECAGG_DECODE', attempt);
  }
}
