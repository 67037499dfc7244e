// The user's side of a session: one object a user and session, which holds the present state and replaces it. What happens
// in each round is in rounds.ts.
import { fingerprint } from '../crypto/digest.ts';
import type { SignPublicKey, SignSecretKey } from '../crypto/sign.ts';
import { copyOf, equalBytes, wipe } from '../leaves/bytes.ts';
import { checkBytes, checkNames } from '../leaves/checks.ts';
import { StateError, UsageError } from '../leaves/errors.ts';
import { emit } from '../leaves/events.ts';
import { inspectAs } from '../leaves/inspect.ts';
import type { UserProgress } from '../leaves/progress.ts';
import type { InputVector } from '../masking/vector.ts';
import { sessionTag } from '../session/binding.ts';
import { Recovered } from '../session/codec.ts';
import { parseDescriptor, requireRoster, type SessionDescriptor } from '../session/descriptor.ts';
import { errorOf, failedError, failureOf, type Failed } from '../session/failure.ts';
import { ROUND_OF_PHASE } from '../session/notation.ts';
import type { PublicKeysWrapper } from '../session/public-keys.ts';
import { encodeStartMessage } from '../wire/envelope.ts';
import { answered } from './answering.ts';
import { userDocument } from './json.ts';
import {
  checkLocalOptions,
  DESCRIBED_USER_NAMES,
  inputLanes,
  newUserSnapshot,
  userLocals,
  type DescribedUserOptions,
  type UserLocalOptions,
  type UserLocals,
  type UserOptions,
} from './options.ts';
import { userProgress } from './progress.ts';
import { afterAnswer, afterFailure, allSecrets } from './snapshot.ts';
import type { UserContext, UserSnapshot } from './state.ts';
import { systemDependencies } from './step.ts';

/**
 * The message that starts every user: constant, so that any transport may make or repeat it.
 *
 * @returns 3 fresh bytes.
 * @example
 * ```js
 * import { round0Msg } from 'secagg';
 *
 * console.log(round0Msg()); // prints: Uint8Array(3) [ 146, 1, 0 ]
 * ```
 */
