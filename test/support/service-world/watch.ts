// What must hold after each event of a world, whatever the weather: it looks at the wire, at the stores, and at what comes out.
import { opened, inputDigest, isSpent, type AgentState, type Enrolled, type InSession } from '../../../src/agent/agent-state.ts';
import type { StoredAgent } from '../../../src/participation/state-store.ts';
import type { FinishedRun } from '../../../src/coordinator/outcome.ts';
import { hex } from '../../../src/leaves/bytes.ts';
import type { VerifiedRun } from '../../../src/service/run-certificate.ts';
import { drawCohorts, readEnrolment } from '../../../src/service/enrolment.ts';
import { decodeRequest } from '../../../src/service/request.ts';
import type { Response } from '../../../src/service/response.ts';
import type { Task } from '../../../src/service/task.ts';
import { userDocument } from '../../../src/user/json.ts';
import type { Person } from './parties.ts';

export const STORE_KEY: Uint8Array = new Uint8Array(32).fill(7);

/** An input as the application gave it. */
interface Input {
  readonly name: string;
  readonly data: readonly number[];
}

export class Watch {
  /** What did not hold; the world ends at the first. */
  readonly violations: string[] = [];
  /** How often something was seen, for tests that ask whether a world had it at all. */
  readonly seen = new Map<string, number>();
  readonly #task: Task;
  readonly #hasOneCoordinator: boolean;
  /** By person and digest: the inputs that the application gave. */
  readonly #inputs = new Map<string, Input>();
  /** By person, run and attempt: the digest of the input that was claimed. */
  readonly #claims = new Map<string, string>();
  /** Persons, runs and attempts of which an answer was sent. */
  readonly #answered = new Set<string>();
  /** By person and input: the answer of round 2 that was seen on the wire. */
  readonly #answers = new Map<string, string>();
  /** By time: the registrar's seeds, as somebody was given them. */
  readonly #seeds = new Map<number, Uint8Array>();
  /** By run and attempt, of a hostile coordinator also by person: who is enrolled. */
  readonly #enrolments = new Map<string, string>();
  /** By person, run and attempt: the session. */
  readonly #sessions = new Map<string, string>();
  readonly #sources = new Map<number, string>();
  #serviceTime = 0;

  /** @param options.hasOneCoordinator whether all hear the same of who is enrolled. */
  constructor(task: Task, { hasOneCoordinator = true }: { readonly hasOneCoordinator?: boolean } = {}) {
    this.#task = task;
    this.#hasOneCoordinator = hasOneCoordinator;
  }

  require(holds: boolean, what: string): void {
    if (!holds) this.violations.push(what);
  }

