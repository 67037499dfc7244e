// Where a server stands, told from its state.
import { colludersBorne } from '../graph/policy.ts';
import type { UserId } from '../leaves/ids.ts';
import type { ServerProgress } from '../leaves/progress.ts';
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
