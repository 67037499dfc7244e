// What a participant does next. [xaynet-sdk 0.1.0] src/state_machine/phases. A step gives the next state, or null if it must wait.
import { generateKeyPair, publicKeyOf } from '../crypto/agree.ts';
import { boxOpener, sealBox } from '../crypto/sealed-box.ts';
import { kindOf } from '../leaves/checks.ts';
import { DecodeError } from '../leaves/errors.ts';
import { emit } from '../leaves/events.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import { Aggregation } from './masking/aggregation.ts';
import { deriveMask } from './masking/derive-mask.ts';
import { maskModel, type MaskedModel, type MaskModelOptions } from './masking/mask-model.ts';
import { isDrawn, signTask, type RoundParameters } from './parameters.ts';
import type { ParticipantState, Sending, SumKeys, Summing, Updating } from './participant-state.ts';
import type { ParticipantContext } from './participant-context.ts';
import type { CallOptions, LoadedModel } from './participant-options.ts';
import { PetError } from './pet-error.ts';
import { MESSAGE_OVERHEAD, sealMessage, type Tag } from './wire/message.ts';
import { encodePart, MOST_PARTS, PART_HEADER_BYTES } from './wire/parts.ts';
import { encodeSum, encodeSum2, encodeUpdate } from './wire/payloads.ts';
import { decodeSeeds, decodeSums } from './wire/views.ts';

/** A round as it was decoded, and as it came. */
export interface Round {
  readonly parameters: RoundParameters;
  readonly bytes: Uint8Array;
}

/** The application has given a model that has no form for the round: the same one again would not mend it. */
export class UnfitModel extends Error {
  declare readonly cause: TypeError | RangeError | PetError;

  constructor(cause: TypeError | RangeError | PetError) {
    super(cause.message, { cause });
  }
}

/** Masks what `models.load` gave. @throws UnfitModel if that is no model of the round. */
async function masked(loaded: unknown, options: Omit<MaskModelOptions, 'weight'>): Promise<MaskedModel> {
  try {
    if (typeof loaded !== 'object' || loaded === null) {
      throw new TypeError(`models.load: expected an object with the model, or null, got ${kindOf(loaded)}`);
    }
    const { weight = 1, model } = loaded as LoadedModel;
    return await maskModel(model, { ...options, weight });
  } catch (error) {
    const isUnfit = error instanceof TypeError || error instanceof RangeError || error instanceof PetError;
    throw isUnfit ? new UnfitModel(error) : error;
  }
}

/** A new round: signs both tasks. Whoever is drawn for the sum task is not asked for the update task. */
export async function enterRound({ parameters, bytes }: Round, context: ParticipantContext): Promise<ParticipantState> {
  const { seed, sumProbability, updateProbability } = parameters;
  const sumSignature = await signTask(context.signSecretKey, seed, 'sum');
  if (isDrawn(sumSignature, sumProbability)) {
    const { publicKey, secretKey } = await generateKeyPair(context.random);
    const keys = { sumSignature, ephemeralSecretKey: secretKey };
    return sendingOf(bytes, { tag: 'sum', payload: encodeSum({ sumSignature, ephemeralKey: publicKey }), keys }, context);
  }
  const updateSignature = await signTask(context.signSecretKey, seed, 'update');
  if (!isDrawn(updateSignature, updateProbability)) return { phase: 'awaiting', parameters: bytes };
  return { phase: 'update', parameters: bytes, sumSignature, updateSignature };
}

/** Masks the application's model under a fresh seed, which it seals for each sum participant. */
export async function update(
  state: Updating,
  { config, modelLength, ...rest }: RoundParameters,
  context: ParticipantContext & { readonly call: CallOptions },
): Promise<ParticipantState | null> {
  const encodedSums = await context.client.sums(context.call);
  if (encodedSums === null) return null;
  const sums = decodeSums(encodedSums);
  if (sums.size === 0) throw new PetError('ERR_SECAGG_PET_PARTICIPANTS', 'sum participants: expected at least one');
  const loaded = await context.models.load({ config, modelLength, ...rest }, context.call);
  if (loaded === null) return null;
  const { seed, masked: maskedModel } = await masked(loaded, { config, length: modelLength, unsafeRandom: context.random });
  try {
    const seeds = new Map<string, Uint8Array>();
    for (const [participant, ephemeralKey] of sums) {
      const sealed = await sealBox(ephemeralKey, seed, context.random);
      if (sealed === null) throw new PetError('ERR_SECAGG_PET_PARTICIPANTS', 'sum participants: a key is of small order');
      seeds.set(participant, sealed);
    }
    const { parameters, sumSignature, updateSignature } = state;
    const payload = encodeUpdate({ sumSignature, updateSignature, maskedModel, seeds });
    return sendingOf(parameters, { tag: 'update', payload, keys: null }, context);
  } finally {
    seed.fill(0);
  }
}

