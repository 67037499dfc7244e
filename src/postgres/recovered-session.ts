// A server recovered from a session's row, and the messages of the round that other processes have made durable.
import { platform } from '#platform';
import { StateError } from '../leaves/errors.ts';
import type { ServerLocalOptions } from '../server/options.ts';
import { ServerWrapper } from '../server/server-wrapper.ts';
import { joinState } from './bulk.ts';
import { requireLive, type LiveSession } from './session-status.ts';
import type { Query } from './statement.ts';
import * as sql from './statements.ts';

/** The round whose messages are kept as a sum. */
export const MASKED_INPUT = 2;

/**
 * A session recovered from its row: the state at the start of the round, or at the end, and the messages of the round that
 * the server has heard since.
 */
export interface RecoveredSession extends LiveSession {
  readonly id: string;
  readonly server: ServerWrapper;
  /** Length of the state from which it was recovered, in characters. */
  readonly stateLength: number;
  /** SHA-256 of the row's bulk, which is not written again if it has not changed. */
  readonly bulkDigest: Uint8Array;
  /** The row of `parts` to which this copy of the session writes what it has heard in round 2. */
  readonly part: Part;
}

/** A row of `parts`. */
interface Part {
  readonly id: string;
  /** How often the row was written; 0 if it is not there yet. */
  readonly revision: number;
  /** How many users are in the sum. */
  readonly users: number;
}

export function newPart(): Part {
  return { id: crypto.randomUUID(), revision: 0, users: 0 };
}

/** @throws UsageError if the session is not live; StateError if somebody has changed the row. */
export async function loadSession(query: Query, sessionId: string, locals: ServerLocalOptions = {}): Promise<RecoveredSession> {
  const [row] = await query(sql.readSession, [sessionId]);
  return recoverSession(requireLive(row, sessionId), sessionId, locals);
}

export function recoverSession(
  row: LiveSession & Pick<sql.SessionRow, 'state' | 'bulk'>,
  sessionId: string,
  locals: ServerLocalOptions = {},
): RecoveredSession {
  const { status, round, bulk } = row;
  if (row.state === null || bulk === null) throw new StateError(`session ${sessionId}: the row holds no state`);
  const state = joinState(row.state, bulk);
  const server = ServerWrapper.fromState(state, locals);
  const bulkDigest = platform.sha256([bulk]);
  return { id: sessionId, status, round, server, stateLength: state.length, bulkDigest, part: newPart() };
}

/** @throws UsageError ERR_SECAGG_FAILED if the protocol has ended the session. */
export async function requireNotFailed({ status, server }: Pick<RecoveredSession, 'status' | 'server'>): Promise<void> {
  if (status === 'failed') await server.round();
}

/** Gives the server all durable messages of the round that it has not heard. */
export async function hearOthers(query: Query, { id, round, server, part }: RecoveredSession): Promise<void> {
  if (round !== MASKED_INPUT) {
    const messages = await query(sql.messagesOfOthers, [id, round, server.progress().heard]);
    for (const { user_id: user, body } of messages) server.recv(user, body);
    return;
  }
  for (const { part_id: partId } of await query(sql.partIds, [id])) {
    if (partId === part.id) continue;
    for (const { state, bulk } of await query(sql.readPart, [id, partId])) server.mergePart(joinState(state, bulk));
  }
  // The sum must have the input of each acknowledged user, and of nobody else.
  const heard = new Set(server.progress().heard);
  const users = await query(sql.usersHeard, [id, round]);
  if (users.length !== heard.size || !users.every(({ user_id: user }) => heard.has(user))) {
    throw new StateError(`session ${id}: the users in the partial sums are not the users that were acknowledged`);
  }
}
