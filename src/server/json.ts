// The server's state as JSON. It holds no secret, and O(vecLen + users²) bytes however many vectors have come.
import { hex } from '../leaves/bytes.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import type { UserId } from '../leaves/ids.ts';
import { at } from '../leaves/lists.ts';
import { countMembers, hasMember, isSubset, positions, type Members } from '../leaves/members.ts';
import { laneBytes, type Parameters, type Policy } from '../session/parameters.ts';
import type { DroppedUser } from '../leaves/progress.ts';
import type { Failed } from '../session/failure.ts';
import type { Advertisement, Deal } from '../session/notation.ts';
import { DealMap } from './deal-map.ts';
import { Roster } from './roster.ts';
import type * as Server from './state.ts';
import { VERDICT } from './state.ts';
import { DIGEST_BYTES, KEY_BYTES, RECORD_BYTES, SHARE_BYTES, SHARE_COMMITMENT_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import * as common from '../session/json.ts';
import {
  bytes,
  document,
  integer,
  list,
  mapOf,
  nullable,
  oneOf,
  oneOfKinds,
  record,
  require,
  type Codec,
  type Document,
} from '../session/codec.ts';

/** All that a server is. */
export interface ServerSnapshot {
  /** Grows with every change. */
  readonly revision: number;
  readonly context: Omit<Server.ServerContext, 'tag'>;
  /** For each round, whose message was accepted and its digest: the same bytes again change nothing. */
  readonly received: readonly Map<UserId, Uint8Array>[];
  readonly dropped: readonly DroppedUser[];
  readonly state: Server.ServerState;
}

const VERSION = 1;
/** Of an owner that is not in U2. */
const NO_VERDICT: number = VERDICT.none;
const key = bytes(KEY_BYTES);
const digest = bytes(DIGEST_BYTES);
const signature = bytes(SIGNATURE_BYTES);

const advertisement = record<Advertisement>({ userId: common.userId, channelKey: key, maskKey: key, signature });
const ownShareCommitment = nullable(bytes(SHARE_COMMITMENT_BYTES));
const dealsByPosition = mapOf(common.position, record<Deal>({ seedCommitment: digest, ownShareCommitment, sealed: bytes() }));
const deals: Codec<DealMap> = {
  encode: (dealt) => dealsByPosition.encode(dealt),
  decode: (json, path) => DealMap.of(dealsByPosition.decode(json, path)),
};
const commitments = mapOf(
  common.position,
  record<Server.DealtCommitments>({ seedCommitment: digest, ownShareCommitment, shares: bytes() }),
);
const directory: Codec<Roster> = {
  encode: (roster) => list(advertisement).encode([...roster.lines]),
  decode(json, path): Roster {
    const lines = list(advertisement).decode(json, path);
    require(new Set(lines.map((line) => line.userId)).size === lines.length, path, 'distinct users');
    return new Roster(lines);
  },
};

const collectingKeys: Codec<Server.CollectingKeys> = {
  encode: ({ phase, advertisements }) => ({ phase, advertisements: list(advertisement).encode([...advertisements.values()]) }),
  decode(json, path): Server.CollectingKeys {
    const lines = record<{ phase: 'advertise-keys'; advertisements: Advertisement[] }>({
      phase: oneOf('advertise-keys'),
      advertisements: list(advertisement),
    }).decode(json, path);
    const advertisements = new Map(lines.advertisements.map((line) => [line.userId, line]));
    const keys = new Set(lines.advertisements.flatMap((line) => [hex(line.channelKey), hex(line.maskKey)]));
    const { length } = lines.advertisements;
    require(advertisements.size === length && keys.size === 2 * length, `${path}.advertisements`, 'distinct users and keys');
    return { phase: lines.phase, advertisements, keys };
  },
};

const distinctPositions: Codec<Set<number>> = {
  encode: (heard: Set<number>) => [...heard],
  decode(json, path): Set<number> {
    const heard = list(common.position).decode(json, path);
    const distinct = new Set(heard);
    require(distinct.size === heard.length, path, 'distinct users');
    return distinct;
  },
};

const signatures = mapOf(common.position, signature);
const answers = mapOf(common.position, record<Server.Answer>({ shares: bytes(), verdicts: bytes() }));

const collectingInputs: Codec<Server.CollectingInputs> = record<Server.CollectingInputs>({
  phase: oneOf('masked-input'),
  directory,
  binding: digest,
  u2: common.members,
  view2: digest,
  deals,
  sum: bytes(),
  heard: distinctPositions,
});

const state = oneOfKinds<'phase', Server.ServerState>('phase', {
  'advertise-keys': collectingKeys,
  'share-keys': record<Server.CollectingDeals>({ phase: oneOf('share-keys'), directory, binding: digest, deals }),
  'masked-input': collectingInputs,
  'consistency-check': record<Server.CollectingSignatures>({
    phase: oneOf('consistency-check'),
    directory,
    binding: digest,
    u2: common.members,
    u3: common.members,
    view2: digest,
    view3: digest,
    commitments,
    sum: bytes(),
    signatures,
  }),
  unmasking: record<Server.CollectingAnswers>({
    phase: oneOf('unmasking'),
    directory,
    binding: digest,
    u2: common.members,
    u3: common.members,
    u4: common.members,
    view2: digest,
    view3: digest,
    commitments,
    sum: bytes(),
    signatures,
    answers,
  }),
  finished: record<Server.Finished>({
    phase: oneOf('finished'),
    included: list(common.userId),
    users: integer(1, Number.MAX_SAFE_INTEGER),
    sum: bytes(),
  }),
  failed: common.failed,
});

const droppedUser = record<DroppedUser>({
  userId: common.userId,
  round: integer(0, 4),
  reason: oneOf('no-shares', 'no-masked-input', 'no-signature', 'no-answer', 'wrong-share', 'inconsistent-deal'),
});

const snapshot = record<ServerSnapshot>({
  revision: integer(0, Number.MAX_SAFE_INTEGER),
  context: record<ServerSnapshot['context']>({
    parameters: common.parameters,
    policy: common.policy,
    publicKeys: nullable(common.publicKeys),
  }),
  received: list(mapOf(common.userId, digest)),
  dropped: list(droppedUser),
  state,
});

export const serverDocument: Document<ServerSnapshot> = document('server', VERSION, {
  encode: (value) => snapshot.encode(value),
  decode(json, path): ServerSnapshot {
    const decoded = snapshot.decode(json, path);
    checkSnapshot(decoded, path);
    return decoded;
  },
});

/** What no single field shows, of a whole state. @throws StateError. */
export function checkSnapshot(value: ServerSnapshot, path: string): void {
  common.requirePolicy(value.context.parameters, value.context.policy, `${path}.context`);
  checkState(value.state, value.context, `${path}.state`);
  checkReceived(value, `${path}.received`);
}

/** What a server has heard in one round, without what came before: O(vecLen) in round 2 however many users it heard. */
export const partDocument: Document<Server.ServerPart> = document(
  'server-part',
  VERSION,
  record<Server.ServerPart>({
    base: bytes(),
    received: mapOf(common.userId, digest),
    dropped: list(droppedUser),
    heard: oneOfKinds<'phase', Server.Heard>('phase', {
      'advertise-keys': collectingKeys,
      'share-keys': record<Server.HeardDeals>({ phase: oneOf('share-keys'), deals }),
      'masked-input': record<Server.HeardInputs>({ phase: oneOf('masked-input'), heard: distinctPositions, sum: bytes() }),
      'consistency-check': record<Server.HeardSignatures>({ phase: oneOf('consistency-check'), signatures }),
      unmasking: record<Server.HeardAnswers>({ phase: oneOf('unmasking'), answers }),
    }),
  }),
);

/** Whoever was heard in a round has the digest of its message there, and nobody else has. */
function checkReceived({ received, state: value }: ServerSnapshot, path: string): void {
  require(received.length === 5, path, 'one map a round');
  const nested = received.every((messages, round) => {
    const before = received[round - 1];
    return before === undefined || [...messages.keys()].every((id) => before.has(id));
  });
  require(nested, path, 'U1 ⊇ U2 ⊇ U3 ⊇ U4 ⊇ U5');
  if (value.phase === 'failed') return;
  for (const [round, ids] of heardSoFar(value).entries()) {
    if (ids === null) continue;
    const messages = received[round];
    const same = messages?.size === ids.length && ids.every((id) => messages.has(id));
    require(same, `${path}[${round}]`, 'the users heard in that round');
  }
}

/** The users heard in each round; null where the state no longer tells. */
function heardSoFar(value: Exclude<Server.ServerState, Failed>): (readonly UserId[] | null)[] {
  if (value.phase === 'advertise-keys') return [[...value.advertisements.keys()], [], [], [], []];
  if (value.phase === 'finished') return [null, null, value.included, null, null];
  const everyone = value.directory.lines.map(({ userId }) => userId);
  const ids = (set: Iterable<number>): UserId[] => Array.from(set, (position) => at(everyone, position));
  switch (value.phase) {
    case 'share-keys':
      return [everyone, ids(value.deals.keys()), [], [], []];
    case 'masked-input':
      return [everyone, ids(positions(value.u2)), ids(value.heard), [], []];
    case 'consistency-check':
      return [everyone, ids(positions(value.u2)), ids(positions(value.u3)), ids(value.signatures.keys()), []];
    case 'unmasking':
      return [everyone, ids(positions(value.u2)), ids(positions(value.u3)), ids(positions(value.u4)), ids(value.answers.keys())];
  }
}

/** What no single field shows: that sets are over the directory, maps over their set, lengths the session's. */
function checkState(value: Server.ServerState, { parameters, policy }: ServerSnapshot['context'], path: string): void {
  const check = { parameters, policy, path };
  switch (value.phase) {
    case 'advertise-keys':
      return;
    case 'share-keys':
      checkDirectory(value.directory, check);
      checkDeals(value.deals, value.directory, check);
      return;
    case 'masked-input':
      checkDirectory(value.directory, check);
      common.requireMembers({ u2: value.u2 }, value.directory.size, path);
      common.requireQuorum({ u2: value.u2 }, parameters, path);
      checkDeals(value.deals, value.directory, check);
      checkKeys(value.deals, value.u2, `${path}.deals`);
      require([...value.heard].every((position) => hasMember(value.u2, position)), `${path}.heard`, 'users of U2');
      checkSum(value.sum, check);
      return;
    case 'consistency-check':
      checkSurvivors(value, check);
      require(within(value.signatures, value.u3), `${path}.signatures`, 'users of U3');
      return;
    case 'unmasking':
      checkSurvivors(value, check);
      common.requireMembers({ u4: value.u4 }, value.directory.size, path);
      common.requireQuorum({ u4: value.u4 }, parameters, path);
      require(isSubset(value.u4, value.u3), `${path}.u4`, 'a subset of U3');
      checkKeys(value.signatures, value.u4, `${path}.signatures`);
      checkAnswers(value, check);
      return;
    case 'finished':
      checkSum(value.sum, check);
      return;
    case 'failed':
      return;
  }
}

interface Check {
  readonly parameters: Parameters;
  readonly policy: Policy;
  readonly path: string;
}

function checkDirectory({ lines }: Roster, { parameters, policy, path }: Check): void {
  common.requireCohort(lines.length, parameters, policy, `${path}.directory`);
  common.requireOrder(
    lines.map((line) => line.userId),
    parameters,
    `${path}.directory`,
  );
}

/** On the complete graph owners commit to a share that they keep, on a sparse graph they keep none. */
function keepsShare({ parameters }: Check): (dealt: { readonly ownShareCommitment: Uint8Array | null }) => boolean {
  return ({ ownShareCommitment }) => (ownShareCommitment !== null) === (parameters.graph === 'complete');
}

function checkDeals(dealt: ReadonlyMap<number, Deal>, { size }: Roster, check: Check): void {
  const length = neighborhoodsOf(check.parameters.graph, size).degree * RECORD_BYTES;
  const keeps = keepsShare(check);
  const fits = ([position, deal]: [number, Deal]): boolean => position < size && deal.sealed.length === length && keeps(deal);
  require([...dealt].every(fits), `${check.path}.deals`, `records of ${length} bytes a user`);
}

function checkSurvivors(value: Server.CollectingSignatures | Server.CollectingAnswers, check: Check): void {
  const users = value.directory.size;
  const { path, parameters } = check;
  checkDirectory(value.directory, check);
  common.requireMembers({ u2: value.u2, u3: value.u3 }, users, path);
  common.requireQuorum({ u2: value.u2, u3: value.u3 }, parameters, path);
  require(isSubset(value.u3, value.u2), `${path}.u3`, 'a subset of U2');
  checkKeys(value.commitments, value.u2, `${path}.commitments`);
  const length = neighborhoodsOf(parameters.graph, users).degree * 2 * SHARE_COMMITMENT_BYTES;
  const keeps = keepsShare(check);
  require([...value.commitments.values()].every(
    (dealt) => dealt.shares.length === length && keeps(dealt),
  ), `${path}.commitments`, `${length} bytes a user`);
  checkSum(value.sum, check);
}

function checkAnswers({ answers, directory, u2, u4 }: Server.CollectingAnswers, { parameters, path }: Check): void {
  const graph = neighborhoodsOf(parameters.graph, directory.size);
  require(within(answers, u4), `${path}.answers`, 'users of U4');
  const fits = ([holder, { shares, verdicts }]: [number, Server.Answer]): boolean =>
    shares.length === graph.groupSize * SHARE_BYTES &&
    verdicts.length === graph.groupSize &&
    graph.holders(holder).every((owner, i) => (verdicts[i] === NO_VERDICT) === !hasMember(u2, owner)) &&
    verdicts.every((verdict) => verdict <= NO_VERDICT);
  require([...answers].every(fits), `${path}.answers`, `a verdict about each user of U2 whose shares its sender holds`);
}

function checkSum(sum: Uint8Array, { parameters, path }: Check): void {
  const length = parameters.vecLen * laneBytes(parameters.bits);
  require(sum.length === length, `${path}.sum`, `${length} bytes`);
}

function within(map: ReadonlyMap<number, unknown>, members: Members): boolean {
  return [...map.keys()].every((position) => hasMember(members, position));
}

/** Throws unless a map has exactly the users of a set. */
function checkKeys(map: ReadonlyMap<number, unknown>, members: Members, path: string): void {
  require(map.size === countMembers(members) &&
    positions(members).every((position) => map.has(position)), path, 'the users of the set');
}
