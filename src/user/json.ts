// A user's state as JSON. CONTAINS SECRETS. Self-contained, versioned, strict; each phase has what later rounds need.
import { platform } from '#platform';
import { equalBytes, wipe } from '../leaves/bytes.ts';
import type { UserId } from '../leaves/ids.ts';
import { at } from '../leaves/lists.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import { hasMember, isSubset, type Members } from '../leaves/members.ts';
import { laneBytes, MAX_USERS } from '../session/parameters.ts';
import type { AdvertisedKeys } from '../session/messages.ts';
import { ROUND_OF_PHASE, type HeldShares } from '../session/notation.ts';
import type { Position } from '../leaves/positions.ts';
import type * as User from './state.ts';
import { secretsOf } from './state.ts';
import { DIGEST_BYTES, KEY_BYTES, SHARE_BYTES } from '../leaves/sizes.ts';
import { sessionTag } from '../session/binding.ts';
import * as codecs from '../session/json.ts';
import { decodeUserMessage } from '../wire/envelope.ts';
import {
  bytes,
  document,
  flag,
  integer,
  list,
  nullable,
  oneOf,
  oneOfKinds,
  record,
  require,
  secret,
  type Document,
} from '../session/codec.ts';

const VERSION = 2;
const key = bytes(KEY_BYTES);
const secretKey = secret(KEY_BYTES);
const share = secret(SHARE_BYTES);
const digest = bytes(DIGEST_BYTES);
const placed = { users: integer(1, MAX_USERS), position: codecs.position };

const holding = record<User.Holding>({
  position: codecs.position,
  shares: nullable(record<HeldShares>({ selfMask: share, pairwiseKey: share })),
});

const state = oneOfKinds<'phase', User.UserState>('phase', {
  'advertise-keys': record<User.AwaitingStart>({ phase: oneOf('advertise-keys'), signSecretKey: secretKey }),
  'share-keys': record<User.AwaitingDirectory>({
    phase: oneOf('share-keys'),
    signSecretKey: secretKey,
    advertised: record<AdvertisedKeys>({ channelKey: key, maskKey: key }),
    channelSecretKey: secretKey,
    maskSecretKey: secretKey,
  }),
  'masked-input': record<User.AwaitingSealedShares>({
    phase: oneOf('masked-input'),
    signSecretKey: secretKey,
    ...placed,
    directoryDigest: digest,
    peers: list(record<User.Peer>({ userId: codecs.userId, maskKey: key, openingKey: secretKey })),
    maskSecretKey: secretKey,
    selfMaskSeed: secretKey,
    ownShare: nullable(share),
    dealDigest: digest,
  }),
  'consistency-check': record<User.AwaitingSurvivors>({
    phase: oneOf('consistency-check'),
    signSecretKey: secretKey,
    ...placed,
    peers: list(codecs.userId),
    u2: codecs.members,
    view2: digest,
    ownShare: nullable(share),
    holdings: list(holding),
  }),
  unmasking: record<User.AwaitingSignatures>({
    phase: oneOf('unmasking'),
    signSecretKey: secretKey,
    ...placed,
    peers: list(codecs.userId),
    u2: codecs.members,
    u3: codecs.members,
    view3: digest,
    ownShare: nullable(share),
    holdings: list(holding),
  }),
  finished: record<User.Finished>({ phase: oneOf('finished'), ...placed, u2: codecs.members, u3: codecs.members }),
  failed: codecs.failed,
});

const snapshot = record<User.UserSnapshot>({
  revision: integer(0, Number.MAX_SAFE_INTEGER),
  context: record<User.KeptContext>({
    parameters: codecs.parameters,
    policy: codecs.policy,
    userId: codecs.userId,
    publicKeys: nullable(codecs.publicKeys),
    roster: nullable(digest),
  }),
  modularInputs: flag,
  input: nullable(secret()),
  answered: list(digest),
  output: nullable(bytes()),
  state,
});

export const userDocument: Document<User.UserSnapshot> = document('user', VERSION, {
  encode(value): unknown {
    codecs.requireStorable(value.context.parameters);
    return snapshot.encode(value);
  },
  decode(json, path): User.UserSnapshot {
    const decoded = snapshot.decode(json, path);
    try {
      checkWhole(decoded, path);
    } catch (error) {
      wipe([...secretsOf(decoded.state), ...(decoded.input === null ? [] : [decoded.input])]);
      throw error;
    }
    return decoded;
  },
});

/** Throws unless a message is one of this user in this session and round. */
function requireOwnAnswer(output: Uint8Array, { parameters, userId }: Context, round: number, path: string): void {
  let found: number | null;
  try {
    found = decodeUserMessage(output, sessionTag(parameters), userId, output.length).round;
  } catch {
    found = null;
  }
  require(found === round, path, 'a message of this user');
}

