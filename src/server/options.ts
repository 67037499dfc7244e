// What a server is made with, and the snapshot that it begins with.
import { platform } from '#platform';
import type { RandomSource } from '../crypto/random.ts';
import { checkReachable, largestDirectory } from '../graph/policy.ts';
import { checkBoolean, checkInteger, checkNames, kindOf } from '../leaves/checks.ts';
import { checkListener, type Listener } from '../leaves/events.ts';
import type { UserId } from '../leaves/ids.ts';
import type { ServerEvent } from '../leaves/progress.ts';
import { checkFileUrl, type UrlLike } from '../leaves/urls.ts';
import {
  checkOptionNames,
  MAX_USERS,
  resolveParameters,
  resolvePolicy,
  type Parameters,
  type Policy,
  type SessionOptions,
} from '../session/parameters.ts';
import { PublicKeysWrapper } from '../session/public-keys.ts';
import { Announcer } from './announcer.ts';
import type { ServerSnapshot } from './state.ts';

/** Options of a server that are not part of the serialized state. */
export interface ServerLocalOptions {
  /** Hears of every message and round; see {@link ServerEvent}. */
  listener?: Listener<ServerEvent>;
  /**
   * Most worker threads that removing the masks may take, in Node; 0 keeps all work on the caller's thread, where it gives
   * way to the event loop now and then. Default: as many as the machine runs at once.
   */
  threads?: number;
  /**
   * `file:` URL of what these threads run, if the application is bundled: a file that was bundled from the entry point
   * `secagg/unmasking-worker`. If there is no such file at the URL, the caller's thread does all work; the event `unmasking`
   * tells. Default: the package's own, or `secagg-unmasking-worker.js` beside the bundle.
   */
  worker?: UrlLike;
}

/** Options about threads, given or not. */
interface ThreadOptions {
  readonly threads?: number | undefined;
  readonly worker?: UrlLike | undefined;
}

/** Options of a server: those of the session, and its own. */
export interface ServerOptions extends SessionOptions, ServerLocalOptions {
  /**
   * The users' public keys; copied. With them the server refuses strangers, and messages that were not signed by their
   * sender, when they arrive, so that one bad user costs only itself. Without them users find out, and abort.
   */
  publicKeys?: PublicKeysWrapper;
}

/** What a server has beside its snapshot. */
export interface ServerLocals {
  readonly announce: Announcer;
  readonly threads: number;
  readonly worker: string | null;
  readonly random: RandomSource;
}

const MAX_THREADS = 1024;
const LOCAL_NAMES = ['listener', 'threads', 'worker'] as const;

/** @throws TypeError, RangeError that name the option. */
export function serverLocals(options: ServerLocalOptions, random: RandomSource): ServerLocals {
  const announce = new Announcer(checkListener(options.listener));
  const { threads, worker } = threadOptions(options);
  return { announce, threads: threads ?? platform.threads?.available ?? 0, worker: worker?.href ?? null, random };
}

/** The options about threads that are given, copied. @throws TypeError, RangeError that name the option. */
export function threadOptions({ threads, worker }: ThreadOptions): Pick<ServerLocalOptions, 'threads' | 'worker'> {
  return {
    ...(threads !== undefined && { threads: checkInteger(threads, 'options.threads', 0, MAX_THREADS) }),
    ...(worker !== undefined && { worker: { href: checkFileUrl(worker, 'options.worker') } }),
  };
}

/** Refuses options of the session, which a state brings along. */
export function checkLocalOptions(options: ServerLocalOptions): void {
  checkNames(options, 'options', LOCAL_NAMES);
}

/**
 * Refuses a threshold with which some of the users that are registered, or that may come, would be turned away: the session could never
 * hear all users that it lists as missing.
 */
function checkBearsAll(parameters: Parameters, policy: Policy, users: number): void {
  const { threshold } = parameters;
  const largest = largestDirectory(parameters, policy);
  if (largest >= users) return;
  // 2t > n + c
  const least = Math.floor((users + policy.colluders) / 2) + 1;
  throw new RangeError(
    `threshold: ${threshold} bears at most ${largest} users, and ${users} may come; expected at least ${least}, ` +
      `or options.maxUsers of at most ${largest}`,
  );
}

/** @throws TypeError, RangeError that name the argument. */
export function newServerSnapshot(threshold: unknown, vecLen: unknown, options: ServerOptions): ServerSnapshot {
  checkOptionNames(options, ['publicKeys', ...LOCAL_NAMES]);
  checkBoolean(options.modularInputs ?? false, 'options.modularInputs');
  const publicKeys: unknown = options.publicKeys;
  if (publicKeys !== undefined && !(publicKeys instanceof PublicKeysWrapper)) {
    throw new TypeError(`options.publicKeys: expected a PublicKeysWrapper, got ${kindOf(publicKeys)}`);
  }
  const parameters = resolveParameters(threshold, vecLen, options);
  const policy = resolvePolicy(options, parameters.graph, publicKeys?.size ?? MAX_USERS);
  checkReachable(parameters, policy);
  if (publicKeys !== undefined || options.maxUsers !== undefined) {
    checkBearsAll(parameters, policy, Math.min(publicKeys?.size ?? policy.maxUsers, policy.maxUsers));
  }
  return {
    revision: 0,
    context: { parameters, policy, publicKeys: publicKeys?.snapshot() ?? null },
    received: Array.from({ length: 5 }, () => new Map<UserId, Uint8Array>()),
    dropped: [],
    state: { phase: 'advertise-keys', advertisements: new Map(), keys: new Set() },
  };
}
