// One process's share of one session: messages wait here, are judged by a copy of the session's state, and become durable
// several at a time. Group commit: what arrives while a transaction is under way goes into the next one.
import { platform } from '#platform';
import { equalBytes } from '../leaves/bytes.ts';
import { ProtocolError, SecAggError, StoreError } from '../leaves/errors.ts';
import type { ServerEvent } from '../leaves/progress.ts';
import { splitState } from './bulk.ts';
import type { Database } from './database.ts';
import type { Query } from './pool.ts';
import { loadSession, standingOf, type Copy } from './session-row.ts';

interface Entry {
  readonly user: number;
  readonly bytes: Uint8Array;
  readonly settle: (error: unknown) => void;
}

/** How long the messages are that wait: all together, and the longest. In bytes. */
interface Waiting {
  readonly total: number;
  readonly largest: number;
}

/** A copy of the session's state, which has heard what this process has made durable, and the sum that it has written. */
interface Fork extends Copy {
  /** Of the last message: its digest, or null where it had been heard before; told by the server's listener. */
  readonly last: { digest: Uint8Array | null };
  /** Of round 2, for others keep their messages one by one. */
  readonly part: { readonly id: string; revision: number; users: number };
}

/** Judged, but not yet durable: null is acceptance. */
type Verdicts = Map<Entry, unknown>;

/** Heard for the first time. */
interface Accepted extends Pick<Entry, 'user' | 'bytes'> {
  readonly entry: Entry;
  readonly digest: Uint8Array;
}

const MASKED_INPUT = 2;
/** Messages below this many bytes do not wait for others. */
const SMALL = 16_384;
/** Long messages are written together once they are this many times as long as what is written: their sum. */
const ENOUGH = 24;
const MOST_BYTES = 2 ** 28;
const MOST_ENTRIES = 1_000;
/** Longer messages take a moment to judge. */
const LONG = 2 ** 18;
const MOST_QUIET_MS = 250;

export class Inbox {
  readonly #database: Database;
  readonly #sessionId: string;
  #queue: Entry[] = [];
  #waiting: Waiting = { total: 0, largest: 0 };
  #running: Promise<void> | null = null;
  #fork: Fork | null = null;
  #weight = 0;
  #hurry = false;
  #wake: () => void = () => undefined;

  constructor(database: Database, sessionId: string) {
    this.#database = database;
    this.#sessionId = sessionId;
  }

  /** Gives the copy away, so that a round need not be heard again to be closed; this one loads another when it needs it. */
  lend(): Fork | null {
    const fork = this.idle ? this.#fork : null;
    if (fork !== null) this.#fork = null;
    return fork;
  }

  /** Takes what has become of the copy, once that is durable. */
  takeBack(fork: Fork, next: Copy): void {
    if (this.idle) this.#fork ??= { ...fork, ...next, part: newPart() };
  }

  /** Whether nothing is lost where this object is forgotten. */
  get idle(): boolean {
    return this.#running === null;
  }

  /** About how many bytes of memory it takes. */
  get weight(): number {
    return this.#fork === null ? 0 : this.#weight;
  }

