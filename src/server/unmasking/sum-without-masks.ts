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
  /** Removes the masks together with others. Without it, or if it gives null, this process does all. */
  readonly share?: ((unmasking: Unmasking, sum: Lanes) => Promise<Lanes | null>) | undefined;
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

/** About how long one core removes the masks of a sum of so many bytes. */
export function millisecondsOf(unmasking: Unmasking, length: number): number {
  const total = countMasks(unmasking);
  return (total * length) / BYTES_PER_MILLISECOND + (total - unmasking.survivors.length) * MILLISECONDS_PER_AGREEMENT;
}

/** The sum without its masks; `sum` itself is not changed. @throws the signal's reason. */
export async function sumWithoutMasks(unmasking: Unmasking, sum: Lanes, work: UnmaskingWork): Promise<Lanes> {
  const shared = await work.share?.(unmasking, sum);
  return shared ?? sumWithout(unmasking, { from: 0, to: countMasks(unmasking) }, sum, work);
}

/** A sum without some masks; `sum` itself is not changed. @throws the signal's reason. */
export async function sumWithout(unmasking: Unmasking, range: MaskRange, sum: Lanes, work: UnmaskingWork): Promise<Lanes> {
  const total = range.to - range.from;
  const estimate = (millisecondsOf(unmasking, sum.length) * total) / countMasks(unmasking);
  const engine = platform.threads;
  const threads = Math.min(work.threads, Math.floor(estimate / LEAST_MILLISECONDS_PER_THREAD));
  if (engine !== null && threads > 1) {
    try {
      const run = await engine.find(work.worker, SIGNS);
      if (run !== null) return await unmaskInThreads(run, unmasking, range, sum, { ...work, threads });
    } catch {
      // If no thread could be started, or one has died, the work can still be done here.
    }
    throwIfAborted(work.signal);
  }
  const acc = new Uint8Array(sum);
  const tell = progressOf(total, 0, work.onProgress);
  await removeMasks(unmasking, range, acc, new Pace(work.signal), () => tell(1));
  return acc;
}

async function unmaskInThreads(
  run: RunInThread,
  unmasking: Unmasking,
  whole: MaskRange,
  sum: Lanes,
  { threads, signal, onProgress }: UnmaskingWork,
): Promise<Lanes> {
  const total = whole.to - whole.from;
  const tell = progressOf(total, threads, onProgress);
  const acc = new Uint8Array(sum);
  const ring = ringOf(unmasking.bits);
  // A thread that fails takes the others with it, and so does the caller's signal.
  const all = new Cancellation(signal);
  let partials = 0;
  const runs = rangesOf(whole, threads).map((range) => {
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

/** A range in parts of nearly equal size. */
export function rangesOf({ from, to }: MaskRange, parts: number): MaskRange[] {
  const at = (part: number): number => from + Math.floor(((to - from) * part) / parts);
  return Array.from({ length: parts }, (_, i) => ({ from: at(i), to: at(i + 1) }));
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
