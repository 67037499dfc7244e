// The entry point of unmasking: removes the masks from the sum, in worker threads or in the caller's own thread. The masks of a sum
// are independent of each other, so each worker thread adds up some of them, and the caller's thread adds the threads' results to the
// sum. The caller's thread does the work alone if there is little of it, if the engine has no threads, or if the file that the worker
// threads run is not found, as in a bundle without that file.
import { platform } from '#platform';
import { Cancellation } from '../../leaves/cancellation.ts';
import { throwIfAborted, type AbortSignalLike } from '../../leaves/signals.ts';
import { Pace } from '../../masking/pace.ts';
import { ringOf, type Lanes } from '../../masking/ring.ts';
import { addLanes } from '../../masking/running-sum.ts';
import type { RunInThread, WorkerSigns } from '../../platform/platform.ts';
import type { PROTOCOL_VERSION } from '../../session/parameters.ts';
import { countMasks, removeMasks, type MaskRange, type Unmasking } from './masks.ts';

/**
 * The first thing that a worker thread says. It ends with the version of the wire format, which also says what a mask is. If a
 * task or a report changes, its name must change.
 */
export type Greeting = `secagg-unmasking-worker/${typeof PROTOCOL_VERSION}`;

// The worker's file does not hold the sign of the starter: it imports only types of this module.
const SIGNS = {
  greeting: 'secagg-unmasking-worker/1' satisfies Greeting,
  starter: 'secagg-unmasking-starter',
} as const satisfies WorkerSigns;

/** What a worker thread is given. */
export interface Task {
  readonly unmasking: Unmasking;
  readonly range: MaskRange;
  /** Bytes of the lanes. */
  readonly length: number;
}

/** What a worker thread tells: the masks done since its last message and, in its last message, their sum. */
export interface Report {
  readonly done: number;
  readonly partial: Uint8Array | null;
}

export interface UnmaskingWork {
  /** Most threads to use. */
  readonly threads: number;
  /** Address of the file that they run; null for the package's own. */
  readonly worker: string | null;
  readonly signal: AbortSignalLike | undefined;
  readonly onProgress: (progress: UnmaskingProgress) => void;
}

export interface UnmaskingProgress {
  readonly done: number;
  readonly total: number;
  /** Threads that work on it; 0 if the caller's own does. */
  readonly threads: number;
}

// A thread takes 40 ms to start, and at first its code is slower than the caller's, which is already optimised. Two threads
// take as long as the caller's own thread for work of 300 ms by these rough costs, as measured.
const BYTES_PER_MILLISECOND = 4e6;
const MILLISECONDS_PER_AGREEMENT = 0.05;
const LEAST_MILLISECONDS_PER_THREAD = 150;

const PROGRESS_MILLISECONDS = 50;

/** The sum without its masks; `sum` itself is not changed. @throws the signal's reason. */
export async function sumWithoutMasks(unmasking: Unmasking, sum: Lanes, work: UnmaskingWork): Promise<Lanes> {
  const total = countMasks(unmasking);
  const estimate =
    (total * sum.length) / BYTES_PER_MILLISECOND + (total - unmasking.survivors.length) * MILLISECONDS_PER_AGREEMENT;
  const engine = platform.threads;
  const threads = engine === null ? 0 : Math.min(work.threads, Math.floor(estimate / LEAST_MILLISECONDS_PER_THREAD));
  if (engine !== null && threads > 1) {
    try {
      const run = await engine.find(work.worker, SIGNS);
      if (run !== null) return await unmaskInThreads(run, unmasking, sum, { ...work, threads });
    } catch {
      // If no thread could be started, or one has died, the work can still be done here.
    }
    throwIfAborted(work.signal);
  }
  const acc = new Uint8Array(sum);
  const tell = progressOf(total, 0, work.onProgress);
  await removeMasks(unmasking, { from: 0, to: total }, acc, new Pace(work.signal), () => tell(1));
  return acc;
}

async function unmaskInThreads(
  run: RunInThread,
  unmasking: Unmasking,
  sum: Lanes,
  { threads, signal, onProgress }: UnmaskingWork,
): Promise<Lanes> {
  const total = countMasks(unmasking);
  const tell = progressOf(total, threads, onProgress);
  const acc = new Uint8Array(sum);
  const ring = ringOf(unmasking.bits);
  // A thread that fails takes the others with it, and so does the caller's signal.
  const all = new Cancellation(signal);
  let partials = 0;
  const runs = rangesOf(total, threads).map((range) => {
    const task: Task = { unmasking, range, length: sum.length };
    return run(task, all.signal, (message) => {
      const { done, partial } = message as Report;
      tell(done);
      if (partial === null) return;
      addLanes(ring, acc, partial);
      partials++;
    });
  });
  try {
    await Promise.all(runs);
  } finally {
    all.cancel();
    all.release();
    await Promise.allSettled(runs);
  }
  // However a thread ended, a sum that lacks a part of the masks must not leave.
  if (partials !== threads) throw new Error('a thread ended without its part of the sum');
  return acc;
}

/** The masks 0 to total in parts of nearly equal size. */
function rangesOf(total: number, parts: number): MaskRange[] {
  return Array.from({ length: parts }, (_, i) => ({
    from: Math.floor((total * i) / parts),
    to: Math.floor((total * (i + 1)) / parts),
  }));
}

/** Adds up what is done and tells it now and then, and at the end. */
function progressOf(total: number, threads: number, onProgress: UnmaskingWork['onProgress']): (done: number) => void {
  let done = 0;
  let told = performance.now();
  return (more) => {
    done += more;
    if (done < total && performance.now() - told < PROGRESS_MILLISECONDS) return;
    told = performance.now();
    onProgress({ done, total, threads });
  };
}
