// What a coordinator is made with, and how it is checked.
import { systemRandom } from '../crypto/random.ts';
import { secretCopyOf } from '../leaves/bytes.ts';
import { checkBytes, checkFunction, checkMethods, kindOf } from '../leaves/checks.ts';
import type { Listener } from '../leaves/events.ts';
import type { Clock } from '../service/clock.ts';
import type { Keypair } from '../service/keypair.ts';
import type { SeedSource } from '../service/seeds.ts';
import { checkTask, type Task } from '../service/task.ts';
import type { CoordinatorEvent } from './events.ts';
import { MemoryCoordinatorStore } from './memory-store.ts';
import { MemorySessionHost, type SessionHost } from './session-host.ts';
import type { CoordinatorStore } from './store.ts';

/** What a coordinator is made with. */
export interface CoordinatorOptions {
  /** The coordinator's own key pair. Participants pin the public key. */
  readonly keypair: Keypair;
  /** What it coordinates. */
  readonly tasks: readonly Task[];
  /**
   * Tasks that others have taken the place of, for example because agents need a newer version of the application. Their runs go on;
   * whoever checks in is refused with ERR_SECAGG_RETIRED, so that its application can ask for an update.
   */
  readonly retired?: readonly Task[];
  /**
   * The least version of the participants' application, as their option `clientVersion` tells it; default 0. Whoever checks in with an older
   * one is refused with ERR_SECAGG_CLIENT_VERSION, and goes on with the run that it is in. An application can lie about its version: this
   * asks honest ones for an update.
   */
  readonly minClientVersion?: number;
  /**
   * 32 bytes that all processes of one coordinator share, and nobody else knows. Leave it out if the store is in memory, so that it is new
   * with each start: time begins anew there, and with the same secret, requests that somebody recorded would be taken again.
   */
  readonly secret?: Uint8Array;
  /** Where runs are kept; default: in memory. A store that outlives the process needs `secret` and `host` beside it. */
  readonly store?: CoordinatorStore;
  /** Where sessions are kept; default: in memory, as the runs. */
  readonly host?: SessionHost;
  /** Where the seeds of draws come from, for tasks with cohorts: participants take them from there, too. */
  readonly seeds?: SeedSource;
  /** Bytes that may be held of bodies that are not complete; default 2^30. */
  readonly maxUploadBytes?: number;
  /** Requests a second that one process answers well; participants are spread accordingly. Default 200. */
  readonly capacity?: number;
  /** Hears what happens. */
  readonly listener?: Listener<CoordinatorEvent>;
  /** Time of day, for certificates and announcements; default `Date.now`. */
  readonly clock?: Clock;
}

export const OPTION_NAMES: readonly (keyof CoordinatorOptions)[] = [
  ...([
    'keypair',
    'tasks',
    'retired',
    'minClientVersion',
    'secret',
    'store',
    'host',
    'seeds',
    'maxUploadBytes',
    'capacity',
    'listener',
    'clock',
  ] as const),
];

export function checkTasks(tasks: unknown, name: string): readonly Task[] {
  if (!Array.isArray(tasks)) throw new TypeError(`${name}: expected a list, got ${kindOf(tasks)}`);
  return tasks.map((task: unknown, i) => checkTask(task, `${name}[${i}]`));
}

/** Where a coordinator keeps what it must not forget. */
export interface Keeping {
  readonly store: CoordinatorStore;
  readonly host: SessionHost;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/**
 * @throws TypeError if a store that outlives the process is given alone: the runs of the store would name sessions that are gone or in another
 *   process, and each process would refuse the tokens of the others; or if a secret is given without a store.
 */
export function keepingOf({ store, host, secret }: CoordinatorOptions): Keeping {
  if (store !== undefined) checkMethods(store, 'options.store', ['heartbeat', 'createRun']);
  if (host !== undefined) checkMethods(host, 'options.host', ['attendance', 'create']);
  if (store === undefined && secret !== undefined) {
    throw new TypeError(
      'options.secret: leave it out, because the store is in memory: with the same secret after a restart, requests that somebody recorded would be taken again',
    );
  }
  if (store !== undefined && !(store instanceof MemoryCoordinatorStore)) {
    if (host === undefined) throw new TypeError(beside('host', 'a host that keeps sessions as long'));
    if (secret === undefined) throw new TypeError(beside('secret', '32 bytes that all processes share'));
  }
  return {
    store: store ?? new MemoryCoordinatorStore(),
    host: host ?? new MemorySessionHost(),
    secret: secret === undefined ? systemRandom(32) : secretFrom(secret),
  };
}

function beside(name: string, expected: string): string {
  return `options.${name}: expected ${expected}, because options.store is not in memory, got undefined`;
}

function secretFrom(given: unknown): Uint8Array {
  const bytes = secretCopyOf(checkBytes(given, 'options.secret'));
  if (bytes.length !== 32) throw new RangeError(`options.secret: expected 32 bytes, got ${bytes.length}`);
  return bytes;
}

export function seedsOf(seeds: SeedSource | undefined, tasks: readonly Task[]): SeedSource {
  if (seeds === undefined && tasks.some(({ definition }) => definition.group.cohorts !== null)) {
    throw new TypeError('options.seeds: expected a function, because a task has cohorts, got undefined');
  }
  return checkFunction(seeds ?? ((): Promise<null> => Promise.resolve(null)), 'options.seeds');
}
