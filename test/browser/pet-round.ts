// One round of the PET protocol: a coordinator and participants in Node, and a web server for the page in which another participant is.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { MemoryAgentStore } from '../../src/agent/index.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { genKeypair } from '../../src/index.ts';
import { decodeParameters, PetAgent, PetCoordinator, PetService, type Model, type PetResponse } from '../../src/pet/index.ts';
import { isDrawn, signTask, type Task } from '../../src/pet/parameters.ts';
import { clientOf, meanOf, ONE, type Weighted } from '../pet/worlds.ts';
import { bundled } from '../runtimes/bundle.ts';
import type { GivenPetParticipant } from './pet-page.ts';

/** Numbers of a model: enough for a message in four parts of 4096 bytes. */
const LENGTH = 2000;

function modelOf(scale: number): Weighted {
  return { model: Float32Array.from({ length: LENGTH }, (_, i) => (scale * (i % 100)) / 1024), weight: 1 };
}

/** The page's model, and those of participants in Node. With three updates the update phase ends. */
const MODELS: readonly [Weighted, Weighted, Weighted] = [modelOf(5), modelOf(1), modelOf(-2)];

/** What pages run, bundled once. */
let script: Promise<string> | null = null;

/** What the network does to a message of the page: `'lost'` before the coordinator hears it, or its answer is. */
export type Fate = 'delivered' | 'lost' | 'answer lost';

export class PetRound {
  readonly #coordinator: PetCoordinator;
  readonly #script: string;
  readonly #service: PetService;
  readonly #ending = new AbortController();
  readonly #server = createServer((request, response) => {
    response.setHeader('content-security-policy', "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'");
    if (request.url === '/page.js') return void response.setHeader('content-type', 'text/javascript').end(this.#script);
    if (request.url === '/') {
      return void response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><script type="module" src="/page.js"></script>');
    }
    this.#answer(request).then(
      ({ status, body }) => response.writeHead(status).end(body ?? undefined),
      () => response.writeHead(500).end(),
    );
  });
  #fateOf: (message: number, accepted: number) => Fate = () => 'delivered';
  #messages = 0;

  /** Starts a round, with one sum participant in Node. */
  static async start(): Promise<PetRound> {
    const coordinator = await PetCoordinator.create({
      ...{ sumProbability: 0.5, updateProbability: 1, config: ONE, modelLength: LENGTH },
      ...{ sum: { count: { min: 1, max: 1 } }, update: { count: { min: 3, max: 3 } } },
    });
    script ??= bundled('../browser/pet-page.ts');
    const round = new PetRound(coordinator, await script);
    await new Promise<void>((resolve) => round.#server.listen(0, '127.0.0.1', resolve));
    void round.#service.run({ signal: round.#ending.signal });
    await round.#join('sum', modelOf(0));
    return round;
  }

  private constructor(coordinator: PetCoordinator, pageScript: string) {
    this.#coordinator = coordinator;
    this.#script = pageScript;
    this.#service = new PetService({ coordinator });
  }

  /** Where the page is. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Messages that count in the present phase. */
  get accepted(): number {
    return this.#coordinator.progress().accepted;
  }

  /** The mean of the models in the round; null until the round is over. */
  get mean(): Model | null {
    return this.#coordinator.model()?.model ?? null;
  }

  /** What the mean must be. */
  get expected(): Model {
    return meanOf(MODELS, ONE)!;
  }

  /** @param fateOf is told how many messages of pages came, with this one, and how many are accepted, if this one is delivered. */
  decide(fateOf: (message: number, accepted: number) => Fate): void {
    this.#fateOf = fateOf;
    this.#messages = 0;
  }

  async #answer(incoming: IncomingMessage): Promise<PetResponse> {
    const { method = '', url = '' } = incoming;
    const body = new Uint8Array(await buffer(incoming));
    const isMessage = method === 'POST';
    if (isMessage) this.#messages++;
    if (isMessage && this.#fateOf(this.#messages, this.accepted) === 'lost') throw new Error('lost');
    const response = await this.#service.answer({ method, url, body });
    if (isMessage && this.#fateOf(this.#messages, this.accepted) === 'answer lost') throw new Error('lost');
    return response;
  }

  /** A key that the round draws for the task. */
  async #keyFor(task: Task): Promise<Uint8Array> {
    const { seed, sumProbability } = decodeParameters(this.#coordinator.parameters());
    for (;;) {
      const [, signSecretKey] = genKeypair();
      if (isDrawn(await signTask(signSecretKey, seed, 'sum'), sumProbability) === (task === 'sum')) return signSecretKey;
    }
  }

  async #join(task: Task, model: Weighted): Promise<void> {
    const agent = new PetAgent({
      ...{ signSecretKey: await this.#keyFor(task), client: clientOf(this.#coordinator), pollInterval: 50 },
      models: { load: () => Promise.resolve(model) },
      ...{ store: new MemoryAgentStore(), storeKey: systemRandom(32) },
    });
    void agent.run({ signal: this.#ending.signal });
  }

  /** The other update participants, in Node. */
  async joinOthers(): Promise<void> {
    for (const model of MODELS.slice(1)) await this.#join('update', model);
  }

  /** An update participant for a page. */
  async participant(): Promise<GivenPetParticipant> {
    return {
      ...{ signSecretKey: [...(await this.#keyFor('update'))], storeKey: [...systemRandom(32)] },
      ...{ database: `pet ${randomUUID()}`, model: Array.from(MODELS[0].model as Float32Array) },
    };
  }

  close(): void {
    this.#ending.abort();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
