// The user's side of a session: one object a user and session, which holds the present state and replaces it. What happens
// in each round is in the rN files; rounds.ts chooses one.
import { platform } from '#platform';
import { fingerprint } from '../crypto/digest.ts';
import type { SignPublicKey, SignSecretKey } from '../crypto/sign.ts';
import { copyOf, equalBytes, wipe } from '../leaves/bytes.ts';
import { checkBoolean, checkBytes, checkNames } from '../leaves/checks.ts';
import { UsageError } from '../leaves/errors.ts';
import { emit } from '../leaves/events.ts';
import { inspectAs } from '../leaves/inspect.ts';
import type { UserProgress } from '../leaves/progress.ts';
import { Cancellation } from '../leaves/cancellation.ts';
import { checkSignal, throwIfAborted, type AbortSignalLike, type RoundOptions } from '../leaves/signals.ts';
import type { InputVector, VectorOptions } from '../masking/vector.ts';
import { sessionTag } from '../session/binding.ts';
import { Recovered } from '../session/codec.ts';
import type { SessionDescriptor } from '../session/descriptor.ts';
import { ABANDONED, errorOf, failedError, failureOf, type Failed } from '../session/failure.ts';
import type { PublicKeysWrapper } from '../session/public-keys.ts';
import { answered, idsInDirectory } from './answering.ts';
import { userDocument } from './json.ts';
import {
  checkLocalOptions,
  givenByDescriptor,
  newUserSnapshot,
  userLocals,
  type DescribedUserOptions,
  type UserLocalOptions,
  type UserLocals,
  type UserOptions,
} from './options.ts';
import { userProgress } from './progress.ts';
import {
  afterAnswer,
  afterFailure,
  allSecrets,
  repeatedAnswer,
  requireNewer,
  secretsOnlyIn,
  withInput,
  withPublicKeys,
} from './snapshot.ts';
import type { UnkeyedContext, UserSnapshot } from './state.ts';
import { systemDependencies } from './step.ts';

/** A message that is being answered. */
interface Pending {
  readonly received: Uint8Array;
  readonly answer: Promise<Uint8Array>;
  readonly work: Cancellation;
}

/**
 * One user in one session of secure aggregation.
 *
 * Feed it the server's messages in order, starting with {@link round0Msg}, and send what it returns. Save
 * {@link serializeState} before sending: a user that has forgotten what it sent may be made to answer twice.
 *
 * Costs, with n users and m components: O(n) agreements, seals and signature checks, O(n · m) bytes of key stream; on a sparse graph of
 * k neighbors O(k) and O(k · m).
 *
 * @example
 * ```js
 * import { genKeypair, PublicKeysWrapper, round0Msg, UserWrapper } from 'secagg';
 *
 * const [pk, sk] = genKeypair();
 * const others = new PublicKeysWrapper([2, 3].map((id) => [id, genKeypair()[0]]));
 * const user = new UserWrapper(1, 2, pk, sk, [5, -7], others, { session: 'survey 12', bits: 16 });
 * const forTheServer = await user.round(round0Msg());
 *
 * const later = UserWrapper.fromState(user.serializeState()); // in another process
 * console.log(later.id, later.progress().round, forTheServer instanceof Uint8Array); // prints: 1 1 true
 * ```
 */
export class UserWrapper {
  #snapshot: UserSnapshot;
  #tag: Uint8Array;
  readonly #locals: UserLocals;
  #pending: Pending | null = null;

  static {
    // Nothing secret.
    inspectAs(this.prototype, (user) => `UserWrapper { id: ${user.id}, round: ${String(user.progress().round)} }`);
  }

  /**
   * @param id the user's id, an integer in [0, 2^53).
   * @param threshold t: the least number of users in each round, 2 or more. Against a server that may lie it must exceed
   * half of the users: `2t > n + c`, where c is `options.colluders`.
   * @param signPk the user's Ed25519 public key, 32 bytes, as others know it.
   * @param signSk its secret key, 32 bytes.
   * @param vec the input: integers as numbers or bigints, in an array or typed array; copied. `null` if it comes later,
   * by {@link setVector}.
   * @param othersSignPks the other users' public keys, with or without this user's own; copied. `null` if they come later, by
   * {@link setPublicKeys}; `options.maxUsers` is needed then.
   * @throws TypeError, RangeError that name the argument. A RangeError for a component names the component, the limit
   * and the `bits` that would fit, never its value.
   * @throws UsageError ERR_SECAGG_UNSAFE if no session with these parameters is safe; ERR_SECAGG_VECTOR_USED for a noised vector of
   * `secagg/dp` that was given to a user before, or that is for another session.
   */
  constructor(
    id: number,
    threshold: number,
    signPk: SignPublicKey,
    signSk: SignSecretKey,
    vec: InputVector | null,
    othersSignPks: PublicKeysWrapper | null,
    options?: UserOptions,
  );
  /** @internal */
  constructor(recovered: Recovered<UserSnapshot, UserLocals>);
  constructor(
    id: number | Recovered<UserSnapshot, UserLocals>,
    threshold?: number,
    signPk?: SignPublicKey,
    signSk?: SignSecretKey,
    vec?: InputVector | null,
    othersSignPks?: PublicKeysWrapper | null,
    options: UserOptions = {},
  ) {
    if (id instanceof Recovered) {
      this.#snapshot = id.snapshot;
      this.#locals = id.own;
    } else {
      this.#snapshot = newUserSnapshot({ id, threshold, signPk, signSk, vec, othersSignPks, options, roster: null });
      this.#locals = userLocals(options, systemDependencies);
    }
    this.#tag = sessionTag(this.#snapshot.context.parameters);
  }

