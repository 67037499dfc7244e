// What a coordinator knows of the present round, and its JSON. CONTAINS A SECRET: the coordinator's key of the round.
import { DecodeError } from '../leaves/errors.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import {
  bytes,
  document,
  integer,
  list,
  mapOf,
  nullable,
  oneOf,
  record,
  require,
  secret,
  type Codec,
  type Document,
} from '../session/codec.ts';
import { MaskObject } from './masking/mask-object.ts';
import { SEALED_SEED_BYTES } from './wire/payloads.ts';
import type { Tag } from './wire/message.ts';

/** Messages of a phase, by what became of them. */
interface MessageCounts {
  accepted: number;
  /** Refused, for whatever reason. */
  rejected: number;
  /** Refused because the phase had its most messages. */
  discarded: number;
}

/** A mask that sum participants sent, and how many of them. */
interface MaskVote {
  readonly mask: MaskObject;
  votes: number;
}

/** The round at hand. Participants are named by their Ed25519 public keys in hexadecimal. Messages fill it in place. */
export interface RoundState {
  /** Number of the round, from 1 on. */
  readonly round: number;
  phase: Tag;
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly seed: Uint8Array;
  readonly sumProbability: number;
  readonly updateProbability: number;
  counts: MessageCounts;
  /** The ephemeral key of each sum participant. */
  readonly sums: Map<string, Uint8Array>;
  /** The seeds of each update participant, in the order of `sums`. */
  readonly seeds: Map<string, readonly Uint8Array[]>;
  /** The sum of the masked models. */
  readonly total: MaskObject;
  readonly votes: MaskVote[];
  /** The sum participants that have sent a mask. */
  readonly voters: string[];
  /** For how long the phase had lasted when the state was written, in milliseconds of service time. */
  elapsed: number;
  /** The mean of the last round that gave one. */
  readonly lastModel: StoredModel | null;
}

/** A mean: its numbers as they are in memory, little-endian. */
export interface StoredModel {
  readonly round: number;
  readonly numbers: Uint8Array;
}

const VERSION = 3;
const integers = integer(0, Number.MAX_SAFE_INTEGER);
const key = bytes(KEY_BYTES);

const numberFrom0: Codec<number> = {
  encode: (value) => value,
  decode(json, path): number {
    require(typeof json === 'number' && json >= 0 && Number.isFinite(json), path, 'a number from 0 on');
    return json;
  },
};

const participant: Codec<string> = {
  encode: (value) => value,
  decode(json, path): string {
    require(typeof json === 'string' && /^[0-9a-f]{64}$/.test(json), path, 'a public key in hexadecimal');
    return json;
  },
};

const object: Codec<MaskObject> = {
  encode: (value) => bytes().encode(value.toBytes()),
  decode(json, path): MaskObject {
    const encoded = bytes().decode(json, path);
    try {
      return MaskObject.fromBytes(encoded);
    } catch (error) {
      require(!(error instanceof DecodeError), path, 'a mask object');
      throw error;
    }
  },
};

export const coordinatorDocument: Document<RoundState> = document(
  'pet-coordinator',
  VERSION,
  record<RoundState>({
    round: integer(1, Number.MAX_SAFE_INTEGER),
    phase: oneOf('sum', 'update', 'sum2'),
    secretKey: secret(KEY_BYTES),
    publicKey: key,
    seed: key,
    sumProbability: numberFrom0,
    updateProbability: numberFrom0,
    counts: record<MessageCounts>({ accepted: integers, rejected: integers, discarded: integers }),
    sums: mapOf(participant, key),
    seeds: mapOf(participant, list(bytes(SEALED_SEED_BYTES))),
    total: object,
    votes: list(record<MaskVote>({ mask: object, votes: integers })),
    voters: list(participant),
    elapsed: numberFrom0,
    lastModel: nullable(record<StoredModel>({ round: integer(1, Number.MAX_SAFE_INTEGER), numbers: bytes() })),
  }),
);
