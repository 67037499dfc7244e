// States of users in PostgreSQL. They are sealed with the application's key, no older state replaces a newer one, and a
// user answers the unmasking round once. SECURITY.md, State, says what a store that forgets costs.
import { copyOf } from '../leaves/bytes.ts';
import { checkStorable, checkBytes, checkNames, checkString } from '../leaves/checks.ts';
import { StateError, UsageError } from '../leaves/errors.ts';
import { userId, type UserId } from '../leaves/ids.ts';
import { UserWrapper } from '../user/user-wrapper.ts';
import { Database, type DatabaseOptions } from './database.ts';
import { migrate } from './migrations.ts';
import type { PostgresPool } from './pool.ts';
import { StateSeal } from './state-seal.ts';
import { writeOne, type Query } from './statement.ts';
import * as sql from './user-statements.ts';

/** Number of users whose last revisions one object remembers. */
const MOST_REMEMBERED = 100_000;

/** A user in a session. */
interface SessionUser {
  readonly session: string;
  readonly user: UserId;
}

/** A state of a user in a session. */
interface UserState extends SessionUser {
  readonly revision: number;
  /** Whether the user has answered all rounds. */
  readonly answered: boolean;
  readonly state: string;
}

/** Options of {@link PostgresUsers}. */
export interface PostgresUsersOptions extends DatabaseOptions {
  /** One key or more, 32 random bytes each, all distinct, the newest first. */
  readonly keys: readonly Uint8Array[];
}

/**
 * Users' states, for applications that play users on a server: institutions, gateways, simulations.
 *
 * A state CONTAINS SECRETS. It is sealed before it leaves the process (XChaCha20-Poly1305). Keep the keys safe: whoever
 * has the database and its key has the users' inputs.
 *
 * A user that goes back to an older state may be made to answer twice. So a state is saved only in place of the one that
 * this object has loaded or saved last; the database compares revisions. If two processes answer at once, one of them is
 * told ERR_SECAGG_STATE_OLD. It must load again, and must not send what it has.
 *
 * @example
 * ```ts
 * import pg from 'pg';
 * import { PostgresUsers } from 'secagg/postgres';
 *
 * const users = new PostgresUsers(new pg.Pool(), { keys: [key] }); // 32 random bytes
 * await users.save('week 7', 12, user.serializeState());
 * const answer = await users.answer('week 7', 12, messageFromTheServer); // saved before it is returned
 * ```
 */
export class PostgresUsers {
  readonly #database: Database;
  readonly #seal: StateSeal;
  /** The last revision that this object has loaded or saved, by user. */
  readonly #revisions = new Map<string, number>();

  /**
   * @param pool a `pg.Pool`, or an object with the same methods.
   * @param options the keys that seal the states, and where the tables are.
   * @throws TypeError, RangeError that name the argument.
   */
  constructor(pool: PostgresPool, options: PostgresUsersOptions) {
    checkNames(options, 'options', ['keys', 'schema', 'timeout']);
    this.#seal = new StateSeal(options.keys);
    this.#database = new Database(pool, options);
  }

  /** Creates the schema or brings it to this version, as `migrate()` of PostgresSessions does: the two share it. */
  async migrate(): Promise<void> {
    await migrate(this.#database);
  }

  /**
   * Saves a state, which is durable when the promise resolves. Save it before you send what the user has answered. The
   * same state again changes nothing.
   *
   * @param session your name of the session, 1 to 1,000 bytes; for a session of PostgresSessions, its id.
   * @param user the user's id, as in the state.
   * @param state from `serializeState()`.
   * @throws StateError ERR_SECAGG_STATE_OLD if the state does not follow the one that this object has loaded or saved
   * last, because it is older or another process was faster. Nothing is saved then: send nothing, and load again.
   * @throws StateError if the text is not a state of this user.
   */
  async save(session: string, user: number, state: string): Promise<void> {
    const next = parseState(checkSession(session), userId(user, 'user'), checkString(state, 'state'));
    await this.#save(next, this.#revisions.get(keyOf(next)) ?? null);
  }

  /**
   * The newest state that was saved; null if none was, or if it was forgotten.
   *
   * @throws StateError if the row was changed or is sealed with an unknown key, whose id it names, or if its revision is older than the last one
   * that this object has loaded or saved.
   */
  async load(session: string, user: number): Promise<string | null> {
    const owner = { session: checkSession(session), user: userId(user, 'user') };
    const [row] = await this.#database.read(sql.readUserState, [owner.session, owner.user]);
    const stored = row === undefined ? null : this.#open(row, owner, await this.#database.schemaId(this.#database.read));
    const last = this.#revisions.get(keyOf(owner));
    if (last !== undefined && (row?.revision ?? -1) < last) {
      throw stateOld(owner.user, 'the database has an older state than was saved; was a backup restored?');
    }
    if (stored === null) return null;
    this.#remember(stored);
    return stored.state;
  }

  /**
   * Lets a user answer a message of the server, and saves the user's state before it returns the answer. The same message
   * again gives the same answer, in any process. A user that has answered the unmasking round keeps its state: another
   * message is refused with the error of `UserWrapper.round`, and the same message again still gives the same answer.
   *
   * @param message bytes from the server; copied.
   * @returns bytes for the server.
   * @throws UsageError ERR_SECAGG_USAGE if no state was saved. StateError as {@link load}. What `UserWrapper.round` throws,
   * once the user's new state is saved.
   */
  async answer(session: string, user: number, message: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const owner = { session: checkSession(session), user: userId(user, 'user') };
    const given = copyOf(checkBytes(message, 'message'));
    let refusal: { readonly revision: number; readonly error: unknown } | null = null;
    // Ends by progress: each further attempt begins with a later revision, and a user has few of them.
    for (;;) {
      const state = await this.load(session, user);
      if (state === null) throw new UsageError('ERR_SECAGG_USAGE', `user ${user}: no state was saved for this session`);
      const wrapper = UserWrapper.fromState(state);
      const { revision } = wrapper.progress();
      // The row has not moved since the last attempt, so the next attempt would end in the same way.
      if (refusal !== null && revision <= refusal.revision) throw refusal.error;
      const outcome = await wrapper.round(given).then(
        (bytes) => ({ bytes }),
        (error: unknown) => ({ error }),
      );
      const after = wrapper.serializeState();
      wrapper.abandon(); // what it holds is in the state
      const old = after === state ? null : await this.#saveAfter(revision, parseState(owner.session, owner.user, after));
      // If another process was faster, its answer counts, and this one is never sent.
      if (old !== null) refusal = { revision, error: 'error' in outcome ? outcome.error : old };
      else if ('error' in outcome) throw outcome.error;
      else return outcome.bytes;
    }
  }

  /** Saves a state in place of this revision. Returns the error if the database has another revision or takes no state. */
  async #saveAfter(revision: number, next: UserState): Promise<StateError | null> {
    try {
      await this.#save(next, revision);
      return null;
    } catch (error) {
      if (error instanceof StateError && error.code === 'ERR_SECAGG_STATE_OLD') return error;
      throw error;
    }
  }

