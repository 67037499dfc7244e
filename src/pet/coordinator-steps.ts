// What an accepted message changes. [xaynet-server 0.2.0] src/services/messages/task_validator.rs, src/storage. All checks come before the first
// change, and nothing is awaited in between, so that a message is either accepted as a whole or has changed nothing.
import { isPublicKey } from '../crypto/agree.ts';
import { hex } from '../leaves/bytes.ts';
import { addTo, requireSameForm } from './masking/totals.ts';
import type { RoundState } from './coordinator-state.ts';
import { isEligible, type RoundParameters } from './parameters.ts';
import { PetError } from './pet-error.ts';
import type { Message, Tag } from './wire/message.ts';
import { decodeSum, decodeSum2, decodeUpdate, type Sum2Payload, type SumPayload, type UpdatePayload } from './wire/payloads.ts';

/** A payload that was read, of a participant that is eligible to send it. */
export type Accepted = (state: RoundState) => void;

/**
 * Reads a payload and checks whether the participant may send it.
 *
 * @returns what applies it to the round, and throws a PetError if it does not belong there.
 * @throws DecodeError; PetError ERR_SECAGG_PET_TASK if the participant is not drawn for the task.
 */
export async function readPayload(
  { participantKey: publicKey, tag, payload }: Message,
  parameters: RoundParameters,
): Promise<Accepted> {
  const participant = hex(publicKey);
  const isSummer = (signature: Uint8Array): Promise<boolean> => isEligible(parameters, 'sum', { publicKey, signature });
  switch (tag) {
    case 'sum': {
      const sum = decodeSum(payload);
      requireTask(await isSummer(sum.sumSignature), tag);
      return (state) => {
        addSum(state, participant, sum);
      };
    }
    case 'update': {
      const update = decodeUpdate(payload);
      const signature = update.updateSignature;
      // Both tasks in one round: a sum participant would know the mask of its own model alone.
      const isUpdater =
        !(await isSummer(update.sumSignature)) && (await isEligible(parameters, 'update', { publicKey, signature }));
      requireTask(isUpdater, tag);
      return (state) => {
        addUpdate(state, participant, update);
      };
    }
    case 'sum2': {
      const sum2 = decodeSum2(payload);
      requireTask(await isSummer(sum2.sumSignature), tag);
      return (state) => {
        addMask(state, participant, sum2);
      };
    }
  }
}

function requireTask(isDrawn: boolean, tag: Tag): void {
  if (!isDrawn) throw new PetError('ERR_SECAGG_PET_TASK', `message: the participant is not drawn for ${tag}`);
}

function addSum({ sums }: RoundState, participant: string, { ephemeralKey }: SumPayload): void {
  requireFirst(!sums.has(participant));
  if (!isPublicKey(ephemeralKey)) throw new PetError('ERR_SECAGG_PET_PARTICIPANTS', 'sum message: expected a key of large order');
  sums.set(participant, ephemeralKey);
}

function addUpdate({ sums, seeds, total }: RoundState, participant: string, update: UpdatePayload): void {
  requireFirst(!seeds.has(participant));
  const inOrder = Array.from(sums.keys(), (each) => update.seeds.get(each));
  const known = inOrder.filter((sealed) => sealed !== undefined);
  if (known.length !== sums.size || update.seeds.size !== sums.size) {
    throw new PetError(
      'ERR_SECAGG_PET_PARTICIPANTS',
      'update message: expected a seed for each sum participant and for nobody else',
    );
  }
  addTo({ total, count: seeds.size }, update.maskedModel);
  seeds.set(participant, known);
}

function addMask(state: RoundState, participant: string, { mask }: Sum2Payload): void {
  const { sums, voters, votes, total } = state;
  if (!sums.has(participant))
    throw new PetError('ERR_SECAGG_PET_PARTICIPANTS', 'sum2 message: expected a sum participant of this round');
  requireFirst(!voters.includes(participant));
  requireSameForm(total, mask);
  const same = votes.find((vote) => vote.mask.equals(mask));
  if (same === undefined) votes.push({ mask, votes: 1 });
  else same.votes++;
  voters.push(participant);
}

function requireFirst(isFirst: boolean): void {
  if (!isFirst) throw new PetError('ERR_SECAGG_PET_REPEATED', 'message: the participant was heard before in this phase');
}
