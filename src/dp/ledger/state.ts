// A ledger as JSON: its terms, all events, and the head of their chain. Strict: a text whose events were not possible is refused.
import { SecAggError, StateError } from '../../leaves/errors.ts';
import { equalBytes } from '../../leaves/bytes.ts';
import { DIGEST_BYTES } from '../../leaves/sizes.ts';
import { requireAscending, userId } from '../../session/json.ts';
import {
  bytes,
  document,
  integer,
  list,
  nullable,
  oneOf,
  oneOfKinds,
  record,
  require,
  text,
  type Codec,
  type Document,
} from '../../session/codec.ts';
import { Entries } from './entries.ts';
import { firstHead, nextHead, type Charge, type LedgerEvent } from './events.ts';
import { resolveTerms, type LedgerTerms } from './terms.ts';

/** The whole state of a ledger. */
export interface LedgerSnapshot {
  /** The number of events. */
  readonly revision: number;
  readonly terms: LedgerTerms;
  readonly events: readonly LedgerEvent[];
  /** The digest over terms and events. */
  readonly head: Uint8Array;
}

const VERSION = 1;

/** A finite number that is not negative. JSON has no other. */
const amount: Codec<number> = {
  encode: (value) => value,
  decode(json, path): number {
    require(typeof json === 'number' && json >= 0 && json < Infinity && !Object.is(json, -0), path, 'a number of at least 0');
    return json;
  },
};

const charge = record<Charge>({ divergences: list<number | null>(nullable(amount)), delta: amount });

type EventOf<K extends LedgerEvent['kind']> = Extract<LedgerEvent, { readonly kind: K }>;
type SettledBy<S extends EventOf<'settled'>['survivors']> = Extract<LedgerEvent, { readonly survivors: S }>;

const settled = oneOfKinds<'survivors', EventOf<'settled'>>('survivors', {
  verified: record<SettledBy<'verified'>>({ kind: oneOf('settled'), id: text, survivors: oneOf('verified'), charge }),
  claimed: record<SettledBy<'claimed'>>({ kind: oneOf('settled'), id: text, survivors: oneOf('claimed') }),
});

const event: Codec<LedgerEvent> = {
  encode: (value) => (value.kind === 'settled' ? settled.encode(value) : others.encode(value)),
  decode(json, path): LedgerEvent {
    const isSettled = (json as { kind?: unknown } | null)?.kind === 'settled';
    return isSettled ? settled.decode(json, path) : others.decode(json, path);
  },
};

const others = oneOfKinds<'kind', Exclude<LedgerEvent, { readonly kind: 'settled' }>>('kind', {
  reserved: record<EventOf<'reserved'>>({
    kind: oneOf('reserved'),
    id: text,
    binding: text,
    users: list<number>(userId),
    charge,
  }),
  sent: record<EventOf<'sent'>>({ kind: oneOf('sent'), id: text }),
  failed: record<EventOf<'failed'>>({ kind: oneOf('failed'), id: text }),
  released: record<EventOf<'released'>>({ kind: oneOf('released'), id: text }),
});

const terms = record<LedgerTerms>({
  epsilon: amount,
  delta: amount,
  additiveDelta: amount,
  adjacency: oneOf('zero-out', 'replace-one'),
  subject: oneOf('participant', 'server'),
  order: amount,
  orders: list(amount),
});

const snapshot = record<LedgerSnapshot>({
  revision: integer(0, Number.MAX_SAFE_INTEGER),
  terms,
  events: list(event),
  head: bytes(DIGEST_BYTES),
});

export const ledgerDocument: Document<LedgerSnapshot> = document('privacy-ledger', VERSION, {
  encode: (value) => snapshot.encode(value),
  decode(json, path): LedgerSnapshot {
    const decoded = snapshot.decode(json, path);
    checkTerms(decoded.terms, `${path}.terms`);
    require(decoded.revision === decoded.events.length, `${path}.revision`, 'the number of events');
    checkEvents(decoded, path);
    return decoded;
  },
});

/** Terms that no options give were not written by this code. */
function checkTerms({ orders, ...options }: LedgerTerms, path: string): void {
  const resolved = checked(path, () => resolveTerms(options));
  const same = orders.length === resolved.orders.length && orders.every((order, i) => order === resolved.orders[i]);
  require(same, `${path}.orders`, 'the orders of this version');
}

/** Does everything again that the events say, under the same checks, and hashes it. */
function checkEvents({ terms, events, head }: LedgerSnapshot, path: string): void {
  const entries = new Entries(terms);
  let reached = firstHead(terms);
  for (const [i, each] of events.entries()) {
    const where = `${path}.events[${i}]`;
    checkEvent(each, terms, where);
    checked(where, () => entries.apply(each));
    reached = nextHead(reached, each);
  }
  require(equalBytes(reached, head), `${path}.head`, 'the digest of the events');
}

function checkEvent(event: LedgerEvent, { subject, orders }: LedgerTerms, path: string): void {
  if ('charge' in event) require(event.charge.divergences.length === orders.length, `${path}.charge`, 'one value for each order');
  if (event.kind !== 'reserved') return;
  requireAscending(event.users, `${path}.users`);
  require((subject === 'server') === event.users.length > 0, `${path}.users`, 'users in a server’s ledger, and only there');
}

/** Turns what constructors refuse into a StateError. */
function checked<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    const reason = error instanceof RangeError || error instanceof SecAggError ? error.message : 'invalid';
    throw new StateError(`state, ${path}: ${reason}`);
  }
}
