// The users of one session. Each answers the message that it is handed, unless it is lost or a fault gets in the way.
import { round0Msg, SecAggError, UserWrapper, type Listener, type SessionOptions, type UserEvent } from '../../index.ts';
import { liar, type Fault } from './faults.ts';
import type { Findings } from './findings.ts';
import { inputOf } from './inputs.ts';
import type { SessionSetup } from './session-setup.ts';

/** What a user is handed in one round. */
export interface Delivery {
  readonly round: number;
  readonly message: Uint8Array;
  /** A message for another user; null if there is no other. */
  readonly misdelivered: Uint8Array | null;
  readonly fault: Fault | null;
}

export class Participants {
  readonly #setup: SessionSetup;
  readonly #findings: Findings;
  readonly #listener: Listener<UserEvent>;
  readonly #users = new Map<number, UserWrapper>();

  constructor(setup: SessionSetup, options: SessionOptions, findings: Findings, listener: Listener<UserEvent>) {
    this.#setup = setup;
    this.#findings = findings;
    this.#listener = listener;
    const { parameters, shape, userIds, keys, publicKeys } = setup;
    // A user gets its vector in round 2, so that there are never two vectors in memory.
    const own = { ...options, vecLen: shape.vecLen, modularInputs: true, listener };
    for (const id of userIds) {
      const pair = keys[id];
      if (pair === undefined) throw new Error(`user ${id} has no keys`);
      this.#users.set(id, new UserWrapper(id, parameters.threshold, pair[0], pair[1], null, publicKeys, own));
    }
  }

  /** Hands a user its message. @returns its answer; null if it gives none. */
  async answer(id: number, delivery: Delivery): Promise<Uint8Array | null> {
    const user = this.#users.get(id);
    if (user === undefined) return null;
    const { round, misdelivered, fault } = delivery;
    const { seed, run, shape, losses } = this.#setup;
    const loss = losses.get(id);
    if (round === 2 && (loss?.round !== 2 || loss.how === 'misled')) user.setVector(inputOf(seed, run, id, shape));
    if (loss?.round !== round) return this.#honest(fault === 'restarted' ? this.#restarted(id, user) : user, id, delivery);
    if (loss.how === 'lies') return this.#honest(liar(user, this.#listener), id, delivery);
    if (loss.how === 'misled' && misdelivered !== null) {
      const answer = await user.round(misdelivered).catch(codeOf);
      this.#findings.mustRefuse(answer, `user ${id} answered a message for another user`);
    }
    this.#users.delete(id);
    return null;
  }

  /** The user recovered from its state. */
  #restarted(id: number, user: UserWrapper): UserWrapper {
    const recovered = UserWrapper.fromState(user.serializeState(), { listener: this.#listener });
    this.#users.set(id, recovered);
    return recovered;
  }

  async #honest(user: UserWrapper, id: number, { round, message, fault }: Delivery): Promise<Uint8Array | null> {
    if (fault === 'stale') {
      const answer = await user.round(round0Msg()).catch(codeOf);
      this.#findings.mustRefuse(answer, `user ${id} answered an old message in round ${round}`);
    }
    const answer = await user.round(message).catch(codeOf);
    if (typeof answer === 'string') {
      this.#findings.ousted.push({ userId: id, round, by: 'user', code: answer });
      this.#users.delete(id);
      return null;
    }
    if (fault === 'repeated' && Buffer.compare(await user.round(message), answer) !== 0) {
      this.#findings.wrong.push(`user ${id} answered round ${round} in two ways`);
    }
    return answer;
  }
}

/** The code of an error of the protocol, as a value. */
function codeOf(error: unknown): string {
  if (error instanceof SecAggError) return error.code;
  throw error;
}
