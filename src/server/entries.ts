// What a store keeps of each message in a row of its own, and how a server is made from such rows. A server's state is the sets of
// its rounds, which are small, and entries: one for each message, from which the message's effect on the state is made again.
//
// | round | entry                                                                                  |
// |-------|----------------------------------------------------------------------------------------|
// | 0     | the two public keys (64), the signature of the message (64)                            |
// | 1     | the digest of the deal (32), commitment to b_u (32), on the complete graph commitment to the own share (16) |
// | 2     | nothing: the input is in a sum                                                          |
// | 3     | the signature (64)                                                                      |
// | 4     | a verdict about each user whose shares the sender may hold (1), their shares (32 each)  |
import { concat } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import type { Members } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import { DIGEST_BYTES, KEY_BYTES, SHARE_BYTES, SHARE_COMMITMENT_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import { digestOfDeal } from '../session/binding.ts';
import type { Advertisement } from '../session/messages.ts';
import type { Parameters } from '../session/parameters.ts';
import type { Roster } from './roster.ts';
import type { CollectingState, FiledDeal } from './state.ts';

const NOTHING = new Uint8Array();

/** The sets of the rounds so far, which together with entries are a state. */
export interface RoundSets {
  readonly directory: Roster;
  readonly directoryDigest: Uint8Array;
  /** Null before round 2, as `view2`. */
  readonly u2: Members | null;
  readonly view2: Uint8Array | null;
  /** Null before round 3, as `view3`. */
  readonly u3: Members | null;
  readonly view3: Uint8Array | null;
  /** Null before round 4. */
  readonly u4: Members | null;
}

/**
 * The state of a round in which nobody was heard.
 *
 * @param deals filed deals, as far as they are needed.
 * @param sum what the inputs of round 2 are added to, in place, and what is unmasked in round 4.
 */
export function collectingState(
  sets: RoundSets | null,
  deals: ReadonlyMap<Position, FiledDeal> = new Map(),
  sum: Uint8Array = NOTHING,
): CollectingState {
  if (sets === null) return { phase: 'advertise-keys', advertisements: new Map(), keys: new Set() };
  const { directory, directoryDigest, u2, view2, u3, view3, u4 } = sets;
  const known = { directory, directoryDigest };
  // Not a DealMap: records are views of their messages, and leave the process with them.
  if (u2 === null || view2 === null) return { phase: 'share-keys', ...known, deals: new Map() };
  if (u3 === null || view3 === null) return { phase: 'masked-input', ...known, u2, view2, deals, sum, heard: new Set() };
  const survivors = { ...known, u2, u3, view2, view3, commitments: deals, sum };
  if (u4 === null) return { phase: 'consistency-check', ...survivors, signatures: new Map() };
  return { phase: 'unmasking', ...survivors, u4, signatures: new Map(), answers: new Map() };
}

/** What is to be kept of a message that the state has just heard; null in round 2. */
export function entryOf(state: CollectingState, sender: UserId): Uint8Array | null {
  switch (state.phase) {
    case 'advertise-keys': {
      const { channelKey, maskKey, signature } = known(state.advertisements.get(sender));
      return concat([channelKey, maskKey, signature]);
    }
    case 'share-keys': {
      const deal = known(state.deals.get(positionOf(state, sender)));
      const digest = 'digest' in deal ? deal.digest : digestOfDeal(state.directoryDigest, deal);
      return concat([digest, deal.seedCommitment, deal.ownShareCommitment ?? NOTHING]);
    }
    case 'masked-input':
      return null;
    case 'consistency-check':
      return known(state.signatures.get(positionOf(state, sender)));
    case 'unmasking': {
      const { verdicts, shares } = known(state.answers.get(positionOf(state, sender)));
      return concat([verdicts, shares]);
    }
  }
}

function positionOf({ directory }: Exclude<CollectingState, { phase: 'advertise-keys' }>, sender: UserId): Position {
  return known(directory.positionOf(sender) ?? undefined);
}

/** What the caller has established; a mistake there must not become an entry. */
function known<T>(value: T | undefined): T {
  if (value === undefined) throw new StateError('state: a message that was heard is not in it');
  return value;
}

/** The line of the directory that an entry of round 0 holds. */
export function advertisementOf(userId: UserId, entry: Uint8Array): Advertisement {
  requireLength(entry, 2 * KEY_BYTES + SIGNATURE_BYTES, 0);
  return {
    userId,
    channelKey: entry.slice(0, KEY_BYTES),
    maskKey: entry.slice(KEY_BYTES, 2 * KEY_BYTES),
    signature: entry.slice(2 * KEY_BYTES),
  };
}

/** The deal that an entry of round 1 holds. @param commitmentsTo as in a filed deal. */
export function filedDealOf(
  { graph }: Pick<Parameters, 'graph'>,
  entry: Uint8Array,
  commitmentsTo: FiledDeal['commitmentsTo'] = () => undefined,
): FiledDeal {
  const own = graph === 'complete' ? SHARE_COMMITMENT_BYTES : 0;
  requireLength(entry, 2 * DIGEST_BYTES + own, 1);
  return {
    digest: entry.slice(0, DIGEST_BYTES),
    seedCommitment: entry.slice(DIGEST_BYTES, 2 * DIGEST_BYTES),
    ownShareCommitment: own === 0 ? null : entry.slice(2 * DIGEST_BYTES),
    commitmentsTo,
  };
}

/** Puts an entry back into the state of its round, which keeps views of it. @throws StateError if somebody has changed the row. */
export function enterEntry(parameters: Parameters, state: CollectingState, sender: UserId, entry: Uint8Array | null): void {
  const bytes = entry ?? NOTHING;
  switch (state.phase) {
    case 'advertise-keys':
      state.advertisements.set(sender, advertisementOf(sender, bytes));
      return;
    case 'share-keys':
      state.deals.set(positionOf(state, sender), filedDealOf(parameters, bytes));
      return;
    case 'masked-input':
      state.heard.add(positionOf(state, sender));
      return;
    case 'consistency-check':
      requireLength(bytes, SIGNATURE_BYTES, 3);
      state.signatures.set(positionOf(state, sender), bytes);
      return;
    case 'unmasking': {
      const { groupSize } = neighborhoodsOf(parameters.graph, state.directory.size);
      requireLength(bytes, groupSize * (1 + SHARE_BYTES), 4);
      state.answers.set(positionOf(state, sender), { verdicts: bytes.subarray(0, groupSize), shares: bytes.subarray(groupSize) });
      return;
    }
  }
}

function requireLength({ length }: Uint8Array, expected: number, round: number): void {
  if (length !== expected) throw new StateError(`round ${round}: expected an entry of ${expected} bytes, got ${length}`);
}
