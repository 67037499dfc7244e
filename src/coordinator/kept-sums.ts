// Whether a store can keep the sums of a task. It is asked before participants work for a sum that could not be written.
import type { Task } from '../service/task.ts';

/** @param most bytes of a sum; undefined if the store keeps sums of any length. @throws RangeError if the sums of the task have more. */
export function requireSumKept({ shape, definition }: Task, most: number | undefined): void {
  const { vecLen, options } = shape;
  // The total over cohorts has 64 bits for each component.
  const width = definition.group.cohorts === null && options.bits <= 32 ? 4 : 8;
  if (most === undefined || vecLen * width <= most) return;
  const limit = Math.floor(most / width);
  throw new RangeError(`task: expected a vector of at most ${limit} components, whose sum options.store can keep, got ${vecLen}`);
}
