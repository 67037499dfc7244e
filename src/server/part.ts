// Several servers that share a session: what one has heard in a round, and another server that has heard that as well.
// Sums and sets know no order, so that parts may be merged in any; nothing is changed before all is checked.
import { equalBytes } from '../leaves/bytes.ts';
import { ProtocolError, StateError, UsageError } from '../leaves/errors.ts';
import { isUserId, type UserId } from '../leaves/ids.ts';
import { at } from '../leaves/lists.ts';
import { failedError } from '../session/failure.ts';
import { roundOf } from './rounds.ts';
import { checkSnapshot } from './snapshot-checks.ts';
import type { CollectingState, ServerPart, ServerSnapshot } from './state.ts';

export function partOf(tag: Uint8Array, { state, received, dropped }: ServerSnapshot): ServerPart {
  const collecting = requireCollecting(state);
  const round = roundOf(collecting);
  const heard = at(received, round.number);
  return {
    base: round.base({ tag }, collecting),
    received: heard,
    dropped: dropped.filter((user) => user.round === round.number),
    heard: round.part(collecting),
  };
}

/** @throws StateError, ProtocolError, UsageError, with the snapshot as it was. */
export function mergedWith(tag: Uint8Array, snapshot: ServerSnapshot, part: ServerPart): ServerSnapshot {
  const state = requireCollecting(snapshot.state);
  const { number, base, merged } = roundOf(state);
  if (part.heard.phase !== state.phase || !equalBytes(part.base, base({ tag }, state))) {
    throw new StateError(`part: expected a part of round ${number} of the same session`);
  }
  const known = at(snapshot.received, number);
  for (const [userId, digest] of part.received) requireSameMessage(known.get(userId), digest, { round: number, userId });
  const fresh = [...part.received].filter(([userId]) => !known.has(userId));
  const next: ServerSnapshot = {
    ...snapshot,
    // As many changes as if this server had heard them itself.
    revision: snapshot.revision + fresh.length,
    received: snapshot.received.map((digests, round) => (round === number ? new Map([...digests, ...fresh]) : digests)),
    dropped: [...snapshot.dropped, ...part.dropped.filter(({ userId }) => !isIn(known, userId))],
    state: merged(snapshot.context, state, part.heard),
  };
  checkSnapshot(next, 'part');
  return next;
}

function isIn(messages: ReadonlyMap<UserId, Uint8Array>, userId: number): boolean {
  return isUserId(userId) && messages.has(userId);
}

function requireCollecting(state: ServerSnapshot['state']): CollectingState {
  if (state.phase === 'failed') throw failedError(state);
  if (state.phase === 'finished') throw new UsageError('ERR_SECAGG_USAGE', 'the session is over, see output()');
  return state;
}

function requireSameMessage(
  known: Uint8Array | undefined,
  digest: Uint8Array,
  { round, userId }: { readonly round: number; readonly userId: UserId },
): void {
  if (known === undefined) return;
  if (!equalBytes(known, digest)) {
    const text = `round ${round}: two servers have different messages of user ${userId}`;
    // In round 0 one of them may be of an earlier session with the same tag, which somebody else has sent again. Later messages
    // are taken only if they were made for this session.
    throw new ProtocolError('ERR_SECAGG_EQUIVOCATION', text, { round, userIds: round === 0 ? [] : [userId] });
  }
  if (round === 2) throw new StateError(`part: the input of user ${userId} would be in the sum twice`);
}
