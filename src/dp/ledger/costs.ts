// What is reserved in a ledger and what settles it, checked and turned into charges.
import { checkNames, checkNumber, checkOneOf, checkString } from '../../leaves/checks.ts';
import { userId } from '../../leaves/ids.ts';
import { checkCurve, valueAt, type Curve } from '../accounting/curve.ts';
import type { Adjacency } from '../mechanism.ts';
import { PrivacyError } from '../privacy-error.ts';
import type { Charge, LedgerEvent, Survivors } from './events.ts';
import type { LedgerTerms } from './terms.ts';

/** The cost of a release, as a plan or a receipt tells it. */
export interface ReleaseCost {
  /** What counts as a neighbor; the ledger's. */
  readonly adjacency: Adjacency;
  /** What ties reservation and receipt together, such as the session's name and the digest of the plan. */
  readonly binding: string;
  /** What the release costs at each order. */
  readonly curve: Curve;
  /**
   * The probability that the session protects less than the curve says, which is added to δ: 2^-security on sparse graphs and in
   * cohorts. Default: 0.
   */
  readonly failureProbability?: number;
}

/** What a session may cost at worst. */
export interface Reservation extends ReleaseCost {
  /** Names the session in this ledger, once and for all. */
  readonly id: string;
  /** The users whose data the session is about. In a server's ledger only, and there always. */
  readonly users?: readonly number[];
}

/** What a session has cost. */
export interface SettledCost extends ReleaseCost {
  /**
   * `'verified'`: the survivors that the receipt counts are the set U3 over which the owner of this ledger has itself checked the
   * signatures of round 4, or which it has itself made as the server. The entry is then charged what the receipt says.
   * `'claimed'`: somebody else said who survived. The entry stays charged at the worst case.
   */
  readonly survivors: Survivors;
}

/** @throws TypeError, RangeError; PrivacyError ERR_SECAGG_PRIVACY_RECEIPT for another adjacency. */
export function checkReservation(
  reservation: Reservation,
  terms: LedgerTerms,
): Omit<Extract<LedgerEvent, { kind: 'reserved' }>, 'kind'> {
  checkNames(reservation, 'reservation', ['id', 'adjacency', 'binding', 'curve', 'failureProbability', 'users']);
  const id = checkString(reservation.id, 'reservation.id', { most: 1024 });
  const binding = checkString(reservation.binding, 'reservation.binding', { most: 1024 });
  const users = checkUsers(reservation.users, terms.subject === 'server');
  return { id, binding, users, charge: chargeOf(reservation, terms) };
}

/** What a release is charged in a ledger. @throws as {@link checkReservation}. */
export function chargeOf({ adjacency, curve, failureProbability = 0 }: ReleaseCost, terms: LedgerTerms): Charge {
  if (checkOneOf(adjacency, 'adjacency', ['zero-out', 'replace-one']) !== terms.adjacency) {
    throw new PrivacyError('ERR_SECAGG_PRIVACY_RECEIPT', `adjacency: expected '${terms.adjacency}'`);
  }
  checkNumber(failureProbability, 'failureProbability', 0, 1);
  checkCurve(curve);
  const divergences = terms.orders.map((order) => valueAt(curve, order)).map((value) => (value < Infinity ? value : null));
  return { divergences, delta: addedDelta({ curve, failureProbability }, terms.epsilon) };
}

/** What a release adds to δ and not to ε, if ε is at most this. */
export function addedDelta(
  { curve, failureProbability = 0 }: Pick<ReleaseCost, 'curve' | 'failureProbability'>,
  epsilon: number,
): number {
  // Both neighbors' laws move by the total variation, one of them behind e^ε.
  const moved = curve.totalVariation === 0 ? 0 : (1 + Math.exp(epsilon)) * curve.totalVariation;
  return Math.min(1, moved + failureProbability);
}

/** Ascending, each once. @throws TypeError, RangeError. */
function checkUsers(users: unknown, needed: boolean): number[] {
  if (!needed) {
    if (users !== undefined) throw new TypeError('reservation.users: a participant’s ledger has no users');
    return [];
  }
  if (!Array.isArray(users)) throw new TypeError('reservation.users: expected a list, which a server’s ledger needs');
  if (users.length === 0) throw new RangeError('reservation.users: expected at least one user');
  const ids = users.map((id: unknown, i) => userId(id, `reservation.users[${i}]`) as number).sort((a, b) => a - b);
  if (new Set(ids).size !== ids.length) throw new RangeError('reservation.users: a user is there twice');
  return ids;
}
