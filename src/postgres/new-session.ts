// What a session is created from, and its check.
import { checkNames, checkObject, checkString } from '../leaves/checks.ts';
import { newServerSnapshot, type ServerLocalOptions, type ServerOptions } from '../server/options.ts';
import type { ServerSnapshot } from '../server/state.ts';
import { secondsUntil } from './clock.ts';

/** A session to be created. */
export interface NewSession {
  /**
   * The session's id, a uuid in lower case; default: a fresh one. With an id the call may be repeated: if there is a session with this id,
   * it stays as it is.
   */
  readonly id?: string;
  /** t, as for `ServerWrapper`. */
  readonly threshold: number;
  /** Number of components of the vectors. */
  readonly vecLen: number;
  /**
   * As for `ServerWrapper`, except the options that are not part of the state: a listener cannot be stored, and
   * `threads` and `worker` are options of `PostgresSessions`.
   */
  readonly options?: Omit<ServerOptions, keyof ServerLocalOptions> & { readonly [Name in keyof ServerLocalOptions]?: never };
  /**
   * The time from which on nothing is accepted: as long from now as it is by this process's clock, counted by the database's clock, which
   * may differ. Default: never.
   */
  readonly expiresAt?: Date;
}

/** A session as its rows are made from it. */
export interface NewSessionRow {
  readonly id: string;
  readonly context: ServerSnapshot['context'];
  /** In how many seconds; null for never. */
  readonly expires: number | null;
  /** Whether a session with this id may be there, which then stays as it is. */
  readonly mayExist: boolean;
}

/** @throws TypeError, RangeError that name the argument. */
export function checkNewSession(session: NewSession): NewSessionRow {
  checkNames(session, 'session', ['id', 'threshold', 'vecLen', 'options', 'expiresAt']);
  const { threshold, vecLen, options = {}, expiresAt } = session;
  const expires = expiresAt === undefined ? null : secondsUntil(expiresAt, 'expiresAt');
  checkStoredOptions(options);
  const id = checkNewId(session.id);
  const { context } = newServerSnapshot(threshold, vecLen, options);
  return { id, context, expires, mayExist: session.id !== undefined };
}

/** Refuses options of a server that are not part of its state, so that no process would have them. */
function checkStoredOptions(options: unknown): void {
  const { listener, ...others } = checkObject(options, 'options');
  if (listener !== undefined) throw new TypeError('options.listener: a stored session has no listener');
  for (const name of ['threads', 'worker']) {
    if (others[name] !== undefined) throw new TypeError(`options.${name}: expected as an option of PostgresSessions`);
  }
}

function checkNewId(id: unknown): string {
  if (id === undefined) return crypto.randomUUID();
  const text = checkString(id, 'session.id');
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) {
    throw new RangeError('session.id: expected a uuid in lower case');
  }
  return text;
}
