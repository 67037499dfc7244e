// The agent's way to the coordinator: signed requests, checked responses, tokens, sequence numbers, and bodies in parts.
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { fingerprint } from '../crypto/digest.ts';
import { copyOf, equalBytes } from '../leaves/bytes.ts';
import { checkBytes } from '../leaves/checks.ts';
import { NOWHERE, type Exchange, type Place } from '../service/exchange.ts';
import { keyDigest, type Keypair } from '../service/keypair.ts';
import { encodeRequest, PART_BYTES, requestDigest, type Request, type RequestKind } from '../service/request.ts';
import { maxResponseBytes, readResponse, type Response } from '../service/response.ts';
import { ServiceError } from '../service/service-error.ts';
import { signerWith, type Signer, type SignPublicKey } from '../crypto/sign.ts';

/** What a connection is made with. */
export interface ConnectionTerms {
  readonly exchange: Exchange;
  /** The coordinator's public key, as the participant has pinned it. */
  readonly coordinator: SignPublicKey;
  /** Digest of the task, 32 bytes. */
  readonly task: Uint8Array;
  readonly keypair: Keypair;
  /** The participant's certificate that is valid now. */
  certificate(): Promise<Uint8Array>;
  /** The next sequence number. It is used up once it is given, whatever happens to the process. */
  nextSequence(): Promise<number>;
  /** Hears the highest number that the coordinator has taken of this participant. What it throws calls the step off. */
  onEcho(sequence: number): Promise<void>;
}

/** A question, or an answer with a body. */
export interface Question {
  readonly kind: RequestKind;
  readonly place?: Place;
  readonly body?: Uint8Array;
}

/** A response whose body is whole. */
export interface Answer extends Omit<Response, 'body'> {
  readonly body: Uint8Array;
}

const NOTHING = new Uint8Array();

/** Speaks with one coordinator about one task. */
export class Connection {
  readonly #terms: ConnectionTerms;
  readonly #coordinatorDigest: Uint8Array;
  readonly #sign: Signer;
  #token: Uint8Array = NOTHING;

  constructor(terms: ConnectionTerms) {
    this.#terms = terms;
    this.#coordinatorDigest = keyDigest(terms.coordinator);
    this.#sign = signerWith(terms.keypair[1]);
  }

  /**
   * Asks, and gives the response with its whole body.
   *
   * @param longest bytes that the whole body of a response may have.
   * @throws ServiceError ERR_SECAGG_RESPONSE if the coordinator has not signed the response, or if its parts do not fit together; what
   * `exchange` throws.
   */
  async ask(question: Question, longest: number, signal?: PlatformSignal): Promise<Answer> {
    const first = await this.#send(question, { body: question.body ?? NOTHING, offset: 0 }, signal);
    const { total, sha256 } = first;
    if (first.kind === 'accepted' || first.kind === 'refused' || total <= first.body.length)
      return this.#whole(first, [first.body]);
    if (total > longest) throw badResponse(`a body of ${total} bytes, at most ${longest} are expected`);
    // A coordinator that gives a byte at a time could keep a participant asking for ever.
    if (first.body.length !== PART_BYTES) throw badResponse('a part that is shorter than it could be');
    const parts = [first.body];
    for (let have = first.body.length; have < total;) {
      const next = await this.#send(question, { body: question.body ?? NOTHING, offset: have }, signal);
      const continues =
        next.kind === first.kind &&
        next.offset === have &&
        next.total === total &&
        next.body.length === Math.min(PART_BYTES, total - have) &&
        equalBytes(next.sha256, sha256);
      if (!continues) throw badResponse('a body that changed while it was fetched');
      parts.push(next.body);
      have += next.body.length;
    }
    return this.#whole(first, parts);
  }

  #whole(response: Response, parts: readonly Uint8Array[]): Answer {
    const body = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      body.set(part, at);
      at += part.length;
    }
    const isWhole = response.kind === 'accepted' || response.kind === 'refused' || equalBytes(fingerprint(body), response.sha256);
    if (!isWhole) throw badResponse('a body with another digest than was announced');
    return { ...response, body };
  }

  /** Sends a body in parts, from where the coordinator has it. @returns the response to the last part, or the one that refuses. */
  async upload(question: Question & { readonly body: Uint8Array }, signal?: PlatformSignal): Promise<Response> {
    const { body } = question;
    const sha256 = fingerprint(body);
    let offset = 0;
    // Each part takes the upload further, or it begins again once for each part, for example after a crash of the coordinator.
    for (let tries = 0; tries < 3 * Math.ceil(body.length / PART_BYTES) + 3; tries++) {
      const part = body.subarray(offset, offset + PART_BYTES);
      const response = await this.#send(question, { body: part, offset, total: body.length, sha256 }, signal);
      if (response.kind !== 'accepted' || response.offset >= body.length) return response;
      offset = response.offset;
    }
    throw badResponse('an upload that does not end');
  }

  async #send(
    { kind, place = NOWHERE }: Question,
    part: { readonly body: Uint8Array; readonly offset: number; readonly total?: number; readonly sha256?: Uint8Array },
    signal: PlatformSignal | undefined,
  ): Promise<Response> {
    const { body, offset, total = body.length, sha256 = fingerprint(body) } = part;
    for (let tries = 0; ; tries++) {
      const request: Request = {
        kind,
        coordinator: this.#coordinatorDigest,
        task: this.#terms.task,
        certificate: await this.#terms.certificate(),
        place,
        token: this.#token,
        sequence: await this.#terms.nextSequence(),
        offset,
        total,
        sha256,
        body,
      };
      const response = await this.#exchange(request, signal);
      this.#token = response.token;
      await this.#terms.onEcho(response.sequence);
      if (response.kind !== 'refused' || response.code !== 'ERR_SECAGG_TOKEN' || tries > 0) return response;
    }
  }

  async #exchange(request: Request, signal: PlatformSignal | undefined): Promise<Response> {
    const { exchange, coordinator } = this.#terms;
    const bytes = await encodeRequest(request, this.#sign);
    const answer = checkBytes(await exchange(bytes, signal === undefined ? {} : { signal }), 'exchange');
    if (answer.length > maxResponseBytes) throw badResponse(`${answer.length} bytes, at most ${maxResponseBytes} are expected`);
    const response = await readResponse(copyOf(answer), { publicKey: coordinator, request: requestDigest(request) });
    if (response === null) throw badResponse('a response that the coordinator has not signed for this request');
    return response;
  }
}

function badResponse(what: string): ServiceError {
  return new ServiceError('ERR_SECAGG_RESPONSE', `coordinator: ${what}`);
}
