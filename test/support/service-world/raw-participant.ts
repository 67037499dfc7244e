// A participant whose requests a test writes one by one.
import type { Coordinator } from '../../../src/coordinator/index.ts';
import { fingerprint } from '../../../src/crypto/digest.ts';
import { signerWith } from '../../../src/crypto/sign.ts';
import { checkInBytes } from '../../../src/service/check-in.ts';
import { NOWHERE } from '../../../src/service/exchange.ts';
import { keyDigest } from '../../../src/service/keypair.ts';
import { encodeRequest, requestDigest, type Request } from '../../../src/service/request.ts';
import { readResponse, type Response } from '../../../src/service/response.ts';
import type { Task } from '../../../src/service/task.ts';
import type { Person } from './parties.ts';

export class RawParticipant {
  readonly #task: Task;
  readonly #person: Person;
  #token: Uint8Array = new Uint8Array();
  /** Above those of an agent of the same person. */
  #sequence = 2 ** 40;

  constructor(task: Task, person: Person) {
    this.#task = task;
    this.#person = person;
  }

  /** One request. The first one asks for a token before. */
  async ask(coordinator: Coordinator, kind: Request['kind'], changes: Partial<Request> = {}): Promise<Response> {
    if (this.#token.length === 0 && kind !== 'hello') await this.ask(coordinator, 'hello');
    const request = this.#request(coordinator, kind, changes);
    const answer = await coordinator.answer(await encodeRequest(request, signerWith(this.#person.keypair[1])));
    const response = await readResponse(answer, { publicKey: coordinator.publicKey, request: requestDigest(request) });
    if (response === null) throw new Error('not signed');
    this.#token = response.token;
    return response;
  }

  #request(coordinator: Coordinator, kind: Request['kind'], changes: Partial<Request>): Request {
    const body = changes.body ?? (kind === 'check-in' ? checkInBytes({ clientVersion: 0, source: '' }) : new Uint8Array());
    return {
      ...{ kind, coordinator: keyDigest(coordinator.publicKey), task: this.#task.digest, certificate: this.#person.certificate },
      ...{ place: NOWHERE, token: this.#token, sequence: ++this.#sequence, offset: 0, total: body.length },
      ...{ sha256: fingerprint(body), body, ...changes },
    };
  }
}
