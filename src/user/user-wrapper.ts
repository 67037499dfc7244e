// The user's side of a session: thin, one object a user and session. Rounds are in rounds/, steps in protocol/user/.
import { copyOf, equalBytes, wipe } from '../leaves/bytes.ts';
import { fingerprint } from '../crypto/digest.ts';
import { isSignKeyPair, type SignPublicKey, type SignSecretKey } from '../crypto/sign.ts';
import { SecAggError, StateError, UsageError } from '../leaves/errors.ts';
import { checkListener, emit, type Listener } from '../leaves/events.ts';
import { userId, type UserId } from '../leaves/ids.ts';
import { ringOf } from '../masking/ring.ts';
import { lanesOf, type InputVector } from '../masking/vector.ts';
import { at } from '../leaves/lists.ts';
import { countMembers } from '../leaves/members.ts';
import { checkBytes, checkNames } from '../leaves/checks.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import { checkReachable, colludersBorne } from '../graph/policy.ts';
import {
  checkOptionNames,
  resolveParameters,
  resolvePolicy,
  type Parameters,
  type SessionOptions,
} from '../session/parameters.ts';
import type { UserEvent, UserProgress } from '../leaves/progress.ts';
import { sessionTag } from '../session/binding.ts';
import { codeOf, failedError, failureOf } from '../session/failure.ts';
import { systemDependencies, type Dependencies } from './step.ts';
import { secretsOf, type AwaitingSignatures, type AwaitingSurvivors, type UserContext, type UserState } from './state.ts';
import { PublicKeysWrapper } from '../session/public-keys.ts';
import { answerRound, expectRound, openServerMessage } from './rounds.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import { Recovered } from '../session/codec.ts';
import { USER_ROUNDS, userDocument, type UserSnapshot } from './json.ts';
import { encodeStartMessage } from '../wire/envelope.ts';

/** Options of a user: those of the session, and its own. */
export interface UserOptions extends SessionOptions {
  /** Components of the vector; needed where `vec` is null. */
  vecLen?: number;
  /** Takes any integers modulo 2^bits instead of refusing those whose sum could wrap. Default false. */
  modularInputs?: boolean;
  /** Hears of every message; see {@link UserEvent}. Not part of the serialised state. */
  listener?: Listener<UserEvent>;
}

type UserArguments = [
  id: number,
  threshold: number,
  signPk: SignPublicKey,
  signSk: SignSecretKey,
  vec: InputVector | null,
  othersSignPks: PublicKeysWrapper,
  options?: UserOptions,
];

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

