// Runs and sessions as JSON, for stores that write them down. Sums are not in it: they may be long, and a store keeps them as bytes.
import { integer, list, nullable, oneOf, record, secret, text, bytes, flag, type Codec } from '../session/codec.ts';
import { userId } from '../session/json.ts';
import type { Stage } from './decide.ts';
import type { Draw } from '../service/attempt-plan.ts';
import type { Attempt, RunEnd, RunRecord, SessionEnd, SessionRecord } from './run-record.ts';

/** A run without its sum. */
export type WrittenRun = Omit<RunRecord, 'end'> & { readonly end: Omit<RunEnd, 'sum'> | null };
/** A session without its sum. */
export type WrittenSession = Omit<SessionRecord, 'end'> & { readonly end: Omit<SessionEnd, 'sum'> | null };

const STAGES: readonly Stage[] = ['check-in', 'training', 'draw', 'session', 'finished', 'failed'];
const count = integer(0, Number.MAX_SAFE_INTEGER);
const attempt = integer(1, 2 ** 32 - 1);
const ids: Codec<readonly number[]> = list<number>(userId);
/** Service time, in milliseconds, which has fractions. */
const time: Codec<number> = { encode: (value) => value, decode: (json) => Number(json) };
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
      number: attempt,
      name: text,
      seedAt: nullable(count),
      sessions: count,
    }),
  ),
  excluded: list(userId),
  end: nullable(
    record<Omit<RunEnd, 'sum'>>({
      at: time,
      code: nullable(text),
      included: ids,
      cohorts: list(count),
      noiseSeed: nullable(secret(32)),
      staleness: count,
    }),
  ),
});

export const writtenSession: Codec<WrittenSession> = record<WrittenSession>({
  task: text,
  run: count,
  index: count,
  revision: count,
  attempt,
  name: text,
  draw: nullable(record<Draw>({ enrolment: bytes(32), seed: bytes(32), index: count })),
  users: count,
  round: integer(0, 4),
  since: time,
  extended: flag,
  end: nullable(record<Omit<SessionEnd, 'sum'>>({ code: nullable(text), included: ids, out: ids })),
});
