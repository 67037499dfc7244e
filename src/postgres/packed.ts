// Byte strings of many rows as one parameter: the driver sends one bytea as it is, and an array of them as text of two digits a byte.
import { concat } from '../leaves/bytes.ts';

/**
 * @returns the values of three parameters: all bytes; for each string where it begins, from 1; and its length, −1 for null. No array has a
 * null, which a connection with array_nulls = off would take for text.
 */
export function packed(strings: readonly (Uint8Array | null)[]): [body: Uint8Array, firsts: number[], lengths: number[]] {
  let at = 1;
  const firsts = strings.map((string) => {
    const first = at;
    at += string?.length ?? 0;
    return first;
  });
  const parts = strings.filter((string) => string !== null);
  const [only, ...others] = parts;
  const body = only !== undefined && others.length === 0 ? only : concat(parts);
  return [body, firsts, strings.map((string) => string?.length ?? -1)];
}
