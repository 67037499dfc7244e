// The parameters of a round, and who takes which task. [xaynet-core 0.2.0] src/common.rs, src/crypto/sign.rs.
import { platform } from '#platform';
import { concat, utf8 } from '../leaves/bytes.ts';
import { sign, verify } from '../crypto/sign.ts';
import { exactOf } from './masking/fixed-point.ts';
import type { MaskConfigPair } from './masking/mask-config.ts';

/** What the coordinator tells everybody about a round. */
export interface RoundParameters {
  /** X25519 public key of the coordinator in this round, 32 bytes: messages are sealed for it. */
  readonly coordinatorKey: Uint8Array;
  /** The probability to be drawn for the sum task, from 0 to 1. */
  readonly sumProbability: number;
  /** The probability to be drawn for the update task, from 0 to 1, for those that were not drawn for the sum task. */
  readonly updateProbability: number;
  /** 32 random bytes, which participants sign to learn what their task is. */
  readonly seed: Uint8Array;
  /** How models and their weights are masked. */
  readonly config: MaskConfigPair;
  /** Numbers of a model. */
  readonly modelLength: number;
}

/** A task of a participant in one round. */
export type Task = 'sum' | 'update';

const LARGEST_DIGEST = 2n ** 256n - 1n;

/**
 * Whether a signature draws its signer: SHA-256 of it, as a little-endian integer, over 2^256 − 1 is at most the probability. The comparison
 * is exact.
 *
 * A participant that does not follow RFC 8032 can make many valid signatures of the same bytes and take one that draws it. The coordinator
 * cannot tell.
 */
export function isDrawn(signature: Uint8Array, probability: number): boolean {
  if (!(probability >= 0)) return false;
  if (probability > 1) return true;
  const digest = platform.sha256([signature]);
  let value = 0n;
  for (let i = digest.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(digest[i] ?? 0);
  const { mantissa, exponent } = exactOf(probability);
  // mantissa·2^exponent, where a probability of at most 1 has an exponent of at most 0.
  return value << BigInt(-exponent) <= mantissa * LARGEST_DIGEST;
}

/** The signature of a task: Ed25519 over the seed of the round and the name of the task. */
export async function signTask(secretKey: Uint8Array, seed: Uint8Array, task: Task): Promise<Uint8Array> {
  return sign(secretKey, taskBytes(seed, task));
}

/** A signature, and whose it should be. */
export interface SignedTask {
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

/** Whether a participant has signed the task, drawn or not. */
export async function hasSigned({ seed }: RoundParameters, task: Task, { publicKey, signature }: SignedTask): Promise<boolean> {
  return verify(publicKey, taskBytes(seed, task), signature);
}

/** Whether a participant has signed the task and is drawn for it. */
export async function isEligible(parameters: RoundParameters, task: Task, signed: SignedTask): Promise<boolean> {
  const probability = task === 'sum' ? parameters.sumProbability : parameters.updateProbability;
  return isDrawn(signed.signature, probability) && (await hasSigned(parameters, task, signed));
}

function taskBytes(seed: Uint8Array, task: Task): Uint8Array {
  return concat([seed, utf8(task)]);
}
