// What a coordinator does with each message before it counts, wherever the round is kept: size, seal, phase, signature, parts, task.
import { hex } from '../leaves/bytes.ts';
import { DecodeError } from '../leaves/errors.ts';
import type { RoundSettings } from './coordinator-options.ts';
import { readPayload, requireEligible, type EligibleMessage } from './coordinator-steps.ts';
import { groupOf } from './masking/orders.ts';
import type { RoundParameters } from './parameters.ts';
import { PetError } from './pet-error.ts';
import type { Moment } from './phase-limits.ts';
import { MESSAGE_OVERHEAD, MessageOpener, type Message } from './wire/message.ts';
import { decodePart, LEAST_PART_BYTES, PART_HEADER_BYTES, type Part } from './wire/parts.ts';

/** The keys and the seed of one round. */
export interface RoundKeys {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly seed: Uint8Array;
}

/** What the coordinator tells everybody about a round. */
export function parametersOf(settings: RoundSettings, { publicKey, seed }: Omit<RoundKeys, 'secretKey'>): RoundParameters {
  const { sumProbability, updateProbability, config, modelLength } = settings;
  return { coordinatorKey: publicKey, sumProbability, updateProbability, seed, config, modelLength };
}

/** What the largest payload takes that may come in a phase. */
function mostPayloadBytes({ config, modelLength }: RoundSettings, { phase, sumParticipants }: Moment): number {
  const object = 12 + modelLength * groupOf(config.vect).bytes + groupOf(config.unit).bytes;
  if (phase === 'sum') return 96;
  return phase === 'sum2' ? 64 + object : 132 + object + 112 * sumParticipants;
}

/** Bytes of the longest message of any phase. */
export function mostMessageBytes(settings: RoundSettings): number {
  const payload = mostPayloadBytes(settings, { phase: 'update', sumParticipants: settings.limits.sum.count.max });
  return payload + MESSAGE_OVERHEAD + PART_HEADER_BYTES;
}

/** Keeps a part; the whole payload once all parts are there, else null. */
export type Assemble = (participant: string, part: Part, mostBytes: number) => Promise<Uint8Array | null> | Uint8Array | null;

/** Reads the messages of one round. */
export class Intake {
  readonly #settings: RoundSettings;
  readonly #keys: RoundKeys;
  readonly #opener: MessageOpener;

  constructor(settings: RoundSettings, keys: RoundKeys) {
    this.#settings = settings;
    this.#keys = keys;
    this.#opener = new MessageOpener(keys);
  }

  /**
   * Reads one message of a participant that is eligible to send it.
   *
   * @returns null if other parts of it are missing.
   * @throws DecodeError, PetError, AuthenticationError for what does not belong here.
   */
  async read(bytes: Uint8Array, moment: Moment, assemble: Assemble): Promise<EligibleMessage | null> {
    const mostBytes = mostPayloadBytes(this.#settings, moment);
    const most = mostBytes + MESSAGE_OVERHEAD + PART_HEADER_BYTES;
    if (bytes.length > most) throw new DecodeError(`message: expected at most ${most} bytes, got ${bytes.length}`);
    const opened = await this.#opener.open(bytes, moment.phase);
    const parameters = parametersOf(this.#settings, this.#keys);
    const message = opened.isPart ? await assembled(opened, parameters, (...part) => assemble(...part, mostBytes)) : opened;
    return message && readPayload(message, parameters);
  }
}

/** Strangers' parts are not kept: the first part has the signatures of the task, and no other one is kept without it. */
async function assembled(
  message: Message,
  parameters: RoundParameters,
  assemble: (participant: string, part: Part) => ReturnType<Assemble>,
): Promise<Message | null> {
  const part = decodePart(message.payload);
  if (!part.isLast && part.data.length < LEAST_PART_BYTES) {
    throw new PetError(
      'ERR_SECAGG_PET_PART',
      `part of a message: expected at least ${LEAST_PART_BYTES} bytes, unless it is the last`,
    );
  }
  if (part.number === 0) await requireEligible({ ...message, payload: part.data }, parameters);
  const payload = await assemble(hex(message.participantKey), part);
  return payload && { ...message, isPart: false, payload };
}
