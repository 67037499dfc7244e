// The users of one session: they answer what they are handed, unless they are lost, and whatever goes wrong on the way to them.
import { round0Msg, SecAggError, UserWrapper, type Listener, type SessionOptions, type UserEvent } from '../../index.ts';
import type { Cast } from './cast.ts';
import { liar, type Fault } from './faults.ts';
import type { Findings } from './findings.ts';
import { inputOf } from './inputs.ts';

/** What a user is handed in one round. */
export interface Mail {
  readonly round: number;
  readonly message: Uint8Array;
  /** A message for somebody else; null where there is nobody else. */
  readonly astray: Uint8Array | null;
  readonly fault: Fault | null;
}

export class Crowd {
  readonly #cast: Cast;
  readonly #findings: Findings;
  readonly #listener: Listener<UserEvent>;
  readonly #users = new Map<number, UserWrapper>();

  constructor(cast: Cast, options: SessionOptions, findings: Findings, listener: Listener<UserEvent>) {
    this.#cast = cast;
    this.#findings = findings;
    this.#listener = listener;
    const { terms, shape, userIds, keys, publicKeys } = cast;
    // Inputs come when they are sent: two of them are never in memory.
    const own = { ...options, vecLen: shape.vecLen, modularInputs: true, listener };
    for (const id of userIds) {
      const pair = keys[id];
      if (pair === undefined) throw new Error(`user ${id} has no keys`);
      this.#users.set(id, new UserWrapper(id, terms.threshold, pair[0], pair[1], null, publicKeys, own));
    }
  }

  /** What a user sends; null where it says nothing. */
  async answer(id: number, mail: Mail): Promise<Uint8Array | null> {
    const user = this.#users.get(id);
    if (user === undefined) return null;
    const { round, astray, fault } = mail;
    const { seed, run, shape, losses } = this.#cast;
    const loss = losses.get(id);
    if (round === 2 && (loss?.round !== 2 || loss.how === 'misled')) user.setVector(inputOf(seed, run, id, shape));
    if (loss?.round !== round) return this.#honest(fault === 'restarted' ? this.#again(id, user) : user, id, mail);
    if (loss.how === 'lies') return this.#honest(liar(user, this.#listener), id, mail);
    if (loss.how === 'misled' && astray !== null) {
      const answer = await user.round(astray).catch(codeOf);
      this.#findings.mustRefuse(answer, `user ${id} answered a message for another user`);
    }
    this.#users.delete(id);
    return null;
  }

  /** Recovered from its state. */
  #again(id: number, user: UserWrapper): UserWrapper {
    const again = UserWrapper.fromState(user.serializeState(), { listener: this.#listener });
    this.#users.set(id, again);
    return again;
  }

  async #honest(user: UserWrapper, id: number, { round, message, fault }: Mail): Promise<Uint8Array | null> {
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
