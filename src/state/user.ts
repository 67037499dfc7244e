// A user's state as JSON. CONTAINS SECRETS. Self-contained, versioned, strict; each phase has what later rounds need.
import type { UserId } from '../ids.ts';
import { at } from '../lists.ts';
import { hasMember, isSubset, positions } from '../members.ts';
import { laneBytes } from '../parameters.ts';
import type { AdvertisedKeys, HeldShares } from '../protocol/notation.ts';
import type * as User from '../protocol/user/state.ts';
import { DIGEST_BYTES, KEY_BYTES, SHARE_BYTES } from '../sizes.ts';
import * as common from './common.ts';
import { byPhase, bytes, document, flag, integer, list, nullable, oneOf, record, require, type Document } from './json.ts';

/** All that a user is. */
export interface UserSnapshot {
  /** Grows with every change. */
  readonly revision: number;
  readonly context: Omit<User.UserContext, 'tag'>;
  /** Whether inputs are taken modulo 2^bits. */
  readonly modularInputs: boolean;
  /** x_u as lanes, from when it is given until it is masked. */
  readonly input: Uint8Array | null;
  /** Digests of the server's messages answered so far, one a round. */
  readonly answered: readonly Uint8Array[];
  /** The answer to the last of them. */
  readonly output: Uint8Array | null;
  readonly state: User.UserState;
}

const VERSION = 1;
const key = bytes(KEY_BYTES);
const share = bytes(SHARE_BYTES);
const digest = bytes(DIGEST_BYTES);
const userIds = list(common.userId);

const holding = record<User.Holding>({
  position: common.position,
  shares: nullable(record<HeldShares>({ selfMask: share, pairwiseKey: share })),
});

const state = byPhase<User.UserState>({
  'advertise-keys': record<User.AwaitingStart>({ phase: oneOf('advertise-keys'), signSecretKey: key }),
  'share-keys': record<User.AwaitingDirectory>({
    phase: oneOf('share-keys'),
    signSecretKey: key,
    advertised: record<AdvertisedKeys>({ channelKey: key, maskKey: key }),
    channelSecretKey: key,
    maskSecretKey: key,
  }),
  'masked-input': record<User.AwaitingSealedShares>({
    phase: oneOf('masked-input'),
    signSecretKey: key,
    directory: digest,
    participants: list(record<User.Participant>({ userId: common.userId, maskKey: key })),
    openingKeys: list(key),
    maskSecretKey: key,
    selfMaskSeed: key,
    ownShare: share,
    deal: digest,
  }),
  'consistency-check': record<User.AwaitingSurvivors>({
    phase: oneOf('consistency-check'),
    signSecretKey: key,
    userIds,
    u2: common.members,
    view2: digest,
    ownShare: share,
    holdings: list(holding),
  }),
  unmasking: record<User.AwaitingSignatures>({
    phase: oneOf('unmasking'),
    signSecretKey: key,
    userIds,
    u2: common.members,
    u3: common.members,
    view3: digest,
    ownShare: share,
    holdings: list(holding),
  }),
  finished: record<User.Finished>({ phase: oneOf('finished'), userIds, u2: common.members, u3: common.members }),
  failed: common.failed,
});

const snapshot = record<UserSnapshot>({
  revision: integer(0, Number.MAX_SAFE_INTEGER),
  context: record<UserSnapshot['context']>({
    parameters: common.parameters,
    policy: common.policy,
    userId: common.userId,
    publicKeys: common.publicKeys,
  }),
  modularInputs: flag,
  input: nullable(bytes()),
  answered: list(digest),
  output: nullable(bytes()),
  state,
});

/** The round whose message each phase waits for. */
export const USER_ROUNDS: Readonly<Record<Exclude<User.UserState['phase'], 'failed'>, number>> = {
  'advertise-keys': 0,
  'share-keys': 1,
  'masked-input': 2,
  'consistency-check': 3,
  unmasking: 4,
  finished: 5,
};

export const userDocument: Document<UserSnapshot> = document('user', VERSION, {
  encode: (value) => snapshot.encode(value),
  decode(json, path): UserSnapshot {
    const decoded = snapshot.decode(json, path);
    checkWhole(decoded, path);
    return decoded;
  },
});

/** What no single field shows: that they belong together. */
function checkWhole({ context, input, answered, output, state }: UserSnapshot, path: string): void {
  const { parameters, userId, publicKeys } = context;
  require(publicKeys.has(userId), `${path}.context.publicKeys`, "the user's own key");
  const inputBytes = parameters.vecLen * laneBytes(parameters.bits);
  require(input === null || input.length === inputBytes, `${path}.input`, `${String(inputBytes)} bytes`);
  if (state.phase === 'failed') {
    require(input === null && output === null, path, 'nothing to send after an error');
    return;
  }
  const round = USER_ROUNDS[state.phase];
  require(answered.length === round, `${path}.answered`, `${String(round)} digests`);
  require((output === null) === (round === 0), `${path}.output`, 'the answer to the last message');
  require(input === null || round <= 2, `${path}.input`, 'no input once it is masked');
  checkState(state, userId, `${path}.state`);
}

function checkState(state: Exclude<User.UserState, { phase: 'failed' }>, userId: UserId, path: string): void {
  switch (state.phase) {
    case 'advertise-keys':
    case 'share-keys':
      return;
    case 'masked-input': {
      const ids = state.participants.map((participant) => participant.userId);
      common.requireAscending(ids, `${path}.participants`);
      require(ids.includes(userId), `${path}.participants`, 'the user itself among them');
      require(state.openingKeys.length === ids.length - 1, `${path}.openingKeys`, `${String(ids.length - 1)} keys`);
      return;
    }
    case 'consistency-check':
      checkHoldings(state, userId, path);
      return;
    case 'unmasking':
      checkHoldings(state, userId, path);
      common.requireMembers({ u3: state.u3 }, state.userIds.length, path);
      require(isSubset(state.u3, state.u2), `${path}.u3`, 'a subset of U2');
      return;
    case 'finished':
      common.requireAscending(state.userIds, `${path}.userIds`);
      common.requireMembers({ u2: state.u2, u3: state.u3 }, state.userIds.length, path);
      return;
  }
}

/** One holding for each other user of U2, ascending, and the user itself in U2. */
function checkHoldings(state: User.AwaitingSurvivors | User.AwaitingSignatures, userId: UserId, path: string): void {
  common.requireAscending(state.userIds, `${path}.userIds`);
  common.requireMembers({ u2: state.u2 }, state.userIds.length, path);
  const own = state.userIds.indexOf(userId);
  require(own >= 0 && hasMember(state.u2, own), `${path}.u2`, 'the user itself among them');
  const others = positions(state.u2).filter((position) => position !== own);
  const complete =
    state.holdings.length === others.length && others.every((other, i) => at(state.holdings, i).position === other);
  require(complete, `${path}.holdings`, 'one for each other user of U2');
}