  /** The user's id. */
  get id(): number {
    return this.#snapshot.context.userId;
  }

  /** The application's context of the session; a fresh copy. @internal */
  get sessionContext(): Uint8Array {
    return copyOf(this.#snapshot.context.parameters.session);
  }

  /** Ids of the users in the server's message of round 1: those whose keys the user needs to answer it. @internal */
  idsInDirectory(message: Uint8Array): number[] {
    return idsInDirectory(this.#context, message);
  }

  /**
   * Gives the input of a user that was made without one; once, before round 2 is answered.
   *
   * @param vec as for the constructor, `vecLen` components.
   * @param options for a long vector that the caller does not need again: `{ transfer: true }`.
   * @throws UsageError ERR_SECAGG_USAGE if the user has a vector or has sent it; ERR_SECAGG_VECTOR_USED as the constructor.
   * @throws TypeError, RangeError as the constructor. The vector is still the caller's then.
   */
  setVector(vec: InputVector, options: VectorOptions = {}): void {
    checkNames(options, 'options', ['transfer']);
    const isGiven = checkBoolean(options.transfer ?? false, 'options.transfer');
    this.#snapshot = withInput(this.#snapshot, vec, isGiven);
  }

  /**
   * Gives the public keys to a user that was made without them; once, before round 1 is answered. The same keys again change nothing
   * until then. They must not come from the aggregation server: docs/keys.md.
   *
   * @param othersSignPks the other users' public keys, with or without this user's own; copied. As many as the user accepts users at
   * most (`maxUsers`), and as stand in the smallest directory at least.
   * @throws UsageError ERR_SECAGG_KEY_CONFLICT if the user was given other keys before, its own key is another one, or the descriptor
   * that it was made from tells of other keys; ERR_SECAGG_USAGE once round 1 is answered.
   * @throws TypeError, RangeError that name the argument.
   */
  setPublicKeys(othersSignPks: PublicKeysWrapper): void {
    this.#snapshot = withPublicKeys(this.#snapshot, othersSignPks);
  }

  /**
   * Takes the server's message of the next round and gives the answer for the server. The same message again gives the
   * same answer. While it is being answered, a call with the same message ends as the first call does, and its own signal does
   * not count.
   *
   * @param input bytes from the server; copied.
   * @returns fresh bytes for the server.
   * @throws UsageError ERR_SECAGG_NO_PUBLIC_KEYS (round 1 without public keys), ERR_SECAGG_NO_VECTOR (round 2 without a vector),
   * ERR_SECAGG_ANSWERED (a message of an older round again), ERR_SECAGG_BUSY (another message is being answered): the user is as it was.
   * @throws The reason of `options.signal` if it is aborted before the end: the user is as it was.
   * @throws DecodeError, ProtocolError, AuthenticationError, ThresholdError end the session for this user; its secrets are
   * wiped, and later calls throw UsageError ERR_SECAGG_FAILED with the error as their cause. After any other error the user
   * is as it was.
   */
  async round(input: Uint8Array, options: RoundOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const message = checkBytes(input, 'input');
    checkNames(options, 'options', ['signal']);
    const signal = checkSignal(options.signal, 'options.signal');
    const bytes = copyOf(message);
    const received = fingerprint(bytes);
    const pending = this.#pending;
    if (pending !== null) {
      if (equalBytes(pending.received, received)) return copyOf(await pending.answer);
      throw new UsageError('ERR_SECAGG_BUSY', 'round: another message is being answered');
    }
    const repeated = repeatedAnswer(this.#snapshot, received);
    if (repeated !== null) {
      emit(this.#locals.listener, { type: 'message-repeated', round: repeated.round, bytesIn: bytes.length });
      return copyOf(repeated.output);
    }
    const work = new Cancellation(signal);
    const answer = this.#answer(bytes, received, work.signal);
    this.#pending = { received, answer, work };
    try {
      return copyOf(await answer);
    } finally {
      this.#pending = null;
      work.release();
    }
  }

  async #answer(bytes: Uint8Array, received: Uint8Array, signal: AbortSignalLike): Promise<Uint8Array> {
    const started = performance.now();
    const { state, input } = this.#snapshot;
    try {
      throwIfAborted(signal);
      const release = await platform.releaser();
      const answer = await answered(this.#context, state, bytes, { ...this.#locals.dependencies, input, signal });
      if (signal.aborted) wipe(secretsOnlyIn(answer, this.#snapshot));
      throwIfAborted(signal);
      // The present snapshot, not the one above: setVector or setPublicKeys may have been called meanwhile.
      this.#snapshot = afterAnswer(this.#snapshot, received, answer);
      wipe(answer.spent);
      // A long vector is gone before the caller's copy of the answer is made, which is as long.
      if (input !== null && this.#snapshot.input === null) release(input);
      const { round, out } = answer;
      const [bytesIn, bytesOut, milliseconds] = [bytes.length, out.length, performance.now() - started];
      emit(this.#locals.listener, { type: 'round-answered', round, bytesIn, bytesOut, milliseconds });
      return out;
    } catch (error) {
      const failure = signal.aborted ? null : failureOf(error);
      if (failure !== null) this.#fail(failure);
      throw error;
    }
  }

  /** The session is over for this user, which needs its secrets no longer. */
  #fail(failure: Failed): void {
    const secrets = allSecrets(this.#snapshot);
    this.#snapshot = afterFailure(this.#snapshot, failure);
    wipe(secrets);
    emit(this.#locals.listener, { type: 'failed', code: errorOf(failure).code });
  }

  /**
   * Gives the session up: the secrets of this user are wiped, a message that is being answered stays unanswered, and later
   * calls throw UsageError ERR_SECAGG_FAILED, whose cause has the code ERR_SECAGG_ABANDONED. For the server the user has
   * dropped out; after it has answered round 2, its input is in the sum. A user that has answered round 4, or has failed,
   * is left as it is.
   */
  abandon(): void {
    const { phase } = this.#snapshot.state;
    if (phase === 'finished' || phase === 'failed') return;
    this.#fail(ABANDONED);
    this.#pending?.work.cancel(failedError(ABANDONED));
  }

  get #context(): UnkeyedContext {
    return { ...this.#snapshot.context, tag: this.#tag };
  }

  /** Where this user stands. */
  progress(): UserProgress {
    return userProgress(this.#snapshot);
  }

  /**
   * The whole state as JSON. CONTAINS SECRETS: whoever reads it before the session has ended can learn the vector.
   * Its field `revision` grows with every change; a store must never go back.
   */
  serializeState(): string {
    return userDocument.serialize(this.#snapshot);
  }

  /**
   * Becomes the user that was serialized, whatever this one was; the secrets of this one are wiped.
   *
   * @throws StateError if the text is no state of a user of this version; ERR_SECAGG_STATE_OLD if this object is the same
   * user in the same session and further on, because a user that goes back may be made to answer twice. Nothing is recovered
   * then. UsageError ERR_SECAGG_BUSY while a message is being answered.
   */
  recoverState(state: string): void {
    if (this.#pending !== null) throw new UsageError('ERR_SECAGG_BUSY', 'recoverState: a message is being answered');
    const snapshot = userDocument.parse(state);
    const tag = sessionTag(snapshot.context.parameters);
    try {
      if (equalBytes(tag, this.#tag)) requireNewer(this.#snapshot, snapshot);
    } catch (error) {
      wipe(allSecrets(snapshot));
      throw error;
    }
    wipe(allSecrets(this.#snapshot));
    this.#tag = tag;
    this.#snapshot = snapshot;
  }

  /** A user from its serialized state alone. @throws StateError as {@link recoverState}. */
  static fromState(state: string, options: UserLocalOptions = {}): UserWrapper {
    checkLocalOptions(options);
    const locals = userLocals(options, systemDependencies);
    return new UserWrapper(new Recovered(userDocument.parse(state), locals));
  }

  /**
   * A user of a session that a descriptor tells of, so that its parameters need not be carried by hand.
   *
   * @param descriptor from `ServerWrapper.describe`, parsed from JSON. It may come from the aggregation server: it cannot
   * weaken what the user decides for itself.
   * @param user who the user is, whom it knows, and what it decides for itself.
   * @throws StateError if the value is no descriptor of this version; UsageError ERR_SECAGG_KEY_CONFLICT if the session was
   * made with other public keys than the user's, of which {@link setPublicKeys} tells if they come later; else as the constructor.
   * @example
   * ```js
   * import { genKeypair, PublicKeysWrapper, ServerWrapper, UserWrapper } from 'secagg';
   *
   * const keys = [0, 1, 2].map(() => genKeypair());
   * const othersSignPks = new PublicKeysWrapper(keys.map(([pk], id) => [id, pk]));
   * const server = new ServerWrapper(2, 3, { publicKeys: othersSignPks, session: 'week 7', bits: 16 });
   * const descriptor = JSON.parse(JSON.stringify(server.describe())); // over the network
   *
   * const [signPk, signSk] = keys[0];
   * const user = UserWrapper.fromDescriptor(descriptor, { id: 0, signPk, signSk, vec: [1, 2, 3], othersSignPks });
   * console.log(user.id, descriptor.parameters.threshold); // prints: 0 2
   * ```
   */
  static fromDescriptor(descriptor: SessionDescriptor, user: DescribedUserOptions): UserWrapper {
    const given = givenByDescriptor(descriptor, user);
    return new UserWrapper(new Recovered(newUserSnapshot(given), userLocals(given.options, systemDependencies)));
  }
}