  note(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  /** Service time as a process was told it. */
  heartbeat(now: number): void {
    this.require(now >= this.#serviceTime, `service time went from ${this.#serviceTime} back to ${now}`);
    this.#serviceTime = now;
  }

  /** The data source of a person's inputs; the empty one unless this was called. */
  hasSource({ id }: Person, source: string): void {
    this.#sources.set(id, source);
  }

  stateOf({ id }: Person, stored: StoredAgent): AgentState {
    return opened(stored, { key: STORE_KEY, task: this.#task.digest, id, source: this.#sources.get(id) ?? '' });
  }

  gave({ id }: Person, source: string, name: string, data: readonly number[]): void {
    this.#inputs.set(`${id}/${hex(inputDigest(source, name))}`, { name, data });
  }

  /** An input is loaded for a run. */
  loads(run: number, payload: Uint8Array | null): void {
    this.require(payload === null, `run ${run}: a payload that nobody has announced`);
  }

  /** The digest of the input that a person has claimed for an attempt. */
  protected claimOf(id: number, run: number, attempt: number): string | undefined {
    return this.#claims.get(`${id}/${run}/${attempt}`);
  }

  /** A device has replaced its state. */
  stored(person: Person, before: StoredAgent | null, after: StoredAgent): void {
    const state = this.stateOf(person, after);
    const { work, history, spent } = state;
    if (work.phase === 'enrolled') this.#enrolled(person, work);
    if (work.phase === 'session') {
      const name = `${person.id}/${work.run}/${work.attempt}`;
      const input = hex(work.input);
      // A state that was put back before anything was sent knows nothing of the first claim, and nobody else does.
      const isFirst = (this.#claims.get(name) ?? input) === input || !this.#answered.has(name);
      this.require(isFirst, `${name}: two inputs were claimed`);
      this.#claims.set(name, input);
      if (work.answered === 0) this.#joined(person, work, before);
      this.require(work.answered < 2 || isSpent(state, work.input), `${name}: answered round 2 with an input that is not spent`);
    }
    this.require(spent.length === 32 * history.participations, `participant ${person.id}: books do not agree`);
    if (before === null) return;
    const old = this.stateOf(person, before);
    this.require(spent.length >= old.spent.length, `participant ${person.id}: forgot what it has sent`);
    this.require(history.highestRun >= old.history.highestRun, `participant ${person.id}: its highest run went back`);
  }

  /** Somebody was given a seed. */
  seed(time: number, seed: Uint8Array): void {
    this.#seeds.set(time, seed);
  }

  #enrolled({ id }: Person, { run, drawn, enrolment }: Enrolled): void {
    const name = this.#hasOneCoordinator ? `${run}/${drawn}` : `${run}/${drawn}/${id}`;
    this.require((this.#enrolments.get(name) ?? hex(enrolment)) === hex(enrolment), `${name}: two enrolments`);
    this.#enrolments.set(name, hex(enrolment));
  }

  /** A device begins a session: its only one of the attempt, and that of its cohort if there are cohorts. */
  #joined(person: Person, { run, attempt, user }: InSession, before: StoredAgent | null): void {
    const name = `${person.id}/${run}/${attempt}`;
    const { context } = userDocument.parse(user);
    const session = hex(context.parameters.session);
    const isFirst = (this.#sessions.get(name) ?? session) === session || !this.#answered.has(name);
    this.require(isFirst, `${name}: two sessions`);
    this.#sessions.set(name, session);
    if (this.#task.definition.group.cohorts === null) return;
    const work = before === null ? null : this.stateOf(person, before).work;
    if (work?.phase === 'session') return; // it goes on with it, after a restart for example
    if (work?.phase !== 'enrolled') {
      this.require(false, `${name}: a cohort without a draw`);
      return;
    }
    const enrolment = readEnrolment(work.enrolment);
    const seed = this.#seeds.get(enrolment.seedAt);
    if (seed === undefined) {
      this.require(false, `${name}: a draw without the registrar's seed`);
      return;
    }
    const cohorts = drawCohorts(this.#task, enrolment, seed);
    const expected = cohorts.cohort(cohorts.indexOf(person.id), { session: '' }).userIds;
    const peers = [...(context.publicKeys?.keys() ?? [])];
    this.require(peers.join() === expected.join(), `${name}: in the cohort ${peers.join()}, expected ${expected.join()}`);
  }

  /** A device sends a request. */
  sent(person: Person, bytes: Uint8Array, stored: StoredAgent | null): void {
    const { kind, place, sha256 } = decodeRequest(bytes);
    this.note(`sent ${kind}`);
    if (kind !== 'answer') return;
    const name = `${person.id}/${place.run}/${place.attempt}`;
    this.#answered.add(name);
    if (place.round !== 2) return;
    const input = this.#claims.get(name);
    this.require(input !== undefined && stored !== null, `${name}: an answer of round 2 without a claim`);
    if (input === undefined || stored === null) return;
    const state = this.stateOf(person, stored);
    this.require(isSpent(state, Uint8Array.from(Buffer.from(input, 'hex'))), `${name}: sent before it was written down`);
    const before = this.#answers.get(`${person.id}/${input}`) ?? hex(sha256);
    this.require(before === hex(sha256), `${name}: one input in two answers of round 2`);
    this.#answers.set(`${person.id}/${input}`, hex(sha256));
  }

  /** A device has waited since a response that told it how long. */
  asked(person: Person, waited: number, { wait }: Response): void {
    this.require(waited >= wait.from, `participant ${person.id}: came back after ${waited} ms, was told ${wait.from} at least`);
  }

  /** The certificates of a finished run: they name those in the sum, each in one cohort of one draw with the registrar's seed. */
  certified({ run, attempt, included }: FinishedRun, sessions: readonly VerifiedRun[]): void {
    const says = sessions.flatMap((session) => session.included).sort((a, b) => a - b);
    this.require(says.join() === included.join(), `run ${run}: its certificates say ${says.join()}`);
    if (this.#task.definition.group.cohorts === null) return;
    const enrolment = readEnrolment(Buffer.from(this.#enrolments.get(`${run}/${attempt}`) ?? '', 'hex'));
    const cohorts = drawCohorts(this.#task, enrolment, this.#seeds.get(enrolment.seedAt) ?? new Uint8Array());
    for (const { draw, certificates } of sessions) {
      const ids = certificates.map(({ id }) => id);
      const isDrawn = cohorts.cohort(draw?.index ?? -1, { session: '' }).userIds.join() === ids.join();
      this.require(isDrawn && draw?.enrolment.join() === cohorts.enrolmentDigest.join(), `run ${run}: another draw`);
    }
    this.require(new Set(sessions.map(({ draw }) => draw?.index)).size === sessions.length, `run ${run}: one cohort twice`);
  }

  /**
   * A run has its sum: it is that of the inputs that its users claimed, and nothing else.
   *
   * @param zeros users that may be in it, and add nothing.
   */
  finished({ run, attempt, included, result }: FinishedRun, zeros: ReadonlySet<number> = new Set()): void {
    const inputs = included
      .filter((id) => !zeros.has(id))
      .map((id) => this.#inputs.get(`${id}/${this.claimOf(id, run, attempt) ?? ''}`));
    this.require(
      inputs.every((input) => input !== undefined),
      `run ${run}: a user in the sum has claimed nothing`,
    );
    const sum = [0, 1, 2].map((i) => inputs.reduce((total, input) => total + (input?.data[i] ?? NaN), 0));
    const got = Array.from(result as Iterable<number | bigint>, Number);
    this.require(JSON.stringify(got) === JSON.stringify(sum), `run ${run}: expected ${sum.join()}, got ${got.join()}`);
  }
}
