// The engine of a coordinator: answers the requests of participants, and ends phases by their counts and times.
import { platform } from '#platform';
import { checkBytes, checkMethods, checkNames, checkString, kindOf } from '../leaves/checks.ts';
import { SecAggError, StoreError } from '../leaves/errors.ts';
import { checkListener, emit, type Listener } from '../leaves/events.ts';
import { inspectAs } from '../leaves/inspect.ts';
import { endingIn, type AbortSignalLike } from '../leaves/signals.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import { sleep } from '../leaves/sleep.ts';
import type { PetError } from './pet-error.ts';
import type { ClosedPhase, LastModel, PetRounds } from './progress.ts';
import { encodeModel } from './wire/views.ts';

/** Something that happened in a service. Counts, never names of participants. */
export type PetServiceEvent =
  | {
      /** A phase has ended, and the next one of the round has begun. */
      readonly type: 'phase-closed';
      /** Number of the round. */
      readonly round: number;
      /** The phase that has ended. */
      readonly phase: 'sum' | 'update' | 'sum2';
      /** Messages of the phase that were accepted. */
      readonly accepted: number;
      /** Messages that this process has refused, for whatever reason. */
      readonly rejected: number;
      /** Messages that this process has refused because the phase had its most messages. */
      readonly discarded: number;
      /** For how long the phase has lasted, in milliseconds of service time. */
      readonly milliseconds: number;
    }
  | {
      /** A round has ended, and the next one has begun. */
      readonly type: 'round-ended';
      /** Number of the round. */
      readonly round: number;
      /** The phase in which it has ended. */
      readonly phase: 'sum' | 'update' | 'sum2';
      /** Messages of that phase that were accepted. */
      readonly accepted: number;
      /** Messages that this process has refused, for whatever reason. */
      readonly rejected: number;
      /** Messages that this process has refused because the phase had its most messages. */
      readonly discarded: number;
      /** For how long that phase has lasted, in milliseconds of service time. */
      readonly milliseconds: number;
      /** Why there is no mean; null if there is one. */
      readonly error: PetError | null;
    }
  | {
      /** What was due could not be done, for example because the database failed; it is tried again. */
      readonly type: 'tick-failed';
      /** What was thrown. */
      readonly error: unknown;
    };

/** What a service is made with. */
export interface PetServiceOptions {
  /** Keeps the round: `PetCoordinator` in memory, `PostgresPetCoordinator` in PostgreSQL. */
  readonly coordinator: PetRounds;
  /** Hears what happens. */
  readonly listener?: Listener<PetServiceEvent>;
}

/** A request of a participant, as HTTP has it. */
export interface PetRequest {
  /** GET or POST. */
  readonly method: string;
  /** Path and query, for example `/seeds?pk=…`. */
  readonly url: string;
  /** The body: a message of a participant; empty for GET. */
  readonly body: Uint8Array;
}

/** What is answered. */
export interface PetResponse {
  /**
   * Status of HTTP: 200; 204 if there is nothing to show; 400, 404; 409 if a message is refused; 503 if the database fails, or if there is no room
   * for the parts of a message.
   */
  readonly status: number;
  /** The body. If a message is refused, the code of the error, as text. */
  readonly body: Uint8Array<ArrayBuffer> | string | null;
}

/** Milliseconds between two looks at what is due. */
const TICK = 1000;

/**
 * Runs rounds by their counts and times, and answers requests at xaynet's paths: `GET /params`, `/sums`, `/seeds?pk=<base64>`, `/model`, and
 * `POST /message`. It opens no sockets. Give {@link answer} each request, over any transport, and call {@link run} once.
 *
 * @example
 * ```js
 * import { PetCoordinator, PetService } from 'secagg/pet';
 *
 * const one = { groupType: 'Prime', dataType: 'F32', boundType: 'B0', modelType: 'M3' };
 * const settings = { sumProbability: 0.01, updateProbability: 0.1, config: { vect: one, unit: one }, modelLength: 1000 };
 * const update = { count: { min: 3, max: 500 }, time: { min: 60, max: 600 } };
 * const service = new PetService({ coordinator: await PetCoordinator.create({ ...settings, update }) });
 * const { status, body } = await service.answer({ method: 'GET', url: '/params', body: new Uint8Array() });
 * console.log(status, body.length); // prints: 200 136
 * ```
 */
