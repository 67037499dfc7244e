// What an agent is made with, and the checks of it that need more than a look at a type.
import { checkFunction } from '../leaves/checks.ts';
import type { Listener } from '../leaves/events.ts';
import { DIGEST_BYTES } from '../leaves/sizes.ts';
import { messageSizes } from '../wire/message-sizes.ts';
import { CERTIFICATE_BYTES } from '../service/certificate.ts';
import type { Clock } from '../service/clock.ts';
import type { Exchange } from '../service/exchange.ts';
import type { Keypair } from '../service/keypair.ts';
import type { SeedSource } from '../service/seeds.ts';
import { ServiceError } from '../service/service-error.ts';
import { mostEnrolled, type Task } from '../service/task.ts';
import type { AgentEvent } from './events.ts';
import type { Floors } from './floors.ts';
import type { FetchPayload, InputStore } from './inputs.ts';
import type { AgentStore } from '../participation/state-store.ts';
import type { VerifyKeys } from './verify-keys.ts';

/** What an agent is made with. */
export interface AgentOptions {
  /** What the participant has agreed to take part in. */
  readonly task: Task;
  /** The participant's id, an integer in [0, 2^53). */
  readonly id: number;
  /** The participant's key pair. */
  readonly keypair: Keypair;
  /** Its certificate, or what gets the one that is valid now from the registrar. */
  readonly certificate: Uint8Array | (() => Promise<Uint8Array>);
  /** Carries requests to the coordinator. */
  readonly exchange: Exchange;
  /** Where inputs come from. */
  readonly inputs: InputStore;
  /** What the participant asks of every run. */
  readonly floors: Floors;
  /** Where the state is kept. */
  readonly store: AgentStore;
  /** 32 bytes that seal the state. */
  readonly storeKey: Uint8Array;
  /**
   * The data source that the inputs are of; default: the only one, whose name is empty. A participant of two data sources is two
   * participants: each has an id, a key pair, a certificate and a store of its own.
   */
  readonly source?: string;
  /**
   * Version of the application, as the application counts: an integer in [0, 2^32), which rises. A coordinator may ask for a least one
   * (`minClientVersion`), and an agent below it is `refused` with ERR_SECAGG_CLIENT_VERSION. Default 0.
   */
  readonly clientVersion?: number;
  /** Gets payloads; needed if runs have any. */
  readonly fetchPayload?: FetchPayload;
  /** Where the seeds of draws come from, which is not the coordinator; needed if the task has cohorts. */
  readonly seeds?: SeedSource;
  /**
   * Looks at the keys of every session, beside the registrar's signatures: for example whether a log of keys, which others watch, has
   * them. Default: the registrar's word is enough.
   */
  readonly verifyKeys?: VerifyKeys;
  /** Whether the participant may begin with a run now, for example by battery and network; default: always. */
  readonly isEligible?: () => boolean | Promise<boolean>;
  /** Hears what happens. Without a listener, the event `input-refused` is written to the console. */
  readonly listener?: Listener<AgentEvent>;
  /** Time of day; default `Date.now`. */
  readonly clock?: Clock;
}

export const OPTION_NAMES: readonly (keyof AgentOptions)[] = [
  ...(['task', 'id', 'keypair', 'certificate', 'exchange', 'inputs', 'floors', 'store', 'storeKey'] as const),
  ...(['source', 'clientVersion', 'fetchPayload', 'seeds', 'verifyKeys', 'isEligible', 'listener', 'clock'] as const),
];

export function checkSeeds(seeds: SeedSource | undefined, { definition }: Task): SeedSource | null {
  if (seeds === undefined && definition.group.cohorts === null) return null;
  if (seeds === undefined) throw new TypeError('options.seeds: expected a function, because the task has cohorts, got undefined');
  return checkFunction(seeds, 'options.seeds');
}

export function checkVerifyKeys(verifyKeys: VerifyKeys | undefined): VerifyKeys {
  if (verifyKeys === undefined) return (): Promise<boolean> => Promise.resolve(true);
  return orAgain(checkFunction(verifyKeys, 'options.verifyKeys'));
}

/** Whatever is thrown is no refusal of the keys: the step is tried again. */
function orAgain(verifyKeys: VerifyKeys): VerifyKeys {
  return async (keys, options) => {
    try {
      return await verifyKeys(keys, options);
    } catch (cause) {
      throw new Error('verifyKeys: has failed', { cause });
    }
  };
}

export function noPayloads(): Promise<never> {
  const message = 'this run has a payload, and the agent has no fetchPayload';
  return Promise.reject(new ServiceError('ERR_SECAGG_ANNOUNCEMENT', message));
}

/** Bytes of the longest message of the coordinator: of a round, the roster, or who is enrolled. */
export function longestMessage(task: Task): number {
  const { vecLen, options } = task.shape;
  const { maxUsers, bits, graph = 'complete' } = options;
  const { rounds } = messageSizes({ users: maxUsers, vecLen, bits, graph });
  const certificates = maxUsers * (4 + CERTIFICATE_BYTES);
  // A proof has at most one digest for each certificate and level of the hash tree.
  const shown = graph === 'complete' ? certificates : (graph.neighbors + 1) * (4 + CERTIFICATE_BYTES + 20 * DIGEST_BYTES);
  const roster = 8 + shown + 1000 + 8_000_000;
  const enrolment = 12 + 8 * mostEnrolled(task.definition);
  return Math.max(roster, enrolment, ...rounds.map(({ down }) => down + 16 * maxUsers));
}
