// The server's side of a session: thin, one object a session. Rounds are in rounds/, steps in protocol/server/.
import { platform } from '#platform';
import { copyOf, equalBytes } from '../leaves/bytes.ts';
import { ProtocolError, SecAggError, UsageError } from '../leaves/errors.ts';
import { checkListener, emit, isHeard, type Listener } from '../leaves/events.ts';
import { userId, type UserId } from '../leaves/ids.ts';
import { at } from '../leaves/lists.ts';
import { checkBytes, checkInteger, checkNames } from '../leaves/checks.ts';
import { systemRandom, type RandomSource } from '../crypto/random.ts';
import { checkReachable } from '../graph/policy.ts';
import { checkOptionNames, MAX_USERS, resolveParameters, resolvePolicy, type SessionOptions } from '../session/parameters.ts';
import type { DroppedUser, ServerEvent, ServerProgress } from '../leaves/progress.ts';
import { sessionTag } from '../session/binding.ts';
import { codeOf, failedError, failureOf } from '../session/failure.ts';
import type { ServerContext } from './state.ts';
import { PublicKeysWrapper } from '../session/public-keys.ts';
import { readyWith, serverProgress } from './progress.ts';
import { mergedWith, partOf } from './part.ts';
import {
  authenticate,
  close,
  expectRound,
  messagesOf,
  openUserMessage,
  receive,
  SERVER_ROUNDS,
  sumOf,
  type ClosedState,
  type CollectingState,
} from './rounds.ts';
import type { UnmaskingProgress } from './unmasking/threads.ts';
import { outputOf, type ServerOutputWrapper } from './output.ts';
import { Recovered } from '../session/codec.ts';
import { partDocument, serverDocument, type ServerSnapshot } from './json.ts';

/** Options of a server: those of the session, and its own. */
export interface ServerOptions extends SessionOptions {
  /**
   * The users' public keys; copied. With them the server refuses strangers, and messages that were not signed by their
   * sender, when they arrive, so that one bad user costs only itself. Without them users find out, and abort.
   */
  publicKeys?: PublicKeysWrapper;
  /** Hears of every message and round; see {@link ServerEvent}. Not part of the serialised state. */
  listener?: Listener<ServerEvent>;
  /**
   * Most worker threads that removing the masks may take, in Node; 0 keeps all work on the caller's thread, where it gives
   * way to the event loop now and then. Default: as many as the machine runs at once. Not part of the serialised state.
   */
  threads?: number;
}

/** What is of this object and not of the session. */
type LocalOptions = Pick<ServerOptions, 'listener' | 'threads'>;

/** How to close a round. */
export interface RoundOptions {
  /** Calls the work off: `round` throws its reason, and the session is as it was before. */
  signal?: AbortSignal;
}

/** @internal Replaces randomness, for tests that reproduce transcripts. Not exported from the package. */
export let unsafelyInjectIntoServer: (server: ServerWrapper, random: RandomSource) => void;

type ServerArguments = [threshold: number, vecLen: number, options?: ServerOptions];

/**
 * The server of one session of secure aggregation. It learns the sum of the users' vectors, and who took part.
 *
 * Give it what users send, by {@link recv}; when enough have been heard (see {@link progress}; how long to wait is the
 * application's choice), call {@link round} and send out what it gives. Five rounds later it gives the sum.
 *
 * Memory: O(m) for the running sum of m components, and O(n²) small values for n users, O(n · k) on a sparse graph; no user's vector is
 * kept.
 *
 * @example
 * ```js
 * import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from 'secagg';
 *
 * const keys = [0, 1, 2].map(() => genKeypair());
 * const publicKeys = new PublicKeysWrapper(keys.map(([pk], id) => [id, pk]));
 * const server = new ServerWrapper(2, 1, { publicKeys });
 * for (const [id, [pk, sk]] of keys.entries()) {
 *   const user = new UserWrapper(id, 2, pk, sk, [id], publicKeys);
 *   server.recv(id, await user.round(round0Msg()));
 * }
 * const { round, heard, ready } = server.progress();
 * console.log(round, heard, ready); // prints: 0 [ 0, 1, 2 ] true
 * const messages = (await server.round()).getMessages();
 * console.log([...messages.keys()]); // prints: [ 0, 1, 2 ]
 * ```
 */
