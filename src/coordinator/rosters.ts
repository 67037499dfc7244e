// The rosters of sessions, and the parts of them that participants on a sparse graph are shown. What these are made of is kept for a few
// sessions: making it again takes as many hashes as there are participants.
import { RosterExcerpts } from '../service/roster.ts';
import { ServiceError } from '../service/service-error.ts';
import type { SessionRecord } from './run-record.ts';
import type { CoordinatorStore } from './store.ts';

/** Sessions whose hash trees are kept. */
const MOST_KEPT = 8;

export class Rosters {
  readonly #store: Pick<CoordinatorStore, 'roster'>;
  /** By the name of the session, the one that was asked for last behind the others. */
  readonly #excerpts = new Map<string, Promise<RosterExcerpts>>();

  constructor(store: Pick<CoordinatorStore, 'roster'>) {
    this.#store = store;
  }

  /** All certificates. @throws ServiceError ERR_SECAGG_RUN if another attempt has begun. */
  async whole(session: SessionRecord): Promise<Uint8Array> {
    const roster = await this.#store.roster(session);
    if (roster === null) throw new ServiceError('ERR_SECAGG_RUN', 'this attempt is over');
    return roster;
  }

  /**
   * The certificates of some participants, with a proof.
   *
   * @throws ServiceError ERR_SECAGG_RUN if one of them is not in the session, or if another attempt has begun.
   */
  async excerpt(session: SessionRecord, ids: readonly number[]): Promise<Uint8Array> {
    const excerpt = (await this.#excerptsOf(session)).of(ids);
    if (excerpt !== null) return excerpt;
    throw new ServiceError('ERR_SECAGG_RUN', 'certificates: of somebody who is not in the session');
  }

  async #excerptsOf(session: SessionRecord): Promise<RosterExcerpts> {
    const { name } = session;
    const excerpts = this.#excerpts.get(name) ?? this.whole(session).then((roster) => new RosterExcerpts(roster));
    this.#excerpts.delete(name);
    this.#excerpts.set(name, excerpts);
    const [oldest = name] = this.#excerpts.keys();
    if (this.#excerpts.size > MOST_KEPT) this.#excerpts.delete(oldest);
    try {
      return await excerpts;
    } catch (error) {
      this.#excerpts.delete(name); // a store that has failed may be back the next time
      throw error;
    }
  }
}
