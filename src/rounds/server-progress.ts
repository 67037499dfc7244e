// Where a server stands, told from its state.
import type { UserId } from '../ids.ts';
import { colludersBorne } from '../parameters.ts';
import type { ServerProgress } from '../progress.ts';
import type { Directory } from '../protocol/notation.ts';
import { enoughShares } from '../protocol/server/reconstruction.ts';
import { userIdAt, userIdsOf } from '../protocol/server/roster.ts';
import type { ServerContext, ServerState } from '../protocol/server/state.ts';
import type { ServerSnapshot } from '../state/server.ts';
import { SERVER_ROUNDS, type CollectingState } from './server.ts';

export function serverProgress(context: ServerContext, { state, dropped, revision }: ServerSnapshot): ServerProgress {
  const { threshold } = context.parameters;
  const collecting = state.phase !== 'failed' && state.phase !== 'finished';
  const heard = collecting ? heardIn(state) : [];
  const spoken = new Set(heard);
  const users = 'directory' in state ? state.directory.length : state.phase === 'finished' ? state.users : null;
  return {
    round: state.phase === 'failed' ? null : SERVER_ROUNDS[state.phase],
    revision,
    heard,
    missing: collecting ? expectedIn(context, state).filter((id) => !spoken.has(id)) : [],
    needed: threshold,
    ready: collecting && heard.length >= threshold && (state.phase !== 'unmasking' || enoughShares(context, state)),
    dropped: [...dropped],
    included: includedIn(state),
    colludersBorne: users === null ? null : colludersBorne(threshold, users, context.policy.adversary),
  };
}

function heardIn(state: CollectingState): UserId[] {
  switch (state.phase) {
    case 'advertise-keys':
      return ascending(state.advertisements.keys());
    case 'share-keys':
      return idsAt(state.directory, state.deals.keys());
    case 'masked-input':
      return idsAt(state.directory, state.heard);
    case 'consistency-check':
      return idsAt(state.directory, state.signatures.keys());
    case 'unmasking':
      return idsAt(state.directory, state.answers.keys());
  }
}

/** Users that may speak in this round. */
function expectedIn({ publicKeys }: ServerContext, state: CollectingState): UserId[] {
  switch (state.phase) {
    case 'advertise-keys':
      return publicKeys === null ? [] : ascending(publicKeys.keys());
    case 'share-keys':
      return state.directory.map(({ userId }) => userId);
    case 'masked-input':
      return userIdsOf(state.directory, state.u2);
    case 'consistency-check':
      return userIdsOf(state.directory, state.u3);
    case 'unmasking':
      return userIdsOf(state.directory, state.u4);
  }
}

function includedIn(state: ServerState): readonly UserId[] | null {
  switch (state.phase) {
    case 'consistency-check':
    case 'unmasking':
      return userIdsOf(state.directory, state.u3);
    case 'finished':
      return [...state.included];
    case 'advertise-keys':
    case 'share-keys':
    case 'masked-input':
    case 'failed':
      return null;
  }
}

function ascending(ids: Iterable<UserId>): UserId[] {
  return [...ids].sort((a, b) => a - b);
}

function idsAt(directory: Directory, members: Iterable<number>): UserId[] {
  return ascending(Array.from(members, (position) => userIdAt(directory, position)));
}
