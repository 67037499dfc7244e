// Where the sessions of a coordinator's attempts are. In memory here; `secagg/postgres` has durable ones.
import { UsageError } from '../leaves/errors.ts';
import type { Attendance, ServerProgress } from '../leaves/progress.ts';
import type { SumVector } from '../masking/vector.ts';
import type { ConsistencyEvidence } from '../server/evidence.ts';
import type { ServerLocalOptions, ServerOptions } from '../server/options.ts';
import { ServerWrapper } from '../server/server-wrapper.ts';

/** What a session is made from. */
export interface HostedSession {
  /** t: the least number of users in each round. */
  readonly threshold: number;
  /** Components of the vectors. */
  readonly vecLen: number;
  /** Of the server. */
  readonly options: Omit<ServerOptions, keyof ServerLocalOptions>;
}

/** Hosts sessions by name. Every method may be called again if its answer was lost. */
export interface SessionHost {
  /** Makes a session, unless there is one with this name. */
  create(name: string, session: HostedSession): Promise<void>;
  /** Whether there is a session with this name. */
  has(name: string): Promise<boolean>;
  /** As {@link ServerWrapper.recv}. */
  recv(name: string, id: number, message: Uint8Array): Promise<void>;
  /** As {@link ServerWrapper.progress}. */
  progress(name: string): Promise<ServerProgress>;
  /**
   * How many have spoken in the present round. The coordinator asks after each answer of a participant, and for {@link progress} only
   * when there is something to decide.
   */
  attendance(name: string): Promise<Attendance>;
  /** Closes this round, unless it is closed. As {@link ServerWrapper.round}. */
  close(name: string, round: number): Promise<void>;
  /**
   * The server's message to a user for this round; null if the round is still to come, or if the user gets none. It may also be null for
   * a user that was heard in this round, for it has nothing to answer.
   */
  message(name: string, id: number, round: number): Promise<Uint8Array | null>;
  /** Who vouched for the set of users in the sum; null unless round 4 is being collected. */
  evidence(name: string): Promise<ConsistencyEvidence | null>;
  /**
   * The sum.
   *
   * @throws UsageError ERR_SECAGG_USAGE if there is none yet.
   */
  sum(name: string): Promise<SumVector>;
  /** Forgets a session, if there is one. */
  remove(name: string): Promise<void>;
}

/** Hosts sessions in this process. */
export class MemorySessionHost implements SessionHost {
  readonly #servers = new Map<string, ServerWrapper>();

  create(name: string, { threshold, vecLen, options }: HostedSession): Promise<void> {
    if (!this.#servers.has(name)) this.#servers.set(name, new ServerWrapper(threshold, vecLen, options));
    return Promise.resolve();
  }

  has(name: string): Promise<boolean> {
    return Promise.resolve(this.#servers.has(name));
  }

  async recv(name: string, id: number, message: Uint8Array): Promise<void> {
    await this.#server(name).recvAsync(id, message);
  }

  progress(name: string): Promise<ServerProgress> {
    return Promise.resolve(this.#server(name).progress());
  }

  attendance(name: string): Promise<Attendance> {
    return Promise.resolve(this.#server(name).attendance());
  }

  async close(name: string, round: number): Promise<void> {
    const server = this.#server(name);
    if (server.attendance().round === round) await server.round();
  }

  message(name: string, id: number, round: number): Promise<Uint8Array | null> {
    const server = this.#server(name);
    if (server.attendance().round !== round) return Promise.resolve(null);
    const output = server.output();
    return Promise.resolve(output?.isMessages() === true ? output.getMessage(id) : null);
  }

  evidence(name: string): Promise<ConsistencyEvidence | null> {
    return Promise.resolve(this.#server(name).evidence());
  }

  sum(name: string): Promise<SumVector> {
    const output = this.#server(name).output();
    if (output?.isVector() !== true) throw new UsageError('ERR_SECAGG_USAGE', 'sum: the session has no sum yet');
    return Promise.resolve(output.getVector());
  }

  remove(name: string): Promise<void> {
    this.#servers.delete(name);
    return Promise.resolve();
  }

  #server(name: string): ServerWrapper {
    const server = this.#servers.get(name);
    if (server === undefined) throw new UsageError('ERR_SECAGG_UNKNOWN_SESSION', 'there is no session with this name');
    return server;
  }
}
