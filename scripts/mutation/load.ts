// How much longer things take than on a machine that does nothing else.
import { availableParallelism, loadavg } from 'node:os';

/** A time that grows with the number of processes that wait for each processor. */
export function timesLoad(milliseconds: number): number {
  return milliseconds * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
}