/** Checks what no single field shows: that the fields belong together. */
function checkWhole({ revision, context, input, answered, output, state }: User.UserSnapshot, path: string): void {
  const { parameters, policy } = context;
  codecs.requirePolicy(parameters, policy, `${path}.context`);
  checkPublicKeys(context, answered.length, `${path}.context`);
  const inputBytes = parameters.vecLen * laneBytes(parameters.bits);
  require(input === null || input.length === inputBytes, `${path}.input`, `${inputBytes} bytes`);
  // One change for each answer, one if the vector came later, one if the public keys did, and one for an error.
  const others = revision - answered.length - (state.phase === 'failed' ? 1 : 0);
  require(others >= 0 && others <= (context.publicKeys === null ? 1 : 2), `${path}.revision`, 'the number of changes');
  if (state.phase === 'failed') {
    require(input === null && output === null, path, 'nothing to send after an error');
    return;
  }
  const round = ROUND_OF_PHASE[state.phase];
  require(answered.length === round, `${path}.answered`, `${round} digests`);
  require((output === null) === (round === 0), `${path}.output`, 'the answer to the last message');
  if (output !== null) requireOwnAnswer(output, context, round - 1, `${path}.output`);
  require(input === null || round <= 2, `${path}.input`, 'no input once it is masked');
  const own = context.publicKeys?.get(context.userId);
  if ('signSecretKey' in state && own !== undefined) {
    require(equalBytes(
      platform.ed25519PublicKey(state.signSecretKey),
      own,
    ), `${path}.state.signSecretKey`, 'that of the own key');
  }
  checkState(state, context, `${path}.state`);
}

type Context = User.KeptContext;

/** The public keys may be missing until round 1 is answered, and only then is a digest known of what they must be. */
function checkPublicKeys({ publicKeys, roster, userId }: Context, answered: number, path: string): void {
  if (publicKeys === null) {
    require(answered <= 1, `${path}.publicKeys`, 'public keys once round 1 is answered');
    return;
  }
  require(publicKeys.has(userId), `${path}.publicKeys`, "the user's own key");
  require(roster === null, `${path}.roster`, 'null once the public keys are there');
}

function checkState(state: Exclude<User.UserState, { phase: 'failed' }>, context: Context, path: string): void {
  if (state.phase === 'advertise-keys' || state.phase === 'share-keys') return;
  codecs.requireDirectorySize(state.users, context.parameters, context.policy, path);
  require(state.position < state.users, `${path}.position`, 'a position in U1');
  if (state.phase === 'masked-input') {
    checkPeers(
      state,
      state.peers.map(({ userId }) => userId),
      context,
      path,
    );
    return;
  }
  checkSet(state, 'u2', state.u2, context, path);
  if (state.phase !== 'finished') checkHoldings(state, context, path);
  if (state.phase === 'consistency-check') return;
  checkSet(state, 'u3', state.u3, context, path);
  require(isSubset(state.u3, state.u2), `${path}.u3`, 'a subset of U2');
}

/** Checks that the peers are as many as the user has neighbors, other users, registered, and in the graph's order. */
function checkPeers(
  state: User.AwaitingSealedShares | User.AwaitingSurvivors | User.AwaitingSignatures,
  peers: readonly UserId[],
  { parameters, userId, publicKeys }: Context,
  path: string,
): void {
  const { users, position } = state;
  const count = neighborhoodsOf(parameters.graph, users).degree;
  require(peers.length === count, `${path}.peers`, `${count} users`);
  // On the complete graph ids ascend by position, the user's own among them. On a sparse graph only that they are distinct is checked.
  const inOrder = [...peers.slice(0, position), userId, ...peers.slice(position)];
  codecs.requireOrder(inOrder, parameters, `${path}.peers`);
  require(inOrder.every((id) => publicKeys?.has(id)), `${path}.peers`, 'users whose keys are registered');
  const keepsShare = parameters.graph === 'complete';
  require((state.ownShare !== null) === keepsShare, `${path}.ownShare`, keepsShare ? 'a share' : 'null on a sparse graph');
}

/** A set over U1 of at least the threshold, the user itself in it. */
function checkSet(
  { users, position }: { readonly users: number; readonly position: Position },
  name: 'u2' | 'u3',
  set: Members,
  { parameters }: Context,
  path: string,
): void {
  codecs.requireMembers({ [name]: set }, users, path);
  codecs.requireQuorum({ [name]: set }, parameters, path);
  require(hasMember(set, position), `${path}.${name}`, 'the user itself among them');
}

/** One holding for each neighbor in U2, in the graph's order. */
function checkHoldings(state: User.AwaitingSurvivors | User.AwaitingSignatures, context: Context, path: string): void {
  checkPeers(state, state.peers, context, path);
  const graph = neighborhoodsOf(context.parameters.graph, state.users);
  const dealers = graph.neighbors(state.position).filter((position) => hasMember(state.u2, position));
  const complete =
    state.holdings.length === dealers.length && dealers.every((dealer, i) => at(state.holdings, i).position === dealer);
  require(complete, `${path}.holdings`, 'one for each neighbor in U2');
}