/**
 * Opens the seeds, and adds the masks that belong to them.
 *
 * @throws SecAggError if the seeds cannot be used; they would be the same if they were asked for again.
 */
export async function sumMasks(
  { parameters: bytes, keys }: Summing,
  { config, modelLength }: RoundParameters,
  { context, encodedSeeds }: { readonly context: ParticipantContext; readonly encodedSeeds: Uint8Array },
): Promise<ParticipantState> {
  const { ephemeralSecretKey: secretKey, sumSignature } = keys;
  const open = boxOpener({ secretKey, publicKey: await publicKeyOf(secretKey) });
  const masks = new Aggregation(config, modelLength);
  for (const sealed of decodeSeeds(encodedSeeds).values()) {
    const seed = await open(sealed);
    if (seed?.length !== KEY_BYTES) throw new DecodeError('seeds: expected boxes that are sealed for this participant');
    await addMask(masks, seed, { config, modelLength });
  }
  return sendingOf(bytes, { tag: 'sum2', payload: encodeSum2({ sumSignature, mask: masks.total }), keys: null }, context);
}

async function addMask(
  masks: Aggregation,
  seed: Uint8Array,
  { config, modelLength }: Pick<RoundParameters, 'config' | 'modelLength'>,
): Promise<void> {
  try {
    const mask = await deriveMask(seed, modelLength, config);
    try {
      masks.add(mask);
    } finally {
      mask.wipe();
    }
  } finally {
    seed.fill(0);
  }
}

/** Sends the next part, and gives what comes after it. */
export async function send(
  state: Sending,
  { coordinatorKey }: RoundParameters,
  context: ParticipantContext & { readonly call: CallOptions },
): Promise<ParticipantState> {
  const { payload, partBytes, next, messageId, tag, parameters, keys } = state;
  const { publicKey: participantKey, signSecretKey, random, client, listener, call } = context;
  const end = partBytes === null ? payload.length : Math.min(payload.length, (next + 1) * partBytes);
  const isLast = end === payload.length;
  const part =
    partBytes === null ? payload : encodePart({ number: next, messageId, isLast, data: payload.slice(next * partBytes, end) });
  const message = { participantKey, tag, isPart: partBytes !== null, payload: part };
  const sealed = await sealMessage(message, { signSecretKey, coordinatorKey, random });
  let outcome: unknown;
  try {
    outcome = await client.send(sealed, call);
  } catch (error) {
    if (!(error instanceof PetError)) throw error;
    // The coordinator has no room for parts, or has forgotten the first ones.
    if (error.code === 'ERR_SECAGG_PET_PENDING') {
      if (next === 0) throw error;
      return { ...state, next: 0 };
    }
    // It was heard before, and the answer or the state that says so was lost.
    if (error.code === 'ERR_SECAGG_PET_REPEATED') outcome = 'accepted';
    else {
      emit(listener, { type: 'refused', message: tag, error });
      return { phase: 'awaiting', parameters };
    }
  }
  if (outcome !== 'accepted') {
    if (!isLast) return { ...state, next: next + 1 };
    // The coordinator was started again, and has lost the parts before.
    if (outcome === 'incomplete') return { ...state, next: 0 };
  }
  emit(listener, { type: 'sent', message: tag });
  return keys === null ? { phase: 'awaiting', parameters } : { phase: 'sum2', parameters, keys };
}

/** @throws PetError ERR_SECAGG_PET_PART if the payload has more parts than can be numbered. */
function sendingOf(
  parameters: Uint8Array,
  { tag, payload, keys }: { readonly tag: Tag; readonly payload: Uint8Array; readonly keys: SumKeys | null },
  { maxMessageBytes, random }: ParticipantContext,
): Sending {
  const mostBytes = maxMessageBytes - MESSAGE_OVERHEAD;
  const partBytes = payload.length <= mostBytes ? null : mostBytes - PART_HEADER_BYTES;
  if (partBytes !== null && payload.length > partBytes * MOST_PARTS) {
    throw new PetError('ERR_SECAGG_PET_PART', `message: expected at most ${MOST_PARTS} parts of ${partBytes} bytes`);
  }
  const [high = 0, low = 0] = random(2);
  return { phase: 'sending', parameters, tag, payload, messageId: 256 * high + low, partBytes, next: 0, keys };
}