/** @internal Replaces randomness, for tests that reproduce transcripts. Not exported from the package. */
export let unsafelyInject: (user: UserWrapper, dependencies: Dependencies) => void;

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
  #dependencies: Dependencies = systemDependencies;
  readonly #listener: Listener<UserEvent>;
  #pending: { readonly received: Uint8Array; readonly answer: Promise<Uint8Array> } | null = null;

  static {
    unsafelyInject = (user, dependencies): void => {
      user.#dependencies = dependencies;
    };
    // What console.log shows in Node: nothing secret.
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: UserWrapper): string {
        return `UserWrapper { id: ${this.id}, round: ${this.progress().round} }`;
      },
    });
  }

  /**
   * @param id the user's id, an integer in [0, 2^53).
   * @param threshold t: the least number of users in each round, 2 or more. Against a server that may lie it must exceed
   * half of the users: 2t > n + colluders.
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
  constructor(recovered: Recovered<UserSnapshot>, listener: Listener<UserEvent>);
  constructor(...args: unknown[]) {
    const [first, listener] = args;
    [this.#snapshot, this.#listener] =
      first instanceof Recovered
        ? [(first as Recovered<UserSnapshot>).snapshot, listener as Listener<UserEvent>]
        : newUser(...(args as UserArguments));
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
   * @throws UsageError ERR_SECAGG_USAGE where the user has a vector or has sent it.
   * @throws TypeError, RangeError as the constructor.
   */
  setVector(vec: InputVector): void {
    const { state, input, context, modularInputs } = this.#snapshot;
    if (state.phase === 'failed') throw failedError(state);
    if (input !== null || USER_ROUNDS[state.phase] > 2) {
      throw new UsageError('ERR_SECAGG_USAGE', 'setVector: this user already has its vector');
    }
    const lanes = toLanes(vec, context, modularInputs);
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
   * @throws Any other SecAggError ends the session for this user; its secrets are wiped, and later calls throw
   * UsageError ERR_SECAGG_FAILED with the error as their cause.
   */
  async round(input: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    checkBytes(input, 'input');
    const bytes = copyOf(input);
    const received = fingerprint(bytes);
    const pending = this.#pending;
    if (pending !== null) {
      if (equalBytes(pending.received, received)) return copyOf(await pending.answer);
      throw new UsageError('ERR_SECAGG_BUSY', 'another message is being answered');
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
    const { state, answered, output } = this.#snapshot;
    if (state.phase === 'failed') throw failedError(state);
    const round = answered.findIndex((digest) => equalBytes(digest, received));
    if (round === -1 || output === null) return null;
    if (round !== answered.length - 1) {
      const message =
        `this message of round ${round} has been answered, and so has a later one` +
        (round === 0 ? '; another session needs another UserWrapper' : '');
      throw new UsageError('ERR_SECAGG_ANSWERED', message);
    }
    emit(this.#listener, { type: 'message-repeated', round, bytesIn });
    return copyOf(output);
  }

  async #answer(bytes: Uint8Array, received: Uint8Array): Promise<Uint8Array> {
    const started = performance.now();
    const { state, input } = this.#snapshot;
    if (state.phase === 'failed') throw failedError(state);
    try {
      const message = openServerMessage(this.#context, bytes);
      const live = expectRound(state, message.round);
      const answer = await answerRound(this.#context, live, message, { ...this.#dependencies, input });
      // The present snapshot, not the one above: setVector may have been called meanwhile.
      const { revision, answered, input: present } = this.#snapshot;
      this.#snapshot = {
        ...this.#snapshot,
        context: contextFor(this.#snapshot.context, answer.state),
        revision: revision + 1,
        input: state.phase === 'masked-input' ? null : present,
        answered: [...answered, received],
        output: answer.message,
        state: answer.state,
      };
      wipe(answer.spent);
      emit(this.#listener, {
        type: 'round-answered',
        round: answer.round,
        bytesIn: bytes.length,
        bytesOut: answer.message.length,
        milliseconds: performance.now() - started,
      });
      return answer.message;
    } catch (error) {
      if (!(error instanceof SecAggError && error.code === 'ERR_SECAGG_NO_VECTOR')) this.#fail(error);
      throw error;
    }
  }

  /** The session is over for this user: no secret of it is needed any more. */
  #fail(error: unknown): void {
    const { state, input } = this.#snapshot;
    const failure = failureOf(error);
    this.#snapshot = { ...this.#snapshot, revision: this.#snapshot.revision + 1, input: null, output: null, state: failure };
    wipe([...secretsOf(state), ...(input === null ? [] : [input])]);
    emit(this.#listener, { type: 'failed', code: codeOf(failure) });
  }

  get #context(): UserContext {
    return { ...this.#snapshot.context, tag: this.#tag };
  }

  /** Where this user stands. */
  progress(): UserProgress {
    const { state, revision, input, context } = this.#snapshot;
    const round = state.phase === 'failed' ? null : USER_ROUNDS[state.phase];
    const users = sizesOf(state);
    return {
      round,
      revision,
      needsVector: round !== null && round <= 2 && input === null,
      users,
      unusableDeals:
        state.phase === 'consistency-check' || state.phase === 'unmasking' ? unusableDeals(context.parameters, state) : [],
      colludersBorne: users[0] === undefined ? null : colludersBorne(context.parameters, context.policy, users[0]),
    };
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
   * @throws StateError where the text is no state of a user of this version; ERR_SECAGG_STATE_OLD where this object is
   * the same user in the same session and further on, for a user that goes back may be made to answer twice. Nothing is
   * recovered then. UsageError ERR_SECAGG_BUSY while a message is being answered.
   */
  recoverState(state: string): void {
    if (this.#pending !== null) throw new UsageError('ERR_SECAGG_BUSY', 'a message is being answered');
    const snapshot = userDocument.parse(state);
    const tag = sessionTag(snapshot.context.parameters);
    const present = this.#snapshot;
    const same = equalBytes(tag, this.#tag) && snapshot.context.userId === present.context.userId;
    if (same && snapshot.revision < present.revision) {
      const message = `state: revision ${snapshot.revision} is older than ${present.revision}, which this user is at`;
      throw new StateError(message, 'ERR_SECAGG_STATE_OLD');
    }
    wipe([...secretsOf(present.state), ...(present.input === null ? [] : [present.input])]);
    this.#tag = tag;
    this.#snapshot = snapshot;
  }

  /** A user from its serialised state alone. @throws StateError as {@link recoverState}. */
  static fromState(state: string, options: Pick<UserOptions, 'listener'> = {}): UserWrapper {
    checkNames(options, 'options', ['listener']);
    return new UserWrapper(new Recovered(userDocument.parse(state)), checkListener(options.listener));
  }
}

function newUser(
  ...[id, threshold, signPk, signSk, vec, othersSignPks, options = {}]: UserArguments
): [UserSnapshot, Listener<UserEvent>] {
  checkOptionNames(options, ['vecLen', 'modularInputs', 'listener']);
  const self = userId(id, 'id');
  const publicKeys = checkKeys(self, signPk, signSk, othersSignPks);
  const given: unknown = vec;
  if (given !== null && (typeof given !== 'object' || !('length' in given))) {
    throw new TypeError(`vec: expected an array, a typed array or null, got ${typeof given}`);
  }
  const vecLen = options.vecLen ?? vec?.length;
  if (vecLen === undefined) throw new TypeError('options.vecLen: needed where vec is null');
  const parameters = resolveParameters(threshold, vecLen, options);
  const policy = resolvePolicy(options, parameters.graph, publicKeys.size);
  checkReachable(parameters, policy);
  const context = { parameters, policy, userId: self, publicKeys };
  const modularInputs = options.modularInputs ?? false;
  const snapshot: UserSnapshot = {
    revision: 0,
    context,
    modularInputs,
    input: vec === null ? null : toLanes(vec, context, modularInputs),
    answered: [],
    output: null,
    state: { phase: 'advertise-keys', signSecretKey: copyOf(signSk) },
  };
  return [snapshot, checkListener(options.listener)];
}

/** Once a user has its neighbors, the keys of others are not needed any more. */
function contextFor(context: UserSnapshot['context'], state: UserState): UserSnapshot['context'] {
  if (state.phase !== 'masked-input') return context;
  const around = [context.userId, ...state.peers.map(({ userId }) => userId)];
  const keyOf = (id: UserId): [UserId, SignPublicKey][] => {
    const key = context.publicKeys.get(id);
    return key === undefined ? [] : [[id, key]];
  };
  return { ...context, publicKeys: new Map(around.flatMap(keyOf)) };
}

/** The PKI with this user in it. */
function checkKeys(
  self: UserId,
  signPk: SignPublicKey,
  signSk: SignSecretKey,
  others: PublicKeysWrapper,
): ReadonlyMap<UserId, SignPublicKey> {
  if (!(others instanceof PublicKeysWrapper)) throw new TypeError('othersSignPks: expected a PublicKeysWrapper');
  for (const [name, key] of Object.entries({ signPk, signSk })) {
    checkBytes(key, name);
    if (key.length !== KEY_BYTES) throw new RangeError(`${name}: expected ${KEY_BYTES} bytes, got ${key.length}`);
  }
  if (!isSignKeyPair(signPk, signSk)) throw new RangeError('signPk: expected the public key of signSk');
  const all = others.copy();
  all.insert(self, signPk);
  return all.snapshot();
}

function toLanes(vec: InputVector, { parameters, policy }: UserSnapshot['context'], modularInputs: boolean): Uint8Array {
  const length: unknown = (vec as InputVector | null | undefined)?.length;
  if (typeof vec !== 'object' || typeof length !== 'number') throw new TypeError('vec: expected an array or a typed array');
  if (length !== parameters.vecLen) {
    throw new RangeError(`vec: expected ${parameters.vecLen} components, got ${length}`);
  }
  return lanesOf(ringOf(parameters.bits), vec, length, modularInputs ? 'modular' : { users: policy.maxUsers });
}

function unusableDeals({ graph }: Parameters, state: AwaitingSurvivors | AwaitingSignatures): number[] {
  const around = neighborhoodsOf(graph, state.users);
  const unusable = state.holdings.filter(({ shares }) => shares === null);
  return unusable.map(({ position }) => at(state.peers, around.neighborIndex(state.position, position))).sort((a, b) => a - b);
}

/** |U1|, |U2|, |U3|, as far as they are known. */
function sizesOf(state: UserState): number[] {
  switch (state.phase) {
    case 'advertise-keys':
    case 'share-keys':
    case 'failed':
      return [];
    case 'masked-input':
      return [state.users];
    case 'consistency-check':
      return [state.users, countMembers(state.u2)];
    case 'unmasking':
    case 'finished':
      return [state.users, countMembers(state.u2), countMembers(state.u3)];
  }
}
