// The server's side of a session: one object a session, which holds its state. Messages are entered into it, and closing a round
// replaces it. What happens in each round is in the rN files; rounds.ts chooses one.
import { systemRandom } from '../crypto/random.ts';
import { Cancellation } from '../leaves/cancellation.ts';
import { copyOf } from '../leaves/bytes.ts';
import { checkBytes, checkNames } from '../leaves/checks.ts';
import { SecAggError, UsageError } from '../leaves/errors.ts';
import { userId, type UserId } from '../leaves/ids.ts';
import { inspectAs } from '../leaves/inspect.ts';
import type { Attendance, ServerProgress } from '../leaves/progress.ts';
import { checkSignal, throwIfAborted, type AbortSignalLike, type RoundOptions } from '../leaves/signals.ts';
import { Pace } from '../masking/pace.ts';
import { sessionTag } from '../session/binding.ts';
import { Recovered } from '../session/codec.ts';
import { descriptorOf, type SessionDescriptor } from '../session/descriptor.ts';
import { errorOf, failedError, failureOf } from '../session/failure.ts';
import { evidenceOf, type ConsistencyEvidence } from './evidence.ts';
import { outputOf } from './round-output.ts';
import { requireStorable } from '../session/json.ts';
import { partDocument, serverDocument } from './json.ts';
import {
  checkLocalOptions,
  newServerSnapshot,
  serverLocals,
  type ServerLocalOptions,
  type ServerLocals,
  type ServerOptions,
} from './options.ts';
import type { ServerOutput } from './output.ts';
import { mergedWith, partOf } from './part.ts';
import { attendance, readyWith, serverProgress } from './progress.ts';
import { digestOfMessage, enterMessage } from './receiving.ts';
import { roundOf } from './rounds.ts';
import { changed, culpritsOf } from './snapshot.ts';
import type { ClosedState, CollectingState, ServerContext, ServerSnapshot } from './state.ts';

