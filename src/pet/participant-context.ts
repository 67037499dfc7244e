// What the steps of one participant share.
import { platform } from '#platform';
import { systemRandom, type RandomSource } from '../crypto/random.ts';
import { secretCopyOf } from '../leaves/bytes.ts';
import { checkBytes, checkInteger } from '../leaves/checks.ts';
import { checkListener } from '../leaves/events.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import { MAX_LENGTH } from './masking/mask-object.ts';
import type { PetParticipantOptions } from './participant-options.ts';
import { MESSAGE_OVERHEAD } from './wire/message.ts';
import { LEAST_PART_BYTES, PART_HEADER_BYTES } from './wire/parts.ts';

/** The options with their defaults, and the public key. */
export interface ParticipantContext extends Required<Omit<PetParticipantOptions, 'unsafeRandom'>> {
  readonly publicKey: Uint8Array;
  readonly random: RandomSource;
}

export const PARTICIPANT_OPTIONS: readonly (keyof PetParticipantOptions)[] = [
  'signSecretKey',
  'client',
  'models',
  'maxMessageBytes',
  'maxModelLength',
  'listener',
  'unsafeRandom',
];
/** A message that carries the least part. */
const LEAST_MESSAGE_BYTES = MESSAGE_OVERHEAD + PART_HEADER_BYTES + LEAST_PART_BYTES;
const DEFAULT_MESSAGE_BYTES = 2 ** 20;
const DEFAULT_MODEL_LENGTH = 2 ** 24;

/** @throws TypeError, RangeError that name the option. */
export function participantContext(options: PetParticipantOptions): ParticipantContext {
  const { client, models, maxMessageBytes = DEFAULT_MESSAGE_BYTES, maxModelLength = DEFAULT_MODEL_LENGTH } = options;
  const signSecretKey = secretCopyOf(checkBytes(options.signSecretKey, 'options.signSecretKey'));
  if (signSecretKey.length !== KEY_BYTES) {
    throw new RangeError(`options.signSecretKey: expected ${KEY_BYTES} bytes, got ${signSecretKey.length}`);
  }
  return {
    signSecretKey,
    publicKey: platform.ed25519PublicKey(signSecretKey),
    client,
    models,
    maxMessageBytes: checkInteger(maxMessageBytes, 'options.maxMessageBytes', LEAST_MESSAGE_BYTES, Number.MAX_SAFE_INTEGER),
    maxModelLength: checkInteger(maxModelLength, 'options.maxModelLength', 1, MAX_LENGTH),
    listener: checkListener(options.listener),
    random: options.unsafeRandom ?? systemRandom,
  };
}
