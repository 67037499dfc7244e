// The entries of a ledger and how events change them. Nothing here depends on how events are stored.
import { at } from '../../leaves/lists.ts';
import { epsilonAtOrder } from '../accounting/conversion.ts';
import { PrivacyError } from '../privacy-error.ts';
import type { Charge, LedgerEvent, Survivors } from './events.ts';
import { divergenceBudget, type LedgerTerms } from './terms.ts';

/** How far the release of an entry is. */
export type EntryStatus = 'reserved' | 'sent' | 'settled' | 'failed' | 'released';

/** One release, or what was to become one. */
export interface Entry {
  readonly id: string;
  readonly binding: string;
  readonly users: readonly number[];
  readonly status: EntryStatus;
  /** Null unless settled. */
  readonly survivors: Survivors | null;
  readonly charge: Charge;
}

/** Charges of one person, added up. */
export interface Total {
  /** Divergence at the ledger's order. */
  readonly divergence: number;
  readonly delta: number;
}

/** Stands for the one person of a participant's ledger. */
const OWN = [-1] as const;

/** All entries, and which of them are about whom. */
export class Entries {
  readonly #terms: LedgerTerms;
  readonly #orderIndex: number;
  readonly #byId = new Map<string, Entry>();
  readonly #idsByPerson = new Map<number, string[]>();

  constructor(terms: LedgerTerms) {
    this.#terms = terms;
    this.#orderIndex = terms.orders.indexOf(terms.order);
  }

  get(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  all(): Entry[] {
    return [...this.#byId.values()];
  }

  /** @throws PrivacyError if the event is not possible now; nothing has changed then. */
  apply(event: LedgerEvent): void {
    if (event.kind === 'reserved') {
      this.#reserve(event);
      return;
    }
    const entry = this.#byId.get(event.id);
    if (entry === undefined) throw refused('id: expected one that was reserved in this ledger');
    this.#byId.set(event.id, changed(entry, event, this.#orderIndex));
  }

  #reserve({ id, binding, users, charge }: Extract<LedgerEvent, { kind: 'reserved' }>): void {
    if (this.#byId.has(id)) throw refused('id: expected one that was never reserved in this ledger');
    const over = this.excess(users, charge, this.#terms);
    if (over !== null) throw new PrivacyError('ERR_SECAGG_PRIVACY_BUDGET', over);
    this.#byId.set(id, { id, binding, users, status: 'reserved', survivors: null, charge });
    for (const person of this.#people(users)) {
      const ids = this.#idsByPerson.get(person);
      if (ids === undefined) this.#idsByPerson.set(person, [id]);
      else ids.push(id);
    }
  }

  /** Why a charge would exceed the budget of somebody, by terms of the same order; null if it would not. */
  excess(users: readonly number[], charge: Charge, terms: LedgerTerms): string | null {
    const { order, delta, additiveDelta } = terms;
    const divergence = this.atOrder(charge);
    const budget = divergenceBudget(terms);
    for (const person of this.#people(users)) {
      const spent = this.#total(person);
      if (!(spent.divergence + divergence <= budget)) {
        const total = spent.divergence + divergence;
        const epsilon = epsilonAtOrder(order, total, delta - additiveDelta);
        return `budget: an ε of ${epsilon.toPrecision(6)} would be spent, of ${terms.epsilon} (divergence ${total} of ${budget} at order ${order})`;
      }
      if (!(spent.delta + charge.delta <= additiveDelta)) {
        return `budget: ${spent.delta + charge.delta} would be added to δ, of which ${additiveDelta} is kept for that`;
      }
    }
    return null;
  }

  /** The divergence of a charge at the ledger's order. */
  atOrder({ divergences }: Charge): number {
    return at(divergences, this.#orderIndex) ?? Infinity;
  }

  /** The largest totals of anybody. Both may be of different people. */
  largest(): Total {
    let [divergence, delta] = [0, 0];
    for (const person of this.#idsByPerson.keys()) {
      const total = this.#total(person);
      divergence = Math.max(divergence, total.divergence);
      delta = Math.max(delta, total.delta);
    }
    return { divergence, delta };
  }

  /** At each order of the ledger, the largest total of anybody; Infinity where nothing is known. */
  largestDivergences(): number[] {
    const largest = this.#terms.orders.map(() => 0);
    for (const person of this.#idsByPerson.keys()) {
      const charges = this.#charges(person);
      largest.forEach((value, i) => {
        largest[i] = Math.max(
          value,
          charges.reduce((sum, { divergences }) => sum + (divergences[i] ?? Infinity), 0),
        );
      });
    }
    return largest;
  }

  #total(person: number): Total {
    // Added up anew, in the order of reservations: subtracting what was released would leave rounding errors.
    let [divergence, delta] = [0, 0];
    for (const charge of this.#charges(person)) {
      divergence += this.atOrder(charge);
      delta += charge.delta;
    }
    return { divergence, delta };
  }

  #charges(person: number): Charge[] {
    const entries = (this.#idsByPerson.get(person) ?? []).map((id) => this.#byId.get(id));
    return entries.flatMap((entry) => (entry === undefined || entry.status === 'released' ? [] : [entry.charge]));
  }

  #people(users: readonly number[]): readonly number[] {
    return this.#terms.subject === 'participant' ? OWN : users;
  }
}

/** The entry after an event. A release of noise is never given back: what was sent stays charged, at the worst case or what was verified. */
function changed(entry: Entry, event: Exclude<LedgerEvent, { kind: 'reserved' }>, orderIndex: number): Entry {
  const open = entry.status === 'reserved' || entry.status === 'sent';
  if (!open) throw refused(`id: expected an open entry, got one that is ${entry.status}`);
  switch (event.kind) {
    case 'sent':
      if (entry.status === 'sent') throw refused('id: expected an entry that was not sent');
      return { ...entry, status: 'sent' };
    case 'failed':
      return { ...entry, status: 'failed' };
    case 'released':
      if (entry.status === 'sent') throw refused('id: expected an entry that was not sent: what was sent stays charged');
      return { ...entry, status: 'released' };
    case 'settled':
      if (event.survivors === 'claimed') return { ...entry, status: 'settled', survivors: 'claimed' };
      checkNotMore(event.charge, entry.charge, orderIndex);
      return { ...entry, status: 'settled', survivors: 'verified', charge: event.charge };
  }
}

/** The reservation was of the worst case: a receipt that costs more is of something else. */
function checkNotMore(receipt: Charge, worst: Charge, orderIndex: number): void {
  const [least, most] = [receipt, worst].map(({ divergences }) => at(divergences, orderIndex) ?? Infinity);
  if (least !== undefined && most !== undefined && least <= most && receipt.delta <= worst.delta) return;
  throw new PrivacyError('ERR_SECAGG_PRIVACY_RECEIPT', 'receipt: expected at most what was reserved');
}

function refused(message: string): PrivacyError {
  return new PrivacyError('ERR_SECAGG_PRIVACY_ENTRY', message);
}
