// What a participant knows of the round that it takes part in, and its JSON. CONTAINS SECRETS: the ephemeral key of a sum participant.
import { KEY_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { bytes, document, integer, nullable, oneOf, oneOfKinds, record, secret, type Document } from '../session/codec.ts';
import { MOST_PARTS } from './wire/parts.ts';
import type { Tag } from './wire/message.ts';

/** Nothing to do in this round, or no round is known yet. */
interface Awaiting {
  readonly phase: 'awaiting';
  /** The round's parameters as they came; null before the first round. */
  readonly parameters: Uint8Array | null;
}

/** Drawn for the update task. Waits for the sum participants, and for the application's model. */
export interface Updating {
  readonly phase: 'update';
  readonly parameters: Uint8Array;
  readonly sumSignature: Uint8Array;
  readonly updateSignature: Uint8Array;
}

/** What a sum participant needs to open the seeds. */
export interface SumKeys {
  readonly sumSignature: Uint8Array;
  readonly ephemeralSecretKey: Uint8Array;
}

/** A message is on its way, one part after the other. */
export interface Sending {
  readonly phase: 'sending';
  readonly parameters: Uint8Array;
  readonly tag: Tag;
  readonly payload: Uint8Array;
  /** Number of the message, if it goes in parts. */
  readonly messageId: number;
  /** Bytes of the payload in a part; null if it goes as a whole. */
  readonly partBytes: number | null;
  /** The next part. */
  readonly next: number;
  /** For a sum message: what the sum2 task needs. */
  readonly keys: SumKeys | null;
}

/** Drawn for the sum task, and heard. Waits for the seeds. */
export interface Summing {
  readonly phase: 'sum2';
  readonly parameters: Uint8Array;
  readonly keys: SumKeys;
}

/** The state of a participant. */
export type ParticipantState = Awaiting | Updating | Sending | Summing;

/** All that a participant remembers. */
export interface ParticipantMemory {
  readonly state: ParticipantState;
  /** Seeds of the rounds for which it has made a message, 32 bytes each, in one byte string. */
  readonly spoken: Uint8Array;
}

/** A memory and whose it is. */
export interface ParticipantSnapshot extends ParticipantMemory {
  readonly publicKey: Uint8Array;
}

export const NO_MEMORY: ParticipantMemory = { state: { phase: 'awaiting', parameters: null }, spoken: new Uint8Array() };

const VERSION = 3;
const parameters = bytes();
const signature = bytes(SIGNATURE_BYTES);
const keys = record<SumKeys>({ sumSignature: signature, ephemeralSecretKey: secret(KEY_BYTES) });

const state = oneOfKinds<'phase', ParticipantState>('phase', {
  awaiting: record<Awaiting>({ phase: oneOf('awaiting'), parameters: nullable(parameters) }),
  update: record<Updating>({ phase: oneOf('update'), parameters, sumSignature: signature, updateSignature: signature }),
  sending: record<Sending>({
    phase: oneOf('sending'),
    parameters,
    tag: oneOf('sum', 'update', 'sum2'),
    payload: bytes(),
    messageId: integer(0, 65_535),
    partBytes: nullable(integer(1, Number.MAX_SAFE_INTEGER)),
    next: integer(0, MOST_PARTS - 1),
    keys: nullable(keys),
  }),
  sum2: record<Summing>({ phase: oneOf('sum2'), parameters, keys }),
});

export const participantDocument: Document<ParticipantSnapshot> = document(
  'pet-participant',
  VERSION,
  record<ParticipantSnapshot>({ publicKey: bytes(KEY_BYTES), state, spoken: bytes() }),
);
