// Messages with a member's signature and seal, whatever is in them, and what becomes of those that a coordinator must refuse.
import { expect } from 'chai';
import { systemRandom } from '../../src/crypto/random.ts';
import type { SecAggErrorCode } from '../../src/leaves/errors.ts';
import { decodeParameters, maskModel, type PetClient, type PetCoordinator, type PetRounds } from '../../src/pet/index.ts';
import { coordinatorDocument } from '../../src/pet/coordinator-state.ts';
import { signTask } from '../../src/pet/parameters.ts';
import { MessageOpener, sealMessage, type Message, type Tag } from '../../src/pet/wire/message.ts';
import { encodeUpdate, type UpdatePayload } from '../../src/pet/wire/payloads.ts';
import { decodeSums } from '../../src/pet/wire/views.ts';
import { rejected } from '../support/errors.ts';
import { clientOf, goOn, ONE, type Member } from './worlds.ts';

/** A message of a member, or a part of one. */
export async function sealedBy(
  { signSecretKey, participant }: Member,
  rounds: PetRounds,
  { tag, payload, isPart = false }: { readonly tag: Tag; readonly payload: Uint8Array; readonly isPart?: boolean },
): Promise<Uint8Array> {
  const { coordinatorKey } = decodeParameters(await rounds.parameters());
  const message = { participantKey: participant.publicKey, tag, isPart, payload };
  return sealMessage(message, { signSecretKey, coordinatorKey, random: systemRandom });
}

/** A member's signatures of both tasks. */
export async function signatures(
  { signSecretKey }: Member,
  rounds: PetRounds,
): Promise<{ readonly sumSignature: Uint8Array; readonly updateSignature: Uint8Array }> {
  const { seed } = decodeParameters(await rounds.parameters());
  return {
    sumSignature: await signTask(signSecretKey, seed, 'sum'),
    updateSignature: await signTask(signSecretKey, seed, 'update'),
  };
}

/** Bytes that are as long as a seed in a box, for each sum participant. */
export async function seedsFor(rounds: PetRounds): Promise<Map<string, Uint8Array>> {
  const known = decodeSums((await rounds.sums())!);
  return new Map(Array.from(known.keys(), (participant) => [participant, systemRandom(80)]));
}

/** An update that would be accepted, with changes. */
export async function updateOf(
  member: Member,
  rounds: PetRounds,
  changes: Partial<UpdatePayload> = {},
  config = ONE,
): Promise<Uint8Array> {
  const { masked: maskedModel } = await maskModel(Float32Array.of(0.1, 0.2, 0.3), { config, length: 3 });
  const payload = { ...(await signatures(member, rounds)), maskedModel, seeds: await seedsFor(rounds), ...changes };
  return sealedBy(member, rounds, { tag: 'update', payload: encodeUpdate(payload) });
}

/** What a member sends next, as the coordinator opens it; the coordinator does not hear it. */
export async function messageOf(
  member: Member,
  coordinator: PetCoordinator,
  tag: Tag,
  changes: Partial<PetClient> = {},
): Promise<Message> {
  const sent: Uint8Array[] = [];
  const send = (message: Uint8Array): Promise<unknown> => Promise.resolve(sent.push(message));
  await goOn(member, { ...clientOf(coordinator), send, ...changes });
  return new MessageOpener(coordinatorDocument.parse(coordinator.serializeState())).open(sent[0]!, tag);
}

/** The state of a coordinator without what each refusal and the clock change. */
export function lastingState(coordinator: PetCoordinator): string {
  return coordinator.serializeState().replaceAll(/"counts":\{[^}]*\}|"elapsed":[^,}]*/g, '');
}

/** Refused with a code, and nothing has changed but the count of refusals. */
export async function refusedByCoordinator(
  coordinator: PetCoordinator,
  code: SecAggErrorCode,
  message: Uint8Array,
): Promise<void> {
  const before = lastingState(coordinator);
  const { rejected: count, discarded } = coordinator.progress();
  await rejected(code, coordinator.receive(message));
  const after = coordinator.progress();
  expect(after.rejected + after.discarded).to.equal(count + discarded + 1);
  expect(lastingState(coordinator)).to.equal(before);
}
