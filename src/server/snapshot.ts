// How all that a server is changes from one moment to the next.
import type { DroppedUser } from '../leaves/progress.ts';
import { errorOf, type Failed } from '../session/failure.ts';
import type { ServerSnapshot, ServerState } from './state.ts';

/** After a message was entered, or with another state. */
export function changed(snapshot: ServerSnapshot, dropped: readonly DroppedUser[], state?: ServerState): ServerSnapshot {
  return {
    ...snapshot,
    revision: snapshot.revision + 1,
    dropped: dropped.length === 0 ? snapshot.dropped : [...snapshot.dropped, ...dropped],
    state: state ?? snapshot.state,
  };
}

/** The users that a failure proves to have dealt inconsistently, in round 1. */
export function culpritsOf(failure: Failed): DroppedUser[] {
  const error = errorOf(failure);
  if (error.code !== 'ERR_SECAGG_INCONSISTENT_DEAL') return [];
  return error.userIds.map((userId) => ({ userId, round: 1, reason: 'inconsistent-deal' }));
}
