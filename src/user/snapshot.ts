// How all that a user is changes from one moment to the next.
import type { SignPublicKey } from '../crypto/sign.ts';
import type { UserId } from '../leaves/ids.ts';
import type { Failed } from '../session/failure.ts';
import type { Answer } from './answering.ts';
import { secretsOf, type UserSnapshot, type UserState } from './state.ts';

/** After a message was answered. @param received the digest of that message. */
export function afterAnswer(snapshot: UserSnapshot, received: Uint8Array, { state, out }: Answer): UserSnapshot {
  return {
    ...snapshot,
    context: contextFor(snapshot.context, state),
    revision: snapshot.revision + 1,
    // The answer of round 2 is the masked input: the input itself has served.
    input: snapshot.state.phase === 'masked-input' ? null : snapshot.input,
    answered: [...snapshot.answered, received],
    output: out,
    state,
  };
}

/** After an error that ended the session. */
export function afterFailure(snapshot: UserSnapshot, state: Failed): UserSnapshot {
  return { ...snapshot, revision: snapshot.revision + 1, input: null, output: null, state };
}

/** All secrets of a user, for wiping when its session ends. */
export function allSecrets({ state, input }: UserSnapshot): Uint8Array[] {
  return [...secretsOf(state), ...(input === null ? [] : [input])];
}

/** Once a user has its neighbors, it no longer needs the keys of others. */
function contextFor(context: UserSnapshot['context'], state: UserState): UserSnapshot['context'] {
  if (state.phase !== 'masked-input') return context;
  const around = [context.userId, ...state.peers.map(({ userId }) => userId)];
  const keyOf = (id: UserId): [UserId, SignPublicKey][] => {
    const key = context.publicKeys.get(id);
    return key === undefined ? [] : [[id, key]];
  };
  return { ...context, publicKeys: new Map(around.flatMap(keyOf)) };
}
