// The sum of a session that has finished.
import { zeroLanes, ringOf } from '../masking/ring.ts';
import { vectorOf, type SumVector } from '../masking/vector.ts';
import { addSet } from './part.ts';
import type { Query } from './statement.ts';
import { closingOf, contextOf, type LiveRow } from './stored-session.ts';

export async function readResult(query: Query, sessionId: string, row: LiveRow): Promise<SumVector> {
  const { parameters } = contextOf(row);
  const ring = ringOf(parameters.bits);
  const sum = zeroLanes(ring, parameters.vecLen);
  await addSet(query, sessionId, parameters, closingOf(row, 4), sum);
  return vectorOf(ring, sum);
}
