// One simulated session: a server and its users, which exchange nothing but bytes. Users answer one after the other, so that no
// more messages of a round are in memory than the server has given out.
import { round0Msg, SecAggError, ServerWrapper, type ServerEvent } from '../../index.ts';
import { changed, drawFault, type Fault } from './faults.ts';
import { Findings } from './findings.ts';
import { firstDifference, plainSum, type Vector } from './inputs.ts';
import { ROUNDS } from './losses.ts';
import type { Measures } from './measures.ts';
import { Participants } from './participants.ts';
import { Seeded } from './seeded.ts';
import type { SessionSetup } from './session-setup.ts';

/** How a session ended. */
export interface SessionOutcome {
  /** Why there is no sum; null if there is one. */
  readonly error: SecAggError | null;
  readonly sum: Vector | null;
  /** Users in the sum; null if the session ended before round 2 did. */
  readonly included: readonly number[] | null;
  /** Users that the server has found to lie. */
  readonly named: readonly number[];
  readonly findings: Findings;
}

/** Hears what is being done, and how many turns of users in this session are over: one a user and round. */
export type SessionProgress = (what: string, turns: number) => Promise<void>;

/** Most pairs of a user and a peer with which a server's state still fits into a string: 181 characters each, of 2^29. */
const MOST_PAIRS = 2_500_000;

/** An answer on its way to the server. */
interface Answer {
  readonly round: number;
  readonly answer: Uint8Array;
  readonly fault: Fault | null;
  readonly random: Seeded;
  /** The user for whose answer it is mistaken, if that is its fault. */
  readonly other: number;
}

export async function runSession(setup: SessionSetup, measures: Measures, tell: SessionProgress): Promise<SessionOutcome> {
  const session = new Session(setup, measures, tell);
  for (let round = 0; round < ROUNDS; round++) {
    await session.collect(round);
    const outcome = await session.close(round);
    if (outcome !== null) return outcome;
  }
  throw new Error('a session has five rounds');
}

class Session {
  readonly #setup: SessionSetup;
  readonly #measures: Measures;
  readonly #tell: SessionProgress;
  readonly #findings = new Findings();
  readonly #participants: Participants;
  #server: ServerWrapper;
  /** What each user is to be given next. */
  #messages: Map<number, Uint8Array>;
  #turns = 0;

  constructor(setup: SessionSetup, measures: Measures, tell: SessionProgress) {
    this.#setup = setup;
    this.#measures = measures;
    this.#tell = tell;
    const { parameters, shape, userIds, publicKeys } = setup;
    const { threshold, options } = parameters;
    this.#server = new ServerWrapper(threshold, shape.vecLen, { ...options, publicKeys, listener: this.#hear });
    this.#participants = new Participants(setup, options, this.#findings, measures.hearUser);
    this.#messages = new Map(userIds.map((id) => [id, round0Msg()]));
  }

  /** Lets the users answer, one after the other. */
  async collect(round: number): Promise<void> {
    const { seed, run, faults } = this.#setup;
    const ids = [...this.#messages.keys()].sort((a, b) => a - b);
    const firstTwo = ids.slice(0, 2).map((id) => ({ id, message: this.#messages.get(id) ?? null }));
    for (const [i, id] of ids.entries()) {
      const message = this.#messages.get(id);
      this.#messages.delete(id);
      if (message === undefined) continue;
      const random = new Seeded(seed, 'fault', run, round, id);
      const fault = drawFault(faults, round, random);
      const misdelivered = firstTwo.find((other) => other.id !== id)?.message ?? null;
      const answer = await this.#participants.answer(id, { round, message, misdelivered, fault });
      if (answer !== null) this.#deliver(id, { round, answer, fault, random, other: ids[(i + 1) % ids.length] ?? id });
      await this.#tell(`round ${round}`, ++this.#turns);
    }
    this.#turns = (round + 1) * this.#setup.userIds.length;
  }

  #deliver(id: number, { round, answer, fault, random, other }: Answer): void {
    const { summed, lied, ousted, wrong } = this.#findings;
    if (fault !== null) this.#findings.count(fault);
    if (fault === 'changed' && this.#refusal(id, changed(answer, random)) === null) {
      wrong.push(`the server took a message of user ${id} that was changed on the way`);
    }
    if (fault === 'mistaken' && other !== id && this.#refusal(other, answer) === null) {
      wrong.push(`the server took a message of user ${id} for one of user ${other}`);
    }
    const code = this.#refusal(id, answer) ?? (fault === 'repeated' ? this.#refusal(id, answer) : null);
    if (code !== null) ousted.push({ userId: id, round, by: 'server', code });
    else if (round === 2) summed.push(id);
    else if (round === 4 && this.#setup.losses.get(id)?.how === 'lies') lied.push(id);
  }

  /** Gives the server a message. @returns the code with which it refuses it; null if it takes it. */
  #refusal(id: number, message: Uint8Array): string | null {
    try {
      this.#server.recv(id, message);
      return null;
    } catch (error) {
      if (error instanceof SecAggError) return error.code;
      throw error;
    }
  }

  /** Closes a round. @returns null if another round follows. */
  async close(round: number): Promise<SessionOutcome | null> {
    try {
      const output = await this.#server.round();
      if (output.isVector()) return this.#outcome(null, output.getVector());
      this.#messages = output.getMessages();
    } catch (error) {
      if (error instanceof SecAggError) return this.#outcome(error, null);
      throw error;
    }
    this.#mayRestart(round);
    return null;
  }

  /** Replaces the server by one that is recovered from its state, if that is drawn. */
  #mayRestart(round: number): void {
    const { seed, run, session, faults, parameters, userIds } = this.#setup;
    const { graph = 'complete' } = parameters.options;
    const pairs = userIds.length * (graph === 'complete' ? userIds.length : graph.neighbors);
    if (faults === 0 || pairs > MOST_PAIRS || !new Seeded(seed, 'restart', run, session, round).chance(1 / 2)) return;
    this.#server = ServerWrapper.fromState(this.#server.serializeState(), { listener: this.#hear });
    this.#messages = this.#server.output()?.getMessages() ?? new Map<number, Uint8Array>();
    this.#findings.count('serverRestarted');
  }

  #outcome(error: SecAggError | null, sum: Vector | null): SessionOutcome {
    const { included, dropped } = this.#server.progress();
    const named = dropped.filter(({ reason }) => reason === 'wrong-share').map(({ userId }) => userId);
    const findings = this.#findings;
    const { summed, lied, wrong } = findings;
    if (sum !== null && included !== null) {
      const { seed, run, shape } = this.#setup;
      const at = firstDifference(sum, plainSum(seed, run, included, shape));
      if (at !== null) wrong.push(`the sum differs from the plain sum, first at component ${at}`);
      if (!sameIds(included, summed)) wrong.push('the sum is said to be over other users than those whose inputs were taken');
      if (!sameIds(named, lied)) wrong.push(`${lied.length} users lied, but ${named.length} were named`);
    }
    return { error, sum, included, named, findings };
  }

  readonly #hear = (event: ServerEvent): void => {
    this.#measures.hearServer(event);
    if (event.type === 'unmasking') void this.#tell(`mask ${event.done} of ${event.total}`, this.#turns);
  };
}

const sameIds = (a: readonly number[], b: readonly number[]): boolean => a.join() === [...b].sort((a, b) => a - b).join();
