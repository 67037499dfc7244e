// One message of the server to a user, bytes to bytes: open the envelope, take the step of its round, sign the answer.
import { sign } from '../crypto/sign.ts';
import { wipedOnError } from '../leaves/bytes.ts';
import { ProtocolError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import { Pace } from '../masking/pace.ts';
import { digestOfBodyBeside, signedBytes } from '../session/binding.ts';
import { failedError } from '../session/failure.ts';
import { ROUND_OF_PHASE, type Round } from '../session/notation.ts';
import { blankUserMessage, decodeServerMessage, type BlankUserMessage, type ServerMessage } from '../wire/envelope.ts';
import { decodeDirectory, directoryBytes } from '../wire/r1-share-keys.ts';
import { sharesBytes } from '../wire/r2-masked-input.ts';
import { signaturesBytes } from '../wire/r4-unmasking.ts';
import { roundOf, type RoundDependencies } from './rounds.ts';
import { secretsOf, type AwaitingState, type UnkeyedContext, type UserState } from './state.ts';
import type { Step } from './step.ts';

/** A user's answer, and the state that follows it. */
export interface Answer extends Step<Uint8Array> {
  readonly round: Round;
}

/** Answers the server's message if it is the one of the round that the user waits for. */
export async function answered(
  context: UnkeyedContext,
  state: UserState,
  bytes: Uint8Array,
  dependencies: RoundDependencies,
): Promise<Answer> {
  if (state.phase === 'failed') throw failedError(state);
  const pace = new Pace();
  const { round, fields } = opened(context, bytes);
  const awaiting = requireAwaited(state, round);
  const head = { round, sender: context.userId };
  const blank = (bodyLength: number): BlankUserMessage => blankUserMessage(context.tag, head, bodyLength);
  const { out, ...step } = await roundOf(awaiting)(context, awaiting, fields, { ...dependencies, blank });
  const { message, body, signature } = out;
  const held = new Set(secretsOf(awaiting));
  return wipedOnError(async (note) => {
    note(...secretsOf(step.state).filter((secret) => !held.has(secret)));
    // Long messages are hashed piece by piece. The caller's signal is not heeded here: if the work is called off, the caller
    // of this function wipes what the step has made.
    const pause = (): Promise<void> => pace.maybePause();
    await pause();
    const bodyDigest = await digestOfBodyBeside(context.parameters, round, body, pause);
    const signed = signedBytes(context.tag, round, context.userId, bodyDigest);
    signature.set(await sign(awaiting.signSecretKey, signed));
    return { ...step, round, out: message };
  });
}

/** Ids of the user and its neighbors in the server's message of round 1, which is only read. @throws DecodeError, ProtocolError */
export function idsInDirectory(context: UnkeyedContext, bytes: Uint8Array): UserId[] {
  const { round, fields } = opened(context, bytes);
  if (round !== 1)
    throw new ProtocolError('ERR_SECAGG_EARLY', `expected the message of round 1, got one of round ${round}`, { round });
  return decodeDirectory(fields, context.parameters.graph).lines.map(({ userId }) => userId);
}

function opened({ tag, policy, parameters: { graph } }: UnkeyedContext, bytes: Uint8Array): ServerMessage {
  const users = policy.maxUsers;
  // The user and its neighbors: more than hold shares of its secrets.
  const around = graph === 'complete' ? users : graph.neighbors + 1;
  const most = Math.max(directoryBytes(around, graph), sharesBytes(users, around), signaturesBytes(around));
  return decodeServerMessage(bytes, tag, most);
}

/** Refuses a message of another round than the one that the user waits for. */
function requireAwaited(state: Exclude<UserState, { readonly phase: 'failed' }>, got: Round): AwaitingState {
  const expected = ROUND_OF_PHASE[state.phase];
  if (got > expected) {
    const message = `expected the message of round ${expected}, got one of round ${got}`;
    throw new ProtocolError('ERR_SECAGG_EARLY', message, { round: got });
  }
  if (got < expected || state.phase === 'finished') {
    // The same message again has been recognised before; this one asks for a second answer to another question.
    const message = `round ${got} has been answered, and this is another message of that round`;
    throw new ProtocolError('ERR_SECAGG_EQUIVOCATION', message, { round: got });
  }
  return state;
}
