// A user's state as JSON. CONTAINS SECRETS. Self-contained, versioned, strict; each phase has what later rounds need.
import { platform } from '#platform';
import { equalBytes } from '../bytes.ts';
import type { UserId } from '../ids.ts';
import { at } from '../lists.ts';
import { hasMember, isSubset, positions } from '../members.ts';
import { laneBytes } from '../parameters.ts';
import type { AdvertisedKeys, HeldShares } from '../protocol/notation.ts';
import type * as User from '../protocol/user/state.ts';
import { DIGEST_BYTES, KEY_BYTES, SHARE_BYTES } from '../sizes.ts';
import * as common from './common.ts';
import { bytes, document, flag, integer, list, nullable, oneOf, oneOfKinds, record, require, type Document } from './json.ts';

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

const state = oneOfKinds<'phase', User.UserState>('phase', {
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
  const { parameters, policy, userId, publicKeys } = context;
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
  if ('signSecretKey' in state) {
    const own = publicKeys.get(userId) ?? state.signSecretKey;
    require(equalBytes(
      platform.ed25519PublicKey(state.signSecretKey),
      own,
    ), `${path}.state.signSecretKey`, 'that of the own key');
  }
  const ids = idsOf(state);
  if (ids !== null) {
    common.requireAscending(ids, `${path}.state`);
    common.requireCohort(ids.length, parameters, policy, `${path}.state`);
    require(ids.every((id) => publicKeys.has(id)), `${path}.state`, 'users whose keys are registered');
    require(ids.includes(userId), `${path}.state`, 'the user itself among them');
  }
  checkState(state, context, `${path}.state`);
}

/** U1; null before it is known. */
function idsOf(state: Exclude<User.UserState, { phase: 'failed' }>): readonly UserId[] | null {
  switch (state.phase) {
    case 'advertise-keys':
    case 'share-keys':
      return null;
    case 'masked-input':
      return state.participants.map((participant) => participant.userId);
    case 'consistency-check':
    case 'unmasking':
    case 'finished':
      return state.userIds;
  }
}

type Context = UserSnapshot['context'];

function checkState(state: Exclude<User.UserState, { phase: 'failed' }>, context: Context, path: string): void {
  switch (state.phase) {
    case 'advertise-keys':
    case 'share-keys':
      return;
    case 'masked-input': {
      const others = state.participants.length - 1;
      require(state.openingKeys.length === others, `${path}.openingKeys`, `${String(others)} keys`);
      return;
    }
    case 'consistency-check':
      checkHoldings(state, context, path);
      return;
    case 'unmasking':
      checkHoldings(state, context, path);
      checkSurvivors(state, context, path);
      return;
    case 'finished':
      common.requireMembers({ u2: state.u2 }, state.userIds.length, path);
      checkSurvivors(state, context, path);
      return;
  }
}

/** U3 ⊆ U2, |U3| ≥ t, the user itself in U3. */
function checkSurvivors(state: User.AwaitingSignatures | User.Finished, { parameters, userId }: Context, path: string): void {
  common.requireMembers({ u3: state.u3 }, state.userIds.length, path);
  common.requireQuorum({ u3: state.u3 }, parameters, path);
  require(isSubset(state.u3, state.u2), `${path}.u3`, 'a subset of U2');
  require(hasMember(state.u3, state.userIds.indexOf(userId)), `${path}.u3`, 'the user itself among them');
}

/** One holding for each other user of U2, ascending, |U2| ≥ t, the user itself in U2. */
function checkHoldings(
  state: User.AwaitingSurvivors | User.AwaitingSignatures,
  { parameters, userId }: Context,
  path: string,
): void {
  common.requireMembers({ u2: state.u2 }, state.userIds.length, path);
  common.requireQuorum({ u2: state.u2 }, parameters, path);
  const own = state.userIds.indexOf(userId);
  require(hasMember(state.u2, own), `${path}.u2`, 'the user itself among them');
  const others = positions(state.u2).filter((position) => position !== own);
  const complete =
    state.holdings.length === others.length && others.every((other, i) => at(state.holdings, i).position === other);
  require(complete, `${path}.holdings`, 'one for each other user of U2');
}
