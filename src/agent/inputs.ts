// What the application brings to an agent: its data, and what a run works with.
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import type { Weights } from '../encoding/statistic.ts';

/** A run that asks for an input. */
export interface RunForInput {
  /** Number of the run. */
  readonly run: number;
  /** The data source that the run asks about. */
  readonly source: string;
  /** The content of the payload, whose digest was compared with the publisher's; null if the run has none. */
  readonly payload: Uint8Array | null;
}

/** An input of the application. */
export interface LoadedInput {
  /** Names the data: an input with the same id is sent once, ever. Data that has changed needs another id. */
  readonly id: string;
  /** As the `encode` of the task's aggregate takes it. */
  readonly data: unknown;
  /** Its weight, for aggregates that take one. */
  readonly weight?: Weights;
}

/** Where inputs come from. */
export interface InputStore {
  /**
   * The input for a run, for example the update of a model that was trained with the payload.
   *
   * @returns null if it is not ready yet: the agent asks again.
   */
  load(run: RunForInput, options: { readonly signal?: PlatformSignal }): Promise<LoadedInput | null>;
}

/** Gets the payload of a run. The agent compares length and digest with the publisher's. */
export type FetchPayload = (url: string, options: { readonly signal?: PlatformSignal }) => Promise<Uint8Array>;
