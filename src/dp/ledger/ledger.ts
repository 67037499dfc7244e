// A ledger of releases: what each session may cost is reserved before its noised vector leaves, and nothing is given back that was sent.
import { hex } from '../../leaves/bytes.ts';
import { checkNames, checkOneOf, checkString } from '../../leaves/checks.ts';
import { StateError } from '../../leaves/errors.ts';
import { epsilonAtOrder, epsilonOf, type EpsilonAtOrder } from '../accounting/conversion.ts';
import { PrivacyError } from '../privacy-error.ts';
import { chargeOf, checkReservation, type Reservation, type SettledCost } from './costs.ts';
import { Entries, type Entry, type EntryStatus } from './entries.ts';
import { firstHead, nextHead, type Charge, type LedgerEvent, type Survivors } from './events.ts';
import { ledgerDocument, type LedgerSnapshot } from './state.ts';
import { divergenceBudget, resolveTerms, termsWith, type LedgerOptions, type LedgerTerms } from './terms.ts';

/** Relative: more than what logarithms and powers of two engines differ by in a charge. */
const ENGINES = 1e-9;

/** An amount that is charged, and the most that may be. */
export interface Charged {
  /** What is charged so far. */
  readonly charged: number;
  /** The most that may be charged. */
  readonly budget: number;
}

/** A pair (ε, δ). */
export interface EpsilonDelta {
  /** ε. */
  readonly epsilon: number;
  /** δ. */
  readonly delta: number;
}

/** An entry of a ledger. */
export interface LedgerEntry {
  /** Names the session. */
  readonly id: string;
  /** How far it is. */
  readonly status: EntryStatus;
}

/** What is charged so far. */
export interface Spent {
  /** The order at which the budget is kept. */
  readonly order: number;
  /** Divergence at that order: charged, and the most that may be. In a server's ledger that of the user with most. */
  readonly divergence: Charged;
  /** What is added to δ: charged, and the most that may be. */
  readonly additiveDelta: Charged;
  /** The (ε, δ) that the ledger guarantees, however releases depended on those before. */
  readonly guarantee: EpsilonDelta;
  /** The ε of what is charged, at the ledger's order and δ. It informs; {@link guarantee} is what holds. */
  readonly epsilon: number;
  /**
   * Informational only: the least ε over all orders. It holds only if the number of releases and their parameters were fixed
   * beforehand. Never decide by it.
   */
  readonly leastOverOrders: EpsilonAtOrder;
}

/** The progress of a ledger. */
export interface LedgerProgress {
  /** Grows with every change: of two states of one ledger, the one with the larger revision is newer. */
  readonly revision: number;
  /** The head of the hash chain, 64 hexadecimal digits. Keep it elsewhere: it shows whether a state went back. */
  readonly head: string;
  /** All entries, in the order of their reservations. */
  readonly entries: readonly LedgerEntry[];
}

/**
 * Keeps what is left of a privacy budget, over any number of sessions, whose parameters may depend on earlier results.
 *
 * The gate is a filter at one order of Rényi divergence, fixed at creation: a reservation is refused if all charges would add up to
 * more than the budget. Save the state before the message of round 2 leaves, as you do with a user's; of two processes, the one
 * whose compare-and-swap by `progress().revision` fails reads the newer state and tries again.
 *
 * A state that somebody put back to an older one is consistent in itself. It is noticed only by a head that is kept elsewhere.
 *
 * @example
 * ```js
 * import { costOf, Ledger, privateHistogram, receiptOf, worstCostOf } from 'secagg/dp';
 *
 * let ledger = new Ledger({ epsilon: 1, delta: 1e-6, adjacency: 'zero-out', subject: 'participant' });
 * let weeks = 0;
 * for (;;) {
 *   const session = `visits, week ${weeks + 1}`;
 *   const visits = privateHistogram({ maxUsers: 100, threshold: 67, bins: 24, maxBins: 1, noiseMultiplier: 12, session });
 *   if (ledger.wouldExceed(worstCostOf(visits))) break;
 *   ledger.reserve({ id: session, ...worstCostOf(visits) });
 *   ledger = Ledger.fromState(ledger.serializeState()); // as after a save, which must come before round 2
 *   ledger.sent(session);
 *   ledger.settle(session, { ...costOf(receiptOf(visits, { included: [80], delta: 1e-6 })), survivors: 'verified' });
 *   weeks++;
 * }
 * console.log(weeks); // prints: 8
 * ```
 */
