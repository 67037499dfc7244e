// What a worker thread of Node runs: it adds up some of the masks of one sum, and posts the result to the thread that started it,
// which runs server/unmasking/sum-without-masks.ts.
// It is the entry point `secagg/unmasking-worker`, and has an unmistakable name, because in a bundle it stands among files of the
// application. node-threads.ts looks for it beside itself. Outside of a worker thread it does nothing.
import { parentPort, type MessagePort } from 'node:worker_threads';
import { Pace } from '../masking/pace.ts';
import { removeMasks, wipeUnmasking } from '../server/unmasking/masks.ts';
import type { Greeting, Report, Task } from '../server/unmasking/sum-without-masks.ts';

const REPORT_MILLISECONDS = 50;

// No `await` at the top level: in a bundle this file may become CommonJS.
async function work(port: MessagePort): Promise<void> {
  const given = new Promise<Task>((resolve) => port.once('message', resolve));
  // Written here, and not imported: whoever starts a worker looks for it in the worker's file.
  port.postMessage('secagg-unmasking-worker/1' satisfies Greeting);
  const { unmasking, range, length } = await given;
  const partial = new Uint8Array(length);
  let done = 0;
  let reported = performance.now();
  try {
    await removeMasks(unmasking, range, partial, new Pace(), () => {
      done++;
      if (performance.now() - reported < REPORT_MILLISECONDS) return;
      reported = performance.now();
      port.postMessage({ done, partial: null } satisfies Report);
      done = 0;
    });
  } finally {
    wipeUnmasking(unmasking);
  }
  port.postMessage({ done, partial } satisfies Report, [partial.buffer]);
}

// What is thrown here reaches the starter as the thread's error.
if (parentPort !== null) void work(parentPort);
