// The result of a cohort's session: checks the sum and its users against the cohort and the ring.
import { checkNames, kindOf } from '../leaves/checks.ts';
import { fingerprint } from '../crypto/digest.ts';
import { ProtocolError, ThresholdError, type ProtocolErrorCode } from '../leaves/errors.ts';
import { userId } from '../leaves/ids.ts';
import { countMembers, membersOf, type Members } from '../leaves/members.ts';
import { typedArrayOf } from '../leaves/typed-arrays.ts';
import type { SumVector } from '../masking/vector.ts';
import type { Cohort } from './cohorts.ts';

export interface RingShape {
  readonly bits: number;
  readonly vecLen: number;
}

/** The result of a cohort's session. */
export interface CohortResult {
  /** Users in the sum: `ServerWrapper.progress().included`. */
  readonly included: readonly number[];
  /** The sum: `ServerOutputWrapper.getVector()`. It is read, and not kept. */
  readonly vector: SumVector;
}

/** What a run takes from a result: it keeps the digest and the users, and adds the vector up. */
export interface CheckedResult {
  /** The digest of the vector, by which another vector is noticed. 32 bytes. */
  readonly digest: Uint8Array;
  /** The users in the sum, by position among the users of the cohort. */
  readonly included: Members;
  /** Of this realm, and not a copy if that could be spared. */
  readonly vector: SumVector;
}

/** @throws as `CohortSum.record`. */
export function checkResult(cohort: Cohort, ring: RingShape, result: CohortResult): CheckedResult {
  checkNames(result, 'result', ['included', 'vector']);
  const vector = checkVector(result.vector, ring);
  const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
  return { included: positionsOf(cohort, result.included), digest: fingerprint(bytes), vector };
}

function positionsOf({ index, userIds, threshold }: Cohort, included: unknown): Members {
  if (!Array.isArray(included)) throw new TypeError(`included: expected a list, got ${kindOf(included)}`);
  const known = new Map(userIds.map((id, position) => [id, position]));
  const ids = Array.from(included, (id: unknown, i) => userId(id, `included[${i}]`));
  const strangers = ids.filter((id) => !known.has(id));
  if (strangers.length > 0) {
    throw broken('ERR_SECAGG_UNKNOWN_USER', `included: user ${strangers[0]} is not in cohort ${index}`);
  }
  const members = membersOf(
    ids.map((id) => known.get(id) ?? 0),
    userIds.length,
  );
  const have = countMembers(members);
  if (have !== ids.length) throw broken('ERR_SECAGG_DUPLICATE_USER', 'included: expected each user once');
  if (have < threshold) {
    const text = `included: expected at least ${threshold} users, the threshold of cohort ${index}, got ${have}`;
    throw new ThresholdError(text, { have, need: threshold, round: 2 });
  }
  return members;
}

function checkVector(vector: unknown, { bits, vecLen }: RingShape): SumVector {
  const narrow = bits <= 32;
  const sum: SumVector | null = typedArrayOf(vector, narrow ? 'Int32Array' : 'BigInt64Array', 'vector');
  if (sum === null) {
    const expected = narrow ? 'an Int32Array' : 'a BigInt64Array';
    throw new TypeError(`vector: expected ${expected}, as a ring of ${bits} bits gives, got ${kindOf(vector)}`);
  }
  if (sum.length !== vecLen) throw new RangeError(`vector: expected ${vecLen} components, got ${sum.length}`);
  // In a wide ring the upper half of a component shows whether it is in range.
  const words = sum instanceof Int32Array ? sum : new Int32Array(sum.buffer, sum.byteOffset, 2 * vecLen);
  const [first, step, limit] = narrow ? [0, 1, 2 ** (bits - 1)] : [1, 2, 2 ** (bits - 33)];
  for (let i = 0; i < vecLen; i++) {
    const word = words[first + step * i] ?? 0;
    if (word < -limit || word >= limit) throw new RangeError(`vector: component ${i} is outside a ring of ${bits} bits`);
  }
  return sum;
}

/** The error for a result that cannot be. Whoever reported it is at fault, and no user. */
export function broken(code: ProtocolErrorCode, message: string): ProtocolError {
  return new ProtocolError(code, message, { round: null });
}
