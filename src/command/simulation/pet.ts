// Rounds of PET in one process: who sends what, who is lost, and whether the mean is right.
import { genKeypair, SecAggError } from '../../index.ts';
import { PetCoordinator, PetParticipant, type MaskConfig, type Model, type PetClient } from '../../pet/index.ts';
import { Tally } from './measures.ts';
import { petModelOf, plainMean } from './pet-models.ts';
import { Seeded } from './seeded.ts';
import type { SimulationProgress } from './simulation.ts';

export const PET_PHASES = ['sum', 'update', 'sum2'] as const;
export type PetPhase = (typeof PET_PHASES)[number];

/** What is simulated. */
export interface PetScenario {
  readonly users: number;
  /** Users that are lost in each round, each before a phase that is drawn for it. */
  readonly dropouts: number;
  readonly length: number;
  readonly config: MaskConfig;
  readonly sumProbability: number;
  readonly updateProbability: number;
  readonly seed: number;
  readonly runs: number;
}

/** A user that is lost, and the first phase in which it does nothing. */
export interface PetLoss {
  readonly userId: number;
  readonly phase: PetPhase;
}

/** One round and how it ended. */
export interface PetOutcome {
  readonly sumParticipants: number;
  /** Users whose models are in the mean. */
  readonly included: readonly number[];
  readonly lost: readonly PetLoss[];
  readonly model: Model | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** What must never happen, in words. */
  readonly wrong: readonly string[];
}

/** What one phase cost, over all rounds. */
interface PetMeasures {
  /** Bytes of the messages of one user, and of the views that it fetched. */
  readonly up: Tally;
  readonly down: Tally;
  /** Milliseconds of one user in the phase, the coordinator's not included. */
  readonly milliseconds: number[];
  heard: number;
  bytesHeard: number;
  hearing: number;
  closing: number;
}

export type PetMeasuresByPhase = Readonly<Record<PetPhase, PetMeasures>>;

interface Member {
  readonly userId: number;
  readonly participant: PetParticipant;
}

function noMeasures(): PetMeasures {
  return { up: new Tally(), down: new Tally(), milliseconds: [], heard: 0, bytesHeard: 0, hearing: 0, closing: 0 };
}

/** @throws TypeError, RangeError that name the option of the coordinator. */
export async function simulatePet(
  scenario: PetScenario,
  tell: SimulationProgress,
): Promise<{ readonly outcomes: readonly PetOutcome[]; readonly measures: PetMeasuresByPhase }> {
  const measures = { sum: noMeasures(), update: noMeasures(), sum2: noMeasures() };
  const outcomes: PetOutcome[] = [];
  const all = scenario.runs * scenario.users * PET_PHASES.length;
  await tell('keys', 0, all);
  for (let run = 0; run < scenario.runs; run++) {
    const before = run * scenario.users * PET_PHASES.length;
    const place = scenario.runs > 1 ? `run ${run + 1} of ${scenario.runs}, ` : '';
    outcomes.push(await playRound(scenario, run, measures, (what, done) => tell(`${place}${what}`, before + done, all)));
  }
  return { outcomes, measures };
}

