// The messages for users, which the closing of a round has made: written once, and read whenever somebody asks.
import { copyOf } from '../leaves/bytes.ts';
import { UsageError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import { MessagesOutput, SumOutput, type ServerOutput } from '../server/output.ts';
import { round0Msg } from '../user/start.ts';
import { loadSession, requireNotFailed } from './recovered-session.ts';
import { requireLive } from './session-status.ts';
import type { Query } from './statement.ts';
import * as sql from './statements.ts';

/** A statement takes no more messages once their bodies have this many bytes together. */
const STATEMENT_BYTES = 2 ** 24;

/** A message for a user: its bytes, or the user that is sent the same. */
interface OutgoingMessage {
  readonly user: number;
  readonly sameAs: number | null;
  readonly body: Uint8Array | null;
}

/**
 * Writes the messages that users answer with their message of this round.
 *
 * It takes several statements, because all messages together can be longer than a statement may be, and longer than the
 * rest of the state.
 */
export async function writeOutgoing(query: Query, sessionId: string, round: number, output: ServerOutput): Promise<void> {
  let first: { readonly user: number; readonly bytes: Uint8Array | null } | null = null;
  let messages: OutgoingMessage[] = [];
  let size = 0;
  for (const user of output.recipients()) {
    const bytes = output.getMessage(user);
    // Users that are sent the same share one array, and either all users are sent the same or no two are.
    const sameAs: number | null = first?.bytes === bytes ? first.user : null;
    first ??= { user, bytes };
    messages.push({ user, sameAs, body: sameAs === null ? bytes : null });
    size += sameAs === null && bytes !== null ? bytes.length : 0;
    if (size < STATEMENT_BYTES) continue;
    await insertOutgoing(query, sessionId, round, messages);
    [messages, size] = [[], 0];
  }
  if (messages.length > 0) await insertOutgoing(query, sessionId, round, messages);
}

async function insertOutgoing(
  query: Query,
  sessionId: string,
  round: number,
  messages: readonly OutgoingMessage[],
): Promise<void> {
  const users = messages.map(({ user }) => user);
  const owners = messages.map(({ sameAs }) => sameAs);
  const bodies = messages.map(({ body }) => body);
  await query(sql.insertOutgoing, [sessionId, round, users, owners, bodies]);
}

/** The output of a round that was closed before. */
export async function readOutput(query: Query, sessionId: string, round: number): Promise<ServerOutput> {
  if (round === 4) {
    const vector = (await loadSession(query, sessionId)).server.output()?.getVector();
    if (vector !== undefined) return new SumOutput(vector);
  }
  const rows = await query(sql.readOutgoing, [sessionId, round + 1]);
  if (rows.length === 0) {
    const text = `round ${round}: the session has ended and its messages were dropped; see result()`;
    throw new UsageError('ERR_SECAGG_USAGE', text);
  }
  const bodies = new Map(rows.map(({ user_id: user, body }) => [user, body]));
  const messages = rows.map(({ user_id: user, same_as: sameAs }): [number, Uint8Array<ArrayBuffer>] => {
    return [user, copyOf(bodies.get(sameAs ?? user) ?? new Uint8Array())];
  });
  return new MessagesOutput(new Map(messages));
}

/** The message for one user in the present round; null if there is none. */
export async function readMessage(query: Query, sessionId: string, user: UserId): Promise<Uint8Array | null> {
  const [row] = await query(sql.readMessage, [sessionId, user]);
  const { status, round, body } = requireLive(row, sessionId);
  if (body !== null && status === 'collecting') return copyOf(body);
  if (status !== 'failed' && round !== 0) return null;
  const session = await loadSession(query, sessionId);
  await requireNotFailed(session);
  const { heard, missing } = session.server.progress();
  // A session without registered keys takes any user.
  const registered = [...heard, ...missing];
  return registered.length === 0 || registered.includes(user) ? round0Msg() : null;
}
