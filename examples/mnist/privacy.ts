// What the training costs the participants in privacy. Each participant's agent has a ledger of its own, and charges it with the worst case
// before an update leaves. This is the application's account, which charges what the receipts of the sums say.
import { Ledger, type budgetOf, type ReleaseCost } from 'secagg/dp';

/** A budget for the whole training. */
export interface Budget {
  readonly epsilon: number;
  readonly delta: number;
}

/** All participants are in all runs, so that they lose equally much. */
export class PrivacyAccount {
  readonly #ledger: Ledger;
  readonly #users: readonly number[];

  /** @param budget the ledger in which the planned sums fit. */
  constructor(budget: ReturnType<typeof budgetOf>, users: number) {
    this.#ledger = new Ledger({ ...budget, subject: 'server' });
    this.#users = [...Array(users).keys()];
  }

  /** @param cost of a receipt, or the worst if updates were sent and there is no sum. @throws PrivacyError beyond the budget. */
  charge(run: number, cost: ReleaseCost): void {
    const id = `training round ${run}`;
    this.#ledger.reserve({ id, users: this.#users, ...cost });
    this.#ledger.sent(id);
  }

  /** The ε of all sums so far. */
  get spent(): number {
    return this.#ledger.spent().epsilon;
  }
}
