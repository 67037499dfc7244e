// Where a server stands, told from its state.
import type { UserId } from '../leaves/ids.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import { colludersBorne } from '../graph/policy.ts';
import { membersOf } from '../leaves/members.ts';
import type { ServerProgress } from '../leaves/progress.ts';
import { unopenable } from './attendance.ts';
import { enoughShares } from './unmasking/reconstruction.ts';
import type { CollectingAnswers, CollectingKeys, ServerContext, ServerState } from './state.ts';
import type { ServerSnapshot } from './json.ts';
import { SERVER_ROUNDS, type CollectingState } from './rounds.ts';

export function serverProgress(context: ServerContext, { state, dropped, revision }: ServerSnapshot): ServerProgress {
  const { threshold } = context.parameters;
  const collecting = state.phase !== 'failed' && state.phase !== 'finished';
  const heard = collecting ? heardIn(state) : [];
  const spoken = new Set(heard);
  const users = 'directory' in state ? state.directory.size : state.phase === 'finished' ? state.users : null;
  return {
    round: state.phase === 'failed' ? null : SERVER_ROUNDS[state.phase],
    revision,
    heard,
    missing: collecting ? expectedIn(context, state).filter((id) => !spoken.has(id)) : [],
    needed: threshold,
    ready: collecting && heard.length >= threshold && isReady(context, state),
    dropped: [...dropped],
    included: includedIn(state),
    colludersBorne: users === null ? null : colludersBorne(context.parameters, context.policy, users),
  };
}

/** Whether those that were heard, enough in number, are enough around each user too. */
function isReady(context: ServerContext, state: CollectingState): boolean {
  switch (state.phase) {
    case 'advertise-keys':
      return true;
    case 'share-keys':
      return isEnough(context, state, state.deals.keys());
    case 'masked-input':
      return isEnough(context, state, state.heard);
    case 'consistency-check':
      return isEnough(context, state, state.signatures.keys());
    case 'unmasking':
      return enoughShares(context, state);
  }
}

type BetweenKeysAndAnswers = Exclude<CollectingState, CollectingKeys | CollectingAnswers>;

/** Whether the users at some positions are enough around each user of U2, which in round 1 is they themselves. */
function isEnough({ parameters }: ServerContext, state: BetweenKeysAndAnswers, heard: Iterable<number>): boolean {
  const users = state.directory.size;
  const present = membersOf(heard, users);
  const u2 = state.phase === 'share-keys' ? present : state.u2;
  return unopenable(parameters, neighborhoodsOf(parameters.graph, users), u2, present).length === 0;
}

/**
 * Whether a round could be closed if these users, and no others, had been heard in it. In round 4 that depends on what they said,
 * and is not told here.
 */
export function readyWith(context: ServerContext, { state }: ServerSnapshot, heard: readonly UserId[]): boolean {
  if (state.phase === 'failed' || state.phase === 'finished' || heard.length < context.parameters.threshold) return false;
  if (state.phase === 'advertise-keys' || state.phase === 'unmasking') return true;
  const { directory } = state;
  return isEnough(
    context,
    state,
    heard.map((userId) => directory.positionOf(userId)).filter((position) => position !== -1),
  );
}

function heardIn(state: CollectingState): UserId[] {
  switch (state.phase) {
    case 'advertise-keys':
      return ascending(state.advertisements.keys());
    case 'share-keys':
      return state.directory.userIds(state.deals.keys());
    case 'masked-input':
      return state.directory.userIds(state.heard);
    case 'consistency-check':
      return state.directory.userIds(state.signatures.keys());
    case 'unmasking':
      return state.directory.userIds(state.answers.keys());
  }
}

/** Users that may speak in this round. */
function expectedIn({ publicKeys }: ServerContext, state: CollectingState): UserId[] {
  switch (state.phase) {
    case 'advertise-keys':
      return publicKeys === null ? [] : ascending(publicKeys.keys());
    case 'share-keys':
      return ascending(state.directory.lines.map(({ userId }) => userId));
    case 'masked-input':
      return state.directory.userIds(state.u2);
    case 'consistency-check':
      return state.directory.userIds(state.u3);
    case 'unmasking':
      return state.directory.userIds(state.u4);
  }
}

function includedIn(state: ServerState): readonly UserId[] | null {
  switch (state.phase) {
    case 'consistency-check':
    case 'unmasking':
      return state.directory.userIds(state.u3);
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
