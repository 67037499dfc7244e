// Where a stored session stands, by what is durable: told from rows of users, without recovering a server.
import type { Attendance, ServerProgress } from '../leaves/progress.ts';
import { positionAt } from '../leaves/positions.ts';
import { colludersBorne } from '../graph/policy.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import { isMembers, membersLength } from '../leaves/members.ts';
import { StateError } from '../leaves/errors.ts';
import { isEnough } from '../server/attendance.ts';
import type { Answer, ServerContext } from '../server/state.ts';
import { enoughShares } from '../server/unmasking/reconstruction.ts';
import { errorOf } from '../session/failure.ts';
import { readString } from './chunks.ts';
import { readDropped } from './dropped.ts';
import { readEnd } from './end.ts';
import * as messages from './message-statements.ts';
import { pagesOf, usersOf } from './pages.ts';
import { requireLive, type SessionStatus } from './session-status.ts';
import type { Query } from './statement.ts';
import * as sql from './statements.ts';
import { closingOf, contextOf, type LiveRow } from './stored-session.ts';

/** Where a session stands. */
export interface SessionProgress extends ServerProgress {
  /** Whether the session goes on, and if not, why. */
  readonly status: SessionStatus;
  /** When the session's time is over; null for a session without a limit. */
  readonly expiresAt: Date | null;
  /** Why the application aborted the session; else null. */
  readonly reason: string | null;
}

/** Progress of a session whose rows were dropped. */
const NOTHING: ServerProgress = {
  round: null,
  revision: 0,
  heard: [],
  missing: [],
  needed: 0,
  ready: false,
  dropped: [],
  included: null,
  colludersBorne: null,
  error: null,
};

export async function readProgress(query: Query, sessionId: string): Promise<SessionProgress> {
  const [row] = await query(sql.readSessions, [[sessionId]]);
  const more = { expiresAt: row?.expires_at ?? null, reason: row?.reason ?? null };
  if (row?.status === 'aborted' || row?.status === 'expired') return { ...NOTHING, ...more, status: row.status };
  // Until a sweep drops them, an expired session still has its rows.
  const live = requireLive(row && { ...row, expired: false }, sessionId);
  if (live.status !== 'collecting') return { ...(await progressOfEnded(query, sessionId, live)), ...more, status: live.status };
  const status = row?.expired === true ? 'expired' : live.status;
  return { ...(await progressOfOpen(query, sessionId, live)), ...more, status };
}

/** @throws UsageError unless the session goes on or has ended by itself. */
export async function readAttendance(query: Query, sessionId: string): Promise<Attendance> {
  const [row] = await query(messages.readAttendance, [sessionId]);
  const { status, round, heard, speakers } = requireLive(row, sessionId);
  if (status !== 'collecting') return { round: status === 'finished' ? 5 : null, heard: 0, missing: 0 };
  return { round, heard, missing: Math.max(speakers - heard, 0) };
}

async function progressOfEnded(query: Query, sessionId: string, row: LiveRow): Promise<ServerProgress> {
  const { parameters, policy } = contextOf(row);
  const { revision, included, dropped, failure } = await readEnd(query, sessionId, row);
  const common = { ...NOTHING, revision, needed: parameters.threshold, dropped };
  if (failure !== null) return { ...common, error: errorOf(failure) };
  return { ...common, round: 5, included, colludersBorne: colludersBorne(parameters, policy, row.admitted) };
}

async function progressOfOpen(query: Query, sessionId: string, row: LiveRow): Promise<ServerProgress> {
  const context = contextOf(row);
  const { parameters, policy } = context;
  const { round } = row;
  const users = round === 0 ? null : row.admitted;
  const speakers =
    round === 0
      ? await usersOf(query, messages.membersOf, [sessionId])
      : await usersOf(query, messages.usersHeard, [sessionId, round - 1]);
  const [heard, positions]: [number[], number[]] = [[], []];
  for await (const page of pagesOf(query, messages.usersHeard, [sessionId, round])) {
    for (const { user_id: user, position } of page) {
      heard.push(user);
      if (position !== null) positions.push(position);
    }
  }
  const spoken = new Set(heard);
  const [counted] = await query(messages.countMessages, [sessionId]);
  return {
    round,
    revision: (counted?.messages ?? 0) + round,
    heard,
    missing: speakers.filter((user) => !spoken.has(user)),
    needed: parameters.threshold,
    ready: heard.length >= parameters.threshold && (await isReady(query, sessionId, row, context, positions)),
    dropped: await readDropped(query, sessionId, row, parameters.graph),
    included: round >= 3 ? await usersOf(query, messages.usersHeard, [sessionId, 2]) : null,
    colludersBorne: users === null ? null : colludersBorne(parameters, policy, users),
    error: null,
  };
}

/** Whether a round of which enough users were heard can be closed. @param heard positions; none in round 0. */
async function isReady(
  query: Query,
  sessionId: string,
  row: LiveRow,
  context: Omit<ServerContext, 'publicKeys'>,
  heard: readonly number[],
): Promise<boolean> {
  const { parameters } = context;
  const { round, admitted: size } = row;
  if (round === 0 || (round < 4 && parameters.graph === 'complete')) return true;
  const place = (position: number): ReturnType<typeof positionAt> => positionAt(position, size);
  const u2 = round === 1 ? null : await readString(query, sessionId, { set: closingOf(row, 1), kind: 'u2' }, membersLength(size));
  if (u2 !== null && !isMembers(u2, size)) throw new StateError('session: somebody has changed the rows of the u2');
  if (round < 4 || u2 === null) return isEnough(parameters, { size }, heard.map(place), u2);
  // It depends in round 4 on what the answers say.
  const { groupSize } = neighborhoodsOf(parameters.graph, size);
  const answers = new Map<ReturnType<typeof place>, Pick<Answer, 'verdicts'>>();
  for await (const page of pagesOf(query, messages.verdictsHeard, [sessionId, groupSize])) {
    for (const { position, verdicts } of page) answers.set(place(position), { verdicts });
  }
  return enoughShares(context, { directory: { size }, u2, answers });
}
