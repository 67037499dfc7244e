// A coordinator with everything in memory, in a process of its own: what it costs is told apart from what its participants cost. Its clock
// moves when the test says so.
import { once } from 'node:events';
import { platform } from '#platform';
import { Coordinator } from '../../src/coordinator/coordinator.ts';
import { MemoryCoordinatorStore } from '../../src/coordinator/memory-store.ts';
import { Task } from '../../src/service/task.ts';
import type { Keypair } from '../../src/service/keypair.ts';
import { Draws } from '../support/service-world/draws.ts';
import { lightEngine } from '../support/service-world/light-engine.ts';

/** What the process is told first. */
export interface CoordinatorSetup {
  readonly keypair: Keypair;
  readonly task: unknown;
  readonly revocations: Uint8Array;
  readonly announcement: Uint8Array;
  /** Milliseconds since 1970. */
  readonly begin: number;
}

/** What the process is asked: a request of a participant, or that so many seconds pass. */
export type Asked = Uint8Array | number;

export interface CoordinatorCost {
  /** Milliseconds that answers have taken, of all processors, since the process was set up. */
  readonly cpu: number;
  /** Milliseconds of each answer and of each tick. */
  readonly answers: readonly number[];
  readonly ticks: readonly number[];
  /** Bytes in use: at the beginning, and now. */
  readonly memory: readonly [before: number, now: number];
  /** Whether the run has ended, and users in its sum. */
  readonly included: number | null;
}

function memory(): number {
  (globalThis as { readonly gc?: () => void }).gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

Object.assign(platform, lightEngine(new Draws(2)));
const [setup] = (await once(process, 'message')) as [CoordinatorSetup];
let now = 0;
const task = Task.fromJSON(setup.task);
const coordinator = new Coordinator({
  ...{ keypair: setup.keypair, tasks: [task], clock: () => setup.begin + now },
  store: new MemoryCoordinatorStore(() => now),
});
await coordinator.setRevocationList(setup.revocations);
const run = await coordinator.openRun(setup.announcement);
const [answers, ticks]: [number[], number[]] = [[], []];
const before = memory();
const started = process.cpuUsage();

async function timed<T>(into: number[], work: Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work;
  into.push(performance.now() - began);
  return result;
}

async function pass(seconds: number): Promise<CoordinatorCost> {
  for (let second = 0; second < seconds; second++) {
    now += 1000;
    await timed(ticks, coordinator.tick());
  }
  const { user, system } = process.cpuUsage(started);
  const outcome = await coordinator.outcome(run);
  const included = outcome === null ? null : outcome.kind === 'finished' ? outcome.included.length : 0;
  return { cpu: (user + system) / 1000, answers, ticks, memory: [before, memory()], included };
}

process.on('message', (asked: Asked) => {
  const answering = typeof asked === 'number' ? pass(asked) : timed(answers, coordinator.answer(asked));
  void answering.then((answer) => process.send?.(answer));
});
process.once('disconnect', () => process.exit());
process.send?.('ready');
