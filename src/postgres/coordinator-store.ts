// The runs of a coordinator in PostgreSQL, for any number of processes at a time.
import { copyOf } from '../leaves/bytes.ts';
import { checkNames } from '../leaves/checks.ts';
import type { SumVector } from '../masking/vector.ts';
import { readCertificate, replaces, type Certificate } from '../service/certificate.ts';
import { writtenRun, writtenSession } from '../coordinator/run-json.ts';
import {
  endedRun,
  mayReplace,
  type AttemptParts,
  type Counts,
  type NewSession,
  type Participant,
  type RunEnd,
  type RunEnding,
  type RunKey,
  type RunRecord,
  type SessionKey,
  type SessionRecord,
} from '../coordinator/run-record.ts';
import type { CoordinatorStore, LastRequest } from '../coordinator/store.ts';
import { CoordinatorReads } from './coordinator-reads.ts';
import { Database, type DatabaseOptions } from './database.ts';
import { MOST_BYTEA_BYTES, type Query } from './statement.ts';
import { migrate } from './migrations.ts';
import type { PostgresPool } from './pool.ts';
import { ServiceClock } from './service-clock.ts';
import * as sql from './coordinator-statements.ts';
import * as participants from './participant-statements.ts';

/**
 * Keeps the runs of a coordinator in PostgreSQL. Give the same store to the coordinator of each process, beside a
 * {@link PostgresSessionHost}.
 *
 * @example
 * ```ts
 * import pg from 'pg';
 * import { Coordinator } from 'secagg/coordinator';
 * import { PostgresCoordinatorStore, PostgresSessionHost, PostgresSessions } from 'secagg/postgres';
 *
 * const pool = new pg.Pool();
 * const sessions = new PostgresSessions(pool);
 * await sessions.migrate();
 * const coordinator = new Coordinator({
 *   keypair,
 *   tasks,
 *   secret, // 32 bytes, the same in all processes
 *   store: new PostgresCoordinatorStore(pool),
 *   host: new PostgresSessionHost(sessions),
 * });
 * ```
 */
export class PostgresCoordinatorStore implements CoordinatorStore {
  /** A sum is one value in the database: 2^28 - 64 bytes, so 67,108,848 components of 4 bytes. */
  readonly mostSumBytes: number = MOST_BYTEA_BYTES;
  readonly #database: Database;
  readonly #clock: ServiceClock;
  readonly #reads: CoordinatorReads;

  /**
   * @param pool a `pg.Pool`, or an object with the same methods.
   * @param options where the tables are, and how long to wait for the database.
   * @throws TypeError, RangeError that name the argument.
   */
  constructor(pool: PostgresPool, options: DatabaseOptions = {}) {
    checkNames(options, 'options', ['schema', 'timeout']);
    this.#database = new Database(pool, options);
    this.#clock = new ServiceClock(this.#database);
    this.#reads = new CoordinatorReads(this.#database.read);
  }

