// A user of a session in a Web Worker. The page keeps nothing of it but the vector and the keys that the caller has.
import type { SignPublicKey, SignSecretKey } from '../crypto/sign.ts';
import { copyOf } from '../leaves/bytes.ts';
import { checkBoolean, checkBytes, checkNames, checkObject, kindOf } from '../leaves/checks.ts';
import { checkListener, type Listener } from '../leaves/events.ts';
import type { UserEvent, UserProgress } from '../leaves/progress.ts';
import type { RoundOptions } from '../leaves/signals.ts';
import { checkSignal, throwIfAborted } from '../leaves/signals.ts';
import type { InputVector, VectorOptions } from '../masking/vector.ts';
import type { SessionDescriptor } from '../session/descriptor.ts';
import { checkUnused, markUsed } from '../session/noised-vectors.ts';
import { PublicKeysWrapper } from '../session/public-keys.ts';
import type { DescribedUserOptions, UserOptions } from '../user/options.ts';
import type { Made, Origin } from './calls.ts';
import { Connection } from './connection.ts';
import { startedBy, type WorkerSource } from './start.ts';

/** Where the worker comes from. */
export interface UserWorkerLocation {
  /**
   * The address of the worker's file, or a function that starts it as a module worker. By default the file that is beside this module,
   * which the bundlers webpack and Vite find by themselves; docs/bundling.md says what to do with others.
   */
  readonly worker?: WorkerSource;
}

/** Options of a user in a worker that are not part of its state. */
export interface UserWorkerLocalOptions extends UserWorkerLocation {
  /** Hears of every message; see {@link UserEvent}. */
  readonly listener?: Listener<UserEvent>;
}

/** Options of a new user in a worker. */
export interface UserWorkerOptions extends UserOptions, UserWorkerLocation {}

/** What {@link UserWorker.fromDescriptor} is given. */
export interface DescribedUserWorkerOptions extends DescribedUserOptions, UserWorkerLocation {}

/**
 * A `UserWrapper` in a Web Worker of its own: the same calls as promises, while the page stays free. All errors are those of
 * `UserWrapper`, and UsageError ERR_SECAGG_WORKER if the worker cannot be started or has ended.
 *
 * Secrets that the user makes are in the worker only, except in the text of `serializeState`.
 *
 * @example
 * ```js
 * import { genKeypair, PublicKeysWrapper, round0Msg } from 'secagg';
 * import { UserWorker } from 'secagg/worker';
 *
 * async function firstAnswer() { // in a page
 *   const [pk, sk] = genKeypair();
 *   const others = new PublicKeysWrapper([2, 3].map((id) => [id, genKeypair()[0]]));
 *   const user = await UserWorker.create(1, 2, pk, sk, Int32Array.of(5, -7), others, { session: 'survey 12' });
 *   const forTheServer = await user.round(round0Msg());
 *   await user.terminate();
 *   return forTheServer;
 * }
 * ```
 */
export class UserWorker {
  readonly #connection: Connection;
  #made: Made;

  private constructor(connection: Connection, made: Made) {
    this.#connection = connection;
    this.#made = made;
  }

  /** The user's id. */
  get id(): number {
    return this.#made.id;
  }

  /**
   * Starts a worker with a new user. Its arguments are those of `UserWrapper`.
   *
   * @param vec copied, as by {@link UserWorker.setVector}.
   * @throws TypeError, RangeError, UsageError as the constructor of `UserWrapper`; UsageError ERR_SECAGG_WORKER.
   */
  static async create(
    id: number,
    threshold: number,
    signPk: SignPublicKey,
    signSk: SignSecretKey,
    vec: InputVector | null,
    othersSignPks: PublicKeysWrapper | null,
    options: UserWorkerOptions = {},
  ): Promise<UserWorker> {
    checkObject(options, 'options');
    const { worker, listener, ...own } = options;
    const others = othersSignPks === null ? null : entriesOf(othersSignPks);
    const sized = vec === null || own.vecLen !== undefined ? own : { ...own, vecLen: vec.length };
    const origin: Origin = { kind: 'new', id, threshold, signPk, signSk, others, options: sized };
    return UserWorker.#from(origin, { worker, listener }, vec);
  }