export class PetService {
  readonly #coordinator: PetRounds;
  readonly #listener: Listener<PetServiceEvent>;
  #model: { readonly round: number; readonly bytes: Uint8Array<ArrayBuffer> } | null = null;

  /** @throws TypeError that names the option. */
  constructor(options: PetServiceOptions) {
    checkNames(options, 'options', ['coordinator', 'listener']);
    checkMethods(options.coordinator, 'options.coordinator', ['receive', 'advance']);
    this.#coordinator = options.coordinator;
    this.#listener = checkListener(options.listener);
  }

  /** Bytes of the longest message that a participant may send: a transport need not read longer ones. */
  get maxMessageBytes(): number {
    return this.#coordinator.maxMessageBytes;
  }

  /**
   * Answers one request.
   *
   * @returns the response, for whoever sent the request. xaynet's server answers 200 to each message, whatever becomes of it; here a refusal is
   *   409 with its code, or 503 if the message should be sent again.
   * @throws what is neither the fault of the request nor of the database.
   */
  async answer(request: PetRequest): Promise<PetResponse> {
    try {
      return await this.#answer(request);
    } catch (error) {
      if (error instanceof StoreError) return { status: 503, body: null };
      if (error instanceof SecAggError) return { status: error.code === 'ERR_SECAGG_PET_PENDING' ? 503 : 409, body: error.code };
      throw error;
    }
  }

  async #answer(request: PetRequest): Promise<PetResponse> {
    // Not a plain one perhaps: whoever serves HTTP has objects of its own.
    if (typeof (request as unknown) !== 'object' || (request as unknown) === null)
      throw new TypeError(`request: expected an object, got ${kindOf(request)}`);
    const { method, url, body } = request;
    const [path, query = ''] = checkString(url, 'request.url').split('?');
    const coordinator = this.#coordinator;
    switch (`${method} ${path ?? ''}`) {
      case 'GET /params':
        return shown(await coordinator.parameters());
      case 'GET /sums':
        return shown(await coordinator.sums());
      case 'GET /seeds': {
        const key = keyIn(query);
        return key === null ? { status: 400, body: null } : shown(await coordinator.seeds(key));
      }
      case 'GET /model':
        return shown(this.#encodedModel(await coordinator.model()));
      case 'POST /message':
        return { status: 200, body: await coordinator.receive(checkBytes(body, 'request.body')) };
      default:
        return { status: 404, body: null };
    }
  }

  /** Everybody may ask for the mean again and again: it is encoded once. */
  #encodedModel(last: LastModel | null): Uint8Array<ArrayBuffer> | null {
    if (last === null) return null;
    if (this.#model?.round !== last.round) this.#model = { round: last.round, bytes: encodeModel(last.model) };
    return this.#model.bytes.slice();
  }

  /** Does what is due now, up to the end of one round. {@link run} calls it regularly. */
  async tick(): Promise<void> {
    for (;;) {
      const closed = await this.#coordinator.advance();
      if (closed === null) return;
      emit(this.#listener, eventOf(closed));
      if (closed.round !== closed.ended.round) return;
    }
  }

  /**
   * Does what is due, once a second, until the signal is aborted. Errors do not end it: they are told to the listener.
   *
   * @param options its `signal` ends it; then it returns.
   */
  async run(options: { readonly signal: AbortSignalLike }): Promise<void> {
    const signal = endingIn(options);
    while (!signal.aborted) {
      try {
        await this.tick();
      } catch (error) {
        emit(this.#listener, { type: 'tick-failed', error });
      }
      await sleep(TICK, signal);
    }
  }
}

inspectAs(PetService.prototype, () => 'PetService');

function shown(view: Uint8Array<ArrayBuffer> | null): PetResponse {
  return { status: view === null ? 204 : 200, body: view };
}

/** The participant's key in a query; null if there is none. */
function keyIn(query: string): Uint8Array | null {
  const [, encoded = ''] = /(?:^|&)pk=([^&]*)/.exec(query) ?? [];
  try {
    const key = platform.fromBase64(decodeURIComponent(encoded));
    return key?.length === KEY_BYTES ? key : null;
  } catch {
    return null; // decodeURIComponent refuses it
  }
}

function eventOf({ ended, round: next, error }: ClosedPhase): PetServiceEvent {
  const { round, phase, accepted, rejected, discarded, elapsed: milliseconds } = ended;
  const counts = { round, phase, accepted, rejected, discarded, milliseconds };
  return next === round ? { type: 'phase-closed', ...counts } : { type: 'round-ended', ...counts, error };
}
