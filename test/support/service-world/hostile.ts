// A coordinator that a test speaks for: it has the key that participants pin, and says whatever the test would have it say.
import { fingerprint } from '../../../src/crypto/digest.ts';
import { signerWith } from '../../../src/crypto/sign.ts';
import { EPOCH_TOKEN_BYTES, NOWHERE, type Exchange } from '../../../src/service/exchange.ts';
import type { Keypair } from '../../../src/service/keypair.ts';
import { decodeRequest, type ReceivedRequest } from '../../../src/service/request.ts';
import { encodeResponse, type Response } from '../../../src/service/response.ts';

/** What is said; whatever is left out is what a response must have to be read. */
export type Said = Partial<Response>;

export class HostileCoordinator {
  /** All requests that have come. */
  readonly heard: ReceivedRequest[] = [];
  readonly #keypair: Keypair;
  /** What is said to the next requests, in turn; then `otherwise`. */
  readonly next: Said[] = [];
  otherwise: (request: ReceivedRequest) => Said = () => ({ kind: 'wait' });

  constructor(keypair: Keypair) {
    this.#keypair = keypair;
  }

  readonly exchange: Exchange = (bytes) => {
    const request = decodeRequest(bytes.slice());
    this.heard.push(request);
    return this.sign(request, this.next.shift() ?? this.otherwise(request));
  };

  sign(request: ReceivedRequest, said: Said): Promise<Uint8Array> {
    const body = said.body ?? new Uint8Array();
    const response: Response = {
      request: request.digest,
      kind: 'wait',
      token: new Uint8Array(EPOCH_TOKEN_BYTES),
      wait: { from: 0, to: 0 },
      place: NOWHERE,
      sequence: 0,
      offset: 0,
      total: body.length,
      sha256: fingerprint(body),
      code: '',
      body,
      ...said,
    };
    return encodeResponse(response, signerWith(this.#keypair[1]));
  }
}
