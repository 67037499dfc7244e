// One round of a user, bytes to bytes: decode, step, encode, sign. No arithmetic and no cryptography of its own.
import { fingerprint } from '../crypto/digest.ts';
import { sign } from '../crypto/sign.ts';
import { ProtocolError, UsageError } from '../leaves/errors.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import { signedBytes } from '../session/binding.ts';
import type { Round } from '../session/notation.ts';
import type { Dependencies } from './step.ts';
import { advertiseKeys } from './r0-advertise-keys.ts';
import { shareKeys } from './r1-share-keys.ts';
import { maskInput } from './r2-masked-input.ts';
import { checkConsistency } from './r3-consistency-check.ts';
import { unmask } from './r4-unmasking.ts';
import type { Finished, UserContext, UserState } from './state.ts';
import { USER_ROUNDS } from './json.ts';
import { decodeServerMessage, encodeUserMessage, type ServerMessage } from '../wire/envelope.ts';
import { encodeAdvertiseKeys } from '../wire/r0-advertise-keys.ts';
import { decodeDirectory, directoryBytes, encodeShareKeys } from '../wire/r1-share-keys.ts';
import { decodeShares, encodeMaskedInput, sharesBytes } from '../wire/r2-masked-input.ts';
import { decodeSurvivors } from '../wire/r3-consistency-check.ts';
import { decodeSignatures, encodeUnmask, signaturesBytes } from '../wire/r4-unmasking.ts';
import type { Failed } from '../session/failure.ts';

/** A state in which a message can be answered. */
export type LiveState = Exclude<UserState, Finished | Failed>;

export interface Answer {
  readonly round: Round;
  readonly state: UserState;
  readonly message: Uint8Array;
  /** Secrets that have served. */
  readonly spent: readonly Uint8Array[];
}

interface Stepped {
  readonly state: UserState;
  readonly body: Uint8Array;
  readonly spent: readonly Uint8Array[];
}

/** Answers the server's message of the round that `state` waits for. */
export async function answerRound(
  context: UserContext,
  state: LiveState,
  message: ServerMessage,
  { input, ...deps }: Dependencies & { readonly input: Uint8Array | null },
): Promise<Answer> {
  const { round } = message;
  const { state: next, body, spent } = await step(context, state, message, input, deps);
  const signature = await sign(state.signSecretKey, signedBytes(context.tag, round, context.userId, fingerprint(body)));
  const sent = encodeUserMessage(context.tag, { round, sender: context.userId, body, signature });
  return { round, state: next, message: sent, spent };
}

async function step(
  context: UserContext,
  state: LiveState,
  { fields }: ServerMessage,
  input: Uint8Array | null,
  deps: Dependencies,
): Promise<Stepped> {
  switch (state.phase) {
    case 'advertise-keys': {
      const { out, ...rest } = await advertiseKeys(state, deps);
      return { ...rest, body: encodeAdvertiseKeys(out) };
    }
    case 'share-keys': {
      const { out, ...rest } = await shareKeys(context, state, decodeDirectory(fields, context.parameters.graph), deps);
      return { ...rest, body: encodeShareKeys(out) };
    }
    case 'masked-input': {
      const shares = decodeShares(fields, state.users);
      if (input === null) throw new UsageError('ERR_SECAGG_NO_VECTOR', 'round 2: setVector has not been called');
      const { out, ...rest } = await maskInput(context, state, shares, input);
      return { ...rest, body: encodeMaskedInput(out), spent: [...rest.spent, input] };
    }
    case 'consistency-check': {
      const { out, ...rest } = checkConsistency(context, state, decodeSurvivors(fields, state.users));
      return { ...rest, body: out };
    }
    case 'unmasking': {
      const holders = neighborhoodsOf(context.parameters.graph, state.users).groupSize;
      const { out, ...rest } = await unmask(context, state, decodeSignatures(fields, holders));
      return { ...rest, body: encodeUnmask(out) };
    }
  }
}

/** Opens the envelope of the server's message. */
export function openServerMessage({ tag, policy, parameters: { graph } }: UserContext, bytes: Uint8Array): ServerMessage {
  const users = policy.maxUsers;
  // The user and its neighbors: more than hold shares of its secrets.
  const around = graph === 'complete' ? users : graph.neighbors + 1;
  const most = Math.max(directoryBytes(around, graph), sharesBytes(users, around), signaturesBytes(around));
  return decodeServerMessage(bytes, tag, most);
}

/** Refuses a message of another round than the one that the user waits for. */
export function expectRound(state: Exclude<UserState, Failed>, got: Round): LiveState {
  const expected = USER_ROUNDS[state.phase];
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
