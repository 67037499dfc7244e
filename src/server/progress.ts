// Where a server stands, told from its state.
import { colludersBorne } from '../graph/policy.ts';
import type { UserId } from '../leaves/ids.ts';
import { countMembers } from '../leaves/members.ts';
import type { Attendance, ServerProgress } from '../leaves/progress.ts';
import { errorOf } from '../session/failure.ts';
import { ROUND_OF_PHASE } from '../session/notation.ts';
import { roundOf } from './rounds.ts';
import type { CollectingState, ServerContext, ServerSnapshot, ServerState } from './state.ts';

export function serverProgress(context: ServerContext, { state, dropped, revision }: ServerSnapshot): ServerProgress {
  const { threshold } = context.parameters;
  const users = 'directory' in state ? state.directory.size : state.phase === 'finished' ? state.users : null;
  return {
    round: state.phase === 'failed' ? null : ROUND_OF_PHASE[state.phase],
    revision,
    ...(isCollecting(state) ? attendanceOf(context, state) : { heard: [], missing: [], ready: false }),
    needed: threshold,
    dropped: [...dropped],
    included: includedIn(state),
    colludersBorne: users === null ? null : colludersBorne(context.parameters, context.policy, users),
    error: state.phase === 'failed' ? errorOf(state) : null,
  };
}

function attendanceOf(context: ServerContext, state: CollectingState): Pick<ServerProgress, 'heard' | 'missing' | 'ready'> {
  const round = roundOf(state);
  const heard = round.heard(state);
  const spoken = new Set(heard);
  return {
    heard,
    missing: round.speakers(context, state).filter((id) => !spoken.has(id)),
    ready: isReady(context, state, heard),
  };
}

/** How many have spoken, as {@link serverProgress} lists them, at a cost that does not grow with how many they are. */
export function attendance({ publicKeys }: ServerContext, { state }: ServerSnapshot): Attendance {
  if (!isCollecting(state)) return { round: state.phase === 'failed' ? null : 5, heard: 0, missing: 0 };
  const [heard, speakers] = spokenOf(state);
  // Users that need not be registered are not missed in round 0.
  return { round: ROUND_OF_PHASE[state.phase], heard, missing: (speakers ?? publicKeys?.size ?? heard) - heard };
}

/** How many have spoken, and how many may speak; null in round 0, which has no directory yet. */
function spokenOf(state: CollectingState): readonly [heard: number, speakers: number | null] {
  switch (state.phase) {
    case 'advertise-keys':
      return [state.advertisements.size, null];
    case 'share-keys':
      return [state.deals.size, state.directory.size];
    case 'masked-input':
      return [state.heard.size, countMembers(state.u2)];
    case 'consistency-check':
      return [state.signatures.size, countMembers(state.u3)];
    case 'unmasking':
      return [state.answers.size, countMembers(state.u4)];
  }
}

/**
 * Whether a round could be closed if these users, and no others, had been heard in it. In round 4 that depends on what was
 * said in the answers, and not on this list.
 */
export function readyWith(context: ServerContext, { state }: ServerSnapshot, heard: readonly UserId[]): boolean {
  return isCollecting(state) && isReady(context, state, heard);
}

function isReady(context: ServerContext, state: CollectingState, heard: readonly UserId[]): boolean {
  return heard.length >= context.parameters.threshold && roundOf(state).ready(context, state, heard);
}

function isCollecting(state: ServerState): state is CollectingState {
  return state.phase !== 'failed' && state.phase !== 'finished';
}

function includedIn(state: ServerState): readonly UserId[] | null {
  if (state.phase === 'finished') return [...state.included];
  return 'u3' in state ? state.directory.userIds(state.u3) : null;
}
