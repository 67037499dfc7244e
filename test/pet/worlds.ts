// A network of participants and a coordinator in one process, with what the models of a round must give.
import { genKeypair } from '../../src/index.ts';
import {
  PetCoordinator,
  PetParticipant,
  type Model,
  type PetClient,
  type PetCoordinatorOptions,
  type Task,
} from '../../src/pet/index.ts';
import type { MaskConfigPair } from '../../src/pet/masking/mask-config.ts';
import { exactOf } from '../../src/pet/masking/fixed-point.ts';
import { groupOf } from '../../src/pet/masking/orders.ts';
import { zeroModel } from '../../src/pet/masking/model.ts';
import { writeQuotient } from '../../src/pet/masking/quotients.ts';
import { configOf } from './crate-vectors.ts';

export const ONE: MaskConfigPair = { vect: configOf('Prime F32 B0 M3'), unit: configOf('Prime F32 B0 M3') };

export const settings: PetCoordinatorOptions = {
  sumProbability: 0.4,
  updateProbability: 0.9,
  config: ONE,
  modelLength: 3,
};

export interface Weighted {
  readonly model: Model;
  readonly weight: number;
}

/** ⌊clamp(value·weight)·E⌋ with integers of any size. */
function scaled(value: number | bigint, weight: number, config: MaskConfigPair['vect']): bigint {
  const { addShift, decimals } = groupOf(config);
  const largest = addShift * 10n ** BigInt(decimals);
  const number = typeof value === 'bigint' ? { mantissa: value, exponent: 0 } : exactOf(value);
  const factor = exactOf(weight);
  const product = number.mantissa * factor.mantissa * 10n ** BigInt(decimals);
  const exponent = number.exponent + factor.exponent;
  const shifted = exponent >= 0 ? product << BigInt(exponent) : product >> BigInt(-exponent);
  return shifted > largest ? largest : shifted < -largest ? -largest : shifted;
}

/** The weighted mean of models, as the documents define it; null if the data type has no such number, because tiny weights were rounded. */
export function meanOf(models: readonly Weighted[], { vect, unit }: MaskConfigPair): Model | null {
  const length = models[0]!.model.length;
  const mean = zeroModel(vect.dataType, length);
  const weights = models.reduce((sum, { weight }) => sum + scaled(weight, 1, unit), 0n);
  for (let i = 0; i < length; i++) {
    const numerator = models.reduce((sum, { model, weight }) => sum + scaled(model[i]!, weight, vect), 0n);
    const isThere = writeQuotient(mean, i, {
      numerator: numerator * 10n ** BigInt(groupOf(unit).decimals),
      denominator: weights * 10n ** BigInt(groupOf(vect).decimals),
    });
    if (!isThere) return null;
  }
  return mean;
}

/** Reaches a coordinator in the same process. */
export function clientOf(coordinator: PetCoordinator): PetClient {
  return {
    parameters: () => Promise.resolve(coordinator.parameters()),
    sums: () => Promise.resolve(coordinator.sums()),
    seeds: (key) => Promise.resolve(coordinator.seeds(key)),
    async send(message) {
      await coordinator.receive(message);
    },
  };
}

/** A participant with its key and its model. */
export interface Member extends Weighted {
  readonly signSecretKey: Uint8Array;
  participant: PetParticipant;
}

export function memberOf(client: PetClient, weighted: Weighted, options: object = {}): Member {
  const [, signSecretKey] = genKeypair();
  const models = { load: () => Promise.resolve(weighted) };
  return { ...weighted, signSecretKey, participant: new PetParticipant({ signSecretKey, client, models, ...options }) };
}

/** Steps until it must wait. */
export async function run({ participant }: Pick<Member, 'participant'>): Promise<void> {
  while ((await participant.transition()) === 'complete');
}

/** The same member, as it was, goes on with another client. */
export async function goOn({ participant, signSecretKey, model, weight }: Member, client: PetClient): Promise<void> {
  const models = { load: () => Promise.resolve({ model, weight }) };
  await run({ participant: PetParticipant.restore(participant.save(), { signSecretKey, client, models }) });
}

export interface Network {
  readonly coordinator: PetCoordinator;
  readonly members: readonly Member[];
  /** Members that are drawn for the sum task; at least three. */
  readonly summers: readonly [Member, Member, Member, ...Member[]];
  /** Members that are drawn for the update task; at least four. */
  readonly updaters: readonly [Member, Member, Member, Member, ...Member[]];
  readonly client: PetClient;
}

/** A network in which everybody is drawn: enough for a round, whatever the signatures are. */
export async function network(
  count = 16,
  options: Partial<PetCoordinatorOptions> = {},
  modelOf: (index: number) => Weighted = (i) => ({ model: Float32Array.of(i / 64, -i / 32, 0.1 * i), weight: 1 / (i + 1) }),
): Promise<Network> {
  // Until a drawing has a sum participant and three update participants.
  for (;;) {
    const coordinator = await PetCoordinator.create({ ...settings, ...options });
    const client = clientOf(coordinator);
    const members = Array.from({ length: count }, (_, i) => memberOf(client, modelOf(i)));
    for (const { participant } of members) await participant.transition();
    const drawn = (task: Task): Member[] => members.filter(({ participant }) => participant.task === task);
    const [summers, updaters] = [drawn('sum'), drawn('update')];
    if (summers.length < 3 || updaters.length < 4) continue;
    return {
      coordinator,
      members,
      summers: summers as [Member, Member, Member],
      updaters: updaters as [Member, Member, Member, Member],
      client,
    };
  }
}

/** A network in the update phase. */
export async function afterSums(...of: Parameters<typeof network>): Promise<Network> {
  const world = await network(...of);
  for (const member of world.summers) await run(member);
  await world.coordinator.close();
  return world;
}

/** A network in the sum2 phase. */
export async function afterUpdates(...of: Parameters<typeof network>): Promise<Network> {
  const world = await afterSums(...of);
  for (const member of world.updaters) await run(member);
  await world.coordinator.close();
  return world;
}
