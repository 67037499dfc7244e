// The coordinator: which runs there are, when they go on, and what participants are told.
import { endingIn, type AbortSignalLike } from '../leaves/signals.ts';
import { copyOf, equalBytes, hex } from '../leaves/bytes.ts';
import { checkBytes, checkFunction, checkInteger, checkNames, checkObject, checkString } from '../leaves/checks.ts';
import { checkListener, emit, type Listener } from '../leaves/events.ts';
import { inspectAs } from '../leaves/inspect.ts';
import { sleep } from '../leaves/sleep.ts';
import { signerWith, type Signer, type SignPublicKey } from '../crypto/sign.ts';
import { readAnnouncement } from '../service/announcement.ts';
import { secondsOf, type Clock } from '../service/clock.ts';
import { checkKeypair, keyDigest } from '../service/keypair.ts';
import { encodeResponse } from '../service/response.ts';
import { ServiceError } from '../service/service-error.ts';
import { checkTask, type Task } from '../service/task.ts';
import { Admission, senderOf, type Admitted } from './admission.ts';
import { advance, end, failedWith } from './advance.ts';
import { answerTo, codeToTell, READING, type Answering } from './answers.ts';
import { DueRuns } from './due-runs.ts';
import { Entry } from './entry.ts';
import { EpochTokens } from './epoch-tokens.ts';
import { tickFailed, type CoordinatorEvent } from './events.ts';
import { FinishedCalls } from './finished-calls.ts';
import { requireSumKept } from './kept-sums.ts';
import { checkTasks, keepingOf, OPTION_NAMES, seedsOf, type CoordinatorOptions } from './options.ts';
import { certificatesOf, outcomeOf, type Outcome } from './outcome.ts';
import { PollWindows } from './poll-windows.ts';
import { refusal, responseTo, type Reply } from './reply.ts';
import { RevocationLists } from './revocation-lists.ts';
import { Rosters } from './rosters.ts';
import { SeedWatch } from './seed-watch.ts';
import { RunWork } from './run-work.ts';
import { openedRun, type RunKey, type RunRecord } from './run-record.ts';
import type { CoordinatorStore } from './store.ts';
import { Uploads } from './uploads.ts';

/**
 * Runs the tasks of an application: it answers the requests of participants, begins attempts, closes rounds, and gives results.
 *
 * It is the untrusted server of the protocol: whom participants trust are registrar and publisher, whose secret keys it does not have.
 * It opens no sockets. Give {@link answer} the bytes of each request, over any transport, and call {@link run} once.
 *
 * @example
 * ```js
 * import { genKeypair } from 'secagg';
 * import { Coordinator } from 'secagg/coordinator';
 *
 * const coordinator = new Coordinator({ keypair: genKeypair(), tasks: [] });
 * try {
 *   await coordinator.answer(Uint8Array.of(1, 2, 3));
 * } catch (error) {
 *   console.log(error.code); // prints: ERR_SECAGG_DECODE
 * }
 * ```
 */
export class Coordinator {
  readonly #publicKey: SignPublicKey;
  readonly #sign: Signer;
  readonly #tasks = new Map<string, Task>();
  readonly #store: CoordinatorStore;
  readonly #listener: Listener<CoordinatorEvent>;
  readonly #admission: Admission;
  readonly #tokens: EpochTokens;
  readonly #windows: PollWindows;
  readonly #answering: Answering;
  readonly #clock: Clock;
  readonly #revocations: RevocationLists;
  readonly #entry: Entry;
  readonly #finished = new FinishedCalls();
  readonly #due = new DueRuns();
  readonly #failed = (error: unknown): void => emit(this.#listener, tickFailed(error));

  static {
    inspectAs(this.prototype, (coordinator) => `Coordinator { tasks: ${coordinator.tasks.length} }`);
  }

