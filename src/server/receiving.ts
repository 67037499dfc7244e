// One message that comes to the server: is it new, who sent it, does it belong here? Only then is its body read.
import { fingerprint } from '../crypto/digest.ts';
import { verifySync } from '../crypto/sign.ts';
import { largestDirectory } from '../graph/policy.ts';
import { concat, equalBytes } from '../leaves/bytes.ts';
import { AuthenticationError, ProtocolError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import { at } from '../leaves/lists.ts';
import type { DroppedUser } from '../leaves/progress.ts';
import { digestOfBody, digestOfBodyBeside, signedBytes } from '../session/binding.ts';
import { failedError } from '../session/failure.ts';
import { ROUND_OF_PHASE, type Round } from '../session/notation.ts';
import { decodeUserMessage, type UserMessage } from '../wire/envelope.ts';
import { shareKeysBytes } from '../wire/r1-share-keys.ts';
import { maskedInputBytes } from '../wire/r2-masked-input.ts';
import { unmaskBytes } from '../wire/r4-unmasking.ts';
import { roundOf } from './rounds.ts';
import type { CollectingState, Finished, ServerContext, ServerSnapshot } from './state.ts';

/** A message that was accepted. */
export interface Received {
  readonly round: Round;
  /** 32 bytes that tell this message from any other. */
  readonly digest: Uint8Array;
  /** Users that it shows to have broken the protocol. */
  readonly dropped: readonly DroppedUser[];
}

/** A message as it comes. */
export interface Incoming {
  readonly sender: UserId;
  readonly bytes: Uint8Array;
  /** What `digestOfMessage` gave for these bytes; else it is computed here. */
  readonly bodyDigest?: Uint8Array;
  /** Whether the round is being closed, so that nothing more may enter it. */
  readonly closing: boolean;
}

/** A user's message out of its envelope. */
interface OpenedMessage extends UserMessage {
  /** What its signature is over. */
  readonly signed: Uint8Array;
  /** SHA-256 over what is signed and the signature, which is all that the message says. */
  readonly digest: Uint8Array;
}

/**
 * Enters a message into the state, unless it has come before. If it is refused, nothing has changed.
 *
 * @returns null if the same message has been accepted before.
 */
export function enterMessage(
  context: ServerContext,
  { state, received: digests }: ServerSnapshot,
  { sender, bytes, bodyDigest, closing }: Incoming,
): Received | null {
  if (state.phase === 'failed') throw failedError(state);
  const message = opened(context, sender, bytes, bodyDigest);
  const { round, digest } = message;
  const digestsOfRound = at(digests, round);
  const known = digestsOfRound.get(sender);
  if (known !== undefined && equalBytes(known, digest)) return null;
  authenticate(context, sender, message);
  if (known !== undefined) throw equivocation(context, state, sender, message);
  const collecting = requireCollected(state, sender, round);
  if (closing) {
    throw new ProtocolError('ERR_SECAGG_LATE', `round ${round} is being closed, user ${sender} is late`, { round });
  }
  const dropped = roundOf(collecting).receive(context, collecting, sender, message);
  digestsOfRound.set(sender, digest);
  return { round, digest, dropped };
}

/**
 * A second message of a user in one round. The user is named only if it made both for this session: a message of round 0, or
 * one of an earlier session with the same tag, may be an old one that somebody else has sent again.
 */
function equivocation(
  context: ServerContext,
  state: CollectingState | Finished,
  sender: UserId,
  message: OpenedMessage,
): ProtocolError {
  const { round } = message;
  const isCollected = state.phase !== 'finished' && ROUND_OF_PHASE[state.phase] === round;
  const userIds = isCollected && roundOf(state).isOurs(context, state, sender, message) ? [sender] : [];
  const text = `round ${round}: another message of user ${sender} came before; the first one counts`;
  return new ProtocolError('ERR_SECAGG_EQUIVOCATION', text, { round, userIds });
}

/** The digest of a message's body, which may be long. @param pause is called after each piece. @throws as `enterMessage`. */
export async function digestOfMessage(
  context: ServerContext,
  sender: UserId,
  bytes: Uint8Array,
  pause: () => Promise<void>,
): Promise<Uint8Array> {
  const { round, body } = enveloped(context, sender, bytes);
  return digestOfBodyBeside(context.parameters, round, body, pause);
}

/** Opens a user's envelope. Who signed it is not checked yet: see `authenticate`. */
function enveloped({ parameters, policy, publicKeys, tag }: ServerContext, sender: UserId, bytes: Uint8Array): UserMessage {
  // First of all, so that strangers cost next to nothing.
  if (publicKeys !== null && !publicKeys.has(sender)) {
    throw new ProtocolError('ERR_SECAGG_UNKNOWN_USER', `user ${sender} is not registered`, { round: null });
  }
  const { graph } = parameters;
  const holders = graph === 'complete' ? largestDirectory(parameters, policy) : graph.neighbors;
  const most = Math.max(shareKeysBytes(holders), maskedInputBytes(parameters), unmaskBytes(holders));
  return decodeUserMessage(bytes, tag, sender, most);
}

function opened(context: ServerContext, sender: UserId, bytes: Uint8Array, known: Uint8Array | undefined): OpenedMessage {
  const message = enveloped(context, sender, bytes);
  // The body is hashed once for the signature and for what tells messages apart.
  const bodyDigest = known ?? digestOfBody(context.parameters, message.round, message.body);
  const signed = signedBytes(context.tag, message.round, sender, bodyDigest);
  return { ...message, signed, digest: fingerprint(concat([signed, message.signature])) };
}

/** If the server knows the users' keys, it refuses what the sender has not signed. */
function authenticate({ publicKeys }: ServerContext, sender: UserId, { round, signed, signature }: OpenedMessage): void {
  const signPublicKey = publicKeys?.get(sender);
  if (signPublicKey === undefined || verifySync(signPublicKey, signed, signature)) return;
  throw new AuthenticationError(`round ${round}: the signature of user ${sender} does not verify`, { round });
}

/** Refuses a message of another round than the one that is being collected. */
function requireCollected(state: CollectingState | Finished, sender: UserId, round: Round): CollectingState {
  const collected = ROUND_OF_PHASE[state.phase];
  if (round > collected) {
    const message = `round ${round}: user ${sender} is early, round ${collected} is being collected`;
    throw new ProtocolError('ERR_SECAGG_EARLY', message, { round });
  }
  if (round < collected || state.phase === 'finished') {
    // In round 2 this matters most: the pairwise secrets of a user outside U3 may be revealed, and only b_u still hides
    // its input. The server does not listen to a late message.
    throw new ProtocolError('ERR_SECAGG_LATE', `round ${round}: user ${sender} is late`, { round });
  }
  return state;
}
