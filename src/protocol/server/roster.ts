// Positions, ids and sets of users in the server's states, and the threshold that each round must reach.
import { equalBytes } from '../../bytes.ts';
import { ProtocolError, ThresholdError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { at } from '../../lists.ts';
import { hasMember, positions, type Members } from '../../members.ts';
import type { DropReason, DroppedUser } from '../../progress.ts';
import type { Directory, Round } from '../notation.ts';
import type { CollectingAnswers, CollectingDeals, CollectingInputs, CollectingSignatures } from './state.ts';

/** A user's position in the directory, or -1. */
function positionOf(directory: Directory, userId: UserId): number {
  let [low, high] = [0, directory.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(directory, middle).userId < userId) low = middle + 1;
    else high = middle;
  }
  return directory[low]?.userId === userId ? low : -1;
}

export function userIdAt(directory: Directory, position: number): UserId {
  return at(directory, position).userId;
}

export function userIdsOf(directory: Directory, members: Members): UserId[] {
  return positions(members).map((position) => userIdAt(directory, position));
}

/** Those of `expected` that were not heard, each with the reason why it is out. */
export function silent(
  directory: Directory,
  expected: readonly number[],
  heard: ReadonlySet<number> | ReadonlyMap<number, unknown>,
  dropped: { readonly round: Round; readonly reason: DropReason },
): DroppedUser[] {
  const quiet = expected.filter((position) => !heard.has(position));
  return quiet.map((position) => ({ userId: userIdAt(directory, position), ...dropped }));
}

/**
 * Refuses a message that was made for something else than what the server sent. Its sender is not named: it may have been
 * shown something else on the way, or the message may be one of an earlier session, sent again by somebody else.
 */
export function requireView(
  view: Uint8Array,
  expected: Uint8Array,
  { round, userId }: { readonly round: Round; readonly userId: UserId },
): void {
  if (equalBytes(view, expected)) return;
  const message = `round ${String(round)}: the message of user ${String(userId)} was made for another view of the session`;
  throw new ProtocolError('ERR_SECAGG_VIEW', message, { round });
}

/** [BIK+17] Fig. 4: in every round the server waits for at least t users, and aborts otherwise. */
export function requireThreshold(have: number, need: number, round: Round): void {
  if (have >= need) return;
  const message = `round ${String(round)}: expected messages of at least ${String(need)} users, got ${String(have)}`;
  throw new ThresholdError(message, { have, need, round });
}

/**
 * The position of a sender that takes part in the round that is being collected: in U1, and not out since.
 *
 * @throws ProtocolError ERR_SECAGG_UNKNOWN_USER, ERR_SECAGG_LATE.
 */
export function participantAt(state: CollectingWithDirectory, userId: UserId): number {
  const [round, members] = participantsOf(state);
  const position = positionOf(state.directory, userId);
  if (position === -1) {
    const message = `round ${String(round)}: user ${String(userId)} advertised no keys in this session`;
    throw new ProtocolError('ERR_SECAGG_UNKNOWN_USER', message, { round });
  }
  if (members !== null && !hasMember(members, position)) {
    const message = `round ${String(round)}: user ${String(userId)} missed an earlier round`;
    throw new ProtocolError('ERR_SECAGG_LATE', message, { round });
  }
  return position;
}

export type CollectingWithDirectory = CollectingDeals | CollectingInputs | CollectingSignatures | CollectingAnswers;

/** The round that is being collected, and who may speak in it; null for all of U1. */
function participantsOf(state: CollectingWithDirectory): [Round, Members | null] {
  switch (state.phase) {
    case 'share-keys':
      return [1, null];
    case 'masked-input':
      return [2, state.u2];
    case 'consistency-check':
      return [3, state.u3];
    case 'unmasking':
      return [4, state.u4];
  }
}