  /** @throws TypeError, RangeError that name the option. */
  constructor(options: CoordinatorOptions) {
    checkNames(options, 'options', OPTION_NAMES);
    const [publicKey, secretKey] = checkKeypair(options.keypair, 'options.keypair');
    this.#publicKey = publicKey;
    this.#sign = signerWith(secretKey);
    const retired = checkTasks(options.retired ?? [], 'options.retired');
    for (const task of [...checkTasks(options.tasks, 'options.tasks'), ...retired]) this.#tasks.set(task.id, task);
    this.#entry = new Entry(retired, options.minClientVersion);
    this.#clock = checkFunction(options.clock ?? Date.now, 'options.clock');
    this.#listener = checkListener(options.listener);
    const { secret, ...kept } = keepingOf(options);
    this.#store = kept.store;
    this.#revocations = new RevocationLists(this.#store);
    this.#tokens = new EpochTokens(secret);
    this.#windows = new PollWindows(checkInteger(options.capacity ?? 200, 'options.capacity', 1, 10 ** 9));
    const most = checkInteger(options.maxUploadBytes ?? 2 ** 30, 'options.maxUploadBytes', 0, Number.MAX_SAFE_INTEGER);
    this.#admission = new Admission({
      coordinator: keyDigest(publicKey),
      taskOf: (id) => this.#tasks.get(id),
      revocationsOf: (task, now) => this.#revocations.recent(task, now, this.#failed),
      now: () => secondsOf(this.#clock),
    });
    this.#answering = {
      ...kept,
      listener: this.#listener,
      ...{ uploads: new Uploads(most), rosters: new Rosters(this.#store), work: new RunWork() },
      taskOf: (id) => this.#task(id),
      revocationsOf: (task) => this.#revocations.newest(task),
      seeds: new SeedWatch(seedsOf(options.seeds, this.tasks), this.#failed),
      ...{ now: () => secondsOf(this.#clock), ended: (run) => this.#ended(run) },
      backWithin: (pause, waiting) => this.#windows.after(pause, waiting).to,
      entry: this.#entry,
      note: (admitted) => this.#note(admitted),
    };
  }

  /** The Ed25519 public key that participants pin, 32 bytes. */
  get publicKey(): SignPublicKey {
    return copyOf(this.#publicKey);
  }

  /** What it coordinates. */
  get tasks(): readonly Task[] {
    return [...this.#tasks.values()];
  }

  /**
   * Answers one request of a participant. Long work that follows from it, for example closing a round, goes on behind the answer, in this
   * process: see {@link run}. There is no signal to call a request off if its client is gone, because the client would send it again. There
   * is no parameter for the client's address either: the transport knows it, and sees for which requests this method throws.
   *
   * @param request bytes as they came, at most `maxRequestBytes`.
   * @returns the signed response, for whoever sent the request.
   * @throws DecodeError, ServiceError for what does not come from a participant. Answer with status 400, and no more.
   */
  answer(request: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    return this.#answering.work.during(this.#answer(request));
  }

  async #answer(request: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const admitted = await this.#admission.admit(copyOf(checkBytes(request, 'request')));
    const now = await this.#store.heartbeat(); // after admission: what strangers send costs the store nothing
    try {
      await this.#admission.requireValid(admitted, now);
      this.#tokens.requireCurrent(admitted, now);
      const reply = await answerTo(this.#answering, admitted);
      if (!READING.has(admitted.request.kind)) this.#due.answered({ task: admitted.task.id, run: reply.place.run });
      return await this.#respond(admitted, now, reply, '');
    } catch (error) {
      const code = codeToTell(error);
      return this.#respond(admitted, now, refusal(admitted.request.place, code), code);
    }
  }

  async #note({ request, task, certificate }: Admitted): Promise<boolean> {
    const { sequence, digest } = request;
    const epoch = this.#tokens.epochAt(await this.#store.heartbeat());
    const last = await this.#store.noteRequest(task.id, senderOf(certificate), { sequence, digest }, epoch);
    if (last === null) return true;
    if (last.sequence === sequence && equalBytes(last.digest, digest)) return false;
    throw new ServiceError('ERR_SECAGG_SEQUENCE', 'request: a newer one of this participant has come before');
  }

  async #respond(admitted: Admitted, now: number, reply: Reply, code: string): Promise<Uint8Array<ArrayBuffer>> {
    const { task, certificate, certificateDigest } = admitted;
    const sender = senderOf(certificate);
    const terms = {
      token: this.#tokens.tokenFor(certificate.id, certificateDigest, this.#tokens.epochAt(now)),
      sequence: (await this.#store.lastRequest(task.id, sender))?.sequence ?? 0,
      wait: this.#windows.for(reply, `${task.id}/${sender}`, now),
      code,
    };
    return encodeResponse(responseTo(admitted.request, reply, terms), this.#sign);
  }

  /**
   * Takes a list of certificates that the registrar has taken back. A run needs one; participants refuse one that is too old for them,
   * so give a new one regularly, to any process: the store keeps it for the others.
   *
   * @param list as `Registrar.revocationList` gave it.
   * @throws DecodeError if the bytes are no list; ServiceError ERR_SECAGG_CERTIFICATE if no task has its registrar and scope, if the
   * registrar has not signed it, or if a newer one is there.
   */
  async setRevocationList(list: Uint8Array): Promise<void> {
    await this.#revocations.set(list, this.tasks);
  }

  /**
   * Opens a run: participants that check in from now on take part. The same announcement again changes nothing, so that the call may be
   * repeated, at any process, if its answer was lost.
   *
   * @param announcement as `Publisher.announce` gave it.
   * @returns which run it is.
   * @throws DecodeError if the bytes are no announcement; ServiceError ERR_SECAGG_TASK if the task is not known here,
   * ERR_SECAGG_ANNOUNCEMENT if its publisher has not signed it or if it has expired, ERR_SECAGG_CERTIFICATE if there is no revocation
   * list, ERR_SECAGG_RETIRED if the task is retired, ERR_SECAGG_RUN if its number is not above those before, or if its source has a run that goes on;
   * UsageError ERR_SECAGG_USAGE after {@link drain}, unless the run is there; RangeError if the vectors of the task are longer than the store can
   * keep the sum of.
   */
  async openRun(announcement: Uint8Array): Promise<RunKey> {
    const announced = readAnnouncement(copyOf(checkBytes(announcement, 'announcement')));
    const task = this.#task(hex(announced.task));
    await this.#entry.requireAnnounced(announced, task, secondsOf(this.#clock));
    if ((await this.#revocations.newest(task)) === null) {
      throw new ServiceError('ERR_SECAGG_CERTIFICATE', 'openRun: there is no revocation list, see setRevocationList');
    }
    requireSumKept(task, this.#store.mostSumBytes);
    const run = openedRun(task, announced, await this.#store.heartbeat());
    const key = { task: task.id, run: run.run };
    if ((await this.#store.run(key)) === null) this.#entry.requireNotDrained();
    const isNew = await this.#store.createRun(run);
    if (isNew) emit(this.#listener, { type: 'run-opened', ...key });
    const there = isNew ? run : await this.#store.run(key);
    if (there !== null && equalBytes(there.announcement, run.announcement)) return key;
    const message = 'openRun: the number is not above those before, or the source has a run that goes on';
    throw new ServiceError('ERR_SECAGG_RUN', message);
  }

  /**
   * How a run ended; null if it goes on.
   *
   * @param key as {@link openRun} gave it.
   * @throws TypeError, RangeError that name what is no key; ServiceError ERR_SECAGG_RUN if there is no such run.
   */
  async outcome(key: RunKey): Promise<Outcome | null> {
    const run = await this.#run(key);
    return outcomeOf(this.#task(run.task), run);
  }

  /**
   * What auditors are given about a finished run: one text for each session whose sum is in the result. See `verifyCertificate`.
   *
   * @throws as {@link outcome}.
   */
  async certificates(key: RunKey): Promise<readonly string[]> {
    return certificatesOf(this.#store, await this.#run(key));
  }

  /**
   * Fulfilled once a run has ended, or at once if it has ended. If another process has ended it, the next {@link tick} of this one tells.
   *
   * @throws as {@link outcome}.
   */
  async finished(key: RunKey): Promise<Outcome> {
    return (await this.outcome(key)) ?? this.#finished.wait(key);
  }

  /** Ends a run that goes on, without a sum. @throws as {@link outcome}. */
  async abort(key: RunKey): Promise<void> {
    for (let run = await this.#run(key); run.end === null; run = await this.#run(key)) {
      await end(this.#answering, run, failedWith('ERR_SECAGG_ABORTED', await this.#store.heartbeat()));
    }
  }

  /**
   * This process takes no further participants for a task, until {@link resume} or its end; runs that have their participants go on. Where
   * several processes share a store, each is told.
   */
  pause(task: Task): void {
    this.#entry.pause(checkTask(task, 'task'));
  }

  /** This process takes participants again. */
  resume(task: Task): void {
    this.#entry.resume(checkTask(task, 'task'));
  }

  /**
   * Takes no further participants for any task, and opens no further runs; {@link run} returns once no run is beyond its check-in. For a coordinator whose runs are in
   * memory: where several processes share a durable store, end {@link run} by its signal, and the others go on with the runs.
   */
  drain(): void {
    this.#entry.drain();
  }

  /**
   * Does what is due now, in all runs except those with which an earlier tick of this process is still busy. {@link run} calls it regularly.
   *
   * @throws what has failed, after all else was done; if several things have, the listener is told of the others.
   */
  async tick(): Promise<void> {
    const failures: unknown[] = [];
    const failed = (error: unknown): void => void failures.push(error);
    const { looks } = await this.#begin(failed);
    await looks;
    for (const error of failures.slice(1)) this.#failed(error);
    if (failures.length > 0) throw failures[0];
  }

  /** @param failed is told of what keeps some runs from going on, but no others. @returns the looks at runs, which may take long. */
  async #begin(failed: (error: unknown) => void): Promise<{ readonly looks: Promise<void> }> {
    const now = await this.#store.heartbeat();
    await this.#revocations.refresh(this.tasks, failed);
    const runs = await this.#openRuns();
    this.#answering.uploads.keepOnly(runs);
    const looks = this.#due.lookAt(runs, now, (run) => advance(this.#answering, run), failed);
    await this.#tellOfOthers(runs).catch(failed);
    await this.#forget(now).catch(failed);
    return { looks };
  }

  async #forget(now: number): Promise<void> {
    await this.#tokens.atEndOfEpoch(now, (epoch) => this.#store.forgetRequests(epoch));
    for (const { id, definition } of this.tasks) await this.#store.forgetRuns(id, now - 1000 * definition.retention);
  }

  /**
   * Does what is due, once a second, until the signal is aborted or the coordinator is drained. Then it waits until the requests that have come
   * so far are answered, and until the work that this process has begun, also behind its answers, is done or has failed. It does not wait for
   * requests that come later. End the process after that. If a process ends earlier, nothing is lost that is in a durable store, because the
   * next tick of another process does the work again. Errors, for example of the store, do not end it: they are told to the listener.
   *
   * @param options its `signal` ends it.
   */
  async run(options: { readonly signal: AbortSignalLike }): Promise<void> {
    const signal = endingIn(options);
    while (!signal.aborted) {
      try {
        await this.#begin(this.#failed); // the next tick does not wait for runs whose masks are removed
        if (this.#entry.isDraining && (await this.#isAtRest())) {
          await this.#over(); // a look may end a check-in
          if (await this.#isAtRest()) break;
        }
      } catch (error) {
        this.#failed(error);
      }
      await sleep(1000, signal);
    }
    await this.#over();
  }

  /** Whether no run is beyond its check-in. */
  async #isAtRest(): Promise<boolean> {
    return (await this.#openRuns()).every(({ stage }) => stage === 'check-in');
  }

  /** Fulfilled once what this process has begun is done, or has failed. */
  async #over(): Promise<void> {
    await Promise.all([this.#due.over(), this.#answering.work.over()]);
  }

  /** The runs that go on. While a new version is rolled out, other processes have runs of tasks that this one does not know. */
  async #openRuns(): Promise<readonly RunRecord[]> {
    return (await this.#store.openRuns()).filter(({ task }) => this.#tasks.has(task));
  }

  /** Settles calls of `finished` for runs that another process has ended. @param open runs that went on. */
  async #tellOfOthers(open: readonly RunRecord[]): Promise<void> {
    for (const key of this.#finished.except(open)) {
      const run = await this.#store.run(key);
      if (run === null) this.#finished.reject(key, unknownRun());
      else this.#ended(run);
    }
  }

  #ended(run: RunRecord): void {
    const outcome = outcomeOf(this.#task(run.task), run);
    if (outcome !== null) this.#finished.resolve(run, outcome);
  }

  async #run(key: RunKey): Promise<RunRecord> {
    checkString(checkObject(key, 'key').task, 'key.task');
    checkInteger(key.run, 'key.run', 0, Number.MAX_SAFE_INTEGER);
    const run = await this.#store.run(key);
    if (run === null) throw unknownRun();
    return run;
  }

  #task(id: string): Task {
    const task = this.#tasks.get(id);
    if (task === undefined) throw new ServiceError('ERR_SECAGG_TASK', 'there is no such task here');
    return task;
  }
}

function unknownRun(): ServiceError {
  return new ServiceError('ERR_SECAGG_RUN', 'there is no such run, or it is long over');
}
