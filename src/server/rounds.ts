// The five rounds of the server in one table, by the phase that collects them: who may speak in each, how a message is read
// and entered, who was heard, whether that is enough, what closing gives, what the users are then sent, and what a part of it
// is. The rules of a round are in its rN file, its bytes in wire/rN; here they meet.
import { equalBytes } from '../leaves/bytes.ts';
import type { UserId } from '../leaves/ids.ts';
import { DIGEST_BYTES } from '../leaves/sizes.ts';
import { positions } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import type { UserMessage } from '../wire/envelope.ts';
import { decodeAdvertiseKeys } from '../wire/r0-advertise-keys.ts';
import { decodeShareKeys, encodeDirectory } from '../wire/r1-share-keys.ts';
import { decodeMaskedInput, encodeShares } from '../wire/r2-masked-input.ts';
import { decodeView, encodeSurvivors } from '../wire/r3-consistency-check.ts';
import { decodeUnmask, encodeSignatures } from '../wire/r4-unmasking.ts';
import { speakerAt } from './attendance.ts';
import type { Outgoing } from './messages-to-users.ts';
import { advertiseKeys, directoryExcerpts } from './r0-advertise-keys.ts';
import { sealedFor, shareKeys } from './r1-share-keys.ts';
import { maskedInput } from './r2-masked-input.ts';
import { consistencyCheck, signaturesFor } from './r3-consistency-check.ts';
import { ownersFor, unmasking } from './r4-unmasking.ts';
import type { DirectoryRound, RoundSteps } from './round-interface.ts';
import type { CollectingKeys, CollectingState, ServerContext, StateOf } from './state.ts';

/** One round of the server, as functions of bytes and user ids. Lists of ids ascend. */
export interface ServerRound<State extends CollectingState> extends RoundSteps<State, UserId, UserMessage> {
  /** Users that may speak; in round 0 the registered users, or none if none are registered. */
  readonly speakers: (context: ServerContext, state: State) => UserId[];
  /**
   * Whether a message was made for this session and for what its sender was shown in this round. A signature alone does not
   * tell: an earlier session may have had the same tag.
   */
  readonly isOurs: (context: ServerContext, state: State, sender: UserId, message: UserMessage) => boolean;
  /** Users that were heard. */
  readonly heard: (state: State) => UserId[];
  /** Whether the round could be closed if these users had been heard, which are enough in number. */
  readonly ready: (context: ServerContext, state: State, heard: readonly UserId[]) => boolean;
  /** What the server sends to open this round; null in round 0, which needs no word of the server. */
  readonly outgoing: (context: ServerContext, state: State) => Outgoing | null;
}

const ROUNDS: { readonly [P in CollectingState['phase']]: ServerRound<StateOf<P>> } = {
  'advertise-keys': {
    ...advertiseKeys,
    speakers: ({ publicKeys }) => (publicKeys === null ? [] : ascending(publicKeys.keys())),
    receive: (context, state, sender, { body, signature }) =>
      advertiseKeys.receive(context, state, sender, { ...decodeAdvertiseKeys(body), signature }),
    isOurs: () => false,
    heard: ({ advertisements }) => ascending(advertisements.keys()),
    ready: () => true,
    outgoing: () => null,
  },

  'share-keys': {
    ...withIds(shareKeys, ({ body }, { parameters }) => decodeShareKeys(body, parameters.graph)),
    outgoing(context, state) {
      const { graph } = context.parameters;
      const excerptFor = directoryExcerpts(context, state);
      return {
        round: 1,
        recipients: state.directory.positions,
        same: graph === 'complete',
        fieldsFor: (position) => encodeDirectory(excerptFor(position), graph),
      };
    },
  },

  'masked-input': {
    ...withIds(maskedInput, ({ body }, { parameters }) => decodeMaskedInput(body, parameters)),
    outgoing: (context, state) => ({
      round: 2,
      recipients: positions(state.u2),
      same: false,
      fieldsFor(position) {
        const receiver = state.directory.userIdAt(position);
        return encodeShares({ u2: state.u2, receiver, sealed: sealedFor(context, state, position) });
      },
    }),
  },

  'consistency-check': {
    ...withIds(consistencyCheck, ({ body, signature }) => ({ view: decodeView(body), signature })),
    outgoing: (_, { u3 }) => ({ round: 3, recipients: positions(u3), same: true, fieldsFor: () => encodeSurvivors(u3) }),
  },

  unmasking: {
    ...withIds(unmasking, ({ body }, context, state, position) =>
      decodeUnmask(body, { owners: ownersFor(context, state, position), u3: state.u3 }),
    ),
    outgoing: (context, state) => ({
      round: 4,
      recipients: positions(state.u4),
      same: context.parameters.graph === 'complete',
      fieldsFor: (position) => encodeSignatures(signaturesFor(context, state, position)),
    }),
  },
};

/** The round that a state collects. */
export function roundOf(state: CollectingState): ServerRound<CollectingState> {
  // The entry of a state's own phase takes that state, which TypeScript cannot follow through the index.
  return ROUNDS[state.phase] as unknown as ServerRound<CollectingState>;
}

/** A round over positions as one over the ids of users and the bytes of their messages. */
function withIds<State extends Exclude<CollectingState, CollectingKeys>, Message>(
  steps: DirectoryRound<State, Message>,
  decode: (message: UserMessage, context: ServerContext, state: State, sender: Position) => Message,
): Omit<ServerRound<State>, 'outgoing'> {
  return {
    ...steps,
    speakers: (_, state) => state.directory.userIds(steps.speakers(state) ?? state.directory.positions),
    receive(context, state, sender, message) {
      const position = speakerAt(state.directory, steps.speakers(state), sender, steps.number);
      return steps.receive(context, state, position, decode(message, context, state, position));
    },
    isOurs(_, state, sender, { body }) {
      const position = speakerAt(state.directory, steps.speakers(state), sender, steps.number);
      return equalBytes(body.subarray(0, DIGEST_BYTES), steps.view(state, position));
    },
    heard: (state) => state.directory.userIds(steps.heard(state)),
    ready: (context, state, heard) => steps.ready(context, state, state.directory.positionsOf(heard)),
  };
}

function ascending(ids: Iterable<UserId>): UserId[] {
  return [...ids].sort((a, b) => a - b);
}
