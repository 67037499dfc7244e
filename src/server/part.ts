// Several servers that share a session: what one has heard in a round, and another server that has heard that as well.
// Sums and sets know no order, so that parts may be merged in any; nothing is changed before all is checked.
import { concat, equalBytes } from '../leaves/bytes.ts';
import { ProtocolError, StateError, UsageError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import { at } from '../leaves/lists.ts';
import { accumulate } from '../masking/kernel.ts';
import { ringOf } from '../masking/ring.ts';
import { failedError } from '../session/failure.ts';
import { receiveKeys } from './r0-advertise-keys.ts';
import { DealMap } from './deal-map.ts';
import type { CollectingInputs, CollectingKeys, Heard, HeardInputs, ServerPart } from './state.ts';
import { checkSnapshot, type ServerSnapshot } from './json.ts';
import { SERVER_ROUNDS, type CollectingState } from './rounds.ts';

export function partOf(tag: Uint8Array, { state, received, dropped }: ServerSnapshot): ServerPart {
  const collecting = requireCollecting(state);
  const round = SERVER_ROUNDS[collecting.phase];
  return {
    base: baseOf(tag, collecting),
    received: at(received, round),
    dropped: dropped.filter((user) => user.round === round && at(received, round).has(user.userId as UserId)),
    heard: heardOf(collecting),
  };
}

/** @throws StateError, ProtocolError, UsageError, with the snapshot as it was. */
export function mergedWith(tag: Uint8Array, snapshot: ServerSnapshot, part: ServerPart): ServerSnapshot {
  const state = requireCollecting(snapshot.state);
  const round = SERVER_ROUNDS[state.phase];
  if (part.heard.phase !== state.phase || !equalBytes(part.base, baseOf(tag, state))) {
    throw new StateError(`part: expected one of round ${round} of the same session`);
  }
  const known = at(snapshot.received, round);
  for (const [userId, digest] of part.received) requireSameMessage(known.get(userId), digest, { round, userId });
  const fresh = [...part.received].filter(([userId]) => !known.has(userId));
  const merged: ServerSnapshot = {
    ...snapshot,
    // As many changes as if this server had heard them itself.
    revision: snapshot.revision + fresh.length,
    received: snapshot.received.map((digests, r) => (r === round ? new Map([...digests, ...fresh]) : digests)),
    dropped: [...snapshot.dropped, ...part.dropped.filter(({ userId }) => !known.has(userId as UserId))],
    state: stateWith(snapshot.context, state, part.heard),
  };
  checkSnapshot(merged, 'part');
  return merged;
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
    const text = `round ${round}: user ${userId} has sent two servers different messages`;
    throw new ProtocolError('ERR_SECAGG_EQUIVOCATION', text, { round, userIds: [userId] });
  }
  if (round === 2) throw new StateError(`part: the input of user ${userId} would be in the sum twice`);
}

/** What the messages of a round were made for, so that only what was forked from the same state is merged. */
function baseOf(tag: Uint8Array, state: CollectingState): Uint8Array {
  switch (state.phase) {
    case 'advertise-keys':
      return tag;
    case 'share-keys':
      return state.binding;
    case 'masked-input':
      return state.view2;
    case 'consistency-check':
      return state.view3;
    case 'unmasking':
      return concat([state.view3, state.u4]);
  }
}

function heardOf(state: CollectingState): Heard {
  switch (state.phase) {
    case 'advertise-keys':
      return state;
    case 'share-keys':
      return { phase: state.phase, deals: state.deals };
    case 'masked-input':
      return { phase: state.phase, heard: state.heard, sum: state.sum };
    case 'consistency-check':
      return { phase: state.phase, signatures: state.signatures };
    case 'unmasking':
      return { phase: state.phase, answers: state.answers };
  }
}

function stateWith(context: ServerSnapshot['context'], state: CollectingState, part: Heard): CollectingState {
  if (state.phase === 'advertise-keys' && part.phase === state.phase) return keysWith(context, state, part);
  if (state.phase === 'share-keys' && part.phase === state.phase)
    return { ...state, deals: DealMap.of(union(part.deals, state.deals)) };
  if (state.phase === 'masked-input' && part.phase === state.phase) return inputsWith(context, state, part);
  if (state.phase === 'consistency-check' && part.phase === state.phase) {
    return { ...state, signatures: union(part.signatures, state.signatures) };
  }
  if (state.phase === 'unmasking' && part.phase === state.phase) return { ...state, answers: union(part.answers, state.answers) };
  throw new StateError('part: expected one of the same round');
}

/** Those of the second map where both have one. */
function union<V>(part: ReadonlyMap<number, V>, own: ReadonlyMap<number, V>): Map<number, V> {
  return new Map([...part, ...own]);
}

/** The one round in which what one user may say depends on the others: no key twice, and not too many. */
function keysWith(context: ServerSnapshot['context'], state: CollectingKeys, part: CollectingKeys): CollectingKeys {
  const merged: CollectingKeys = {
    phase: state.phase,
    advertisements: new Map(state.advertisements),
    keys: new Set(state.keys),
  };
  for (const [userId, advertisement] of part.advertisements) {
    if (!merged.advertisements.has(userId)) receiveKeys(context, merged, advertisement);
  }
  return merged;
}

function inputsWith({ parameters }: ServerSnapshot['context'], state: CollectingInputs, part: HeardInputs): CollectingInputs {
  if (part.sum.length !== state.sum.length) {
    throw new StateError(`part: expected a sum of ${state.sum.length} bytes, got ${part.sum.length}`);
  }
  const sum = Uint8Array.from(state.sum);
  accumulate(ringOf(parameters.bits), sum, part.sum);
  return { ...state, sum, heard: new Set([...state.heard, ...part.heard]) };
}