  /** Creates the schema or brings it to this version, as `migrate()` of PostgresSessions does: the two share it. */
  async migrate(): Promise<void> {
    await migrate(this.#database);
  }

  /** Service time, in milliseconds. */
  async heartbeat(): Promise<number> {
    return this.#clock.heartbeat();
  }

  /** As `CoordinatorStore.createRun`. */
  async createRun(run: RunRecord): Promise<boolean> {
    const { task, source, revision, stage } = run;
    const isNew = await this.#attempt(async (query) => {
      await query(sql.insertTask, [task]);
      const [raised] = await query(sql.raiseRun, [task, run.run]);
      if (raised === undefined) throw new Refused();
      const row = [task, run.run, source, revision, stage, documentOf(run), raised.sums];
      if ((await query(sql.insertRun, row)).length === 0) throw new Refused();
      return true;
    });
    return isNew ?? false;
  }

  /** @returns what `work` returns; null, with nothing changed, if it throws Refused. */
  async #attempt<T>(work: (query: Query) => Promise<T>): Promise<T | null> {
    try {
      return await this.#database.transaction(work);
    } catch (error) {
      if (error instanceof Refused) return null;
      throw error;
    }
  }

  /** As `CoordinatorStore.run`. */
  async run({ task, run }: RunKey): Promise<RunRecord | null> {
    const [row] = await this.#database.read(sql.readRun, [task, run]);
    return row === undefined ? null : recordOf(row);
  }

  /** As `CoordinatorStore.openRun`. */
  async openRun(task: string, source: string): Promise<RunRecord | null> {
    const row = await this.#reads.openRun(task, source);
    return row === undefined ? null : recordOf(row);
  }

  /** As `CoordinatorStore.openRuns`. */
  async openRuns(): Promise<readonly RunRecord[]> {
    return (await this.#database.read(sql.readOpenRuns)).map(recordOf);
  }

  /** As `CoordinatorStore.replaceRun`. */
  async replaceRun(next: RunRecord, { enrolment, sessions }: AttemptParts = {}): Promise<boolean> {
    const { task, run, revision, stage, excluded } = next;
    const key = [task, run];
    const isReplaced = await this.#attempt(async (query) => {
      const [before] = await query(sql.lockRun, [task, run]);
      if (before?.revision !== revision - 1) throw new Refused();
      await query(sql.updateRun, [...key, revision, stage, documentOf(next)]);
      if (enrolment !== undefined) await query(sql.updateEnrolment, [...key, enrolment]);
      if (sessions !== undefined) await beginSessions(query, next, sessions);
      const isAgain = stage === 'training' && (before.stage === 'session' || before.stage === 'draw');
      if (isAgain || excluded.length > 0) await query(participants.beginAgain, [...key, [...excluded], isAgain]);
      return true;
    });
    return isReplaced ?? false;
  }

  /** As `CoordinatorStore.endRun`. */
  async endRun(record: RunRecord, ending: RunEnding): Promise<RunRecord | null> {
    const { task, run, excluded } = record;
    const { at, code, sum } = ending;
    return this.#attempt(async (query) => {
      const [counted] = await query(sql.countSum, [task, code === null ? 1 : 0]);
      const [before] = await query(sql.lockRun, [task, run]);
      if (counted === undefined || before?.revision !== record.revision) throw new Refused();
      const ended = endedRun(record, ending, counted.sums - before.sums_before);
      await query(sql.endRun, [task, run, ended.revision, ended.stage, documentOf(ended), ...columnsOf(sum), at]);
      await query(sql.dropSums, [task, run]);
      if (excluded.length > 0) await query(participants.beginAgain, [task, run, [...excluded], false]);
      return ended;
    });
  }

  /** As `CoordinatorStore.enrolment`. */
  async enrolment({ task, run }: RunKey): Promise<Uint8Array | null> {
    const [row] = await this.#database.read(sql.readEnrolment, [task, run]);
    return row?.enrolment === undefined || row.enrolment === null ? null : copyOf(row.enrolment);
  }

  /** As `CoordinatorStore.session`. */
  async session({ task, run, index }: SessionKey): Promise<SessionRecord | null> {
    const [row] = await this.#database.read(sql.readSession, [task, run, index]);
    return row === undefined ? null : sessionOf(row);
  }

  /** As `CoordinatorStore.roster`. */
  async roster({ task, run, index, attempt }: SessionKey & Pick<SessionRecord, 'attempt'>): Promise<Uint8Array | null> {
    const [row] = await this.#database.read(sql.readRoster, [task, run, index, attempt]);
    return row === undefined ? null : copyOf(row.roster);
  }

  /** As `CoordinatorStore.certificate`. */
  async certificate({ task, run, index }: SessionKey): Promise<string | null> {
    const [row] = await this.#database.read(sql.readCertificate, [task, run, index]);
    return row?.certificate ?? null;
  }

  /** As `CoordinatorStore.openSessions`. */
  async openSessions({ task, run }: RunKey): Promise<readonly number[]> {
    return (await this.#database.read(sql.readOpenSessions, [task, run])).map(({ index }) => index);
  }

  /** As `CoordinatorStore.replaceSession`. */
  async replaceSession(session: SessionRecord, certificate?: string): Promise<boolean> {
    const { task, run, index, revision, attempt, end } = session;
    const written = [documentOfSession(session), end !== null, ...columnsOf(end?.sum ?? null)];
    const rows = await this.#database.transaction((query) =>
      query(sql.replaceSession, [task, run, index, revision, attempt, ...written, certificate ?? null]),
    );
    return rows.length === 1;
  }

  /** As `CoordinatorStore.forgetRuns`. */
  async forgetRuns(task: string, endedBefore: number): Promise<void> {
    await this.#database.transaction((query) => query(sql.deleteRunsBefore, [task, endedBefore]));
  }

  /** As `CoordinatorStore.participant`. */
  async participant(key: RunKey, id: number): Promise<Participant | null> {
    const row = await this.#reads.participant(key, id);
    return row === undefined ? null : participantOf(row);
  }

  /** As `CoordinatorStore.checkIn`. */
  async checkIn({ task, run }: RunKey, certificate: Certificate, most: number): Promise<Participant | null> {
    const { id } = certificate;
    return this.#database.transaction(async (query) => {
      const [before] = await query(sql.lockRun, [task, run]);
      const [known] = await query(participants.lockParticipant, [task, run, id]);
      const participant = known === undefined ? null : participantOf(known);
      const isIn = participant !== null && participant.status !== 'left';
      if (isIn && !replaces(certificate, participant.certificate)) return participant;
      const mayEnter =
        before !== undefined && (isIn ? mayReplace(before, participant, certificate) : before.stage === 'check-in');
      if (!mayEnter) return null;
      const [entered] = await query(participants.insertParticipant, [task, run, id, certificate.bytes, most]);
      return entered === undefined ? null : participantOf(entered);
    });
  }

  /** As `CoordinatorStore.setReady`. */
  async setReady({ task, run }: RunKey, { id, bytes }: Certificate): Promise<boolean> {
    const rows = await this.#database.transaction((query) => query(participants.setReady, [task, run, id, bytes]));
    return rows.length === 1;
  }

  /** As `CoordinatorStore.setLeft`. */
  async setLeft({ task, run }: RunKey, { id, bytes }: Certificate, attempt: number): Promise<void> {
    const entry = [task, run, id, bytes];
    await this.#database.transaction((query) =>
      attempt === 0 ? query(participants.setLeft, entry) : query(participants.setRefused, [...entry, attempt]),
    );
  }

  /** As `CoordinatorStore.left`. */
  async left({ task, run, index, attempt }: SessionKey & Pick<SessionRecord, 'attempt'>): Promise<readonly number[]> {
    return (await this.#database.read(participants.readLeft, [task, run, index, attempt])).map(({ id }) => id);
  }

  /** As `CoordinatorStore.counts`. */
  async counts({ task, run }: RunKey): Promise<Counts> {
    const [row] = await this.#database.read(participants.countParticipants, [task, run]);
    return { checkedIn: row?.checked_in ?? 0, selected: row?.selected ?? 0, ready: row?.ready ?? 0 };
  }

  /** As `CoordinatorStore.participants`. */
  async participants({ task, run }: RunKey): Promise<readonly Participant[]> {
    return (await this.#database.read(participants.readParticipants, [task, run])).map(participantOf);
  }

  /** As `CoordinatorStore.raiseRevocationList`. */
  async raiseRevocationList(registrar: string, number: number, list: Uint8Array): Promise<void> {
    await this.#database.transaction((query) => query(sql.raiseRevocationList, [registrar, number, list]));
  }

  /** As `CoordinatorStore.revocationList`. */
  async revocationList(registrar: string, above: number): Promise<Uint8Array | null> {
    const [row] = await this.#database.read(sql.readRevocationList, [registrar, above]);
    return row === undefined ? null : copyOf(row.list);
  }

  /** As `CoordinatorStore.lastRequest`. */
  async lastRequest(task: string, sender: string): Promise<LastRequest | null> {
    const row = await this.#reads.lastRequest(task, sender);
    return row === undefined ? null : { sequence: row.sequence, digest: copyOf(row.digest) };
  }

  /** As `CoordinatorStore.noteRequest`. */
  async noteRequest(task: string, sender: string, { sequence, digest }: LastRequest, epoch: number): Promise<LastRequest | null> {
    return this.#database.transaction(async (query) => {
      if ((await query(sql.noteRequest, [task, sender, sequence, digest, epoch])).length === 1) return null;
      const [last] = await query(sql.readRequest, [task, sender]);
      return last === undefined ? null : { sequence: last.sequence, digest: copyOf(last.digest) };
    });
  }

  /** As `CoordinatorStore.forgetRequests`. */
  async forgetRequests(before: number): Promise<void> {
    await this.#database.transaction((query) => query(sql.deleteRequests, [before]));
  }
}

