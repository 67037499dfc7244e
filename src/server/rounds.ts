// One message or one round of the server: decode, authenticate, step, encode. No arithmetic of its own.
import { concat } from '../leaves/bytes.ts';
import { fingerprint } from '../crypto/digest.ts';
import type { RandomSource } from '../crypto/random.ts';
import { verifySync } from '../crypto/sign.ts';
import { AuthenticationError, ProtocolError } from '../leaves/errors.ts';
import { largestCohort } from '../graph/policy.ts';
import type { UserId } from '../leaves/ids.ts';
import { Pace } from '../masking/pace.ts';
import { ringOf } from '../masking/ring.ts';
import { vectorOf } from '../masking/vector.ts';
import { positions } from '../leaves/members.ts';
import type { DroppedUser } from '../leaves/progress.ts';
import { signedBytes } from '../session/binding.ts';
import type { Failed } from '../session/failure.ts';
import type { Round } from '../session/notation.ts';
import { closeKeys, directoryParts, receiveKeys } from './r0-advertise-keys.ts';
import { closeDeals, receiveDeal, sealedFor } from './r1-share-keys.ts';
import { closeMaskedInputs, receiveMaskedInput } from './r2-masked-input.ts';
import { closeSignatures, receiveSignature, signaturesFor } from './r3-consistency-check.ts';
import { closeAnswers, ownersFor, receiveAnswer } from './r4-unmasking.ts';
import { participantAt } from './attendance.ts';
import type { CollectingKeys, Finished, ServerContext, ServerState } from './state.ts';
import { decodeUserMessage, encodeServerMessage, type UserMessage } from '../wire/envelope.ts';
import type { Field } from '../wire/msgpack.ts';
import { decodeAdvertiseKeys } from '../wire/r0-advertise-keys.ts';
import { decodeShareKeys, encodeDirectory, shareKeysBytes } from '../wire/r1-share-keys.ts';
import { decodeMaskedInput, encodeShares, maskedInputBytes } from '../wire/r2-masked-input.ts';
import { decodeView, encodeSurvivors } from '../wire/r3-consistency-check.ts';
import { decodeUnmask, encodeSignatures, unmaskBytes } from '../wire/r4-unmasking.ts';
import type { Messages } from './output.ts';
import { unmask, type UnmaskingWork } from './unmasking/threads.ts';

/** A state in which messages are collected. */
export type CollectingState = Exclude<ServerState, Finished | Failed>;

/** A state that follows a round. */
export type ClosedState = Exclude<ServerState, CollectingKeys | Failed>;

/** The round that each phase collects. */
export const SERVER_ROUNDS: Readonly<Record<Exclude<ServerState['phase'], 'failed'>, number>> = {
  'advertise-keys': 0,
  'share-keys': 1,
  'masked-input': 2,
  'consistency-check': 3,
  unmasking: 4,
  finished: 5,
};

/** A user's message out of its envelope. */
export interface OpenedMessage extends UserMessage {
  /** What its signature is over. */
  readonly signed: Uint8Array;
  /** Tells it from every other message: SHA-256 over what is signed and the signature, which is all that it says. */
  readonly digest: Uint8Array;
}

/** Opens a user's envelope. Who signed it is not checked yet: see `authenticate`. */
export function openUserMessage(
  { parameters, policy, publicKeys, tag }: ServerContext,
  sender: UserId,
  bytes: Uint8Array,
): OpenedMessage {
  // First of all, so that strangers cost next to nothing.
  if (publicKeys !== null && !publicKeys.has(sender)) {
    throw new ProtocolError('ERR_SECAGG_UNKNOWN_USER', `user ${sender} is not registered`, { round: null });
  }
  const { graph } = parameters;
  const holders = graph === 'complete' ? largestCohort(parameters, policy) : graph.neighbors;
  const most = Math.max(shareKeysBytes(holders), maskedInputBytes(parameters), unmaskBytes(holders));
  const message = decodeUserMessage(bytes, tag, sender, most);
  // The body, which may be long, is hashed once for both.
  const signed = signedBytes(tag, message.round, sender, fingerprint(message.body));
  return { ...message, signed, digest: fingerprint(concat([signed, message.signature])) };
}

/** Where the server knows the users' keys: refuses what its sender has not signed. */
export function authenticate({ publicKeys }: ServerContext, sender: UserId, { round, signed, signature }: OpenedMessage): void {
  const signPublicKey = publicKeys?.get(sender);
  if (signPublicKey === undefined || verifySync(signPublicKey, signed, signature)) return;
  throw new AuthenticationError(`round ${round}: the signature of user ${sender} does not verify`, { round });
}

