// Vectors that carry noise, each of which may be the input of one session only. The difference of two sums that hold the same noised
// vector, or two noised vectors of one rounding, lies behind much less noise than either sum.
import { equalBytes, utf8 } from '../leaves/bytes.ts';
import { UsageError } from '../leaves/errors.ts';

/** The session that each noised vector was made for, until the vector is taken; then null. */
const sessions = new WeakMap<object, Uint8Array | null>();

/** Marks a vector as noised for the session of this name. */
export function bindToSession(vector: object, session: string): void {
  sessions.set(vector, utf8(session));
}

/**
 * Refuses a noised vector that was made for another session, or that a user has taken before.
 *
 * @throws UsageError ERR_SECAGG_VECTOR_USED.
 */
export function checkUnused(vector: object, session: Uint8Array): void {
  const bound = sessions.get(vector);
  if (bound === undefined || (bound !== null && equalBytes(bound, session))) return;
  const why = bound === null ? 'a user has taken it before' : 'it was encoded for another session';
  throw new UsageError('ERR_SECAGG_VECTOR_USED', `vec: ${why}; noise protects a vector in one session only, so encode again`);
}

/** Notes that a user has taken the vector. A vector without noise may be taken again. */
export function markUsed(vector: object): void {
  if (sessions.has(vector)) sessions.set(vector, null);
}