export class Ledger {
  #snapshot: LedgerSnapshot;
  #entries: Entries;

  /**
   * @throws TypeError, RangeError that name the option; PrivacyError ERR_SECAGG_PRIVACY_TARGET if ε is too little for δ at the order.
   */
  constructor(options: LedgerOptions) {
    const terms = resolveTerms(options);
    this.#snapshot = { revision: 0, terms, events: [], head: firstHead(terms) };
    this.#entries = new Entries(terms);
  }

  /** The terms that were fixed at creation. */
  get terms(): LedgerTerms {
    return this.#snapshot.terms;
  }

  /**
   * Charges the worst case of a session. Call it, and save the state, before the message of round 2 leaves.
   *
   * @throws PrivacyError ERR_SECAGG_PRIVACY_BUDGET if too little is left; ERR_SECAGG_PRIVACY_ENTRY if the id was reserved before;
   * ERR_SECAGG_PRIVACY_RECEIPT for another adjacency. TypeError, RangeError for a reservation that is not well formed. An error changes
   * nothing.
   */
  reserve(reservation: Reservation): void {
    this.#enter({ kind: 'reserved', ...checkReservation(reservation, this.terms) });
  }

  /**
   * Whether {@link reserve} would refuse a reservation for its cost.
   *
   * @param budget another budget, of which all that the ledger has charged is spent, too. What {@link reserve} refuses does not depend on it.
   * @throws as {@link reserve}, except for the cost; TypeError, RangeError for what is no budget.
   */
  wouldExceed(reservation: Omit<Reservation, 'id'>, budget?: EpsilonDelta): boolean {
    const { users, charge } = checkReservation({ id: '', ...reservation }, this.terms);
    return this.#entries.excess(users, charge, budget === undefined ? this.terms : termsWith(this.terms, budget)) !== null;
  }

