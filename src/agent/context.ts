// What the steps of one agent share.
import type { RandomSource } from '../crypto/random.ts';
import type { UserId } from '../leaves/ids.ts';
import type { Keypair } from '../service/keypair.ts';
import type { SeedSource } from '../service/seeds.ts';
import type { Task } from '../service/task.ts';
import type { UserWrapper } from '../user/user-wrapper.ts';
import type { AgentMemory } from './agent-memory.ts';
import type { Connection } from './connection.ts';
import type { AgentEvent } from './events.ts';
import type { Floors } from './floors.ts';
import type { VerifyKeys } from './verify-keys.ts';
import type { FetchPayload, InputStore, LoadedInput } from './inputs.ts';

/** The user of the present session. */
export interface RunningUser {
  readonly user: UserWrapper;
  /** Its last answer, until it has arrived; null if it has, or if the process was started again meanwhile. */
  outgoing: Uint8Array | null;
  /** The last round whose answer has arrived in this process; -1 for none. */
  delivered: number;
  /** How often its last answer was refused for the moment. */
  refusals: number;
}

export interface AgentContext {
  readonly task: Task;
  readonly id: UserId;
  readonly keypair: Keypair;
  readonly source: string;
  readonly clientVersion: number;
  readonly floors: Floors;
  readonly inputs: InputStore;
  readonly fetchPayload: FetchPayload;
  /** Where the seeds of draws come from; null if there is none. */
  readonly seeds: SeedSource | null;
  readonly verifyKeys: VerifyKeys;
  readonly isEligible: () => boolean | Promise<boolean>;
  readonly memory: AgentMemory;
  readonly connection: Connection;
  readonly random: RandomSource;
  /** Bytes of the longest message of the coordinator. */
  readonly longestMessage: number;
  /** Seconds since 1970. */
  now(): number;
  tell(event: AgentEvent): void;
  /** The payload of the present run, once it is fetched: the input may take long. */
  payload: Uint8Array | null;
  /** The input of the present run, once it is loaded. */
  loaded: LoadedInput | null;
  user: RunningUser | null;
  /** Forgets input and user. */
  release(): void;
  /** Forgets the user, whose secrets are wiped. */
  releaseUser(): void;
}
