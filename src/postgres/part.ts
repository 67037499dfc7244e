// The masked inputs of round 2 that one process has heard, as their sum. The row of `parts` names the set of chunks that hold the
// sum; each write makes a new set, flips the row to it, and deletes the old one.
import { copyOf } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import { ringOf, type Lanes } from '../masking/ring.ts';
import { addLanes, zeroSum } from '../masking/running-sum.ts';
import { laneBytes, type Parameters } from '../session/parameters.ts';
import { readChunks } from './chunks.ts';
import * as sql from './chunk-statements.ts';
import { requireWritten, type Query } from './statement.ts';

/** A row of `parts`, and the sum that it names. */
export interface Part {
  readonly id: string;
  /** The chunks of the sum; null before the first write. */
  readonly set: string | null;
  /** How often the row was written. */
  readonly revision: number;
  /** How many users are in the sum. */
  readonly users: number;
  /** Null if it must be read before more is added to it. */
  readonly sum: Lanes | null;
}

export function newPart(): Part {
  return { id: crypto.randomUUID(), set: null, revision: 0, users: 0, sum: null };
}

/** The sum of a part, to which inputs may be added in place. */
export async function sumOf(query: Query, sessionId: string, parameters: Parameters, part: Part): Promise<Lanes> {
  if (part.sum !== null) return part.sum;
  const sum = zeroSum(ringOf(parameters.bits), parameters.vecLen);
  if (part.set !== null) await addSet(query, sessionId, parameters, part.set, sum);
  return sum;
}

/** sum := sum + the sum that a set holds, chunk by chunk. @throws StateError unless it has the session's length. */
export async function addSet(query: Query, sessionId: string, { bits }: Parameters, set: string, sum: Lanes): Promise<void> {
  const ring = ringOf(bits);
  let at = 0;
  for await (const chunk of readChunks(query, sessionId, { set, kind: 'sum' })) {
    if (at + chunk.length > sum.length || chunk.length % laneBytes(bits) !== 0) break;
    addLanes(ring, sum.subarray(at, at + chunk.length), copyOf(chunk)); // lanes are aligned
    at += chunk.length;
  }
  if (at !== sum.length) throw new StateError('session: the chunks of a sum are not whole');
}

/** A part with more inputs in its sum. */
export interface PartChange {
  readonly sessionId: string;
  readonly before: Part;
  readonly after: Part;
}

/**
 * Lets the rows of parts name sets that are written, in the transaction that acknowledges the inputs. Of the sets that they named before,
 * the first chunks are deleted; `dropSet` deletes the rest of a long one afterwards.
 */
export async function flipParts(query: Query, changes: readonly PartChange[]): Promise<void> {
  if (changes.length === 0) return;
  const rows = await query(sql.flipParts, [
    changes.map(({ sessionId }) => sessionId),
    changes.map(({ after }) => after.id),
    changes.map(({ after }) => after.set),
    changes.map(({ after }) => after.revision),
    changes.map(({ after }) => after.users),
  ]);
  requireWritten(rows.length, changes.length);
  const replaced = changes.filter(({ before }) => before.set !== null);
  if (replaced.length === 0) return;
  await query(sql.deleteSums, [replaced.map(({ sessionId }) => sessionId), replaced.map(({ before }) => before.set)]);
}
