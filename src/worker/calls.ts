// What a page and the worker of one of its users say to each other.
import type { SignPublicKey, SignSecretKey } from '../crypto/sign.ts';
import type { UserEvent, UserProgress } from '../leaves/progress.ts';
import type { InputVector } from '../masking/vector.ts';
import type { SessionDescriptor } from '../session/descriptor.ts';
import type { DescribedUserOptions, UserOptions } from '../user/options.ts';
import type { ErrorData } from './error-data.ts';

/** What the worker says first. Nothing is sent before, because a file that is no worker of this package must not get secrets. */
export const GREETING = 'secagg-user-worker/1';

/** The public keys of others, as `PublicKeysWrapper` gives them. */
export type Keys = readonly (readonly [number, SignPublicKey])[];

/** How a user is made. It gets its vector afterwards, as by `setVector`. */
export type Origin =
  | {
      readonly kind: 'new';
      readonly id: number;
      readonly threshold: number;
      readonly signPk: SignPublicKey;
      readonly signSk: SignSecretKey;
      readonly others: Keys | null;
      readonly options: Omit<UserOptions, 'listener'>;
    }
  | { readonly kind: 'state'; readonly state: string }
  | {
      readonly kind: 'descriptor';
      readonly descriptor: SessionDescriptor;
      readonly user: Omit<DescribedUserOptions, 'othersSignPks' | 'vec' | 'listener'>;
      readonly others: Keys | null;
    };

/** Calls by name: what each is given, and what it gives. */
export interface Calls {
  make: { readonly given: { readonly origin: Origin; readonly isHeard: boolean }; readonly result: Made };
  setVector: { readonly given: InputVector; readonly result: undefined };
  setPublicKeys: { readonly given: Keys; readonly result: undefined };
  round: { readonly given: Uint8Array; readonly result: Uint8Array<ArrayBuffer> };
  progress: { readonly given: null; readonly result: UserProgress };
  serializeState: { readonly given: null; readonly result: string };
  recoverState: { readonly given: string; readonly result: Made };
  abandon: { readonly given: null; readonly result: undefined };
}

/** The user that a worker has. */
export interface Made {
  readonly id: number;
  /** The application's context of the session. */
  readonly session: Uint8Array;
}

export type CallName = keyof Calls;

/** One call, with a number of its own. */
export type Call = {
  [Name in CallName]: { readonly call: number; readonly name: Name; readonly given: Calls[Name]['given'] };
}[CallName];

/** Calls off the call of this number. */
interface Abort {
  readonly abort: number;
}

export type ToWorker = Call | Abort;

export type FromWorker =
  | { readonly call: number; readonly result: unknown }
  | { readonly call: number; readonly error: ErrorData; readonly aborted: boolean }
  | { readonly event: UserEvent };