async function playRound(
  scenario: PetScenario,
  run: number,
  measures: PetMeasuresByPhase,
  tell: (what: string, done: number) => Promise<void>,
): Promise<PetOutcome> {
  const { users, config, length, seed, sumProbability, updateProbability } = scenario;
  const count = { min: 1, max: users };
  const coordinator = await PetCoordinator.create({
    ...{ sumProbability, updateProbability, config: { vect: config, unit: config }, modelLength: length },
    sum: { count },
    update: { count: { min: 3, max: Math.max(users, 3) } },
  });
  const traffic = { up: 0, down: 0, waited: 0 };
  const client = measured(coordinator, traffic, measures);
  const members = Array.from({ length: users }, (_, userId): Member => {
    const models = { load: () => Promise.resolve({ model: petModelOf(seed, run, userId, config, length) }) };
    const options = { client, models, maxModelLength: length, maxMessageBytes: Number.MAX_SAFE_INTEGER };
    return { userId, participant: new PetParticipant({ signSecretKey: genKeypair()[1], ...options }) };
  });
  const losses = drawLosses(scenario, run);
  const included: number[] = [];
  let sumParticipants = 0;
  const lost = [...losses].map(([userId, phase]): PetLoss => ({ userId, phase }));
  try {
    for (const [index, phase] of PET_PHASES.entries()) {
      for (const { userId, participant } of members) {
        const lostIn = losses.get(userId);
        if (lostIn !== undefined && PET_PHASES.indexOf(lostIn) <= index) continue;
        await tell(`${phase} phase`, index * users + userId);
        const accepted = coordinator.progress().accepted;
        await takeSteps(participant, traffic, measures[phase]);
        if (phase === 'update' && coordinator.progress().accepted > accepted) included.push(userId);
      }
      if (phase === 'sum') sumParticipants = coordinator.progress().accepted;
      const started = performance.now();
      const { model, error } = await coordinator.close();
      measures[phase].closing += performance.now() - started;
      if (error !== null) throw error;
      if (model !== null)
        return { sumParticipants, included, lost, model, error: null, wrong: differences(model, scenario, run, included) };
    }
  } catch (error) {
    if (!(error instanceof SecAggError)) throw error;
    const { code, message } = error;
    return { sumParticipants, included, lost, model: null, error: { code, message }, wrong: [] };
  }
  throw new Error('a round ends with its last phase');
}

async function takeSteps(
  participant: PetParticipant,
  traffic: { up: number; down: number; waited: number },
  measures: PetMeasures,
): Promise<void> {
  Object.assign(traffic, { up: 0, down: 0, waited: 0 });
  const started = performance.now();
  while ((await participant.transition()) === 'complete');
  if (traffic.up === 0) return; // it had no message in this phase
  measures.milliseconds.push(performance.now() - started - traffic.waited);
  measures.up.add(traffic.up);
  measures.down.add(traffic.down);
}

/** Reaches the coordinator, and counts bytes and the coordinator's time. */
function measured(
  coordinator: PetCoordinator,
  traffic: { up: number; down: number; waited: number },
  measures: PetMeasuresByPhase,
): PetClient {
  const shown = (view: Uint8Array | null): Promise<Uint8Array | null> => {
    traffic.down += view?.length ?? 0;
    return Promise.resolve(view);
  };
  return {
    parameters: () => shown(coordinator.parameters()),
    sums: () => shown(coordinator.sums()),
    seeds: (participantKey) => shown(coordinator.seeds(participantKey)),
    async send(message) {
      const phase = measures[coordinator.progress().phase];
      const started = performance.now();
      await coordinator.receive(message);
      const milliseconds = performance.now() - started;
      traffic.up += message.length;
      traffic.waited += milliseconds;
      phase.heard++;
      phase.bytesHeard += message.length;
      phase.hearing += milliseconds;
    },
  };
}

function drawLosses({ users, dropouts, seed }: PetScenario, run: number): ReadonlyMap<number, PetPhase> {
  const random = new Seeded(seed, 'losses', run);
  const lost = random.order(users).slice(0, dropouts);
  return new Map(lost.map((userId) => [userId, PET_PHASES[random.below(PET_PHASES.length)] ?? 'sum']));
}

function differences(model: Model, { seed, config, length }: PetScenario, run: number, included: readonly number[]): string[] {
  const expected = plainMean(seed, run, included, config, length);
  const at = Array.from({ length }, (_, i) => i).find((i) => model[i] !== expected[i]);
  return at === undefined
    ? []
    : [`the mean has ${String(model[at])} at ${at}, the plain mean of its users has ${String(expected[at])}`];
}
