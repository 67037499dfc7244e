// What no coordinator brings an agent to do, whatever it says: it looks at agents' states, at the wire, and at the sums that a hostile
// coordinator has.
import type { InSession } from '../../../src/agent/agent-state.ts';
import type { Floors } from '../../../src/agent/floors.ts';
import type { StoredAgent } from '../../../src/participation/state-store.ts';
import type { Coordinator } from '../../../src/coordinator/coordinator.ts';
import type { CoordinatorStore } from '../../../src/coordinator/store.ts';
import { hex } from '../../../src/leaves/bytes.ts';
import { readEnrolment } from '../../../src/service/enrolment.ts';
import { decodeRequest } from '../../../src/service/request.ts';
import { userDocument } from '../../../src/user/json.ts';
import type { Parties, Person } from './parties.ts';
import { Watch } from './watch.ts';

interface FloorTerms {
  readonly parties: Parties;
  readonly floors: Floors;
  readonly accomplices: readonly Person[];
  /** Milliseconds since 1970, as the registrar has it. */
  readonly trueTime: () => number;
}

/** A run as the publisher has announced it. */
interface Announced {
  readonly bytes: string;
  readonly payload: string;
}

export class FloorWatch extends Watch {
  readonly #terms: FloorTerms;
  readonly #keys: ReadonlyMap<number, string>;
  readonly #accomplices: ReadonlySet<number>;
  readonly #announced = new Map<number, Announced>();
  /** By person: the runs in which it has answered round 2. */
  readonly #given = new Map<number, Set<number>>();
  readonly #draws = new Map<number, number>();
  readonly #sentAt = new Map<number, number>();
  /** By person: sessions that it was in, and the last attempt that it was in of each run. */
  readonly #sessions = new Map<number, Set<string>>();
  readonly #attempts = new Map<string, number>();
  /** By session: the honest users in its sum. */
  readonly #sums = new Map<string, string>();
  /** By person and input: the session whose sum it is in. */
  readonly #summedIn = new Map<string, string>();

  constructor(terms: FloorTerms) {
    super(terms.parties.task, { hasOneCoordinator: false });
    this.#terms = terms;
    this.#keys = new Map(terms.parties.people.map(({ id, keypair }) => [id, hex(keypair[0])]));
    this.#accomplices = new Set(terms.accomplices.map(({ id }) => id));
  }

  announced(run: number, bytes: Uint8Array, payload: Uint8Array): void {
    this.#announced.set(run, { bytes: hex(bytes), payload: hex(payload) });
  }

  override loads(run: number, payload: Uint8Array | null): void {
    const expected = this.#announced.get(run)?.payload;
    this.require(payload !== null && hex(payload) === expected, `run ${run}: another payload than the publisher has announced`);
  }

