// What an accepted message changes. [xaynet-server 0.2.0] src/services/messages/task_validator.rs, src/storage. All checks come before the first
// change, and nothing is awaited in between, so that a message is either accepted as a whole or has changed nothing.
import { isPublicKey } from '../crypto/agree.ts';
import { hex } from '../leaves/bytes.ts';
import { FixedFields } from '../leaves/fixed-fields.ts';
import { SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { addTo, requireSameForm } from './masking/totals.ts';
import type { RoundState } from './coordinator-state.ts';
import { hasSigned, isDrawn, isEligible, type RoundParameters } from './parameters.ts';
import { PetError } from './pet-error.ts';
import type { Message, Tag } from './wire/message.ts';
import {
  decodeSum,
  decodeSum2,
  decodeUpdate,
  type SealedSeeds,
  type Sum2Payload,
  type SumPayload,
  type UpdatePayload,
} from './wire/payloads.ts';

/** A message of a participant that is eligible to send it. */
export type EligibleMessage = { readonly participant: string } & (
  | { readonly tag: 'sum'; readonly payload: SumPayload }
  | { readonly tag: 'update'; readonly payload: UpdatePayload }
  | { readonly tag: 'sum2'; readonly payload: Sum2Payload }
);

/**
 * Checks whether a participant may send a message, by the signatures with which its payload begins: before anything else of it is decoded or
 * kept.
 *
 * @param message its payload may be only the first part of the whole.
 * @throws DecodeError; PetError ERR_SECAGG_PET_TASK if the participant is not drawn for the task.
 */
export async function requireEligible(message: Message, parameters: RoundParameters): Promise<void> {
  const { participantKey: publicKey, tag, payload } = message;
  const fields = new FixedFields(`${tag} message`, payload);
  const sum = { publicKey, signature: fields.bytes(SIGNATURE_BYTES) };
  let isEligibleFor: boolean;
  if (tag === 'update') {
    const update = { publicKey, signature: fields.bytes(SIGNATURE_BYTES) };
    // Both tasks in one round: a sum participant would know the mask of its own model alone. A signature that it has not made would hide that it
    // is drawn.
    const isSummer = isDrawn(sum.signature, parameters.sumProbability) || !(await hasSigned(parameters, 'sum', sum));
    isEligibleFor = !isSummer && (await isEligible(parameters, 'update', update));
  } else isEligibleFor = await isEligible(parameters, 'sum', sum);
  requireTask(isEligibleFor, tag);
}

/**
 * Reads a payload, and checks whether the participant may send it.
 *
 * @throws DecodeError; PetError ERR_SECAGG_PET_TASK if the participant is not drawn for the task.
 */
export async function readPayload(message: Message, parameters: RoundParameters): Promise<EligibleMessage> {
  await requireEligible(message, parameters);
  const { tag, payload } = message;
  const participant = hex(message.participantKey);
  switch (tag) {
    case 'sum':
      return { participant, tag, payload: decodeSum(payload) };
    case 'update':
      return { participant, tag, payload: decodeUpdate(payload) };
    case 'sum2':
      return { participant, tag, payload: decodeSum2(payload) };
  }
}

/** @throws PetError ERR_SECAGG_PET_REPEATED if the participant was heard in this phase. */
export function requireUnheard({ phase, sums, seeds, voters }: RoundState, participant: string): void {
  const isHeard = { sum: sums.has(participant), update: seeds.has(participant), sum2: voters.includes(participant) }[phase];
  requireFirst(!isHeard);
}

/** Applies a message to the round. @throws PetError if it does not belong there; the round is as it was. */
export function applyMessage(state: RoundState, message: EligibleMessage): void {
  const { participant } = message;
  requireUnheard(state, participant);
  switch (message.tag) {
    case 'sum':
      addSum(state, participant, message.payload);
      break;
    case 'update':
      addUpdate(state, participant, message.payload);
      break;
    case 'sum2':
      addMask(state, participant, message.payload);
      break;
  }
}

function requireTask(isDrawn: boolean, tag: Tag): void {
  if (!isDrawn) throw new PetError('ERR_SECAGG_PET_TASK', `message: the participant is not drawn for ${tag}`);
}

function addSum({ sums }: RoundState, participant: string, { ephemeralKey }: SumPayload): void {
  requireLargeOrder(ephemeralKey);
  sums.set(participant, ephemeralKey);
}

/** @throws PetError ERR_SECAGG_PET_PARTICIPANTS for a key with which everybody could open the seeds. */
export function requireLargeOrder(ephemeralKey: Uint8Array): void {
  if (!isPublicKey(ephemeralKey)) throw new PetError('ERR_SECAGG_PET_PARTICIPANTS', 'sum message: expected a key of large order');
}

function addUpdate({ sums, seeds, total }: RoundState, participant: string, update: UpdatePayload): void {
  requireNoSumParticipant(sums.has(participant));
  const known = seedsInOrder(sums.keys(), update.seeds);
  addTo({ total, count: seeds.size }, update.maskedModel);
  seeds.set(participant, known);
}

/** The seeds in the order of the sum participants. @throws PetError ERR_SECAGG_PET_PARTICIPANTS unless each has one, and nobody else. */
export function seedsInOrder(sumParticipants: Iterable<string>, seeds: SealedSeeds): readonly Uint8Array[] {
  const inOrder = Array.from(sumParticipants, (each) => seeds.get(each));
  const known = inOrder.filter((sealed) => sealed !== undefined);
  if (known.length === inOrder.length && seeds.size === inOrder.length) return known;
  const text = 'update message: expected a seed for each sum participant and for nobody else';
  throw new PetError('ERR_SECAGG_PET_PARTICIPANTS', text);
}

/**
 * Whoever makes many signatures of one text has one that draws it and another one that does not.
 *
 * @throws PetError ERR_SECAGG_PET_TASK.
 */
export function requireNoSumParticipant(isOne: boolean): void {
  requireTask(!isOne, 'update');
}

function addMask(state: RoundState, participant: string, { mask }: Sum2Payload): void {
  const { sums, voters, votes, total } = state;
  requireSumParticipant(sums.has(participant));
  requireSameForm(total, mask);
  const same = votes.find((vote) => vote.mask.equals(mask));
  if (same === undefined) votes.push({ mask, votes: 1 });
  else same.votes++;
  voters.push(participant);
}

/** @throws PetError ERR_SECAGG_PET_PARTICIPANTS. */
export function requireSumParticipant(isOne: boolean): void {
  if (!isOne) throw new PetError('ERR_SECAGG_PET_PARTICIPANTS', 'sum2 message: expected a sum participant of this round');
}

/** @throws PetError ERR_SECAGG_PET_REPEATED. */
export function requireFirst(isFirst: boolean): void {
  if (!isFirst) throw new PetError('ERR_SECAGG_PET_REPEATED', 'message: the participant was heard before in this phase');
}
