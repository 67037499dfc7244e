// What an auditor needs to verify the signatures of round 3, from rows.
import type { UserId } from '../leaves/ids.ts';
import { collectingState, enterEntry } from '../server/entries.ts';
import { evidenceOf, type ConsistencyEvidence } from '../server/evidence.ts';
import { pagesOf } from './pages.ts';
import * as messages from './message-statements.ts';
import type { SessionReads } from './session-reads.ts';
import { loadSession, readLive } from './stored-session.ts';

/** Null unless round 4 is being collected. */
export async function readEvidence(reads: SessionReads, sessionId: string): Promise<ConsistencyEvidence | null> {
  const { query } = reads;
  const row = await readLive(query, sessionId);
  if (row.status !== 'collecting' || row.round !== 4) return null;
  const { context, sets } = await loadSession(reads, sessionId, row);
  if (sets === null) return null;
  const state = collectingState(sets);
  // The signatures are entries of the round before.
  const before = collectingState({ ...sets, u4: null });
  if (state.phase !== 'unmasking' || before.phase !== 'consistency-check') return null;
  for await (const page of pagesOf(query, messages.entriesOf, [sessionId, 3])) {
    for (const { user_id: user, entry } of page) enterEntry(context.parameters, before, user as UserId, entry);
  }
  return evidenceOf({ ...state, signatures: before.signatures });
}