  /**
   * Records that the message of round 2 leaves: from here on the entry cannot be released. A second call changes nothing.
   *
   * @throws PrivacyError ERR_SECAGG_PRIVACY_ENTRY if the entry is unknown or has ended.
   */
  sent(id: string): void {
    if (this.#entries.get(id)?.status !== 'sent') this.#enter({ kind: 'sent', id: checkString(id, 'id') });
  }

  /**
   * Ends an entry whose session has a sum. The charge falls to that of the receipt only if its survivors are `'verified'`. The same
   * call again changes nothing.
   *
   * @throws PrivacyError ERR_SECAGG_PRIVACY_RECEIPT if the receipt is of another adjacency or session, or costs more than was
   * reserved; ERR_SECAGG_PRIVACY_ENTRY if the entry is unknown or has ended otherwise. An error changes nothing.
   */
  settle(id: string, receipt: SettledCost): void {
    checkNames(receipt, 'receipt', ['adjacency', 'binding', 'curve', 'failureProbability', 'survivors']);
    const survivors = checkOneOf(receipt.survivors, 'receipt.survivors', ['verified', 'claimed']);
    const entry = this.#entries.get(checkString(id, 'id'));
    const charge = sameAsReserved(chargeOf(receipt, this.terms), entry);
    if (entry !== undefined && receipt.binding !== entry.binding) {
      throw new PrivacyError('ERR_SECAGG_PRIVACY_RECEIPT', 'receipt: expected one of the session that was reserved');
    }
    if (entry !== undefined && isSettledBy(entry, survivors, charge)) return;
    this.#enter(survivors === 'verified' ? { kind: 'settled', id, survivors, charge } : { kind: 'settled', id, survivors });
  }

  /**
   * Ends an entry whose session has failed after round 2, or may have. It stays charged at the worst case: whoever runs the server may
   * have the sum. A second call changes nothing.
   *
   * @throws PrivacyError ERR_SECAGG_PRIVACY_ENTRY if the entry is unknown or has ended otherwise.
   */
  fail(id: string): void {
    if (this.#entries.get(id)?.status !== 'failed') this.#enter({ kind: 'failed', id: checkString(id, 'id') });
  }

  /**
   * Gives back what was reserved for a session that ended before its message of round 2 left. A second call changes nothing.
   *
   * @throws PrivacyError ERR_SECAGG_PRIVACY_ENTRY if the entry is unknown, was sent, or has ended otherwise.
   */
  release(id: string): void {
    if (this.#entries.get(id)?.status !== 'released') this.#enter({ kind: 'released', id: checkString(id, 'id') });
  }

  /** What is charged so far. */
  spent(): Spent {
    const { terms } = this.#snapshot;
    const { epsilon, delta, additiveDelta, order, orders } = terms;
    const most = this.#entries.largest();
    const values = this.#entries.largestDivergences();
    const known = { orders: orders.filter((_, i) => Number.isFinite(values[i])), values: values.filter(Number.isFinite) };
    return {
      order,
      divergence: { charged: most.divergence, budget: divergenceBudget(terms) },
      additiveDelta: { charged: most.delta, budget: additiveDelta },
      guarantee: { epsilon, delta },
      epsilon: epsilonAtOrder(order, most.divergence, delta - additiveDelta),
      leastOverOrders: epsilonOf({ ...known, totalVariation: 0 }, delta - additiveDelta),
    };
  }

  /** The revision, the head and the entries. */
  progress(): LedgerProgress {
    const { revision, head } = this.#snapshot;
    return { revision, head: hex(head), entries: this.#entries.all().map(({ id, status }) => ({ id, status })) };
  }

  /** Whether a head is that of this ledger now, or was. */
  includes(head: string): boolean {
    const { terms, events } = this.#snapshot;
    let reached = firstHead(terms);
    return hex(reached) === head || events.some((event) => hex((reached = nextHead(reached, event))) === head);
  }

  /** Serializes the whole ledger as JSON. It holds ids, users and costs, and no secret. */
  serializeState(): string {
    return ledgerDocument.serialize(this.#snapshot);
  }

  /**
   * Recovers a ledger from its serialized state.
   *
   * @param known the last head that was kept elsewhere, if any.
   * @throws StateError if the text is no state of a ledger, or its events do not fit together; ERR_SECAGG_STATE_OLD if the known head
   * is not in its chain, so that the ledger went back or is another one.
   */
  static fromState(state: string, known?: { readonly head: string }): Ledger {
    const snapshot = ledgerDocument.parse(state);
    const { epsilon, delta, additiveDelta, adjacency, subject, order } = snapshot.terms;
    const ledger = new Ledger({ epsilon, delta, additiveDelta, adjacency, subject, order });
    for (const event of snapshot.events) ledger.#entries.apply(event);
    ledger.#snapshot = snapshot;
    if (known !== undefined && !ledger.includes(checkString(known.head, 'known.head'))) {
      throw new StateError('state: the ledger does not have the head that is kept elsewhere', 'ERR_SECAGG_STATE_OLD');
    }
    return ledger;
  }

  #enter(event: LedgerEvent): void {
    const { revision, terms, events, head } = this.#snapshot;
    this.#entries.apply(event); // throws before anything has changed
    this.#snapshot = { revision: revision + 1, terms, events: [...events, event], head: nextHead(head, event) };
  }
}

/** What is above the reservation by no more than the last digits, which depend on the engine that made the receipt, is what was reserved. */
function sameAsReserved(charge: Charge, entry: Entry | undefined): Charge {
  if (entry === undefined) return charge;
  const atMost = (value: number | null, reserved: number | null | undefined): number | null =>
    value !== null && typeof reserved === 'number' && value <= reserved * (1 + ENGINES) ? Math.min(value, reserved) : value;
  const { divergences, delta } = entry.charge;
  return {
    divergences: charge.divergences.map((value, i) => atMost(value, divergences[i])),
    delta: atMost(charge.delta, delta) ?? charge.delta,
  };
}

function isSettledBy({ status, survivors, charge }: Entry, by: Survivors, receipt: Charge): boolean {
  if (status !== 'settled' || survivors !== by) return false;
  const same = charge.delta === receipt.delta && charge.divergences.every((value, i) => value === receipt.divergences[i]);
  return by === 'claimed' || same;
}
