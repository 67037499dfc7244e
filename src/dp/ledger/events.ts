// What happens in a ledger, and the chain of digests over it: each event is hashed with the digest before it.
import { digest } from '../../crypto/digest.ts';
import { LABELS } from '../../crypto/labels.ts';
import { concat, u32, u64s, utf8 } from '../../leaves/bytes.ts';
import type { LedgerTerms } from './terms.ts';

/** What an entry is charged. */
export interface Charge {
  /** A bound on the Rényi divergence at each order of the ledger; null where nothing is known. */
  readonly divergences: readonly (number | null)[];
  /** What comes on top of δ: the samplers' total variation at the budget's ε, and the probability that the session protects less. */
  readonly delta: number;
}

/** Who says how many survivors a settlement is computed from. */
export type Survivors = 'verified' | 'claimed';

/** One change of a ledger. */
export type LedgerEvent =
  | {
      readonly kind: 'reserved';
      readonly id: string;
      readonly binding: string;
      /** The users whose data the release is about, ascending; empty in a participant's ledger. */
      readonly users: readonly number[];
      readonly charge: Charge;
    }
  | { readonly kind: 'sent'; readonly id: string }
  | { readonly kind: 'settled'; readonly id: string; readonly survivors: 'verified'; readonly charge: Charge }
  | { readonly kind: 'settled'; readonly id: string; readonly survivors: 'claimed' }
  | { readonly kind: 'failed'; readonly id: string }
  | { readonly kind: 'released'; readonly id: string };

/** The head of a ledger without events: the digest of its terms. */
export function firstHead(terms: LedgerTerms): Uint8Array {
  const { epsilon, delta, additiveDelta, orders, order, adjacency, subject } = terms;
  return digest(LABELS.privacyLedger, [
    ...[epsilon, delta, additiveDelta, order].map(f64),
    u32(orders.length),
    ...orders.map(f64),
    prefixed(adjacency),
    prefixed(subject),
  ]);
}

/** The head after one more event. */
export function nextHead(head: Uint8Array, event: LedgerEvent): Uint8Array {
  return digest(LABELS.privacyLedgerEntry, [head, prefixed(event.kind), prefixed(event.id), detailsOf(event)]);
}

function detailsOf(event: LedgerEvent): Uint8Array {
  switch (event.kind) {
    case 'reserved':
      return concat([prefixed(event.binding), u32(event.users.length), u64s(event.users), ...chargeBytes(event.charge)]);
    case 'settled':
      return concat([prefixed(event.survivors), ...(event.survivors === 'verified' ? chargeBytes(event.charge) : [])]);
    case 'sent':
    case 'failed':
    case 'released':
      return new Uint8Array(0);
  }
}

/** The number of divergences is that of the orders, which the first head has. */
function chargeBytes({ divergences, delta }: Charge): Uint8Array[] {
  return [f64(delta), ...divergences.map((value) => f64(value ?? Infinity))];
}

function prefixed(text: string): Uint8Array {
  const bytes = utf8(text);
  return concat([u32(bytes.length), bytes]);
}

/** IEEE 754, big-endian, 8 bytes. */
function f64(value: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setFloat64(0, value);
  return out;
}
