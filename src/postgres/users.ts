// States of users in PostgreSQL: sealed with the application's key, never older than what was saved last, and with one
// answer to the unmasking round. SECURITY.md, State, says what a store that forgets costs.
import { concat, copyOf, equalBytes, u32, u64, utf8 } from '../leaves/bytes.ts';
import { systemRandom } from '../crypto/random.ts';
import { open, seal } from '../crypto/seal.ts';
import { StateError, UsageError } from '../leaves/errors.ts';
import { userId, type UserId } from '../leaves/ids.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import { UserWrapper } from '../user/user-wrapper.ts';
import { Database } from './database.ts';
import { migrate } from './migrations.ts';
import type { PostgresPool, Query, Row } from './pool.ts';

/** Users whose revisions one object remembers. */
const MOST_REMEMBERED = 100_000;

/** A user in a session, and its state. */
interface Saved {
  readonly session: string;
  readonly user: UserId;
  readonly revision: number;
  /** Whether it has answered all rounds. */
  readonly answered: boolean;
  readonly state: string;
}

/**
 * Users' states, for applications that play users on a server: institutions, gateways, simulations.
 *
 * A state CONTAINS SECRETS. It is sealed before it leaves the process (XChaCha20-Poly1305); the key is yours to keep, and
 * whoever has database and key has the users' inputs.
 *
 * A user that goes back to an older state may be made to answer twice. So a state is saved only in place of the one that
 * this object has loaded or saved last, by comparing revisions in the database; of two processes that answer at once, one
 * is told ERR_SECAGG_STATE_OLD, and must load again and not send what it has.
 *
 * @example
 * ```ts
 * import pg from 'pg';
 * import { PostgresUsers } from 'secagg/postgres';
 *
 * const users = new PostgresUsers(new pg.Pool(), { key }); // 32 bytes
 * await users.save('week 7', 12, user.serializeState());
 * const answer = await users.answer('week 7', 12, messageFromTheServer); // saved before it is returned
 * ```
 */
export class PostgresUsers {
  readonly #database: Database;
  readonly #key: Uint8Array;
  readonly #seen = new Map<string, number>();

  /**
   * @param pool a `pg.Pool`, or what looks like one.
   * @param options.key 32 secret bytes; copied.
   * @param options.schema as for PostgresSessions, default 'secagg'.
   */
  constructor(pool: PostgresPool, { key, schema }: { readonly key: Uint8Array; readonly schema?: string }) {
    if (!(key instanceof Uint8Array)) throw new TypeError('options.key: expected a Uint8Array');
    if (key.length !== KEY_BYTES) {
      throw new RangeError(`options.key: expected ${KEY_BYTES} bytes, got ${key.length}`);
    }
    this.#database = new Database(pool, schema === undefined ? {} : { schema });
    this.#key = copyOf(key);
  }

