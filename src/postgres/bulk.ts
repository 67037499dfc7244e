// A state's JSON apart from its long byte strings, which are base64 in it: what is left is small and goes into `jsonb`, the
// bytes go into one `bytea`, a quarter smaller and without a limit of 256 MB. Knows JSON, and nothing of what is in it.
import { platform } from '#platform';
import { concat } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';

/** Shorter ones stay where they are: they would cost as much apart. In characters. */
const LONG = 1024;

/** What stands for a string: where it is, or how many zero bytes it is. */
type Reference = { readonly $bulk: readonly [offset: number, length: number] } | { readonly $zeros: number };

export interface Split {
  readonly json: string;
  readonly bulk: Uint8Array;
}

export function splitState(state: string): Split {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const json = JSON.stringify(
    mapStrings(JSON.parse(state), (text): string | Reference => {
      const bytes = text.length < LONG ? null : platform.fromBase64(text);
      if (bytes === null) return text;
      // The sum of nobody, which every session has at the start of round 2.
      if (bytes.every((byte) => byte === 0)) return { $zeros: bytes.length };
      parts.push(bytes);
      offset += bytes.length;
      return { $bulk: [offset - bytes.length, bytes.length] };
    }),
  );
  return { json, bulk: concat(parts) };
}

/** @throws StateError where a reference does not fit: somebody changed the row. */
export function joinState(json: string, bulk: Uint8Array): string {
  return JSON.stringify(
    JSON.parse(json, (_, value: unknown) => {
      if (typeof value !== 'object' || value === null) return value;
      if ('$zeros' in value) return platform.toBase64(new Uint8Array(lengthOf(value.$zeros)));
      if (!('$bulk' in value)) return value;
      const [offset, length] = (value.$bulk as unknown[]).map(lengthOf);
      const bytes = bulk.subarray(offset, (offset ?? NaN) + (length ?? NaN));
      if (bytes.length !== length) throw new StateError('state: the row is not whole');
      return platform.toBase64(bytes);
    }),
  );
}

function lengthOf(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 2 ** 30) return value as number;
  throw new StateError('state: the row is not whole');
}

function mapStrings(json: unknown, change: (text: string) => unknown): unknown {
  if (typeof json === 'string') return change(json);
  if (Array.isArray(json)) return json.map((value) => mapStrings(value, change));
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, mapStrings(value, change)]));
}
