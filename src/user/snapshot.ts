// How all that a user is changes from one moment to the next.
import { platform } from '#platform';
import type { SignPublicKey } from '../crypto/sign.ts';
import { equalBytes } from '../leaves/bytes.ts';
import { StateError, UsageError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import type { InputVector } from '../masking/vector.ts';
import { requireRoster } from '../session/descriptor.ts';
import { failedError, type Failed } from '../session/failure.ts';
import { ROUND_OF_PHASE } from '../session/notation.ts';
import { rosterDigest, type PublicKeysWrapper } from '../session/public-keys.ts';
import type { Answer } from './answering.ts';
import { publicKeysWith, takeInput } from './options.ts';
import { secretsOf, type KeptContext, type UserSnapshot, type UserState } from './state.ts';

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

/** With the input of a user that was made without one. */
export function withInput(snapshot: UserSnapshot, vec: InputVector, isGiven: boolean): UserSnapshot {
  const { state, input, context, modularInputs, revision } = snapshot;
  if (state.phase === 'failed') throw failedError(state);
  if (input !== null || ROUND_OF_PHASE[state.phase] > 2) {
    throw new UsageError('ERR_SECAGG_USAGE', 'setVector: this user already has its vector');
  }
  return { ...snapshot, revision: revision + 1, input: takeInput(vec, context, modularInputs, isGiven) };
}

/** With the public keys of a user that was made without. The same keys again change nothing. */
export function withPublicKeys(snapshot: UserSnapshot, others: PublicKeysWrapper): UserSnapshot {
  const { state, context, revision } = snapshot;
  if (state.phase === 'failed') throw failedError(state);
  if (state.phase !== 'advertise-keys' && state.phase !== 'share-keys') {
    throw new UsageError('ERR_SECAGG_USAGE', 'setPublicKeys: this user has answered round 1 with its keys');
  }
  const publicKeys = publicKeysWith(context.userId, platform.ed25519PublicKey(state.signSecretKey), others);
  if (context.publicKeys !== null) {
    if (equalBytes(rosterDigest(publicKeys), rosterDigest(context.publicKeys))) return snapshot;
    throw new UsageError('ERR_SECAGG_KEY_CONFLICT', 'othersSignPks: this user was given other public keys before');
  }
  requireFittingSize(publicKeys.size, context);
  requireRoster(context.roster, publicKeys);
  return { ...snapshot, revision: revision + 1, context: { ...context, publicKeys, roster: null } };
}

/**
 * Refuses more keys than the user accepts users: when they come, the server may have chosen whose they are, and 2t > N + c should hold
 * for their number N (SECURITY.md, State). Refuses fewer than there are lines in the smallest directory, with which no round 1 could be
 * answered.
 */
function requireFittingSize(size: number, { parameters: { threshold, graph }, policy: { maxUsers } }: KeptContext): void {
  const least = graph === 'complete' ? threshold : graph.neighbors + 1;
  if (size >= least && size <= maxUsers) return;
  throw new RangeError(`othersSignPks: expected the keys of ${least} to ${maxUsers} users, this one included, got ${size}`);
}

/** The answer that a user gave to the same message before; null if the message is new. */
export function repeatedAnswer(
  { state, answered, output }: UserSnapshot,
  received: Uint8Array,
): { readonly round: number; readonly output: Uint8Array } | null {
  if (state.phase === 'failed') throw failedError(state);
  const round = answered.findIndex((digest) => equalBytes(digest, received));
  if (round === -1 || output === null) return null;
  if (round === answered.length - 1) return { round, output };
  const hint = round === 0 ? '; another session needs another UserWrapper' : '';
  const message = `this message of round ${round} has been answered, and so has a later one${hint}`;
  throw new UsageError('ERR_SECAGG_ANSWERED', message);
}

/**
 * Refuses an older state of the same user: a user that goes back may be made to answer twice. Revisions alone do not tell, because a vector
 * or public keys that came later count as much as an answer.
 */
export function requireNewer(present: UserSnapshot, next: UserSnapshot): void {
  if (next.context.userId !== present.context.userId) return;
  if (next.revision < present.revision) {
    throw stateOld(`revision ${next.revision} is older than ${present.revision}, which this user is at`);
  }
  if (next.answered.length < present.answered.length) throw stateOld('this user has answered a later round');
  if (present.context.publicKeys !== null && next.context.publicKeys === null) throw stateOld('this user has its public keys');
}

function stateOld(why: string): StateError {
  return new StateError(`state: ${why}`, 'ERR_SECAGG_STATE_OLD');
}

/** All secrets of a user, for wiping when its session ends. */
export function allSecrets({ state, input }: UserSnapshot): Uint8Array[] {
  return [...secretsOf(state), ...(input === null ? [] : [input])];
}

/** Secrets of an answer that is not given, without those that the user still holds. */
export function secretsOnlyIn({ state, spent }: Answer, snapshot: UserSnapshot): Uint8Array[] {
  const held = new Set(allSecrets(snapshot));
  return [...spent, ...secretsOf(state)].filter((secret) => !held.has(secret));
}

/** Once a user has its neighbors, it no longer needs the keys of others. */
function contextFor(context: KeptContext, state: UserState): KeptContext {
  const { publicKeys } = context;
  if (state.phase !== 'masked-input' || publicKeys === null) return context;
  const around = [context.userId, ...state.peers.map(({ userId }) => userId)];
  const keyOf = (id: UserId): [UserId, SignPublicKey][] => {
    const key = publicKeys.get(id);
    return key === undefined ? [] : [[id, key]];
  };
  return { ...context, publicKeys: new Map(around.flatMap(keyOf)) };
}