  /** Resolves when the message is durable. */
  put(user: number, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: unknown): void => {
        if (error === null) resolve();
        else reject(error instanceof Error ? error : new Error('not an error', { cause: error }));
      };
      const entry = { user, bytes, settle };
      this.#queue.push(entry);
      this.#waiting = withEntry(this.#waiting, entry);
      if (this.#hasEnough()) this.#wake();
      this.#running ??= this.#run();
    });
  }

  /** Everything that has arrived is written now, without waiting for more. */
  async flush(): Promise<void> {
    this.#hurry = true;
    this.#wake();
    await this.#running;
    this.#hurry = false;
  }

  async #run(): Promise<void> {
    try {
      while (this.#queue.length > 0) await this.#turn();
    } finally {
      // In the same breath as the look at the queue: whoever comes now starts another run.
      this.#running = null;
    }
  }

  async #turn(): Promise<void> {
    await this.#gather();
    const batch = this.#take();
    try {
      for (const [entry, error] of await this.#commit(batch)) entry.settle(error);
    } catch (error) {
      // Nothing of the batch was acknowledged, and what this process has in memory may not be in the database.
      this.#fork = null;
      for (const entry of batch) entry.settle(error);
    }
  }

  /**
   * Waits for more of the long messages while they come in fast: their sum is as long as one of them, however many are in
   * it, so that waiting a little saves writing a lot. Until none has come for as long as 16 bytes a microsecond would
   * take, at most a quarter of a second, and at most 20 times that.
   */
  async #gather(): Promise<void> {
    for (let waits = 0; waits < 20 && !this.#hurry && !this.#hasEnough(); waits++) {
      const { length } = this.#queue;
      const quiet = Math.min(MOST_QUIET_MS, this.#waiting.largest / SMALL);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, quiet);
        this.#wake = (): void => {
          clearTimeout(timer); // which would keep a process from ending
          resolve();
        };
      });
      if (this.#queue.length === length) return;
    }
  }

  /** Whether what waits is worth writing now; short messages always are. */
  #hasEnough(): boolean {
    const { total, largest } = this.#waiting;
    return largest < SMALL || total >= Math.min(ENOUGH * largest, MOST_BYTES);
  }

  #take(): Entry[] {
    let [count, total] = [0, 0];
    for (const { bytes } of this.#queue.slice(0, MOST_ENTRIES)) {
      total += bytes.length;
      if (count > 0 && total > MOST_BYTES) break;
      count++;
    }
    const batch = this.#queue.splice(0, count);
    this.#waiting = this.#queue.reduce(withEntry, { total: 0, largest: 0 });
    return batch;
  }

  async #commit(batch: readonly Entry[]): Promise<Verdicts> {
    for (;;) {
      try {
        const { fork, verdicts } = await this.#database.transaction((query) => {
          // Taken away while it is ahead of the database: where the transaction fails it is not put back.
          const fork = this.#fork;
          this.#fork = null;
          return this.#hear(query, fork, batch);
        });
        this.#fork = fork;
        return verdicts;
      } catch (error) {
        // Comes to an end, for each time another process has heard one user of the batch more.
        if (error !== HEARD_ELSEWHERE) throw error;
      }
    }
  }

  /** One transaction: lock, judge, write. The fork that it gives is as the database will be. */
  async #hear(
    query: Query,
    known: Fork | null,
    batch: readonly Entry[],
  ): Promise<{ readonly fork: Fork | null; readonly verdicts: Verdicts }> {
    const fork = await this.#locked(query, known ?? (await this.#load(query)));
    if (fork.round === 0 && fork.status === 'collecting') await this.#admit(query, fork);
    const { verdicts, accepted } = await this.#judge(query, fork, batch);
    if (accepted.length === 0) return { fork, verdicts };
    accepted.sort((a, b) => a.user - b.user);
    const users = accepted.map(({ user }) => user);
    const digests = accepted.map(({ digest }) => digest);
    const bodies = accepted.map(({ bytes }) => (fork.round === MASKED_INPUT ? null : bytes));
    const part = fork.round === MASKED_INPUT ? fork.part.id : null;
    const rows = await query(this.#database.sql.insertMessages, [this.#sessionId, fork.round, users, digests, bodies, part]);
    const inserted = new Set(rows.map((row) => Number(row.user_id)));
    const others = accepted.filter(({ user }) => !inserted.has(user));
    if (fork.round === MASKED_INPUT) {
      // The sum has an input too many, which cannot be told apart any more.
      if (others.length > 0) throw HEARD_ELSEWHERE;
      await this.#writePart(query, fork, accepted.length);
      return { fork, verdicts };
    }
    if (others.length === 0) return { fork, verdicts };
    const claimed = await this.#digestsOf(query, fork.round, others);
    const equivocal = others.filter(({ user, digest }) => !isSame(claimed.get(user), digest));
    for (const { entry } of equivocal) verdicts.set(entry, equivocation(entry.user, fork.round));
    // A fork that believes the wrong one of two messages is of no use.
    return { fork: equivocal.length > 0 ? null : fork, verdicts };
  }

  /** The fork, made anew where the session has moved on; the session cannot move while the lock is held. */
  async #locked(query: Query, fork: Fork): Promise<Fork> {
    const { sql } = this.#database;
    const [row] = await query(fork.round === 0 ? sql.lockToAdmit : sql.lockToHear, [this.#sessionId]);
    const { status, round } = standingOf(row, this.#sessionId);
    return status === fork.status && round === fork.round ? fork : this.#load(query);
  }

  async #load(query: Query): Promise<Fork> {
    const last: Fork['last'] = { digest: null };
    const listener = (event: ServerEvent): void => {
      if (event.type === 'message-accepted') last.digest = event.digest;
      else if (event.type === 'message-repeated') last.digest = null;
    };
    const { size, ...copy } = await loadSession(this.#database, query, this.#sessionId, { listener });
    this.#weight = size;
    return { ...copy, last, part: newPart() };
  }

  /**
   * Round 0 is the one in which what a user may say depends on who else is there: no key comes twice, and the users are
   * not too many. So one process at a time takes messages, and first takes note of those that others have taken.
   */
  async #admit(query: Query, { server }: Fork): Promise<void> {
    const rows = await query(this.#database.sql.messagesOfOthers, [this.#sessionId, 0, server.progress().heard]);
    for (const row of rows) server.recv(Number(row.user_id), row.body as Uint8Array);
  }

  async #judge(
    query: Query,
    fork: Fork,
    batch: readonly Entry[],
  ): Promise<{ readonly verdicts: Verdicts; readonly accepted: Accepted[] }> {
    const own = new Set(fork.server.progress().heard);
    const elsewhere =
      fork.round === MASKED_INPUT
        ? await this.#digestsOf(
            query,
            fork.round,
            batch.filter(({ user }) => !own.has(user)),
          )
        : new Map<number, Uint8Array>();
    const verdicts: Verdicts = new Map();
    const accepted: Accepted[] = [];
    // The fork must not add an input to its sum that is in another one: of such users a copy judges, which is thrown away.
    let copy: Fork | null = null;
    for (const entry of batch) {
      const { user, bytes } = entry;
      // Lets others have the processor between long ones.
      if (bytes.length > LONG) await platform.pause();
      const claimed = elsewhere.get(user);
      if (claimed !== undefined && (copy === null || copy.server.progress().heard.includes(user))) copy = await this.#load(query);
      const judge = claimed === undefined || copy === null ? fork : copy;
      try {
        judge.server.recv(user, bytes);
        const { digest } = judge.last;
        if (digest !== null && judge === fork) accepted.push({ entry, user, bytes, digest });
        else if (digest !== null && !isSame(claimed, digest)) throw equivocation(user, fork.round);
        verdicts.set(entry, null);
      } catch (error) {
        if (!(error instanceof SecAggError) || error instanceof StoreError) throw error;
        verdicts.set(entry, error);
      }
    }
    return { verdicts, accepted };
  }

  async #digestsOf(query: Query, round: number, entries: readonly { readonly user: number }[]): Promise<Map<number, Uint8Array>> {
    if (entries.length === 0) return new Map();
    const users = entries.map(({ user }) => user);
    const rows = await query(this.#database.sql.digestsOf, [this.#sessionId, round, users]);
    return new Map(rows.map((row) => [Number(row.user_id), row.digest as Uint8Array]));
  }

  /** In place of what this process has written before: so much, and no more, is ever written again. */
  async #writePart(query: Query, { server, part }: Fork, fresh: number): Promise<void> {
    const { sql } = this.#database;
    part.revision += 1;
    part.users += fresh;
    const { json, bulk } = splitState(server.serializePart());
    const statement = part.revision === 1 ? sql.insertPart : sql.replacePart;
    const rows = await query(statement, [this.#sessionId, part.id, part.revision, part.users, json, bulk]);
    if (rows.length !== 1) throw new StoreError('ERR_SECAGG_STORE', 'database: a partial sum was changed by somebody else');
  }
}

function newPart(): Fork['part'] {
  return { id: crypto.randomUUID(), revision: 0, users: 0 };
}

function withEntry(waiting: Waiting, { bytes }: Entry): Waiting {
  return { total: waiting.total + bytes.length, largest: Math.max(waiting.largest, bytes.length) };
}

/** Another process has heard a user of this batch at the same time. */
const HEARD_ELSEWHERE = new Error('heard elsewhere');

function isSame(known: Uint8Array | undefined, digest: Uint8Array): boolean {
  return known !== undefined && equalBytes(known, digest);
}

function equivocation(user: number, round: number): ProtocolError {
  const text = `round ${round}: user ${user} has sent another message before; the first one counts`;
  return new ProtocolError('ERR_SECAGG_EQUIVOCATION', text, { round, userIds: [user] });
}
