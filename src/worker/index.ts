/**
 * A user of a session in a Web Worker, so that a page stays free while it masks long vectors.
 *
 * @packageDocumentation
 * @module secagg/worker
 */
export {
  UserWorker,
  type DescribedUserWorkerOptions,
  type UserWorkerLocalOptions,
  type UserWorkerLocation,
  type UserWorkerOptions,
} from './user-worker.ts';
export type { WorkerLike, WorkerSource } from './start.ts';
export type { VectorOptions } from '../masking/vector.ts';
