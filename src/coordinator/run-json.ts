// A run as JSON, for stores that write it down. The sum is not in it: it may be long, and a store keeps it as bytes.
import { integer, list, nullable, oneOf, record, text, bytes, flag, type Codec } from '../session/codec.ts';
import { userId } from '../session/json.ts';
import type { Stage } from './decide.ts';
import type { Attempt, RunEnd, RunRecord } from './run-record.ts';

/** A run without its sum. */
export type WrittenRun = Omit<RunRecord, 'end'> & { readonly end: Omit<RunEnd, 'sum'> | null };

const STAGES: readonly Stage[] = ['check-in', 'training', 'session', 'finished', 'failed'];
const count = integer(0, Number.MAX_SAFE_INTEGER);
/** Service time, in milliseconds, which has fractions. */
const time: Codec<number> = { encode: (value) => value, decode: (json) => Number(json) };
/** Long texts are bytes: `text` refuses them. */
const longText: Codec<string> = {
  encode: (value) => bytes().encode(new TextEncoder().encode(value)),
  decode: (json, path) => new TextDecoder().decode(bytes().decode(json, path)),
};

export const writtenRun: Codec<WrittenRun> = record<WrittenRun>({
  task: text,
  run: count,
  revision: count,
  source: text,
  announcement: bytes(),
  stage: oneOf(...STAGES),
  since: time,
  extended: flag,
  attempt: nullable(
    record<Attempt>({
      number: integer(1, 2 ** 32 - 1),
      session: text,
      roster: bytes(),
      members: list(userId),
      round: integer(0, 4),
      certificate: longText,
    }),
  ),
  excluded: list(userId),
  end: nullable(
    record<Omit<RunEnd, 'sum'>>({
      at: time,
      code: nullable(text),
      included: list<number>(userId as Codec<number>),
      certificate: longText,
    }),
  ),
});
