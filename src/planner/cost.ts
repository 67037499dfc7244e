// The cost of a plan: bytes of a user by round, and the number of operations of user and server that take time.
import type { Graph } from '../session/parameters.ts';
import { messageSizes, type MessageSizes } from '../wire/message-sizes.ts';
import type { SparseDesign, SessionDesign } from './design.ts';

/** What one user does in one session. */
export interface UserWork {
  /** X25519 agreements. */
  readonly agreements: number;
  /** Masks of the vector's length, its own included. */
  readonly masks: number;
  /** Ed25519 signatures made. */
  readonly signatures: number;
  /** Ed25519 signatures verified. */
  readonly verifications: number;
  /** Shares of its two secrets. It seals two shares for each peer, and opens two of each. */
  readonly shares: number;
}

/** What the server does in all sessions of a plan. */
export interface ServerWork {
  /** Users lost after they have shared their keys and before they send their vectors, when they cost most. */
  readonly dropouts: number;
  /** Ed25519 signatures verified, if the server knows the public keys. */
  readonly verifications: number;
  /** Masks of the vector's length, removed from the sum. */
  readonly masks: number;
  /** X25519 agreements: one for each mask between a user that was lost and one that stayed. */
  readonly agreements: number;
  /** Shares checked against their commitments. */
  readonly shares: number;
  /** Secrets reconstructed from their shares. */
  readonly secrets: number;
}

interface VectorShape {
  readonly vecLen: number;
  readonly bits: number;
}

/**
 * Bytes of one user if all users stay to the end.
 *
 * @param all number of users of all sessions. Their ids are 0, 1, …, all − 1, of which the largest take most bytes.
 */
export function userBytes(users: number, all: number, shape: VectorShape & { readonly graph: Graph }): MessageSizes {
  if (users === all) return messageSizes({ users, ...shape });
  return messageSizes({ users, ...shape, ids: Array.from({ length: users }, (_, i) => all - users + i) });
}

/** @param sparse null for the complete graph, on which a user holds a share of its own secrets. */
export function userWork(users: number, sparse: SparseDesign | null): UserWork {
  const peers = sparse?.neighbors ?? users - 1;
  const holders = sparse?.neighbors ?? users;
  return {
    agreements: 2 * peers,
    masks: peers + 1,
    signatures: 5,
    // Those of the keys of its peers and its own, and those of the views of the holders of its shares.
    verifications: peers + 1 + holders,
    shares: 2 * holders,
  };
}

/** @param dropouts of all users. They are spread evenly over the sessions, as then they cost most. */
export function serverWork(sessions: readonly SessionDesign[], sparse: SparseDesign | null, dropouts: number): ServerWork {
  const all = sessions.reduce((sum, { count, users }) => sum + count * users, 0);
  // Each mask is between a user that was lost and one that stayed, so that half of the users lost cost most.
  const lostOf = Math.min(dropouts / all, 1 / 2);
  const total = { dropouts: 0, verifications: 0, masks: 0, agreements: 0, shares: 0, secrets: 0 };
  for (const { count, users } of sessions) {
    const lost = users * lostOf;
    const left = users - lost;
    // On a sparse graph a lost user is as likely to be a neighbor as any other user.
    const pairs = (lost * left * (sparse?.neighbors ?? users - 1)) / (users - 1);
    total.dropouts += count * lost;
    total.verifications += count * (2 * users + 3 * left);
    total.masks += count * (left + pairs);
    total.agreements += count * pairs;
    total.shares += count * left * (sparse?.neighbors ?? users);
    total.secrets += count * users;
  }
  return {
    dropouts: Math.round(total.dropouts),
    verifications: Math.round(total.verifications),
    masks: Math.round(total.masks),
    agreements: Math.round(total.agreements),
    shares: Math.round(total.shares),
    secrets: total.secrets,
  };
}
