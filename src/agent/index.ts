/**
 * A participant of a running service that acts by itself: check in, answer, save, resume.
 *
 * @packageDocumentation
 * @module secagg/agent
 */
export { Agent, type AgentProgress } from './agent.ts';
export type { AgentOptions } from './options.ts';
export { developmentAgent, type DevelopmentAgentOptions } from './development.ts';
export type { AgentEvent } from './events.ts';
export type { Floors, PrivacyBudget } from './floors.ts';
export type { FetchPayload, InputStore, LoadedInput, RunForInput } from './inputs.ts';
export { IndexedDbAgentStore } from './indexed-db-store.ts';
export { MemoryAgentStore, type AgentStore, type StoredAgent } from '../participation/state-store.ts';
export type { CertifiedKey, VerifyKeys } from './verify-keys.ts';
export type { Transition } from '../participation/stepper.ts';