  /** Starts a worker with a user from its serialized state. @throws StateError, UsageError ERR_SECAGG_WORKER. */
  static async fromState(state: string, options: UserWorkerLocalOptions = {}): Promise<UserWorker> {
    checkNames(options, 'options', ['listener', 'worker']);
    return UserWorker.#from({ kind: 'state', state }, options, null);
  }

  /** Starts a worker with a user of a session that a descriptor tells of. @throws as `UserWrapper.fromDescriptor`, and as `create`. */
  static async fromDescriptor(descriptor: SessionDescriptor, user: DescribedUserWorkerOptions): Promise<UserWorker> {
    checkObject(user, 'user');
    const { worker, listener, vec = null, othersSignPks, ...own } = user;
    const others = othersSignPks === null ? null : entriesOf(othersSignPks);
    const origin: Origin = { kind: 'descriptor', descriptor, user: own, others };
    return UserWorker.#from(origin, { worker, listener }, vec);
  }

  static async #from(
    origin: Origin,
    { worker, listener }: { readonly worker?: WorkerSource | undefined; readonly listener?: Listener<UserEvent> | undefined },
    vec: InputVector | null,
  ): Promise<UserWorker> {
    const heard = checkListener(listener);
    const connection = await Connection.open(startedBy(worker), heard);
    try {
      const user = new UserWorker(connection, await connection.call('make', { origin, isHeard: listener !== undefined }));
      if (vec !== null) await user.setVector(vec);
      return user;
    } catch (error) {
      connection.end();
      throw error;
    }
  }

  /**
   * Gives the input of a user that was made without one, as `UserWrapper.setVector`.
   *
   * @param vec a typed array costs the page one copy of its memory, or none with `transfer`; any other array is copied value by value.
   */
  async setVector(vec: InputVector, options: VectorOptions = {}): Promise<void> {
    checkNames(options, 'options', ['transfer']);
    if (typeof vec !== 'object' || (vec as unknown) === null) {
      throw new TypeError(`vec: expected an array or a typed array, got ${kindOf(vec)}`);
    }
    checkUnused(vec, this.#made.session);
    const isGiven = checkBoolean(options.transfer ?? false, 'options.transfer');
    const isTransferred = isGiven && ArrayBuffer.isView(vec) && vec.buffer instanceof ArrayBuffer;
    await this.#connection.call('setVector', vec, isTransferred ? [vec.buffer] : []);
    markUsed(vec);
  }

  /** Gives the public keys to a user that was made without them, as `UserWrapper.setPublicKeys`. */
  async setPublicKeys(othersSignPks: PublicKeysWrapper): Promise<void> {
    await this.#connection.call('setPublicKeys', entriesOf(othersSignPks));
  }

  /** Answers the server's message of the next round, as `UserWrapper.round`. @param input copied. @returns fresh bytes for the server. */
  async round(input: Uint8Array, options: RoundOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const message = copyOf(checkBytes(input, 'input'));
    checkNames(options, 'options', ['signal']);
    const signal = checkSignal(options.signal, 'options.signal');
    throwIfAborted(signal);
    return this.#connection.call('round', message, [message.buffer], signal);
  }

  /** Where this user stands. */
  async progress(): Promise<UserProgress> {
    return this.#connection.call('progress', null);
  }

  /** The whole state as JSON, as `UserWrapper.serializeState`. CONTAINS SECRETS, which are then in the page too. */
  async serializeState(): Promise<string> {
    return this.#connection.call('serializeState', null);
  }

  /** Becomes the user that was serialized, as `UserWrapper.recoverState`. */
  async recoverState(state: string): Promise<void> {
    this.#made = await this.#connection.call('recoverState', state);
  }

  /** Gives the session up, as `UserWrapper.abandon`: the secrets of this user are wiped. The worker stays. */
  async abandon(): Promise<void> {
    return this.#connection.call('abandon', null);
  }

  /**
   * Gives the session up, so that the worker wipes its secrets, and ends the worker. Calls that are waiting, and later ones, throw
   * UsageError ERR_SECAGG_WORKER. A second call does nothing.
   */
  async terminate(): Promise<void> {
    await this.#connection.wipeAndEnd();
  }
}

function entriesOf(keys: PublicKeysWrapper): [number, SignPublicKey][] {
  if ((keys as unknown) instanceof PublicKeysWrapper) return [...keys];
  throw new TypeError(`othersSignPks: expected a PublicKeysWrapper, got ${kindOf(keys)}`);
}