/** The precondition of a step does not hold: its transaction is rolled back. */
class Refused extends Error {}

/** The sessions of an attempt take the place of those before. */
async function beginSessions(query: Query, { task, run }: RunKey, sessions: readonly NewSession[]): Promise<void> {
  const key = [task, run];
  await query(sql.deleteSessions, key);
  await query(participants.forgetMembers, key);
  for (const { record, members, roster } of sessions) {
    const { index, attempt } = record;
    await query(sql.insertSession, [...key, index, record.revision, attempt, documentOfSession(record), roster]);
    await query(participants.setMembers, [...key, index, [...members]]);
  }
}

function documentOf(run: RunRecord): string {
  const { end } = run;
  const written = end === null ? null : withoutSum(end);
  return JSON.stringify(writtenRun.encode({ ...run, end: written }));
}

function withoutSum({ at, code, included, cohorts, noiseSeed, staleness }: RunEnd): Omit<RunEnd, 'sum'> {
  return { at, code, included, cohorts, noiseSeed, staleness };
}

function recordOf({ document, sum, sum_bits: bits }: sql.RunRow): RunRecord {
  const run = writtenRun.decode(JSON.parse(document), 'run');
  return { ...run, end: run.end === null ? null : { ...run.end, sum: sum === null ? null : vectorOf(sum, bits) } };
}

