// The server's state as JSON. It holds no secret, and O(vecLen + users²) bytes however many vectors have come.
import { hex } from '../leaves/bytes.ts';
import type { Position } from '../leaves/positions.ts';
import type { DroppedUser } from '../leaves/progress.ts';
import { DIGEST_BYTES, KEY_BYTES, SHARE_COMMITMENT_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
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
import * as codecs from '../session/json.ts';
import type { Advertisement, Deal } from '../session/messages.ts';
import { MAX_USERS } from '../session/parameters.ts';
import { DealMap } from './deal-map.ts';
import { Roster } from './roster.ts';
import { checkSnapshot } from './snapshot-checks.ts';
import type * as Server from './state.ts';

const VERSION = 1;
const key = bytes(KEY_BYTES);
const digest = bytes(DIGEST_BYTES);
const directoryDigest = digest;
const signature = bytes(SIGNATURE_BYTES);

const advertisement = record<Advertisement>({ userId: codecs.userId, channelKey: key, maskKey: key, signature });
const ownShareCommitment = nullable(bytes(SHARE_COMMITMENT_BYTES));
const dealsByPosition = mapOf(codecs.position, record<Deal>({ seedCommitment: digest, ownShareCommitment, sealed: bytes() }));
// A server with filed deals is made from rows and never serialized.
const deals: Codec<Server.CollectingDeals['deals']> = {
  encode: (dealt) => dealsByPosition.encode(dealt as Map<Position, Deal>),
  decode: (json, path) => DealMap.of(dealsByPosition.decode(json, path)),
};
const commitments = mapOf(
  codecs.position,
  record<Server.DealtCommitments>({ seedCommitment: digest, ownShareCommitment, shares: bytes() }) as Codec<
    Server.DealtCommitments | Server.FiledDeal
  >,
);
const directory: Codec<Roster> = {
  encode: (roster) => list(advertisement).encode([...roster.lines]),
  decode(json, path): Roster {
    // That its users are distinct is checked with the whole snapshot.
    return new Roster(list(advertisement).decode(json, path));
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

const distinctPositions: Codec<Set<Position>> = {
  encode: (heard: Set<Position>) => [...heard],
  decode(json, path): Set<Position> {
    const heard = list(codecs.position).decode(json, path);
    const distinct = new Set(heard);
    require(distinct.size === heard.length, path, 'distinct users');
    return distinct;
  },
};

const signatures = mapOf(codecs.position, signature);
const answers = mapOf(codecs.position, record<Server.Answer>({ shares: bytes(), verdicts: bytes() }));

const collectingInputs: Codec<Server.CollectingInputs> = record<Server.CollectingInputs>({
  phase: oneOf('masked-input'),
  directory,
  directoryDigest,
  u2: codecs.members,
  view2: digest,
  deals,
  sum: bytes(),
  heard: distinctPositions,
});

const state = oneOfKinds<'phase', Server.ServerState>('phase', {
  'advertise-keys': collectingKeys,
  'share-keys': record<Server.CollectingDeals>({ phase: oneOf('share-keys'), directory, directoryDigest, deals }),
  'masked-input': collectingInputs,
  'consistency-check': record<Server.CollectingSignatures>({
    phase: oneOf('consistency-check'),
    directory,
    directoryDigest,
    u2: codecs.members,
    u3: codecs.members,
    view2: digest,
    view3: digest,
    commitments,
    sum: bytes(),
    signatures,
  }),
  unmasking: record<Server.CollectingAnswers>({
    phase: oneOf('unmasking'),
    directory,
    directoryDigest,
    u2: codecs.members,
    u3: codecs.members,
    u4: codecs.members,
    view2: digest,
    view3: digest,
    commitments,
    sum: bytes(),
    signatures,
    answers,
  }),
  finished: record<Server.Finished>({
    phase: oneOf('finished'),
    included: list(codecs.userId),
    users: integer(0, MAX_USERS),
    sum: bytes(),
  }),
  failed: codecs.failed,
});

export const droppedUser: Codec<DroppedUser> = record<DroppedUser>({
  userId: codecs.userId,
  round: integer(1, 4), // whoever is not heard in round 0 was never in
  reason: oneOf('no-shares', 'no-masked-input', 'no-signature', 'no-answer', 'wrong-share', 'inconsistent-deal'),
});

const snapshot = record<Server.ServerSnapshot>({
  revision: integer(0, Number.MAX_SAFE_INTEGER),
  context: record<Server.ServerSnapshot['context']>({
    parameters: codecs.parameters,
    policy: codecs.policy,
    publicKeys: nullable(codecs.publicKeys),
  }),
  received: list(mapOf(codecs.userId, digest)),
  dropped: list(droppedUser),
  state,
});

export const serverDocument: Document<Server.ServerSnapshot> = document('server', VERSION, {
  encode(value): unknown {
    codecs.requireStorable(value.context.parameters);
    return snapshot.encode(value);
  },
  decode(json, path): Server.ServerSnapshot {
    const decoded = snapshot.decode(json, path);
    checkSnapshot(decoded, path);
    return decoded;
  },
});

/** What a server has heard in one round, without what came before: O(vecLen) in round 2 however many users it heard. */
export const partDocument: Document<Server.ServerPart> = document(
  'server-part',
  VERSION,
  record<Server.ServerPart>({
    base: bytes(),
    received: mapOf(codecs.userId, digest),
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
