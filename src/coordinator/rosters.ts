// The parts of a session's roster that participants on a sparse graph are shown. What they are made of is kept for a few sessions: making
// it again takes as many hashes as there are participants.
import { RosterExcerpts } from '../service/roster.ts';
import { ServiceError } from '../service/service-error.ts';
import type { SessionRecord } from './run-record.ts';

/** Sessions whose hash trees are kept. */
const MOST_KEPT = 8;

export class Rosters {
  /** By the name of the session, the one that was asked for last behind the others. */
  readonly #excerpts = new Map<string, RosterExcerpts>();

  /**
   * The certificates of some members, with a proof.
   *
   * @throws ServiceError ERR_SECAGG_RUN if one of them is not in the session.
   */
  excerpt({ name, roster }: Pick<SessionRecord, 'name' | 'roster'>, ids: readonly number[]): Uint8Array {
    const excerpts = this.#excerpts.get(name) ?? new RosterExcerpts(roster);
    this.#excerpts.delete(name);
    this.#excerpts.set(name, excerpts);
    const [oldest = name] = this.#excerpts.keys();
    if (this.#excerpts.size > MOST_KEPT) this.#excerpts.delete(oldest);
    const excerpt = excerpts.of(ids);
    if (excerpt !== null) return excerpt;
    throw new ServiceError('ERR_SECAGG_RUN', 'certificates: of somebody who is not in the session');
  }
}
