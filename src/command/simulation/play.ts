// One session from its first byte to its sum: a server and its users, with nothing between them but bytes. User by user, so that
// of a round's messages no more are in memory than the server has given out.
import { round0Msg, SecAggError, ServerWrapper, type ServerEvent } from '../../index.ts';
import type { Cast } from './cast.ts';
import { Crowd } from './crowd.ts';
import { changed, drawFault, type Fault } from './faults.ts';
import { Findings } from './findings.ts';
import { firstDifference, plainSum, type Vector } from './inputs.ts';
import { ROUNDS } from './losses.ts';
import type { Measures } from './measures.ts';
import { Seeded } from './seeded.ts';

/** How a session ended. */
export interface Ended {
  /** Why there is no sum; null where there is one. */
  readonly error: SecAggError | null;
  readonly sum: Vector | null;
  /** Users in the sum; null where it never came to that. */
  readonly included: readonly number[] | null;
  /** Users that the server has found to lie. */
  readonly named: readonly number[];
  readonly findings: Findings;
}

/** Told what is being done, and how many users' turns of this session are over. */
export type Tell = (what: string, turns: number) => Promise<void>;

/** Of users and their peers, up to which a server's state fits into a string: 181 characters for each, of 2^29. */
const MOST_PAIRS = 2_500_000;

export async function play(cast: Cast, measures: Measures, tell: Tell): Promise<Ended> {
  const session = new Session(cast, measures, tell);
  for (let round = 0; round < ROUNDS; round++) {
    await session.collect(round);
    const ended = await session.close(round);
    if (ended !== null) return ended;
  }
  throw new Error('a session has five rounds');
}

class Session {
  readonly #cast: Cast;
  readonly #measures: Measures;
  readonly #tell: Tell;
  readonly #findings = new Findings();
  readonly #crowd: Crowd;
  #server: ServerWrapper;
  /** What each user is to be given next. */
  #messages: Map<number, Uint8Array>;
  #turns = 0;

  constructor(cast: Cast, measures: Measures, tell: Tell) {
    this.#cast = cast;
    this.#measures = measures;
    this.#tell = tell;
    const { terms, shape, userIds, publicKeys } = cast;
    this.#server = new ServerWrapper(terms.threshold, shape.vecLen, { ...terms.options, publicKeys, listener: this.#hear });
    this.#crowd = new Crowd(cast, terms.options, this.#findings, measures.hearUser);
    this.#messages = new Map(userIds.map((id) => [id, round0Msg()]));
  }

  /** Lets the users answer, one after the other. */
  async collect(round: number): Promise<void> {
    const { seed, run, faults } = this.#cast;
    const ids = [...this.#messages.keys()].sort((a, b) => a - b);
    const strays = ids.slice(0, 2).map((id) => ({ id, message: this.#messages.get(id) ?? null }));
    for (const [i, id] of ids.entries()) {
      const message = this.#messages.get(id);
      this.#messages.delete(id);
      if (message === undefined) continue;
      const random = new Seeded(seed, 'fault', run, round, id);
      const fault = drawFault(faults, round, random);
      const astray = strays.find((other) => other.id !== id)?.message ?? null;
      const answer = await this.#crowd.answer(id, { round, message, astray, fault });
      if (answer !== null) this.#deliver(id, { round, answer, fault, random, next: ids[(i + 1) % ids.length] ?? id });
      await this.#tell(`round ${round}`, ++this.#turns);
    }
    this.#turns = (round + 1) * this.#cast.userIds.length;
  }

  #deliver(
    id: number,
    {
      round,
      answer,
      fault,
      random,
      next,
    }: { round: number; answer: Uint8Array; fault: Fault | null; random: Seeded; next: number },
  ): void {
    const { summed, lied, ousted, wrong } = this.#findings;
    if (fault !== null) this.#findings.count(fault);
    if (fault === 'changed' && this.#refusal(id, changed(answer, random)) === null) {
      wrong.push(`the server took a message of user ${id} that was changed on the way`);
    }
    if (fault === 'mistaken' && next !== id && this.#refusal(next, answer) === null) {
      wrong.push(`the server took a message of user ${id} for one of user ${next}`);
    }
    const code = this.#refusal(id, answer) ?? (fault === 'repeated' ? this.#refusal(id, answer) : null);
    if (code !== null) ousted.push({ userId: id, round, by: 'server', code });
    else if (round === 2) summed.push(id);
    else if (round === 4 && this.#cast.losses.get(id)?.how === 'lies') lied.push(id);
  }

  /** Why the server refuses a message; null where it takes it. */
  #refusal(id: number, message: Uint8Array): string | null {
    try {
      this.#server.recv(id, message);
      return null;
    } catch (error) {
      if (error instanceof SecAggError) return error.code;
      throw error;
    }
  }

  /** Null where another round follows. */
  async close(round: number): Promise<Ended | null> {
    try {
      const output = await this.#server.round();
      if (output.isVector()) return this.#ended(null, output.getVector());
      this.#messages = output.getMessages();
    } catch (error) {
      if (error instanceof SecAggError) return this.#ended(error, null);
      throw error;
    }
    this.#mayRestart(round);
    return null;
  }

  /** Between rounds a server may stop, and another one go on from its state. */
  #mayRestart(round: number): void {
    const { seed, run, session, faults, terms, userIds } = this.#cast;
    const { graph = 'complete' } = terms.options;
    const pairs = userIds.length * (graph === 'complete' ? userIds.length : graph.neighbors);
    if (faults === 0 || pairs > MOST_PAIRS || !new Seeded(seed, 'restart', run, session, round).chance(1 / 2)) return;
    this.#server = ServerWrapper.fromState(this.#server.serializeState(), { listener: this.#hear });
    this.#messages = this.#server.output()?.getMessages() ?? new Map<number, Uint8Array>();
    this.#findings.count('serverRestarted');
  }

  #ended(error: SecAggError | null, sum: Vector | null): Ended {
    const { included, dropped } = this.#server.progress();
    const named = dropped.filter(({ reason }) => reason === 'wrong-share').map(({ userId }) => userId);
    const findings = this.#findings;
    const { summed, lied, wrong } = findings;
    if (sum !== null && included !== null) {
      const { seed, run, shape } = this.#cast;
      const at = firstDifference(sum, plainSum(seed, run, included, shape));
      if (at !== null) wrong.push(`the sum differs from the plain sum, first at component ${at}`);
      if (!sameIds(included, summed)) wrong.push('the sum is said to be over other users than those whose inputs were taken');
      if (!sameIds(named, lied)) wrong.push(`of ${lied.length} users that lied, ${named.length} were named`);
    }
    return { error, sum, included, named, findings };
  }

  readonly #hear = (event: ServerEvent): void => {
    this.#measures.hearServer(event);
    if (event.type === 'unmasking') void this.#tell(`mask ${event.done} of ${event.total}`, this.#turns);
  };
}

const sameIds = (a: readonly number[], b: readonly number[]): boolean => a.join() === [...b].sort((a, b) => a - b).join();
