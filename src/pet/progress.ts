// What a coordinator says about its round, wherever the round is kept.
import type { Model } from './masking/model.ts';
import type { PetError } from './pet-error.ts';

/** How far a round is. */
export interface PetProgress {
  /** Number of the round, from 1 on. */
  readonly round: number;
  /** What is collected now. */
  readonly phase: 'sum' | 'update' | 'sum2';
  /** Messages of the phase that were accepted. */
  readonly accepted: number;
  /** Messages of the phase that this process has refused, for whatever reason. */
  readonly rejected: number;
  /** Messages that this process has refused because the phase had its most messages. */
  readonly discarded: number;
  /** For how long the phase has lasted, in milliseconds of service time. */
  readonly elapsed: number;
  /** Whether the phase can be closed. */
  readonly enough: boolean;
  /** Whether the phase takes no more. */
  readonly full: boolean;
  /** What counts and times say: the phase is to be closed, or the round to be given up; null if the phase goes on. */
  readonly due: 'close' | 'abandon' | null;
}

/** What follows a phase that has ended. */
export interface ClosedPhase {
  /** The phase that has ended, as it was then. */
  readonly ended: PetProgress;
  /** The round that goes on or begins. */
  readonly round: number;
  /** The phase that begins. */
  readonly phase: 'sum' | 'update' | 'sum2';
  /** The weighted mean of the round that is over; null if a round goes on or has failed. */
  readonly model: Model | null;
  /** Why the round has failed; null if it has not. */
  readonly error: PetError | null;
}

/** The mean of a round. */
export interface LastModel {
  /** Number of the round. */
  readonly round: number;
  /** The weighted mean of its models. */
  readonly model: Model;
}

/** What a service needs of a coordinator: one in memory (`PetCoordinator`) or in PostgreSQL (`PostgresPetCoordinator`). */
export interface PetRounds {
  /** Bytes of the longest message that a participant may send. */
  readonly maxMessageBytes: number;
  /** The parameters of the round, as xaynet's path `params` gives them. */
  parameters(): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  /** The sum participants, as xaynet's path `sums` gives them; null before the update phase. */
  sums(): Uint8Array<ArrayBuffer> | null | Promise<Uint8Array<ArrayBuffer> | null>;
  /** The seeds that are sealed for a sum participant, as xaynet's path `seeds` gives them; null before the sum2 phase, and for anybody else. */
  seeds(participantKey: Uint8Array): Uint8Array<ArrayBuffer> | null | Promise<Uint8Array<ArrayBuffer> | null>;
  /** The mean of the last round that gave one; null before. */
  model(): LastModel | null | Promise<LastModel | null>;
  /** Takes a message of a participant. */
  receive(message: Uint8Array): Promise<'accepted' | 'incomplete'>;
  /** Does what counts and times say is due. @returns null if the phase goes on. */
  advance(): Promise<ClosedPhase | null>;
}
