// When a stage of a run ends.
import { integer, record, type Codec } from '../session/codec.ts';

/** When a stage of a run ends. All times are in seconds. */
export interface Window {
  /** Not before, unless all who may come have come. */
  readonly min: number;
  /** By then, if there are enough; 1 or more. */
  readonly max: number;
  /** How much longer it lasts, once, if there are too few at `max`. */
  readonly grace: number;
}

/** When a protocol round is closed. */
export interface RoundWindow extends Window {
  /** From `min` on it is closed once this percentage of those who may answer have answered, 1 to 100. */
  readonly enough: number;
}

const MOST_SECONDS = 365 * 24 * 3600;
export const seconds: Codec<number> = integer(0, MOST_SECONDS);
const windowFields = { min: seconds, max: integer(1, MOST_SECONDS), grace: seconds };

export const windowCodec: Codec<Window> = record<Window>(windowFields);
export const roundWindowCodec: Codec<RoundWindow> = record<RoundWindow>({ ...windowFields, enough: integer(1, 100) });
