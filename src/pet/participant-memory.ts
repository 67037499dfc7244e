// One step of a participant: from what it remembers to what it remembers then.
import { concat, copyOf, equalBytes } from '../leaves/bytes.ts';
import { SecAggError, StateError } from '../leaves/errors.ts';
import { emit } from '../leaves/events.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import type { RoundParameters, Task } from './parameters.ts';
import type { ParticipantContext } from './participant-context.ts';
import type { CallOptions } from './participant-options.ts';
import { participantDocument, type ParticipantMemory, type ParticipantState, type Summing } from './participant-state.ts';
import { enterRound, send, sumMasks, update, type Round } from './participant-steps.ts';
import { PetError } from './pet-error.ts';
import { decodeParameters } from './wire/views.ts';

/** Rounds that are remembered, by their seeds: a coordinator may change all other parameters. Whoever shows an older one again could as well begin a new one. */
const MOST_ROUNDS = 256;

/** What a step needs beside the memory. */
export interface StepContext extends ParticipantContext {
  readonly call: CallOptions;
}

/**
 * Takes one step.
 *
 * @returns null if the participant must wait. Write a memory down before the next step: a message is in it before any part of it leaves.
 */
export async function nextMemory(memory: ParticipantMemory, context: StepContext): Promise<ParticipantMemory | null> {
  const bytes = await context.client.parameters(context.call);
  if (bytes === null) return null;
  const { state, spoken } = memory;
  const parameters = requireAcceptable(decodeParameters(bytes), context);
  const isSameRound = state.parameters !== null && equalBytes(state.parameters, bytes);
  const next = isSameRound
    ? await nextState(state, parameters, context)
    : await enter({ parameters, bytes: copyOf(bytes) }, spoken, context);
  if (next === null) return null;
  const isNewMessage = next.phase === 'sending' && !hasSpoken(spoken, parameters);
  return { state: next, spoken: isNewMessage ? withRound(spoken, parameters) : spoken };
}

async function nextState(
  state: ParticipantState,
  parameters: RoundParameters,
  context: StepContext,
): Promise<ParticipantState | null> {
  switch (state.phase) {
    case 'awaiting':
      return null;
    case 'update':
      return update(state, parameters, context);
    case 'sending':
      return send(state, parameters, context);
    case 'sum2':
      return addMasks(state, parameters, context);
  }
}

async function enter(round: Round, spoken: Uint8Array, context: StepContext): Promise<ParticipantState> {
  const { parameters, bytes } = round;
  // A round that was shown before, with the same or other parameters: another message for it would be made of another model, with another mask,
  // or with another ephemeral key.
  const isOver = hasSpoken(spoken, parameters);
  const next: ParticipantState = isOver ? { phase: 'awaiting', parameters: bytes } : await enterRound(round, context);
  emit(context.listener, { type: 'round', parameters, task: taskOf(next) });
  return next;
}

async function addMasks(state: Summing, parameters: RoundParameters, context: StepContext): Promise<ParticipantState | null> {
  const encodedSeeds = await context.client.seeds(copyOf(context.publicKey), context.call);
  if (encodedSeeds === null) return null;
  try {
    return await sumMasks(state, parameters, { context, encodedSeeds });
  } catch (error) {
    // The same seeds would come again. Without one of the masks the sum of the others is of no use.
    if (!(error instanceof SecAggError)) throw error;
    emit(context.listener, { type: 'gave-up', error });
    return { phase: 'awaiting', parameters: state.parameters };
  }
}

function requireAcceptable(parameters: RoundParameters, { maxModelLength }: ParticipantContext): RoundParameters {
  if (parameters.modelLength <= maxModelLength) return parameters;
  const message = `parameters: expected models of at most ${maxModelLength} numbers, got ${parameters.modelLength}`;
  throw new PetError('ERR_SECAGG_PET_PARAMETERS', message);
}

/** The task in the present round; null if there is none, or if it is done. */
export function taskOf(state: ParticipantState): Task | null {
  if (state.phase === 'awaiting') return null;
  return state.phase === 'update' || (state.phase === 'sending' && state.tag === 'update') ? 'update' : 'sum';
}

/** Whether nothing has changed but the next part of a message: after a crash it is sent again from the part that was written down. */
export function isOnlyNextPart(before: ParticipantMemory, after: ParticipantMemory): boolean {
  const [from, to] = [before.state, after.state];
  return from.phase === 'sending' && to.phase === 'sending' && from.payload === to.payload;
}

function withRound(spoken: Uint8Array, { seed }: RoundParameters): Uint8Array {
  return concat([spoken, seed]).slice(-MOST_ROUNDS * KEY_BYTES);
}

function hasSpoken(spoken: Uint8Array, { seed }: RoundParameters): boolean {
  for (let at = 0; at < spoken.length; at += KEY_BYTES) {
    if (equalBytes(spoken.subarray(at, at + KEY_BYTES), seed)) return true;
  }
  return false;
}

/** Whether the coordinator has forgotten the parts of a message, which goes on from the first one: later, as others need the room now. */
export function isBegunAgain(before: ParticipantMemory, after: ParticipantMemory): boolean {
  const [from, to] = [before.state, after.state];
  return from.phase === 'sending' && to.phase === 'sending' && to.next < from.next;
}

export function serializeMemory(memory: ParticipantMemory, publicKey: Uint8Array): string {
  return participantDocument.serialize({ publicKey, ...memory });
}

/** @throws StateError if the text is no state of this participant. */
export function parseMemory(text: string, publicKey: Uint8Array): ParticipantMemory {
  const { publicKey: owner, ...memory } = participantDocument.parse(text);
  if (!equalBytes(owner, publicKey)) throw new StateError('state: it is of another participant');
  return memory;
}
