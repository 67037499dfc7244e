// One training round, in each of the three ways that the demo compares.
import { costOf } from 'secagg/dp';
import { PROTOCOL_ROUNDS, type Dropouts } from './dropouts.ts';
import type { Model } from './models/tensors.ts';
import type { Participant } from './participant.ts';
import type { PrivacyAccount } from './privacy.ts';
import type { Service } from './service.ts';
import type { Checked, Summing } from './task.ts';
import { playRun } from './turns.ts';

export interface Federation {
  readonly service: Service;
  readonly summing: Summing;
  readonly threshold: number;
  readonly participants: readonly Participant[];
  /** Null if updates have no noise. */
  readonly account: PrivacyAccount | null;
  /** Called before each step with a description of the step. */
  readonly onStep: (what: string) => Promise<void>;
}

/** Number of calls of `onStep` in one training round. */
export const stepsOf = (participants: number): number => participants + PROTOCOL_ROUNDS + participants;

/** One value for each of the three ways. */
export interface Compared<T> {
  /** Secure aggregation: the updates are averaged, and nobody sees a single one. */
  readonly secure: T;
  /** The server sees all updates and averages them, without noise; nobody drops out. */
  readonly clear: T;
  /** One participant trains alone. */
  readonly alone: T;
}

/** What the ways have reached after a training round. */
export interface Reached {
  readonly accuracies: Compared<number>;
  /** The ε that secure aggregation has cost so far; null if updates have no noise. */
  readonly spent: number | null;
}

/** The ids of the participants that fell silent, by protocol round. */
export type Silent = readonly (readonly number[])[];

/** How a run went. */
export type Result = Sum | TooFew;

interface Sum extends Checked {
  readonly kind: 'sum';
  readonly included: readonly number[];
  readonly silent: Silent;
  /** The ε of this sum alone; null if it has no noise. */
  readonly epsilon: number | null;
  /** Mean bytes of those who answered all protocol rounds, and bytes of the server. */
  readonly traffic: { readonly participant: number; readonly server: number };
}

interface TooFew {
  readonly kind: 'too few';
  readonly silent: Silent;
  /** The protocol round that ended the session, and how many answered in it. */
  readonly round: number;
  readonly have: number;
}

/** In this protocol round participants send their masked updates. */
export const MASKED_INPUT = 2;

/** @returns how the run went, and the next model: the old one if there was no sum. */
export async function trainSecurely(
  { service, summing, threshold, participants, account, onStep }: Federation,
  { run, model }: { readonly run: number; readonly model: Model },
  dropouts: Dropouts,
): Promise<{ result: Result; model: Model }> {
  for (const participant of participants) participant.begin(dropouts.get(participant.id) ?? Infinity);
  await service.open(run, model);
  const outcome = await playRun(run, {
    service,
    participants,
    onRound: (round) => onStep(`secure aggregation, protocol round ${round}`),
  });
  const heard = Array.from(
    { length: PROTOCOL_ROUNDS },
    (_, round) => participants.filter(({ answered }) => answered >= round).length,
  );
  const silentIn = (round: number): number[] =>
    [...dropouts].flatMap(([id, from]) => (from === round ? [id] : [])).sort((a, b) => a - b);
  const silent = heard.map((_, round) => silentIn(round));
  if (outcome.kind === 'failed') {
    const round = heard.findIndex((have) => have < threshold);
    if (outcome.code !== 'ERR_SECAGG_THRESHOLD' || round === -1) throw new Error(`run ${run}: ${outcome.code}`);
    if (round >= MASKED_INPUT && summing.worst !== null) account?.charge(run, summing.worst);
    return { result: { kind: 'too few', silent: silent.slice(0, round + 1), round, have: heard[round] ?? 0 }, model };
  }
  const { included, receipt } = outcome;
  if (receipt !== null) account?.charge(run, costOf(receipt));
  const updates = included.map((id) => participants[id]?.update ?? new Float32Array());
  const checked = summing.checked(outcome.result, updates);
  const steadfast = participants.filter(({ isSilent, silentFrom }) => !isSilent && silentFrom === Infinity);
  const traffic = { participant: total(steadfast) / steadfast.length, server: total(participants) };
  const result: Result = { kind: 'sum', ...checked, included, silent, epsilon: receipt?.epsilon ?? null, traffic };
  return { result, model: model.map((parameter, i) => parameter + (checked.update[i] ?? NaN)) };
}

function total(participants: readonly Participant[]): number {
  return participants.reduce((sum, { traffic }) => sum + traffic, 0);
}

export async function trainInTheClear({ participants, onStep }: Federation, model: Model): Promise<Model> {
  const sum = new Float64Array(model.length);
  for (const participant of participants) {
    await onStep(`baseline in the clear: participant ${participant.id} trains`);
    participant.train(model).forEach((parameter, i) => (sum[i] = (sum[i] ?? NaN) + parameter));
  }
  // All have equally many images.
  return Float32Array.from(sum, (parameter) => parameter / participants.length);
}

export function trainAlone({ participants }: Federation, model: Model): Model {
  return participants[0]?.train(model) ?? model;
}