  /** As of PostgresSessions; the two share a schema. */
  async migrate(): Promise<void> {
    await migrate(this.#database);
  }

  /**
   * Saves a state; durable when it resolves. Save before you send what the user has answered. The same state again
   * changes nothing.
   *
   * @param session what you call the session, 1 to 1,000 bytes; for a session of PostgresSessions, its id.
   * @param user the user's id, as in the state.
   * @param state from `serializeState()`.
   * @throws StateError ERR_SECAGG_STATE_OLD where the state does not follow the one that this object has loaded or saved
   * last: it is older, or another process was faster. Nothing is saved then: do not send, load again.
   * @throws StateError where it is no state of this user.
   */
  async save(session: string, user: number, state: string): Promise<void> {
    const saved = savedOf(requireSession(session), userId(user, 'userId'), state);
    const expected = this.#seen.get(nameOf(saved)) ?? null;
    await this.#database.transaction((query) => this.#write(query, saved, expected));
    this.#remember(saved);
  }

  /**
   * The newest state that was saved; null where none was, or where it was forgotten.
   *
   * @throws StateError where the row was changed, sealed with another key, or is older than what this object has seen.
   */
  async load(session: string, user: number): Promise<string | null> {
    const [name, id] = [requireSession(session), userId(user, 'userId')];
    const [row] = await this.#database.read(this.#database.sql.readUserState, [name, id]);
    const found = row === undefined ? null : this.#open(row, name, id);
    const seen = this.#seen.get(nameOf({ session: name, user: id }));
    if (seen !== undefined && (found?.revision ?? (row === undefined ? -1 : Number(row.revision))) < seen) {
      throw stateOld(id, 'the database has an older state than was saved; was a backup restored?');
    }
    if (found === null) return null;
    this.#remember(found);
    return found.state;
  }

  /**
   * Lets a user answer a message of the server, and saves its state before it gives the answer. The same message again
   * gives the same answer, from whatever process.
   *
   * @returns bytes for the server.
   * @throws UsageError ERR_SECAGG_USAGE where no state was saved; what `UserWrapper.round` throws, with the user's new
   * state saved; StateError as {@link load}.
   */
  async answer(session: string, user: number, message: Uint8Array): Promise<Uint8Array> {
    const [name, id] = [requireSession(session), userId(user, 'userId')];
    for (;;) {
      const state = await this.load(name, id);
      if (state === null) throw new UsageError('ERR_SECAGG_USAGE', `user ${id}: no state was saved for this session`);
      const wrapper = UserWrapper.fromState(state);
      const outcome = await wrapper.round(message).then(
        (bytes) => ({ bytes }),
        (error: unknown) => ({ error }),
      );
      const after = wrapper.serializeState();
      const stale = after === state ? null : await this.save(name, id, after).then(() => null, asStale);
      // Another process was faster: what it has answered counts, and this answer is never sent.
      if (stale !== null) continue;
      if ('error' in outcome) throw outcome.error;
      return outcome.bytes;
    }
  }

  /**
   * Forgets a state for good, once the session is over. That there was one is remembered: no state of this user and
   * session is taken again.
   */
  async forget(session: string, user: number): Promise<void> {
    const [name, id] = [requireSession(session), userId(user, 'userId')];
    await this.#database.transaction((query) => query(this.#database.sql.forgetUserState, [name, id]));
    this.#seen.delete(nameOf({ session: name, user: id }));
  }

  async #write(query: Query, saved: Saved, expected: number | null): Promise<void> {
    const { sql } = this.#database;
    const { session, user, revision, answered, state } = saved;
    const sealed = seal(this.#key, this.#boundTo(saved), utf8(state), systemRandom);
    const row = [session, user, revision, answered, sealed];
    if (expected === null && (await query(sql.insertUserState, row)).length === 1) return;
    const [present] = await query(sql.lockUserState, [session, user]);
    const found = present === undefined ? null : this.#open(present, session, user);
    if (found !== null && found.revision === revision && equalBytes(utf8(found.state), utf8(state))) return;
    if (found === null) throw stateOld(user, 'its state was forgotten');
    if (found.answered) throw stateOld(user, 'it has answered the unmasking round, which it does once');
    if (found.revision !== expected) throw stateOld(user, `revision ${found.revision} was saved by another process`);
    if (revision <= found.revision) {
      throw stateOld(user, `revision ${revision} does not follow ${found.revision}, which was saved`);
    }
    await query(sql.replaceUserState, [...row, found.revision]);
  }

  #open(row: Row, session: string, user: UserId): Saved | null {
    const sealed = row.sealed as Uint8Array | null;
    if (sealed === null) return null;
    const [revision, answered] = [Number(row.revision), row.answered === true];
    const plaintext = open(this.#key, this.#boundTo({ session, user, revision, answered }), copyOf(sealed));
    if (plaintext === null) {
      throw new StateError(`user ${user}: the row was changed, or sealed with another key`);
    }
    const state = new TextDecoder().decode(plaintext);
    plaintext.fill(0);
    return { session, user, revision, answered, state };
  }

  /** Associated data: a sealed state opens in its own row and at its own revision only. Lengths first, so that all differ. */
  #boundTo({ session, user, revision, answered }: Omit<Saved, 'state'>): Uint8Array {
    const [table, name] = [utf8(`${this.#database.schema}.user_states`), utf8(session)];
    const fields = [u32(table.length), table, u32(name.length), name, u64(user), u64(revision)];
    return concat([utf8('secagg/1/user state at rest\0'), ...fields, Uint8Array.of(answered ? 1 : 0)]);
  }

  #remember(saved: Saved): void {
    const name = nameOf(saved);
    this.#seen.delete(name);
    this.#seen.set(name, saved.revision);
    // A forgotten one must be loaded before it can be saved.
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > MOST_REMEMBERED && oldest !== undefined) this.#seen.delete(oldest);
  }
}

function savedOf(session: string, user: UserId, state: string): Saved {
  const wrapper = UserWrapper.fromState(state);
  if (wrapper.id !== user) throw new StateError(`state: expected one of user ${user}, got user ${wrapper.id}`);
  const { revision, round } = wrapper.progress();
  return { session, user, revision, answered: round === 5, state };
}

function requireSession(session: unknown): string {
  if (typeof session !== 'string') throw new TypeError(`session: expected a string, got ${typeof session}`);
  const { length } = utf8(session);
  if (length < 1 || length > 1_000 || session.includes('\0')) throw new RangeError('session: expected 1 to 1,000 bytes');
  return session;
}

function nameOf({ session, user }: Pick<Saved, 'session' | 'user'>): string {
  return `${user} ${session}`;
}

function stateOld(user: UserId, why: string): StateError {
  return new StateError(`user ${user}: ${why}; load the state again, and send nothing of this one`, 'ERR_SECAGG_STATE_OLD');
}

function asStale(error: unknown): StateError {
  if (error instanceof StateError && error.code === 'ERR_SECAGG_STATE_OLD') return error;
  throw error;
}
