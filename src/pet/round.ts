// What a round begins with and how it ends, wherever it is kept.
import { platform } from '#platform';
import { generateKeyPair } from '../crypto/agree.ts';
import { sign } from '../crypto/sign.ts';
import { concat } from '../leaves/bytes.ts';
import type { RoundSettings } from './coordinator-options.ts';
import type { RoundKeys } from './intake.ts';
import { PetError } from './pet-error.ts';
import type { PetProgress } from './progress.ts';
import type { Tag } from './wire/message.ts';

/**
 * A fresh key pair and a seed: SHA-256 of a signature over the last seed, which nobody can foresee who has not the key.
 * [xaynet-server 0.2.0] src/state_machine/phases/idle.rs.
 */
export async function newKeys(
  { random, sumProbability, updateProbability }: RoundSettings,
  lastSeed: Uint8Array,
): Promise<RoundKeys> {
  const keys = await generateKeyPair(random);
  const probabilities = new Uint8Array(16);
  new DataView(probabilities.buffer).setFloat64(0, sumProbability, true);
  new DataView(probabilities.buffer).setFloat64(8, updateProbability, true);
  return { ...keys, seed: platform.sha256([await sign(keys.secretKey, concat([lastSeed, probabilities]))]) };
}

/**
 * What more than half of the sum participants sent.
 *
 * DEVIATION from xaynet-server 0.2.0, which takes what was sent most often: an update participant that seals another seed for each sum participant
 * makes all honest masks differ, and then two that lie together would be most.
 *
 * @throws PetError ERR_SECAGG_PET_MASKS if there is none.
 */
export function majorityOf<Vote extends { readonly votes: number }>(votes: readonly Vote[]): Vote {
  const all = votes.reduce((sum, vote) => sum + vote.votes, 0);
  const majority = votes.find((vote) => 2 * vote.votes > all);
  if (majority === undefined) {
    throw new PetError('ERR_SECAGG_PET_MASKS', 'sum2 phase: no mask was sent by more than half of the sum participants');
  }
  return majority;
}

/** @throws PetError ERR_SECAGG_PET_FULL if the phase has its most messages. */
export function requireRoom(phase: Tag, accepted: number, { limits }: RoundSettings): void {
  const { max } = limits[phase].count;
  if (accepted >= max) throw new PetError('ERR_SECAGG_PET_FULL', `${phase} phase: it has its ${max} messages`);
}

export function tooFew({ phase, accepted }: PetProgress, { limits }: RoundSettings): PetError {
  const { min } = limits[phase].count;
  return new PetError('ERR_SECAGG_PET_TOO_FEW', `${phase} phase: expected at least ${min} messages, got ${accepted}`);
}
