// One training round, in each of the three ways that the demo compares.
import type { InputVector } from 'secagg';
import { aggregate, type Outcome } from './aggregation.ts';
import { PROTOCOL_ROUNDS, type Dropouts } from './dropouts.ts';
import type { Classifier } from './models/classifier.ts';
import type { Model } from './models/tensors.ts';
import type { Participant } from './participant.ts';
import type { PrivacyAccount } from './privacy.ts';
import type { Servers } from './servers.ts';
import type { Task, Terms } from './terms.ts';

export interface Federation {
  readonly terms: Terms;
  readonly servers: Servers;
  readonly participants: readonly Participant[];
  readonly classifier: Classifier;
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

/** @returns the outcome of the session, and the next model: the old one if there was no sum. */
export async function trainSecurely(
  { terms, servers, participants, classifier, account, onStep }: Federation,
  task: Task,
  dropouts: Dropouts,
): Promise<{ outcome: Outcome; model: Model }> {
  const updates = new Map<number, InputVector>();
  for (const participant of participants) {
    await onStep(`participant ${participant.id} trains`);
    updates.set(participant.id, participant.join(terms, task, classifier));
  }
  const onRound = (round: number): Promise<void> => onStep(`secure aggregation, protocol round ${round}`);
  const outcome = await aggregate(terms, task, { servers, participants, dropouts, account, onRound });
  if (outcome.kind === 'too few') return { outcome, model: task.model };
  checkSum(outcome.sum, outcome.included, updates);
  const { update } = outcome;
  return { outcome, model: task.model.map((parameter, i) => parameter + (update[i] ?? NaN)) };
}

/** Compares with the plain sum. Only a demo that plays all parties knows the single updates. */
function checkSum(sum: InputVector, included: readonly number[], updates: ReadonlyMap<number, InputVector>): void {
  const plain = new Float64Array(sum.length);
  for (const id of included) {
    const update = updates.get(id);
    for (let i = 0; i < plain.length; i++) plain[i] = (plain[i] ?? NaN) + Number(update?.[i]);
  }
  const wrong = plain.findIndex((component, i) => component !== Number(sum[i]));
  if (wrong !== -1) throw new Error(`the secure sum differs from the plain one at component ${wrong}`);
}

export async function trainInTheClear({ participants, classifier, onStep }: Federation, model: Model): Promise<Model> {
  const total = new Float64Array(model.length);
  let images = 0;
  for (const participant of participants) {
    await onStep(`baseline in the clear: participant ${participant.id} trains`);
    const trained = participant.train(classifier, model);
    trained.forEach((parameter, i) => (total[i] = (total[i] ?? NaN) + participant.weight * parameter));
    images += participant.weight;
  }
  return Float32Array.from(total, (parameter) => parameter / images);
}

export function trainAlone({ participants, classifier }: Federation, model: Model): Model {
  const [first] = participants;
  return first === undefined ? model : first.train(classifier, model);
}
