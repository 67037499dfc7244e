// The sessions of a coordinator's attempts, in PostgreSQL.
import { UsageError } from '../leaves/errors.ts';
import type { Attendance, ServerProgress } from '../leaves/progress.ts';
import { checkInteger, checkMethods } from '../leaves/checks.ts';
import type { SumVector } from '../masking/vector.ts';
import type { ConsistencyEvidence } from '../server/evidence.ts';
import type { HostedSession, SessionHost } from '../coordinator/session-host.ts';
import type { PostgresSessions } from './sessions.ts';

/** Hosts the sessions of a coordinator in PostgreSQL, so that any of its processes can answer for any of them. */
export class PostgresSessionHost implements SessionHost {
  readonly #sessions: PostgresSessions;

  /** @param sessions where they are kept; the application may have sessions of its own there. @throws TypeError for anything else. */
  constructor(sessions: PostgresSessions) {
    checkMethods(sessions, 'sessions', ['attendance', 'result']);
    this.#sessions = sessions;
  }

  /** As `SessionHost.create`. */
  async create(name: string, session: HostedSession): Promise<void> {
    await this.#sessions.create({ id: uuidOf(name), ...session });
  }

  /** As `SessionHost.has`. */
  async has(name: string): Promise<boolean> {
    try {
      await this.#sessions.result(uuidOf(name)); // reads one row of a few bytes while the session goes on, unlike `progress`
      return true;
    } catch (error) {
      if (error instanceof UsageError) return error.code !== 'ERR_SECAGG_UNKNOWN_SESSION';
      throw error;
    }
  }

  /** As `SessionHost.recv`. */
  async recv(name: string, id: number, message: Uint8Array): Promise<void> {
    await this.#sessions.recv(uuidOf(name), id, message);
  }

  /** As `SessionHost.progress`. */
  progress(name: string): Promise<ServerProgress> {
    return this.#sessions.progress(uuidOf(name));
  }

  /** As `SessionHost.attendance`. */
  attendance(name: string): Promise<Attendance> {
    return this.#sessions.attendance(uuidOf(name));
  }

  /** As `SessionHost.close`. */
  async close(name: string, round: number): Promise<void> {
    await this.#sessions.round(uuidOf(name), checkInteger(round, 'round', 0, 4));
  }

  /** As `SessionHost.message`. */
  async message(name: string, id: number, round: number): Promise<Uint8Array | null> {
    const next = await this.#sessions.message(uuidOf(name), id);
    return next.kind === 'message' && next.round === round ? next.bytes : null;
  }

  /** As `SessionHost.evidence`. */
  evidence(name: string): Promise<ConsistencyEvidence | null> {
    return this.#sessions.evidence(uuidOf(name));
  }

  /** As `SessionHost.sum`. */
  async sum(name: string): Promise<SumVector> {
    const sum = await this.#sessions.result(uuidOf(name));
    if (sum === null) throw new UsageError('ERR_SECAGG_USAGE', 'sum: the session has no sum yet');
    return sum;
  }

  /** As `SessionHost.remove`. */
  async remove(name: string): Promise<void> {
    await this.#sessions.remove(uuidOf(name));
  }
}

/** A uuid from the first 16 bytes of a session's name, which is a digest in hexadecimal digits. */
function uuidOf(name: string): string {
  return [name.slice(0, 8), name.slice(8, 12), name.slice(12, 16), name.slice(16, 20), name.slice(20, 32)].join('-');
}
