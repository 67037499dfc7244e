// The payloads of messages. [xaynet-core 0.2.0] src/message/payload/, src/message/traits.rs.
import { concat, hex, u32 } from '../../leaves/bytes.ts';
import { DecodeError } from '../../leaves/errors.ts';
import { FixedFields } from '../../leaves/fixed-fields.ts';
import { KEY_BYTES, SIGNATURE_BYTES } from '../../leaves/sizes.ts';
import { SEALED_BOX_OVERHEAD } from '../../crypto/sealed-box.ts';
import { MaskObject, readMaskObject } from '../masking/mask-object.ts';

/** A seed of a mask, sealed for one sum participant. */
export const SEALED_SEED_BYTES: number = KEY_BYTES + SEALED_BOX_OVERHEAD;
const ENTRY_BYTES = KEY_BYTES + SEALED_SEED_BYTES;

/** A sum participant takes part. */
export interface SumPayload {
  readonly sumSignature: Uint8Array;
  /** X25519 public key for which the seeds are sealed. */
  readonly ephemeralKey: Uint8Array;
}

/** The seed of one masked model, sealed for each sum participant: by the participant's Ed25519 public key in hexadecimal. */
export type SealedSeeds = ReadonlyMap<string, Uint8Array>;

/** An update participant's masked model. */
export interface UpdatePayload {
  readonly sumSignature: Uint8Array;
  readonly updateSignature: Uint8Array;
  readonly maskedModel: MaskObject;
  readonly seeds: SealedSeeds;
}

/** A sum participant's sum of the masks. */
export interface Sum2Payload {
  readonly sumSignature: Uint8Array;
  readonly mask: MaskObject;
}

export function encodeSum({ sumSignature, ephemeralKey }: SumPayload): Uint8Array {
  return concat([sumSignature, ephemeralKey]);
}

/** @throws DecodeError. */
export function decodeSum(bytes: Uint8Array): SumPayload {
  const fields = new FixedFields('sum message', bytes);
  const payload = { sumSignature: fields.bytes(SIGNATURE_BYTES), ephemeralKey: fields.bytes(KEY_BYTES) };
  fields.end();
  return payload;
}

export function encodeUpdate({ sumSignature, updateSignature, maskedModel, seeds }: UpdatePayload): Uint8Array {
  const entries = Array.from(seeds, ([participant, sealed]) => [keyOf(participant), sealed]).flat();
  return concat([sumSignature, updateSignature, maskedModel.toBytes(), u32(4 + seeds.size * ENTRY_BYTES), ...entries]);
}

/** @throws DecodeError; a dictionary that names a sum participant twice is one too. */
export function decodeUpdate(bytes: Uint8Array): UpdatePayload {
  const fields = new FixedFields('update message', bytes);
  const sumSignature = fields.bytes(SIGNATURE_BYTES);
  const updateSignature = fields.bytes(SIGNATURE_BYTES);
  const { object: maskedModel, end } = readMaskObject(bytes, 2 * SIGNATURE_BYTES);
  const dictionary = new FixedFields('update message, seeds', bytes.subarray(end));
  const length = dictionary.integer(4);
  if (length !== bytes.length - end || (length - 4) % ENTRY_BYTES !== 0) {
    throw new DecodeError(`update message, seeds: expected ${length} bytes of whole entries, got ${bytes.length - end}`);
  }
  const seeds = new Map<string, Uint8Array>();
  while (dictionary.left > 0) seeds.set(hex(dictionary.bytes(KEY_BYTES)), dictionary.bytes(SEALED_SEED_BYTES));
  if (4 + seeds.size * ENTRY_BYTES !== length) throw new DecodeError('update message, seeds: expected no participant twice');
  return { sumSignature, updateSignature, maskedModel, seeds };
}

export function encodeSum2({ sumSignature, mask }: Sum2Payload): Uint8Array {
  return concat([sumSignature, mask.toBytes()]);
}

/** @throws DecodeError. */
export function decodeSum2(bytes: Uint8Array): Sum2Payload {
  const sumSignature = new FixedFields('sum2 message', bytes).bytes(SIGNATURE_BYTES);
  return { sumSignature, mask: MaskObject.fromBytes(bytes.subarray(SIGNATURE_BYTES)) };
}

/** The key that {@link hex} spelled. */
export function keyOf(participant: string): Uint8Array {
  const key = new Uint8Array(participant.length / 2);
  for (let i = 0; i < key.length; i++) key[i] = parseInt(participant.slice(2 * i, 2 * i + 2), 16);
  return key;
}