export function round0Msg(): Uint8Array<ArrayBuffer> {
  return encodeStartMessage();
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
  #pending: { readonly received: Uint8Array; readonly answer: Promise<Uint8Array> } | null = null;

  static {
    // Nothing secret.
    inspectAs(this.prototype, (user) => `UserWrapper { id: ${user.id}, round: ${String(user.progress().round)} }`);
  }

  /**
   * @param id the user's id, an integer in [0, 2^53).
   * @param threshold t: the least number of users in each round, 2 or more. Against a server that may lie it must exceed
   * half of the users: `2t > n + colluders`.
   * @param signPk the user's Ed25519 public key, 32 bytes, as others know it.
   * @param signSk its secret key, 32 bytes.
   * @param vec the input: integers as numbers or bigints, in an array or typed array; copied. `null` if it comes later,
   * by {@link setVector}.
   * @param othersSignPks the other users' public keys, with or without this user's own; copied.
   * @throws TypeError, RangeError that name the argument. A RangeError for a component names the component, the limit
   * and the `bits` that would fit, never its value.
   */
  constructor(
    id: number,
    threshold: number,
    signPk: SignPublicKey,
    signSk: SignSecretKey,
    vec: InputVector | null,
    othersSignPks: PublicKeysWrapper,
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
    othersSignPks?: PublicKeysWrapper,
    options: UserOptions = {},
  ) {
    if (id instanceof Recovered) {
      this.#snapshot = id.snapshot;
      this.#locals = id.own;
    } else {
      this.#snapshot = newUserSnapshot({ id, threshold, signPk, signSk, vec, othersSignPks, options });
      this.#locals = userLocals(options, systemDependencies);
    }
    this.#tag = sessionTag(this.#snapshot.context.parameters);
  }

  /** The user's id. */
  get id(): number {
    return this.#snapshot.context.userId;
  }

  /**
   * Gives the input of a user that was made without one; once, before round 2 is answered.
   *
   * @param vec as for the constructor, `vecLen` components.
   * @throws UsageError ERR_SECAGG_USAGE if the user has a vector or has sent it.
   * @throws TypeError, RangeError as the constructor.
   */
  setVector(vec: InputVector): void {
    const { state, input, context, modularInputs } = this.#snapshot;
    if (state.phase === 'failed') throw failedError(state);
    if (input !== null || ROUND_OF_PHASE[state.phase] > 2) {
      throw new UsageError('ERR_SECAGG_USAGE', 'setVector: this user already has its vector');
    }
    const lanes = inputLanes(vec, context, modularInputs);
    this.#snapshot = { ...this.#snapshot, revision: this.#snapshot.revision + 1, input: lanes };
  }

  /**
   * Takes the server's message of the next round and gives the answer for the server. The same message again gives the
   * same answer.
   *
   * @param input bytes from the server; copied.
   * @returns fresh bytes for the server.
   * @throws UsageError ERR_SECAGG_NO_VECTOR (round 2 without a vector), ERR_SECAGG_ANSWERED (a message of an older round
   * again), ERR_SECAGG_BUSY (another message is being answered): the user is as it was.
   * @throws DecodeError, ProtocolError, AuthenticationError, ThresholdError end the session for this user; its secrets are
   * wiped, and later calls throw UsageError ERR_SECAGG_FAILED with the error as their cause. After any other error the user
   * is as it was.
   */
  async round(input: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    checkBytes(input, 'input');
    const bytes = copyOf(input);
    const received = fingerprint(bytes);
    const pending = this.#pending;
    if (pending !== null) {
      if (equalBytes(pending.received, received)) return copyOf(await pending.answer);
      throw new UsageError('ERR_SECAGG_BUSY', 'round: another message is being answered');
    }
    const repeated = this.#repeatedAnswer(received, bytes.length);
    if (repeated !== null) return repeated;
    const answer = this.#answer(bytes, received);
    this.#pending = { received, answer };
    try {
      return copyOf(await answer);
    } finally {
      this.#pending = null;
    }
  }

  #repeatedAnswer(received: Uint8Array, bytesIn: number): Uint8Array<ArrayBuffer> | null {
    const { state, answered: digests, output } = this.#snapshot;
    if (state.phase === 'failed') throw failedError(state);
    const round = digests.findIndex((digest) => equalBytes(digest, received));
    if (round === -1 || output === null) return null;
    if (round !== digests.length - 1) {
      const message =
        `this message of round ${round} has been answered, and so has a later one` +
        (round === 0 ? '; another session needs another UserWrapper' : '');
      throw new UsageError('ERR_SECAGG_ANSWERED', message);
    }
    emit(this.#locals.listener, { type: 'message-repeated', round, bytesIn });
    return copyOf(output);
  }

  async #answer(bytes: Uint8Array, received: Uint8Array): Promise<Uint8Array> {
    const started = performance.now();
    const { state, input } = this.#snapshot;
    try {
      const answer = await answered(this.#context, state, bytes, { ...this.#locals.dependencies, input });
      // The present snapshot, not the one above: setVector may have been called meanwhile.
      this.#snapshot = afterAnswer(this.#snapshot, received, answer);
      wipe(answer.spent);
      const { round, out } = answer;
      const milliseconds = performance.now() - started;
      emit(this.#locals.listener, {
        type: 'round-answered',
        round,
        bytesIn: bytes.length,
        bytesOut: out.length,
        milliseconds,
      });
      return out;
    } catch (error) {
      const failure = failureOf(error);
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

  get #context(): UserContext {
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
    return userDocument.serialise(this.#snapshot);
  }

  /**
   * Becomes the user that was serialised, whatever this one was; the secrets of this one are wiped.
   *
   * @throws StateError if the text is no state of a user of this version; ERR_SECAGG_STATE_OLD if this object is the same
   * user in the same session and further on, because a user that goes back may be made to answer twice. Nothing is recovered
   * then. UsageError ERR_SECAGG_BUSY while a message is being answered.
   */
  recoverState(state: string): void {
    if (this.#pending !== null) throw new UsageError('ERR_SECAGG_BUSY', 'recoverState: a message is being answered');
    const snapshot = userDocument.parse(state);
    const tag = sessionTag(snapshot.context.parameters);
    const present = this.#snapshot;
    const same = equalBytes(tag, this.#tag) && snapshot.context.userId === present.context.userId;
    if (same && snapshot.revision < present.revision) {
      const message = `state: revision ${snapshot.revision} is older than ${present.revision}, which this user is at`;
      throw new StateError(message, 'ERR_SECAGG_STATE_OLD');
    }
    wipe(allSecrets(present));
    this.#tag = tag;
    this.#snapshot = snapshot;
  }

  /** A user from its serialised state alone. @throws StateError as {@link recoverState}. */
  static fromState(state: string, options: UserLocalOptions = {}): UserWrapper {
    checkLocalOptions(options);
    return new UserWrapper(new Recovered(userDocument.parse(state), userLocals(options, systemDependencies)));
  }

  /**
   * A user of a session that a descriptor tells of, so that its parameters need not be carried by hand.
   *
   * @param descriptor from `ServerWrapper.describe`, parsed from JSON. It may come from the aggregation server: it cannot
   * weaken what the user decides for itself.
   * @param user who the user is, whom it knows, and what it decides for itself.
   * @throws StateError if the value is no descriptor of this version; UsageError ERR_SECAGG_KEY_CONFLICT if the session was
   * made with other public keys than the user's; else as the constructor.
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
    checkNames(user, 'user', DESCRIBED_USER_NAMES);
    const session = parseDescriptor(descriptor);
    const { threshold, vecLen, ...agreed } = session.parameters;
    const { id, signPk, signSk, vec = null, othersSignPks, ...own } = user;
    const made = new UserWrapper(id, threshold, signPk, signSk, vec, othersSignPks, { ...agreed, vecLen, ...own });
    requireRoster(session, made.#snapshot.context.publicKeys);
    return made;
  }
}