export class ServerWrapper {
  #snapshot: ServerSnapshot;
  #tag: Uint8Array;
  #closing = false;
  /** What `output` was last asked for. */
  #asked: { readonly state: ClosedState; readonly output: ServerOutputWrapper } | null = null;
  readonly #listener: Listener<ServerEvent>;
  readonly #threads: number;
  #random: RandomSource = systemRandom;

  static {
    unsafelyInjectIntoServer = (server, random): void => {
      server.#random = random;
    };
    // What console.log shows in Node.
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: ServerWrapper): string {
        const { round, heard } = this.progress();
        return `ServerWrapper { round: ${round}, heard: ${heard.length} }`;
      },
    });
  }

  /**
   * @param threshold t: the least number of users in each round, as the users were told.
   * @param vecLen components of the vectors, as the users were told.
   * @throws TypeError, RangeError that name the argument.
   */
  constructor(threshold: number, vecLen: number, options?: ServerOptions);
  /** @internal */
  constructor(recovered: Recovered<ServerSnapshot>, options: LocalOptions);
  constructor(...args: unknown[]) {
    const [first] = args;
    const recovered = first instanceof Recovered;
    const options = (recovered ? args[1] : (args as ServerArguments)[2]) as LocalOptions | undefined;
    this.#snapshot = recovered ? (first as Recovered<ServerSnapshot>).snapshot : newServer(...(args as ServerArguments));
    this.#listener = checkListener(options?.listener);
    this.#threads = checkInteger(options?.threads ?? platform.threads?.available ?? 0, 'options.threads', 0, MAX_THREADS);
    this.#tag = sessionTag(this.#snapshot.context.parameters);
  }

  /**
   * Takes one user's message. The same bytes again are accepted and change nothing.
   *
   * A message of round 4 that holds wrong shares is accepted without them; its sender is named in {@link progress}.
   *
   * @param id whom the transport takes for the sender.
   * @param input bytes from that user; read before `recv` returns, and not kept.
   * @throws DecodeError, ProtocolError, AuthenticationError where the message is refused: the state is as it was, and
   * the session goes on. UsageError ERR_SECAGG_FAILED where the session has failed.
   */
  recv(id: number, input: Uint8Array): void {
    const sender = userId(id, 'id');
    checkBytes(input, 'input');
    const bytes = input.length;
    const started = performance.now();
    try {
      const received = this.#receive(sender, input);
      if (received === 'repeated') emit(this.#listener, { type: 'message-repeated', userId: sender, bytes });
      else {
        const milliseconds = performance.now() - started;
        const { round, digest, dropped } = received;
        emit(this.#listener, { type: 'message-accepted', userId: sender, round, bytes, digest: copyOf(digest), milliseconds });
        this.#tellDropped(dropped);
      }
    } catch (error) {
      if (error instanceof SecAggError) {
        emit(this.#listener, { type: 'message-refused', userId: sender, bytes, code: error.code });
      }
      throw error;
    }
  }

  #receive(sender: UserId, bytes: Uint8Array): 'repeated' | Received {
    const { state, received } = this.#snapshot;
    if (state.phase === 'failed') throw failedError(state);
    const message = openUserMessage(this.#context, sender, bytes);
    const { round, digest } = message;
    const heard = at(received, round);
    if (isSame(heard.get(sender), digest)) return 'repeated';
    authenticate(this.#context, sender, message);
    if (heard.has(sender)) {
      const text = `round ${round}: user ${sender} has sent another message before; the first one counts`;
      throw new ProtocolError('ERR_SECAGG_EQUIVOCATION', text, { round, userIds: [sender] });
    }
    const collecting = expectRound(state, sender, round);
    if (this.#closing) {
      throw new ProtocolError('ERR_SECAGG_LATE', `round ${round} is being closed, user ${sender} is late`, {
        round,
      });
    }
    const dropped = receive(this.#context, collecting, sender, message);
    heard.set(sender, digest);
    this.#change({}, dropped);
    return { round, digest, dropped };
  }

  /**
   * Closes the present round: whoever has not been heard is out.
   *
   * @returns the messages for the users that go on, or, after round 4, the sum.
   * @throws ThresholdError where too few users were heard; ProtocolError ERR_SECAGG_INCONSISTENT_DEAL, which names users,
   * DisputeError or ThresholdError where the masks cannot be removed. Any of these ends the session, and later calls
   * throw UsageError ERR_SECAGG_FAILED.
   * @throws The reason of `options.signal` where it is aborted before the end; UsageError ERR_SECAGG_USAGE where the session
   * is over, ERR_SECAGG_BUSY where a round is being closed. Nothing has changed then.
   */
  async round(options: RoundOptions = {}): Promise<ServerOutputWrapper> {
    const { state } = this.#snapshot;
    if (state.phase === 'failed') throw failedError(state);
    if (state.phase === 'finished') throw new UsageError('ERR_SECAGG_USAGE', 'round: the session is over, see output()');
    if (this.#closing) throw new UsageError('ERR_SECAGG_BUSY', 'round: this round is being closed');
    this.#closing = true;
    try {
      return await this.#close(state, options.signal);
    } finally {
      this.#closing = false;
    }
  }

  async #close(state: CollectingState, signal: AbortSignal | undefined): Promise<ServerOutputWrapper> {
    const started = performance.now();
    const round = SERVER_ROUNDS[state.phase];
    try {
      signal?.throwIfAborted();
      const onProgress = (progress: UnmaskingProgress): void => emit(this.#listener, { type: 'unmasking', ...progress });
      const [next, dropped] = await close(this.#context, state, {
        threads: this.#threads,
        signal,
        onProgress,
        random: this.#random,
      });
      this.#change({ state: next }, dropped);
      const output = this.#outputOf(next);
      this.#tellDropped(dropped);
      if (isHeard(this.#listener)) {
        const recipients = output.isMessages() ? output.recipients() : [];
        const bytes = recipients.reduce((total, id) => total + (output.getMessage(id)?.length ?? 0), 0);
        const milliseconds = performance.now() - started;
        emit(this.#listener, { type: 'round-closed', round, users: recipients.length, bytes, milliseconds });
      }
      if (next.phase === 'finished') emit(this.#listener, { type: 'finished', included: [...next.included] });
      return output;
    } catch (error) {
      if (signal?.aborted !== true) this.#fail(error, round);
      throw error;
    }
  }

  #fail(error: unknown, round: number): void {
    const failure = failureOf(error);
    const culprits = error instanceof ProtocolError && error.code === 'ERR_SECAGG_INCONSISTENT_DEAL' ? error.userIds : [];
    const dropped = culprits.map((user): DroppedUser => ({ userId: user, round: 1, reason: 'inconsistent-deal' }));
    this.#change({ state: failure }, dropped);
    this.#tellDropped(dropped);
    emit(this.#listener, { type: 'failed', round, code: codeOf(failure) });
  }

  #change(changes: Partial<Pick<ServerSnapshot, 'state'>>, dropped: readonly DroppedUser[]): void {
    const { revision, dropped: before } = this.#snapshot;
    // An output holds the state that it is made from.
    if (changes.state !== undefined) this.#asked = null;
    this.#snapshot = {
      ...this.#snapshot,
      ...changes,
      revision: revision + 1,
      dropped: dropped.length === 0 ? before : [...before, ...dropped],
    };
  }

  #tellDropped(dropped: readonly DroppedUser[]): void {
    for (const user of dropped) emit(this.#listener, { type: 'user-dropped', ...user });
  }

  /**
   * What the last {@link round} gave, again, also after recovery; null before the first one and after an error.
   */
  output(): ServerOutputWrapper | null {
    const { state } = this.#snapshot;
    if (state.phase === 'failed' || state.phase === 'advertise-keys') return null;
    // Asked for once a user, it must not be made anew each time.
    if (this.#asked?.state !== state) this.#asked = { state, output: this.#outputOf(state) };
    return this.#asked.output;
  }

  #outputOf(state: ClosedState): ServerOutputWrapper {
    if (state.phase === 'finished') return outputOf({ vector: sumOf(this.#context, state) });
    return outputOf({ messages: messagesOf(this.#context, state) });
  }

  get #context(): ServerContext {
    return { ...this.#snapshot.context, tag: this.#tag };
  }

  /** Where this server stands. */
  progress(): ServerProgress {
    return serverProgress(this.#context, this.#snapshot);
  }

  /** @internal Whether the present round, of 0 to 3, could be closed if these users had been heard in it. */
  readyWith(heard: readonly number[]): boolean {
    return readyWith(this.#context, this.#snapshot, heard as readonly UserId[]);
  }

  /** The whole state as JSON. It holds no secret: nothing that the server has not been told. */
  serializeState(): string {
    return serverDocument.serialise(this.#snapshot);
  }

  /**
   * Becomes the server that was serialised, whatever this one was.
   *
   * @throws StateError where the text is no state of a server of this version, with nothing recovered.
   */
  recoverState(state: string): void {
    if (this.#closing) throw new UsageError('ERR_SECAGG_BUSY', 'a round is being closed');
    const snapshot = serverDocument.parse(state);
    this.#tag = sessionTag(snapshot.context.parameters);
    this.#asked = null;
    this.#snapshot = snapshot;
  }

  /**
   * What this server has heard in the present round, as JSON, for {@link mergePart} of another one. It holds no secret,
   * and in round 2 the size of one vector, however many users were heard.
   *
   * Several servers can share one session: recover each from the same state at the start of a round, let each hear other
   * users, give the parts of all to one, and close the round there, once: on a sparse graph whoever closes round 0 draws another.
   *
   * @throws UsageError ERR_SECAGG_USAGE where the session is over, ERR_SECAGG_FAILED where it has failed.
   */
  serializePart(): string {
    return partDocument.serialise(partOf(this.#tag, this.#snapshot));
  }

  /**
   * Adds what another server of the same session has heard in the same round. In any order it gives what one server that
   * heard all would be. A user that both have heard with the same message counts once, but for round 2, where its input
   * would be in the sum twice.
   *
   * @param part from {@link serializePart}.
   * @throws StateError where the text is no part of this version, or of another session or round, or where a user of
   * round 2 is in both. ProtocolError ERR_SECAGG_EQUIVOCATION where a user has told the other one something else;
   * ERR_SECAGG_KEYS, ERR_SECAGG_TOO_MANY_USERS as {@link recv} in round 0. UsageError as {@link round}. Nothing has
   * changed then.
   */
  mergePart(part: string): void {
    if (this.#closing) throw new UsageError('ERR_SECAGG_BUSY', 'a round is being closed');
    this.#snapshot = mergedWith(this.#tag, this.#snapshot, partDocument.parse(part));
  }

  /** A server from its serialised state alone. @throws StateError as {@link recoverState}. */
  static fromState(state: string, options: LocalOptions = {}): ServerWrapper {
    checkNames(options, 'options', ['listener', 'threads']);
    return new ServerWrapper(new Recovered(serverDocument.parse(state)), options);
  }
}

const MAX_THREADS = 1024;
/** A message that was accepted. */
interface Received {
  readonly round: number;
  readonly digest: Uint8Array;
  readonly dropped: readonly DroppedUser[];
}

function isSame(known: Uint8Array | undefined, digest: Uint8Array): boolean {
  return known !== undefined && equalBytes(known, digest);
}

function newServer(threshold: number, vecLen: number, options: ServerOptions = {}): ServerSnapshot {
  checkOptionNames(options, ['publicKeys', 'listener', 'threads']);
  const { publicKeys } = options;
  if (publicKeys !== undefined && !(publicKeys instanceof PublicKeysWrapper)) {
    throw new TypeError('options.publicKeys: expected a PublicKeysWrapper');
  }
  const parameters = resolveParameters(threshold, vecLen, options);
  const policy = resolvePolicy(options, parameters.graph, publicKeys?.size ?? MAX_USERS);
  checkReachable(parameters, policy);
  return {
    revision: 0,
    context: { parameters, policy, publicKeys: publicKeys?.snapshot() ?? null },
    received: Array.from({ length: 5 }, () => new Map<UserId, Uint8Array>()),
    dropped: [],
    state: { phase: 'advertise-keys', advertisements: new Map(), keys: new Set() },
  };
}
