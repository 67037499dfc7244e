// Messages of participants: a header of 136 bytes and a payload, signed, then sealed for the coordinator.
// [xaynet-core 0.2.0] src/message/message.rs.
import { boxOpener, sealBox, SEALED_BOX_OVERHEAD } from '../../crypto/sealed-box.ts';
import type { RandomSource } from '../../crypto/random.ts';
import { sign, verify } from '../../crypto/sign.ts';
import { concat, u32 } from '../../leaves/bytes.ts';
import { AuthenticationError, DecodeError } from '../../leaves/errors.ts';
import { FixedFields } from '../../leaves/fixed-fields.ts';
import { KEY_BYTES, SIGNATURE_BYTES } from '../../leaves/sizes.ts';
import { PetError } from '../pet-error.ts';

/** What a message is for, by its tag on the wire. */
const TAGS = { sum: 1, update: 2, sum2: 3 } as const;

/** What a message is for. */
export type Tag = keyof typeof TAGS;

/** Signature, both keys, length, tag, flags and two bytes of zeros. */
const HEADER_BYTES: number = SIGNATURE_BYTES + 2 * KEY_BYTES + 8;
/** Bytes that a message is longer than its payload. */
export const MESSAGE_OVERHEAD: number = HEADER_BYTES + SEALED_BOX_OVERHEAD;
const MULTIPART = 1;

/** A message without its signature. */
export interface Message {
  /** Ed25519 public key of the participant. */
  readonly participantKey: Uint8Array;
  readonly tag: Tag;
  /** Whether the payload is a part of a longer one. */
  readonly isPart: boolean;
  readonly payload: Uint8Array;
}

/** Who signs a message, and for whom it is. */
export interface Envelope {
  readonly signSecretKey: Uint8Array;
  readonly coordinatorKey: Uint8Array;
  readonly random: RandomSource;
}

/** The message as it is signed: the signature first, over all that follows it. */
export async function signMessage(
  message: Message,
  { signSecretKey, coordinatorKey }: Omit<Envelope, 'random'>,
): Promise<Uint8Array<ArrayBuffer>> {
  const signed = concat([
    message.participantKey,
    coordinatorKey,
    u32(HEADER_BYTES + message.payload.length),
    Uint8Array.of(TAGS[message.tag], message.isPart ? MULTIPART : 0, 0, 0),
    message.payload,
  ]);
  return concat([await sign(signSecretKey, signed), signed]);
}

/** The message as it is sent. @throws PetError ERR_SECAGG_PET_PARAMETERS if the coordinator's key is a point of small order. */
export async function sealMessage(message: Message, envelope: Envelope): Promise<Uint8Array<ArrayBuffer>> {
  const sealed = await sealBox(envelope.coordinatorKey, await signMessage(message, envelope), envelope.random);
  if (sealed === null)
    throw new PetError('ERR_SECAGG_PET_PARAMETERS', 'parameters: the key of the coordinator is of small order');
  return sealed;
}

/** Opens messages for a coordinator. */
export class MessageOpener {
  readonly #coordinatorKey: Uint8Array;
  readonly #open: (sealed: Uint8Array) => Promise<Uint8Array | null>;

  constructor(keys: { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array }) {
    this.#coordinatorKey = keys.publicKey;
    this.#open = boxOpener(keys);
  }

  /**
   * Opens one message. What costs least is checked first. Bytes that are no sealed message cost an agreement and Poly1305 over them. Everybody
   * can seal and sign with a key of its own: then decryption and one verification follow, over all bytes.
   *
   * @param expected what may come now.
   * @throws DecodeError for what is no message, or was not sealed for this coordinator in this round; PetError ERR_SECAGG_PET_PHASE for another
   *   tag, ERR_SECAGG_PET_ROUND for another coordinator inside of the box; AuthenticationError.
   */
  async open(sealed: Uint8Array, expected: Tag): Promise<Message> {
    const bytes = await this.#open(sealed);
    if (bytes === null) throw new DecodeError('message: expected a box that is sealed for the key of this round');
    const fields = new FixedFields('message', bytes);
    const signature = fields.bytes(SIGNATURE_BYTES);
    const participantKey = fields.bytes(KEY_BYTES);
    const coordinatorKey = fields.bytes(KEY_BYTES);
    const length = fields.integer(4);
    // DEVIATION from xaynet-core 0.2.0, which takes bytes beyond the length, to which the signature does not extend.
    if (length !== bytes.length) throw new DecodeError(`message: expected ${length} bytes, got ${bytes.length}`);
    const tag = tagOf(fields.integer(1));
    const flags = fields.integer(1);
    if (flags > MULTIPART || fields.integer(2) !== 0) throw new DecodeError('message: expected no other flags than multipart');
    if (tag !== expected) throw new PetError('ERR_SECAGG_PET_PHASE', `message: expected one for ${expected}, got one for ${tag}`);
    // Whoever opens a message could seal it again for somebody else: the signed bytes say for whom it was.
    if (coordinatorKey.some((byte, i) => byte !== this.#coordinatorKey[i])) {
      throw new PetError('ERR_SECAGG_PET_ROUND', 'message: it was made for another coordinator or another round');
    }
    if (!(await verify(participantKey, bytes.subarray(SIGNATURE_BYTES), signature))) {
      throw new AuthenticationError('message: the participant has not signed it', { round: null });
    }
    return { participantKey, tag, isPart: flags === MULTIPART, payload: fields.bytes(fields.left) };
  }
}

function tagOf(byte: number): Tag {
  for (const tag of ['sum', 'update', 'sum2'] as const) if (TAGS[tag] === byte) return tag;
  throw new DecodeError('message: expected a tag from 1 to 3');
}