/** Refuses a message of another round than the one that is being collected. */
export function expectRound(state: Exclude<ServerState, Failed>, sender: UserId, round: Round): CollectingState {
  const collected = SERVER_ROUNDS[state.phase];
  if (round > collected) {
    const message = `round ${round}: user ${sender} is early, round ${collected} is being collected`;
    throw new ProtocolError('ERR_SECAGG_EARLY', message, { round });
  }
  if (round < collected || state.phase === 'finished') {
    // In round 2 this matters most: the pairwise secrets of a user outside U3 may be revealed, and only b_u still hides
    // its input. Its late word is not listened to.
    throw new ProtocolError('ERR_SECAGG_LATE', `round ${round}: user ${sender} is late`, { round });
  }
  return state;
}

/** Enters an authentic message of the round that is being collected; throws before it changes anything. */
export function receive(context: ServerContext, state: CollectingState, sender: UserId, message: UserMessage): DroppedUser[] {
  const { body, signature } = message;
  if (state.phase === 'advertise-keys') {
    receiveKeys(context, state, { userId: sender, ...decodeAdvertiseKeys(body), signature });
    return [];
  }
  const position = participantAt(state, sender);
  switch (state.phase) {
    case 'share-keys':
      receiveDeal(context, state, position, decodeShareKeys(body, context.parameters.graph));
      return [];
    case 'masked-input':
      receiveMaskedInput(context, state, position, decodeMaskedInput(body, context.parameters));
      return [];
    case 'consistency-check':
      receiveSignature(state, position, { view: decodeView(body), signature });
      return [];
    case 'unmasking': {
      const owners = ownersFor(context, state, position);
      return receiveAnswer(context, state, position, decodeUnmask(body, { owners, u3: state.u3 }));
    }
  }
}

/** What closing a round may take: randomness to draw the graph with, and all that removing the masks needs. */
export interface ClosingWork extends UnmaskingWork {
  readonly random: RandomSource;
}

/** Closes the round that is being collected: the next state, and who is out from here on. */
export async function close(
  context: ServerContext,
  state: CollectingState,
  { random, ...work }: ClosingWork,
): Promise<[ClosedState, DroppedUser[]]> {
  switch (state.phase) {
    case 'advertise-keys':
      return [closeKeys(context, state, random), []];
    case 'share-keys':
      return closeDeals(context, state);
    case 'masked-input':
      return closeMaskedInputs(context, state);
    case 'consistency-check':
      return closeSignatures(context, state);
    case 'unmasking':
      return closeAnswers(context, state, (unmasking, sum) => unmask(unmasking, sum, work), new Pace(work.signal));
  }
}

/**
 * What the users are to be sent in a state that follows a round. Users that are sent the same share its bytes; any other
 * message is made when it is asked for, for together they can be as large as all the rest of the state.
 */
export function messagesOf(context: ServerContext, state: Exclude<ClosedState, Finished>): Messages {
  const { directory } = state;
  const encode = (round: Round, fields: readonly Field[]): Uint8Array<ArrayBuffer> =>
    encodeServerMessage(context.tag, { round, fields });
  type Encoded = (position: number) => Uint8Array<ArrayBuffer>;
  const each = (members: readonly number[], encoded: Encoded): Messages => {
    const positionOf = new Map<number, number>(members.map((position) => [directory.userIdAt(position), position]));
    const get = (id: number): Uint8Array<ArrayBuffer> | undefined => {
      const position = positionOf.get(id);
      return position === undefined ? undefined : encoded(position);
    };
    return { keys: () => positionOf.keys(), get };
  };
  const same =
    (bytes: Uint8Array<ArrayBuffer>): Encoded =>
    () =>
      bytes;
  // On the complete graph everybody is shown all keys and all signatures.
  const sameOnComplete = (encoded: Encoded): Encoded => (context.parameters.graph === 'complete' ? same(encoded(0)) : encoded);
  switch (state.phase) {
    case 'share-keys': {
      const everyone = directory.lines.map((_, position) => position);
      const partFor = directoryParts(context, state);
      return each(
        everyone,
        sameOnComplete((position) => encode(1, encodeDirectory(partFor(position), context.parameters.graph))),
      );
    }
    case 'masked-input':
      return each(positions(state.u2), (position) => {
        const receiver = directory.userIdAt(position);
        return encode(2, encodeShares({ u2: state.u2, receiver, sealed: sealedFor(context, state, position) }));
      });
    case 'consistency-check':
      return each(positions(state.u3), same(encode(3, encodeSurvivors(state.u3))));
    case 'unmasking':
      return each(
        positions(state.u4),
        sameOnComplete((position) => encode(4, encodeSignatures(signaturesFor(context, state, position)))),
      );
  }
}

/** The sum, signed. */
export function sumOf({ parameters }: ServerContext, state: Finished): Int32Array | BigInt64Array {
  return vectorOf(ringOf(parameters.bits), state.sum);
}
