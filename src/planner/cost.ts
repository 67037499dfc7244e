// What a plan costs: bytes of a user by round, and how often user and server do what takes time.
import { membersLength } from '../members.ts';
import { DIGEST_BYTES } from '../sizes.ts';
import { messageSizes, type MessageSizes } from '../wire/message-sizes.ts';
import type { RingDesign, SessionDesign } from './design.ts';

/** What one user does in one session. */
export interface UserWork {
  /** X25519 agreements. */
  readonly agreements: number;
  /** Masks of the vector's length, its own included. */
  readonly masks: number;
  /** Ed25519 signatures made and verified. */
  readonly signatures: number;
  readonly verifications: number;
  /** Shares of its two secrets; sealed, two by two, for its peers, whose shares it opens. */
  readonly shares: number;
}

/** What the server does in all sessions of a plan. */
export interface ServerWork {
  /** Users lost after the keys are shared and before vectors are sent, where they cost most. */
  readonly dropouts: number;
  /** Ed25519 signatures verified, where the server was given the public keys. */
  readonly verifications: number;
  /** Masks of the vector's length, removed from the sum. */
  readonly masks: number;
  /** X25519 agreements, one for each mask between a user that was lost and one that stayed. */
  readonly agreements: number;
  /** Shares checked against their commitments. */
  readonly shares: number;
  /** Secrets reconstructed from their shares. */
  readonly secrets: number;
}

/** Bytes of a user, all users staying to the end. */
export interface UserBytes extends MessageSizes {
  /** True where no session sends these messages yet, so that the sizes are those of a model. */
  readonly modelled: boolean;
}

interface VectorShape {
  readonly vecLen: number;
  readonly bits: number;
}

/** Ids are the largest of 0, 1, …, all − 1: they take most bytes. */
const lastIds = (count: number, all: number): number[] => Array.from({ length: count }, (_, i) => all - count + i);

/** @param all number of users of all sessions. */
export function completeBytes(users: number, all: number, vector: VectorShape): UserBytes {
  return { ...messageSizes({ users, ...vector, ids: lastIds(users, all) }), modelled: false };
}

/**
 * A model: the messages of a complete graph of the user and its neighbours, and besides the digest of the whole directory
 * in round 1, all of U2 as a bitmap in round 2 and all of U3 in round 3.
 */
export function ringBytes({ neighbors }: RingDesign, users: number, vector: VectorShape): UserBytes {
  const group = neighbors + 1;
  const sizes = messageSizes({ users: group, ...vector, ids: lastIds(group, users) });
  const everybody = membersLength(users) - membersLength(group);
  const extra = [0, DIGEST_BYTES, everybody, everybody, 0];
  const rounds = sizes.rounds.map(({ down, up }, round) => ({ down: down + (extra[round] ?? 0), up }));
  return { rounds, up: sizes.up, down: rounds.reduce((sum, { down }) => sum + down, 0), modelled: true };
}

/** @param ring null for the complete graph, where a user holds a share of its own secrets. */
export function userWork(users: number, ring: RingDesign | null): UserWork {
  const peers = ring?.neighbors ?? users - 1;
  const holders = ring?.neighbors ?? users;
  return {
    agreements: 2 * peers,
    masks: peers + 1,
    signatures: 5,
    // The keys, and the views, of the peers and its own.
    verifications: 2 * (peers + 1),
    shares: 2 * holders,
  };
}

/** @param dropouts of all users; spread evenly over the sessions, where they cost most together. */
export function serverWork(sessions: readonly SessionDesign[], ring: RingDesign | null, dropouts: number): ServerWork {
  const all = sessions.reduce((sum, { count, users }) => sum + count * users, 0);
  // Beyond one half, fewer dropouts cost more: each mask is between a user that was lost and one that stayed.
  const lostOf = Math.min(dropouts / all, 1 / 2);
  const total = { dropouts: 0, verifications: 0, masks: 0, agreements: 0, shares: 0, secrets: 0 };
  for (const { count, users } of sessions) {
    const lost = users * lostOf;
    const left = users - lost;
    const pairs = lost * (ring === null ? left : Math.min(ring.neighbors, left));
    total.dropouts += count * lost;
    total.verifications += count * (2 * users + 3 * left);
    total.masks += count * (left + pairs);
    total.agreements += count * pairs;
    total.shares += count * left * (ring?.neighbors ?? users);
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
