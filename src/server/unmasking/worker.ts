// What a worker thread of Node runs: some of the masks of one sum, added up, and back to who asked. See threads.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { Pace } from '../../masking/pace.ts';
import { removeMasks } from './masks.ts';
import type { Report, Task } from './threads.ts';

const REPORT_MILLISECONDS = 50;

const { unmasking, range, length } = workerData as Task;
const partial = new Uint8Array(length);
let done = 0;
let reported = performance.now();
await removeMasks(unmasking, range, partial, new Pace(), () => {
  done++;
  if (performance.now() - reported < REPORT_MILLISECONDS) return;
  reported = performance.now();
  parentPort?.postMessage({ done, partial: null } satisfies Report);
  done = 0;
});
parentPort?.postMessage({ done, partial } satisfies Report, [partial.buffer]);