function documentOfSession(session: SessionRecord): string {
  const { end } = session;
  const written = end === null ? null : { code: end.code, included: end.included, out: end.out };
  return JSON.stringify(writtenSession.encode({ ...session, end: written }));
}

function sessionOf({ document, sum, sum_bits: bits }: sql.SessionRow): SessionRecord {
  const session = writtenSession.decode(JSON.parse(document), 'session');
  return { ...session, end: session.end === null ? null : { ...session.end, sum: sum === null ? null : vectorOf(sum, bits) } };
}

function participantOf({ status, session, refused, certificate }: participants.ParticipantRow): Participant {
  const { id, publicKey, serial, validFrom, validUntil, bytes } = readCertificate(copyOf(certificate));
  return { status, session, refused, certificate: { id, publicKey, serial, validFrom, validUntil, bytes } };
}

/** Bytes of a sum, and bits of its components. */
function columnsOf(sum: SumVector | null): [Uint8Array | null, number | null] {
  return sum === null ? [null, null] : [bytesOf(sum), sum instanceof BigInt64Array ? 64 : 32];
}

/** Little-endian on every machine. */
function bytesOf(sum: SumVector): Uint8Array {
  const view = new DataView(new ArrayBuffer(sum.byteLength));
  if (sum instanceof BigInt64Array) sum.forEach((value, i) => view.setBigInt64(8 * i, value, true));
  else sum.forEach((value, i) => view.setInt32(4 * i, value, true));
  return new Uint8Array(view.buffer);
}

function vectorOf(bytes: Uint8Array, bits: number | null): SumVector {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bits === 64) return BigInt64Array.from({ length: bytes.length / 8 }, (_, i) => view.getBigInt64(8 * i, true));
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i, true));
}
