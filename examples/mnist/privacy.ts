// What the training costs the participants in privacy: the server's ledger charges each session before any noised update leaves.
import { costOf, Ledger, type Receipt, type ReleaseCost } from 'secagg/dp';
import type { Privacy } from './terms.ts';

/** A budget for the whole training. */
export interface Budget {
  readonly epsilon: number;
  readonly delta: number;
}

/** All participants are in all sessions, so that they lose equally much. */
export class PrivacyAccount {
  readonly budget: Budget;
  readonly #ledger: Ledger;
  readonly #users: readonly number[];

  constructor(budget: Budget, users: readonly number[]) {
    this.budget = budget;
    this.#ledger = new Ledger({ ...budget, adjacency: 'zero-out', subject: 'server' });
    this.#users = users;
  }

  /** The noise for so many training rounds. The ledger keeps a part of δ for what samplers are off by. */
  target(releases: number): Privacy['target'] {
    const { epsilon, delta, additiveDelta } = this.#ledger.terms;
    return { epsilon, delta: delta - additiveDelta, releases };
  }

  /** Call it before the messages of protocol round 2 leave. @throws PrivacyError if the budget does not allow for the session. */
  reserve(session: string, worst: ReleaseCost): void {
    this.#ledger.reserve({ id: session, users: this.#users, ...worst });
    this.#ledger.sent(session);
  }

  /** A session that has failed stays charged at its worst: without this call it would too. */
  settle(session: string, outcome: Receipt | 'failed'): void {
    if (outcome === 'failed') this.#ledger.fail(session);
    else this.#ledger.settle(session, { ...costOf(outcome), survivors: 'verified' });
  }

  /** The ε of all sessions so far. */
  get spent(): number {
    return this.#ledger.spent().epsilon;
  }
}
