// Threads of Node. The file that a thread runs is read before it is started: in a bundle this module is a part of the application,
// and a file that is not the package's worker may be the application, which would then start again in each thread.
import { access, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
// Without `node:`, because webpack knows by this name alone that `new Worker` needs the worker's file.
import { Worker, type WorkerOptions } from 'worker_threads';
import type { RunInThread, Threads, WorkerSigns } from './platform.ts';

// Undefined in a bundle in CommonJS. It has a name of its own, because bundlers take what is written relative to `import.meta.url` for
// a file that they must copy.
const here: string | undefined = import.meta.url;

// The options that Node itself was started with are not passed on: loaders and debuggers are for the caller.
const OPTIONS: WorkerOptions = { execArgv: [] };

/**
 * Starts the worker that is beside this module. A bundler that knows this form, as webpack does, carries the worker along and
 * writes the address of its own copy instead.
 */
const startOwn = (): Worker => new Worker(new URL('./secagg-unmasking-worker.js', import.meta.url), OPTIONS);

/** @param limit milliseconds that a thread may take until it greets. */
export function threadsWithin(limit: number): Threads {
  return {
    available: availableParallelism(),
    async find(address, signs) {
      if (address !== null) {
        const isThere = isWorker(await textOf(address), signs);
        return isThere ? runnerOf(() => new Worker(new URL(address), OPTIONS), signs.greeting, limit) : null;
      }
      if (here === undefined) return null;
      const text = await textOf(new URL('secagg-unmasking-worker.js', here).href);
      const isThere = text === null ? !(await exists(here)) : isWorker(text, signs);
      // If this module is not at its own address either, webpack has written the one that it had on the machine that built the
      // bundle. Then only `startOwn` knows where the worker is.
      return isThere ? runnerOf(startOwn, signs.greeting, limit) : null;
    },
  };
}

/** A thread takes 40 ms to greet, and longer on a machine that has much to do. */
export const threads: Threads = threadsWithin(5000);

function isWorker(text: string | null, { greeting, starter }: WorkerSigns): boolean {
  return text !== null && text.includes(greeting) && !text.includes(starter);
}

/** The text of a file; null if it cannot be read. */
function textOf(address: string): Promise<string | null> {
  return readFile(new URL(address), 'utf8').catch(() => null);
}

function exists(address: string): Promise<boolean> {
  return access(new URL(address)).then(
    () => true,
    () => false,
  );
}

function runnerOf(start: () => Worker, greeting: string, limit: number): RunInThread {
  return (data, stop, onMessage) =>
    new Promise((resolve, reject) => {
      const worker = start();
      const end = (): void => void worker.terminate();
      const refuse = (got: string): void => {
        reject(new Error(`a worker thread: expected '${greeting}' as its first message, got ${got}`));
        end();
      };
      let greeted = false;
      // A greeting that is due is heard before the check: the caller's thread may have been busy all the time.
      const check = (): void => {
        if (!greeted) refuse(`none in ${limit} ms`);
      };
      const timer = setTimeout(() => setImmediate(check), limit);
      worker.once('message', (first: unknown) => {
        greeted = first === greeting;
        clearTimeout(timer);
        if (!greeted) {
          refuse(`another one, of type ${typeof first}`);
          return;
        }
        worker.on('message', (message: unknown) => {
          try {
            onMessage(message);
          } catch (error) {
            // Thrown to the worker's events it would end the process.
            reject(error instanceof Error ? error : new Error('a worker thread sent what nobody understands'));
            end();
          }
        });
        // Not before, because the data are secret.
        worker.postMessage(data);
      });
      stop.addEventListener('abort', end);
      worker.on('error', reject);
      worker.on('exit', (code) => {
        clearTimeout(timer);
        stop.removeEventListener('abort', end);
        // A thread that is stopped before it has begun also ends with 0.
        if (code === 0 && greeted && !stop.aborted) resolve();
        else reject(new Error(`a worker thread ended with code ${code} before its work was done`));
      });
      if (stop.aborted) end();
    });
}
