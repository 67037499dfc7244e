// How a session has ended: the document that closing its last round has written.
import { utf8 } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import { jsonOf, valueOfJson } from '../leaves/json-text.ts';
import type { DroppedUser } from '../leaves/progress.ts';
import { droppedUser } from '../server/json.ts';
import { integer, list, nullable, record } from '../session/codec.ts';
import { failedError, type Failed } from '../session/failure.ts';
import * as codecs from '../session/json.ts';
import { readString } from './chunks.ts';
import type { Query } from './statement.ts';
import { closingsOf, type LiveRow } from './stored-session.ts';

/** What is known of a session for good. */
export interface SessionEnd {
  readonly revision: number;
  /** U3, ascending; empty after a failure. */
  readonly included: readonly UserId[];
  readonly dropped: readonly DroppedUser[];
  /** The error of the protocol that has ended it; null if there is a sum. */
  readonly failure: Failed | null;
}

const end = record<SessionEnd>({
  revision: integer(0, Number.MAX_SAFE_INTEGER),
  included: list(codecs.userId),
  dropped: list(droppedUser),
  failure: nullable(codecs.failed),
});

export function writtenEnd(value: SessionEnd): Uint8Array {
  return utf8(jsonOf(end.encode(value) as object));
}

/** @throws StateError if somebody has changed the rows. */
export async function readEnd(query: Query, sessionId: string, row: LiveRow): Promise<SessionEnd> {
  const set = closingsOf(row).at(-1);
  const bytes = set === undefined ? new Uint8Array() : await readString(query, sessionId, { set, kind: 'end' }, null);
  let json: unknown;
  try {
    json = valueOfJson(new TextDecoder().decode(bytes));
  } catch {
    throw new StateError('session: the document of its end is not whole');
  }
  return end.decode(json, 'end');
}

/** @throws UsageError ERR_SECAGG_FAILED if the protocol has ended the session. */
export async function requireNotFailed(query: Query, sessionId: string, row: LiveRow): Promise<void> {
  if (row.status !== 'failed') return;
  const { failure } = await readEnd(query, sessionId, row);
  if (failure !== null) throw failedError(failure);
}