  override stored(person: Person, before: StoredAgent | null, after: StoredAgent): void {
    super.stored(person, before, after);
    const state = this.stateOf(person, after);
    const old = before === null ? null : this.stateOf(person, before);
    const { work, history } = state;
    if (work.phase === 'idle' || old === null) return;
    const name = `participant ${person.id} in run ${work.run}`;
    const isAnnounced = this.#announced.get(work.run)?.bytes === hex(work.announcement);
    this.require(isAnnounced || work.phase === 'leaving', `${name}: the publisher has not announced it`);
    if (work.phase === 'enrolled' && old.work.phase !== 'enrolled') {
      const { seedAt } = readEnrolment(work.enrolment);
      this.require(1000 * seedAt > this.#terms.trueTime(), `${name}: enrolled when the seed was known`);
    }
    if (work.phase === 'session' && old.work.phase !== 'session') this.#requireSession(person, work);
    if (work.phase === 'session' && work.answered === 1) this.#requireKeys(person, work);
    const { minInterval, maxParticipations } = this.#terms.floors.repetition;
    this.#draws.set(person.id, history.draws);
    this.require(history.draws <= this.#mostDraws, `${name}: in ${history.draws} draws, ${this.#mostDraws} are its floor`);
    if (history.participations > old.history.participations) {
      const { lastParticipation: last } = old.history;
      const isLongAgo = last === null || (history.lastParticipation ?? 0) - last >= minInterval;
      this.require(isLongAgo && history.participations <= maxParticipations, `${name}: too many participations`);
    }
  }

  /** Who is in the session, and what it withstands. */
  #requireSession({ id }: Person, { run, attempt, user }: InSession): void {
    const { parties, floors } = this.#terms;
    const { group } = floors;
    const { context } = userDocument.parse(user);
    const { attempts } = parties.task.definition;
    const before = this.#attempts.get(`${id}/${run}`) ?? 0;
    this.require(attempt > before && attempt <= attempts, `participant ${id} in run ${run}: attempt ${attempt} after ${before}`);
    this.#attempts.set(`${id}/${run}`, attempt);
    const sessions = this.#sessions.get(id) ?? new Set();
    const session = hex(context.parameters.session);
    this.require(!sessions.has(session), `participant ${id} in run ${run}: the same session twice`);
    this.#sessions.set(id, sessions.add(session));
    const name = `participant ${id} in run ${run}`;
    const { maxUsers: users } = context.policy;
    const isInside = users >= group.minEnrolled && users <= group.maxUsers;
    this.require(isInside && context.parameters.threshold >= group.minThreshold, `${name}: a session of ${users}`);
    if (parties.task.definition.group.graph === null) this.#requireKeys({ id }, { run, user });
  }

  /** Whose keys it has: those of its session, on a sparse graph those of its neighbors, once it has them. */
  #requireKeys({ id }: Pick<Person, 'id'>, { run, user }: Pick<InSession, 'run' | 'user'>): void {
    const keys = [...(userDocument.parse(user).context.publicKeys ?? [])];
    const name = `participant ${id} in run ${run}`;
    const isCertified = keys.every(([userId, key]) => hex(key) === this.#keys.get(userId));
    this.require(isCertified && keys.some(([userId]) => userId === id), `${name}: a session with strangers, or without it`);
    const accomplices = keys.filter(([userId]) => this.#accomplices.has(userId)).length;
    const { minColluders } = this.#terms.floors.adversary;
    this.require(accomplices <= minColluders, `${name}: a session with ${accomplices} accomplices`);
  }

  override sent(person: Person, bytes: Uint8Array, stored: StoredAgent | null): void {
    super.sent(person, bytes, stored);
    this.#sentAt.set(person.id, this.#terms.trueTime());
    const { kind, place } = decodeRequest(bytes);
    if (kind !== 'answer' || place.round !== 2) return;
    const runs = this.#given.get(person.id) ?? new Set();
    this.#given.set(person.id, runs.add(place.run));
    const most = this.#terms.floors.repetition.maxParticipations;
    this.require(runs.size <= most, `participant ${person.id}: answered round 2 in ${runs.size} runs, ${most} are its floor`);
  }

  get #mostDraws(): number {
    const { floors, parties } = this.#terms;
    return floors.repetition.maxParticipations * parties.task.definition.attempts;
  }

  /** When a person's device has sent its last request. */
  lastSent({ id }: Person): number {
    return this.#sentAt.get(id) ?? 0;
  }

  /** Whether a person may take part once more. */
  isFree({ id }: Person): boolean {
    const { maxParticipations } = this.#terms.floors.repetition;
    return (this.#given.get(id)?.size ?? 0) < maxParticipations && (this.#draws.get(id) ?? 0) < this.#mostDraws;
  }

  /** The sums that a coordinator has: each over enough honest users, and no two whose difference tells about one of them. */
  async summed({ coordinator, store }: { readonly coordinator: Coordinator; readonly store: CoordinatorStore }): Promise<void> {
    const task = this.#terms.parties.task.id;
    for (const run of this.#announced.keys()) {
      const attempt = (await store.run({ task, run }))?.attempt;
      const outcome = attempt === undefined || attempt === null ? null : await coordinator.outcome({ task, run });
      if (attempt === null || attempt === undefined || outcome?.kind !== 'finished') continue;
      this.note('the hostile coordinator has a sum');
      this.finished(outcome, this.#accomplices);
      for (let index = 0; index < attempt.sessions; index++) {
        const session = await store.session({ task, run, index });
        if (session?.end?.code === null) this.#summed(session.name, run, attempt.number, session.end.included);
      }
    }
  }

  #summed(session: string, run: number, attempt: number, included: readonly number[]): void {
    const honest = included.filter((id) => !this.#accomplices.has(id));
    const { minHonest } = this.#terms.floors.group;
    this.require(honest.length >= minHonest, `run ${run}: a sum over ${honest.length} honest users, expected ${minHonest}`);
    const before = this.#sums.get(session) ?? honest.join();
    this.require(before === honest.join(), `run ${run}: two sums of one session, over ${before} and over ${honest.join()}`);
    this.#sums.set(session, honest.join());
    for (const id of honest) {
      const input = `${id}/${this.claimOf(id, run, attempt) ?? ''}`;
      this.require((this.#summedIn.get(input) ?? session) === session, `run ${run}: an input of ${id} in two sums`);
      this.#summedIn.set(input, session);
    }
  }
}
