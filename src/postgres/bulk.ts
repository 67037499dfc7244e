// Splits the JSON of a state from the long byte strings in it, which are base64 there. What is left is small and is stored
// as `jsonb`. The bytes are stored as one `bytea`, which is a quarter shorter and has no limit of 256 MB.
// Knows JSON, and nothing of what a state means.
import { platform } from '#platform';
import { concat } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';

/** Strings of fewer characters stay in the JSON: a reference would save little. */
const LONG = 1024;
const MOST_BYTES = 2 ** 30;

/** What replaces a byte string: its place in the bulk, or the number of its bytes if all are zero. */
type Reference = { readonly $bulk: readonly [offset: number, length: number] } | { readonly $zeros: number };

interface SplitState {
  readonly json: string;
  readonly bulk: Uint8Array;
}

export function splitState(state: string): SplitState {
  const strings: Uint8Array[] = [];
  let offset = 0;
  const json = JSON.stringify(
    mapStrings(JSON.parse(state), (text): string | Reference => {
      const bytes = text.length < LONG ? null : platform.fromBase64(text);
      if (bytes === null) return text;
      // Every session has the sum of no input at the start of round 2.
      if (bytes.every((byte) => byte === 0)) return { $zeros: bytes.length };
      strings.push(bytes);
      offset += bytes.length;
      return { $bulk: [offset - bytes.length, bytes.length] };
    }),
  );
  return { json, bulk: concat(strings) };
}

/** @throws StateError if a reference does not fit the bulk: somebody has changed the row. */
export function joinState(json: string, bulk: Uint8Array): string {
  return JSON.stringify(
    JSON.parse(json, (_, value: unknown) => {
      if (typeof value !== 'object' || value === null) return value;
      if ('$zeros' in value) return platform.toBase64(new Uint8Array(requireLength(value.$zeros)));
      if (!('$bulk' in value)) return value;
      const [offset, length] = (Array.isArray(value.$bulk) ? value.$bulk : []).map(requireLength);
      const bytes = bulk.subarray(offset, (offset ?? NaN) + (length ?? NaN));
      if (bytes.length !== length) throw new StateError('state: the row is not whole');
      return platform.toBase64(bytes);
    }),
  );
}

function requireLength(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= MOST_BYTES) return value;
  throw new StateError('state: the row is not whole');
}

function mapStrings(json: unknown, change: (text: string) => unknown): unknown {
  if (typeof json === 'string') return change(json);
  if (Array.isArray(json)) return json.map((value) => mapStrings(value, change));
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, mapStrings(value, change)]));
}