/**
 * The server of one session of secure aggregation. It learns the sum of the users' vectors, and who took part.
 *
 * Give it what users send, by {@link recv}; when enough have been heard (see {@link progress}; how long to wait is the
 * application's choice), call {@link round} and send out what it gives. The fifth call gives the sum.
 *
 * Memory: O(m) for the running sum of m components, and O(n²) small values for n users, O(n · k) on a sparse graph; no
 * user's vector is kept.
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
  /** Another one after each call that changes anything; the sum and who was heard change in place. */
  #snapshot: ServerSnapshot;
  #tag: Uint8Array;
  #closing = false;
  /** What `output` was last asked for. */
  #asked: { readonly state: ClosedState; readonly output: ServerOutput } | null = null;
  readonly #locals: ServerLocals;

  static {
    inspectAs(this.prototype, (server) => {
      const { round, heard } = server.progress();
      return `ServerWrapper { round: ${String(round)}, heard: ${heard.length} }`;
    });
  }

  /**
   * @param threshold t: the least number of users in each round, as the users were told.
   * @param vecLen components of the vectors, as the users were told.
   * @throws TypeError, RangeError that name the argument; UsageError ERR_SECAGG_UNSAFE if the options do not bear the
   * adversary that they ask for.
   */
  constructor(threshold: number, vecLen: number, options?: ServerOptions);
  /** @internal */
  constructor(recovered: Recovered<ServerSnapshot, ServerLocals>);
  constructor(first: number | Recovered<ServerSnapshot, ServerLocals>, vecLen?: number, options: ServerOptions = {}) {
    if (first instanceof Recovered) {
      this.#snapshot = first.snapshot;
      this.#locals = first.own;
    } else {
      this.#snapshot = newServerSnapshot(first, vecLen, options);
      this.#locals = serverLocals(options, systemRandom);
    }
    this.#tag = sessionTag(this.#snapshot.context.parameters);
  }

  /**
   * Takes one user's message. The same bytes again are accepted and change nothing.
   *
   * A message of round 4 that holds wrong shares is accepted without them; its sender is named in {@link progress}.
   *
   * @param id the user that the transport takes for the sender.
   * @param input bytes from that user; read before `recv` returns, and not kept.
   * @returns whether the message was new, or one that had been accepted before.
   * @throws DecodeError, ProtocolError, AuthenticationError if the message is refused: the state is as it was, and the
   * session goes on. UsageError ERR_SECAGG_FAILED if the session has failed.
   */
  recv(id: number, input: Uint8Array): 'accepted' | 'repeated' {
    return this.#enter(userId(id, 'id'), checkBytes(input, 'input'));
  }

  /**
   * The same as {@link recv} for a page or another thread that must not stand still: a long message is hashed by WebCrypto or in pieces,
   * and other work has its turn in between. The message is new or refused by what the state is after that.
   *
   * @param id the user that the transport takes for the sender.
   * @param input bytes from that user; copied, and not kept.
   * @returns whether the message was new, or one that had been accepted before.
   * @throws as `recv`.
   */
  async recvAsync(id: number, input: Uint8Array): Promise<'accepted' | 'repeated'> {
    const sender = userId(id, 'id');
    const message = copyOf(checkBytes(input, 'input'));
    const pace = new Pace();
    let bodyDigest: Uint8Array;
    try {
      const { state } = this.#snapshot;
      if (state.phase === 'failed') throw failedError(state);
      bodyDigest = await digestOfMessage(this.#context, sender, message, () => pace.maybePause());
    } catch (error) {
      throw this.#refused(sender, message, error);
    }
    return this.#enter(sender, message, bodyDigest);
  }

  #enter(sender: UserId, bytes: Uint8Array, bodyDigest?: Uint8Array): 'accepted' | 'repeated' {
    const { length } = bytes;
    const started = performance.now();
    try {
      const incoming = { sender, bytes, closing: this.#closing, ...(bodyDigest === undefined ? {} : { bodyDigest }) };
      const accepted = enterMessage(this.#context, this.#snapshot, incoming);
      if (accepted === null) {
        this.#locals.announce.repeated(sender, length);
        return 'repeated';
      }
      this.#snapshot = changed(this.#snapshot, accepted.dropped);
      this.#locals.announce.accepted(sender, length, accepted, performance.now() - started);
      return 'accepted';
    } catch (error) {
      throw this.#refused(sender, bytes, error);
    }
  }

  #refused(sender: UserId, { length }: Uint8Array, error: unknown): unknown {
    if (error instanceof SecAggError) this.#locals.announce.refused(sender, length, error.code);
    return error;
  }

  /**
   * Closes the present round: whoever has not been heard is out.
   *
   * @returns the messages for the users that go on, or, after round 4, the sum.
   * @throws ThresholdError if too few users were heard; ProtocolError ERR_SECAGG_INCONSISTENT_DEAL, which names users,
   * DisputeError or ThresholdError if the masks cannot be removed. Any of these ends the session, and later calls
   * throw UsageError ERR_SECAGG_FAILED.
   * @throws The reason of `options.signal` if it is aborted before the end; UsageError ERR_SECAGG_USAGE if the session
   * is over, ERR_SECAGG_BUSY if the round is being closed; or whatever else goes wrong that is not of the protocol.
   * Nothing has changed then, and the call may be tried again.
   */
  async round(options: RoundOptions = {}): Promise<ServerOutput> {
    checkNames(options, 'options', ['signal']);
    const signal = checkSignal(options.signal, 'options.signal');
    const { state } = this.#snapshot;
    if (state.phase === 'failed') throw failedError(state);
    if (state.phase === 'finished') throw new UsageError('ERR_SECAGG_USAGE', 'round: the session is over, see output()');
    if (this.#closing) throw new UsageError('ERR_SECAGG_BUSY', 'round: this round is being closed');
    // What follows trusts this signal, and not the caller's, whose getters may throw or change.
    const work = new Cancellation(signal);
    this.#closing = true;
    try {
      return await this.#close(state, work.signal);
    } finally {
      this.#closing = false;
      work.release();
    }
  }

  async #close(collecting: CollectingState, signal: AbortSignalLike): Promise<ServerOutput> {
    const started = performance.now();
    const { number: round, close } = roundOf(collecting);
    try {
      throwIfAborted(signal);
      const work = { ...this.#locals, signal, onProgress: this.#locals.announce.unmasking };
      const { state, dropped } = await close(this.#context, collecting, work);
      const output = outputOf(this.#context, state);
      const sent = this.#locals.announce.sent(output);
      // Nothing below may throw: the caller would close the round twice.
      this.#snapshot = changed(this.#snapshot, dropped, state);
      this.#asked = { state, output };
      this.#locals.announce.closed(round, sent, dropped, performance.now() - started);
      if (state.phase === 'finished') this.#locals.announce.finished(state.included);
      return output;
    } catch (error) {
      const failure = signal.aborted ? null : failureOf(error);
      if (failure !== null) {
        const culprits = culpritsOf(failure);
        this.#snapshot = changed(this.#snapshot, culprits, failure);
        this.#locals.announce.failed(round, errorOf(failure).code, culprits);
      }
      throw error;
    }
  }

  /** What the last {@link round} gave, again, also after recovery; null before the first one and after an error. */
  output(): ServerOutput | null {
    const { state } = this.#snapshot;
    if (state.phase === 'failed' || state.phase === 'advertise-keys') return null;
    // Asked for once a user, it must not be made anew each time.
    if (this.#asked?.state !== state) this.#asked = { state, output: outputOf(this.#context, state) };
    return this.#asked.output;
  }

  get #context(): ServerContext {
    return { ...this.#snapshot.context, tag: this.#tag };
  }

  /** Where this server stands. */
  progress(): ServerProgress {
    return serverProgress(this.#context, this.#snapshot);
  }

  /** How many have spoken in the present round: of {@link progress} what costs next to nothing. @internal */
  attendance(): Attendance {
    return attendance(this.#context, this.#snapshot);
  }

  /** What a user needs to know of this session to take part in it, as plain JSON; see {@link SessionDescriptor}. */
  describe(): SessionDescriptor {
    return descriptorOf(this.#snapshot.context);
  }

  /** @internal Whether the present round, of 0 to 3, could be closed if these users had been heard in it. */
  readyWith(heard: readonly number[]): boolean {
    return readyWith(this.#context, this.#snapshot, heard as readonly UserId[]);
  }

  /** The whole state as JSON. It holds no secret: nothing that the server has not been told. */
  serializeState(): string {
    return serverDocument.serialize(this.#snapshot);
  }

  /**
   * Becomes the server that was serialized, whatever this one was.
   *
   * @throws StateError if the text is no state of a server of this version, with nothing recovered.
   */
  recoverState(state: string): void {
    this.#requireOpen('recoverState');
    const snapshot = serverDocument.parse(state);
    this.#tag = sessionTag(snapshot.context.parameters);
    this.#asked = null; // it holds the state before, which may be large
    this.#snapshot = snapshot;
  }

  #requireOpen(called: string): void {
    if (this.#closing) throw new UsageError('ERR_SECAGG_BUSY', `${called}: a round is being closed`);
  }

  /** Who vouched for the set of users in the sum; null unless round 4 is being collected. @internal */
  evidence(): ConsistencyEvidence | null {
    return evidenceOf(this.#snapshot.state);
  }

  /**
   * What this server has heard in the present round, as JSON, for {@link mergePart} of another one. It holds no secret,
   * and in round 2 the size of one vector, however many users were heard.
   *
   * Several servers can share one session: recover each from the same state at the start of a round, let each hear other
   * users, give the parts of all to one, and close the round there, once: whoever closes round 0 on a sparse graph draws
   * another graph.
   *
   * @throws UsageError ERR_SECAGG_USAGE if the session is over, ERR_SECAGG_FAILED if it has failed.
   */
  serializePart(): string {
    requireStorable(this.#snapshot.context.parameters);
    return partDocument.serialize(partOf(this.#tag, this.#snapshot));
  }

  /**
   * Adds what another server of the same session has heard in the same round. In any order it gives what one server that
   * heard all would be. A user that both have heard with the same message counts once, except in round 2, in which its input
   * would be in the sum twice.
   *
   * @param part from {@link serializePart}.
   * @throws StateError if the text is no part of this version, or of another session or round, or if a user of
   * round 2 is in both. ProtocolError ERR_SECAGG_EQUIVOCATION if a user has told the other one something else;
   * ERR_SECAGG_KEYS, ERR_SECAGG_TOO_MANY_USERS as {@link recv} in round 0. UsageError as {@link round}. Nothing has
   * changed then.
   */
  mergePart(part: string): void {
    this.#requireOpen('mergePart');
    this.#snapshot = mergedWith(this.#tag, this.#snapshot, partDocument.parse(part));
  }

  /** A server from its serialized state alone. @throws StateError as {@link recoverState}. */
  static fromState(state: string, options: ServerLocalOptions = {}): ServerWrapper {
    checkLocalOptions(options);
    return new ServerWrapper(new Recovered(serverDocument.parse(state), serverLocals(options, systemRandom)));
  }
}
