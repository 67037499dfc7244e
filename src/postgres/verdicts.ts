// Judges a batch of messages: which of them a server accepts as new, and what the callers of the others are told.
import { platform } from '#platform';
import { equalBytes } from '../leaves/bytes.ts';
import { ProtocolError, SecAggError, StoreError } from '../leaves/errors.ts';
import type { Listener } from '../leaves/events.ts';
import type { ServerEvent } from '../leaves/progress.ts';
import type { ServerLocalOptions } from '../server/options.ts';
import type { ServerWrapper } from '../server/server-wrapper.ts';
import type { Acceptance, WaitingMessage } from './message-queue.ts';
import { loadSession, MASKED_INPUT, type RecoveredSession } from './recovered-session.ts';
import type { Query } from './statement.ts';
import * as sql from './statements.ts';

/** Judging a message with more bytes takes long enough to delay other work of the process. */
const LONG = 2 ** 18;

/** What the call that waits for each message is told once the transaction is committed; an error if it was refused. */
export type Verdicts = Map<WaitingMessage, Acceptance | SecAggError>;

/** A message that the server has heard for the first time. */
export interface AcceptedMessage {
  readonly message: WaitingMessage;
  readonly digest: Uint8Array;
}

/** Gives messages to servers that have its listener, and learns the messages' digests from their events. */
export class DigestListener {
  #accepted: Uint8Array | null = null;
  /** Options of the servers: the listener, and those that the caller gave. */
  readonly locals: ServerLocalOptions;

  constructor(locals: ServerLocalOptions) {
    const listener: Listener<ServerEvent> = (event) => {
      if (event.type === 'message-accepted') this.#accepted = event.digest;
    };
    this.locals = { ...locals, listener };
  }

  /** Gives a server a message. Returns the digest of a new message, and null for a repeated one. */
  hear(server: ServerWrapper, { user, bytes }: WaitingMessage): Uint8Array | null {
    this.#accepted = null;
    server.recv(user, bytes);
    return this.#accepted;
  }
}

/** One transaction in which one process hears messages of one session. */
export interface Hearing {
  readonly query: Query;
  readonly sessionId: string;
  readonly digests: DigestListener;
}

/** A session whose server has the listener. */
export function loadHearing({ query, sessionId, digests }: Hearing): Promise<RecoveredSession> {
  return loadSession(query, sessionId, digests.locals);
}

/** Judges a batch. The session's server has heard the messages that are returned as accepted. */
export async function judge(
  hearing: Hearing,
  session: RecoveredSession,
  batch: readonly WaitingMessage[],
): Promise<{ readonly verdicts: Verdicts; readonly accepted: AcceptedMessage[] }> {
  const elsewhere = await digestsElsewhere(hearing, session, batch);
  const verdicts: Verdicts = new Map();
  const accepted: AcceptedMessage[] = [];
  // The session must not add an input to its sum that another process has in its own. The message of such a user is given
  // to a copy of the session, which is thrown away.
  let copy: RecoveredSession | null = null;
  for (const message of batch) {
    const { user, bytes } = message;
    if (bytes.length > LONG) await platform.pause();
    const stored = elsewhere.get(user);
    if (stored !== undefined && (copy === null || hasHeard(copy, user))) copy = await loadHearing(hearing);
    const judging = stored === undefined || copy === null ? session : copy;
    try {
      const digest = hearing.digests.hear(judging.server, message);
      const isNew = digest !== null && judging === session;
      if (isNew) accepted.push({ message, digest });
      else if (digest !== null && !isSame(stored, digest)) throw equivocation(user, session.round);
      verdicts.set(message, isNew ? 'accepted' : 'repeated');
    } catch (error) {
      if (!(error instanceof SecAggError) || error instanceof StoreError) throw error;
      verdicts.set(message, error);
    }
  }
  return { verdicts, accepted };
}

function hasHeard({ server }: RecoveredSession, user: number): boolean {
  return server.progress().heard.includes(user);
}

/** In round 2, the digests of the users that this session has not heard and that another process has. */
async function digestsElsewhere(
  hearing: Hearing,
  { round, server }: RecoveredSession,
  batch: readonly WaitingMessage[],
): Promise<ReadonlyMap<number, Uint8Array>> {
  if (round !== MASKED_INPUT) return new Map();
  const heard = new Set(server.progress().heard);
  const users = batch.map(({ user }) => user).filter((user) => !heard.has(user));
  return readDigests(hearing, round, users);
}

/** The digests of the durable messages of these users, by user. */
export async function readDigests(
  { query, sessionId }: Hearing,
  round: number,
  users: readonly number[],
): Promise<ReadonlyMap<number, Uint8Array>> {
  if (users.length === 0) return new Map();
  const rows = await query(sql.digestsOf, [sessionId, round, users]);
  return new Map(rows.map(({ user_id: user, digest }) => [user, digest]));
}

export function isSame(stored: Uint8Array | undefined, digest: Uint8Array): boolean {
  return stored !== undefined && equalBytes(stored, digest);
}

export function equivocation(user: number, round: number): ProtocolError {
  const text = `round ${round}: user ${user} has sent another message before; the first one counts`;
  return new ProtocolError('ERR_SECAGG_EQUIVOCATION', text, { round, userIds: round === 0 ? [] : [user] });
}
