// What the application brings to an agent: its data, and what a run works with.
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { checkString, kindOf } from '../leaves/checks.ts';
import { SecAggError } from '../leaves/errors.ts';
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

/** The application has given an input that has no form for the task: the same input again would not mend it. */
export class UnfitInput extends Error {
  /** Null if it is no error of this library. */
  readonly code: string | null;

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : 'the input cannot be read', { cause });
    this.code = cause instanceof SecAggError ? cause.code : null;
  }
}

/** Reads or encodes an input. @throws UnfitInput with what `read` throws. */
export function fitting<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UnfitInput(error);
  }
}

/** What `load` gave. @throws UnfitInput if it is neither an input nor null. */
export function checkInput(given: unknown): LoadedInput | null {
  if (given === null) return null;
  return fitting(() => {
    if (typeof given !== 'object') {
      throw new TypeError(`inputs.load: expected an object with id and data, or null, got ${kindOf(given)}`);
    }
    const input = given as LoadedInput;
    checkString(input.id, 'inputs.load: id', { least: 1, most: 1000 });
    return input;
  });
}

/** Where inputs come from. */
export interface InputStore {
  /**
   * The input for a run, for example the update of a model that was trained with the payload.
   *
   * @returns null if it is not ready yet: the agent asks again. If it is no input, or the task's aggregate does not take its data, the agent
   * leaves the run with the event `input-refused`.
   * @throws anything if it has failed: the agent asks again, later and later.
   */
  load(run: RunForInput, options: { readonly signal?: PlatformSignal }): Promise<LoadedInput | null>;
}

/** Gets the payload of a run. The agent compares length and digest with the publisher's. */
export type FetchPayload = (url: string, options: { readonly signal?: PlatformSignal }) => Promise<Uint8Array>;
