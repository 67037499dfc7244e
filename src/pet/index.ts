/**
 * The PET protocol, as the networks of xaynet speak it: users speak once and may vanish, and the coordinator together with one sum participant
 * sees everything. `docs/pet.md` says when to take it.
 *
 * @packageDocumentation
 * @module secagg/pet
 */
export type { BoundType, DataType, GroupType, MaskConfig, MaskConfigPair, ModelType } from './masking/mask-config.ts';
export { MaskObject } from './masking/mask-object.ts';
export { deriveMask } from './masking/derive-mask.ts';
export { maskModel, type MaskedModel, type MaskModelOptions } from './masking/mask-model.ts';
export { Aggregation } from './masking/aggregation.ts';
export type { Model } from './masking/model.ts';
export type { RoundParameters, Task } from './parameters.ts';
export { PetParticipant } from './participant.ts';
export type { CallOptions, LoadedModel, ModelStore, PetClient, PetParticipantOptions } from './participant-options.ts';
export type { PetAgentEvent, PetParticipantEvent } from './participant-events.ts';
export { PetAgent, type PetAgentOptions, type PetAgentProgress } from './agent.ts';
export type { AgentStore, StoredAgent } from '../participation/state-store.ts';
export type { Transition } from '../participation/stepper.ts';
export { PetCoordinator } from './coordinator.ts';
export type { PetCoordinatorOptions, PetRoundOptions } from './coordinator-options.ts';
export type { MessageCount, PhaseLimits, PhaseTime } from './phase-limits.ts';
export type { ClosedPhase, LastModel, PetProgress, PetRounds } from './progress.ts';
export { PetService, type PetRequest, type PetResponse, type PetServiceEvent, type PetServiceOptions } from './service.ts';
export { decodeModel, decodeParameters, encodeModel } from './wire/views.ts';
export { PetError } from './pet-error.ts';