  async #save(next: UserState, expected: number | null): Promise<void> {
    await this.#database.transaction((query) => this.#write(query, next, expected));
    this.#remember(next);
  }

  /**
   * Forgets a state for good, once the session is over. The database remembers that there was one, and takes no other
   * state of this user in this session.
   */
  async forget(session: string, user: number): Promise<void> {
    const owner = { session: checkSession(session), user: userId(user, 'user') };
    await this.#database.transaction((query) => query(sql.forgetUserState, [owner.session, owner.user]));
    this.#revisions.delete(keyOf(owner));
  }

  async #write(query: Query, next: UserState, expected: number | null): Promise<void> {
    const { session, user, revision, answered, state } = next;
    const schemaId = await this.#database.schemaId(query);
    const { keyId, sealed } = this.#seal.seal({ ...next, schema: this.#database.schema, schemaId }, state);
    const row = [session, user, revision, answered, keyId, sealed];
    if (expected === null && (await query(sql.insertUserState, row)).length === 1) return;
    const [present] = await query(sql.lockUserState, [session, user]);
    const stored = present === undefined ? null : this.#open(present, next, schemaId);
    if (stored !== null && stored.revision === revision && stored.state === state) return;
    if (stored === null) throw stateOld(user, 'its state was forgotten');
    if (stored.answered) throw stateOld(user, 'it has answered the unmasking round, which it does once');
    if (stored.revision !== expected) throw stateOld(user, `revision ${stored.revision} was saved by another process`);
    if (revision <= stored.revision) {
      throw stateOld(user, `revision ${revision} does not follow ${stored.revision}, which was saved`);
    }
    await writeOne(query, sql.replaceUserState, [...row, stored.revision]);
  }

  #open(row: sql.UserStateRow, { session, user }: SessionUser, schemaId: string): UserState | null {
    const { revision, answered, key_id: keyId, sealed } = row;
    if (keyId === null || sealed === null) return null;
    const place = { schema: this.#database.schema, schemaId, session, user, revision, answered };
    return { session, user, revision, answered, state: this.#seal.open(place, { keyId, sealed }) };
  }

  #remember(saved: UserState): void {
    const key = keyOf(saved);
    this.#revisions.delete(key);
    this.#revisions.set(key, saved.revision);
    // A user whose revision was dropped must be loaded before its state can be saved.
    const [oldest] = this.#revisions.keys();
    if (this.#revisions.size > MOST_REMEMBERED && oldest !== undefined) this.#revisions.delete(oldest);
  }
}

function parseState(session: string, user: UserId, state: string): UserState {
  const wrapper = UserWrapper.fromState(state);
  if (wrapper.id !== user) throw new StateError(`state: expected the state of user ${user}, got the state of user ${wrapper.id}`);
  const { revision, round } = wrapper.progress();
  wrapper.abandon();
  return { session, user, revision, answered: round === 5, state };
}

function checkSession(session: unknown): string {
  const name = checkString(session, 'session', { least: 1, most: 1_000 });
  checkStorable(name, 'session');
  return name;
}

function keyOf({ session, user }: SessionUser): string {
  return `${user} ${session}`;
}

function stateOld(user: UserId, why: string): StateError {
  return new StateError(`user ${user}: ${why}; load the state again, and send nothing of this one`, 'ERR_SECAGG_STATE_OLD');
}
