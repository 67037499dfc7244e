// A service in Node with agents in Node, and a web server for the pages in which the other agents are. Each test has one of its own: a
// request of a page that was closed may still be under way, and would take a place in the next run.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { developmentAgent } from '../../src/agent/index.ts';
import { developmentService, type DevelopmentService, type FinishedRun } from '../../src/coordinator/index.ts';
import { genKeypair } from '../../src/index.ts';
import { certificateRequest } from '../../src/service/index.ts';
import { decodeRequest, type ReceivedRequest } from '../../src/service/request.ts';
import { bundled } from '../runtimes/bundle.ts';
import type { GivenParticipant } from './agent-page.ts';

const { warn } = console;
/** What each agent in Node gives, again and again up to the length of the vectors. */
export const INPUT_IN_NODE: readonly number[] = [1, 10, 100];

/** What pages run, bundled once. */
let scripts: Readonly<Record<'page' | 'worker', Promise<string>>> | null = null;

/** A request of an agent in a page. */
export type Heard = Pick<ReceivedRequest, 'kind' | 'place' | 'total' | 'sha256'>;

export class AgentService {
  readonly #vecLen: number;
  readonly #scripts: Readonly<Record<string, string>>;
  readonly #service: DevelopmentService;
  readonly #ending = new AbortController();
  readonly #server = createServer((request, response) => {
    const { url = '' } = request;
    const script = this.#scripts[url];
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript');
    response.setHeader('content-security-policy', "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'");
    if (url !== '/secagg') return void response.end(script ?? '<!doctype html><script type="module" src="/page.js"></script>');
    this.#answer(request).then(
      (answer) => response.end(answer),
      () => response.writeHead(503).end(),
    );
  });
  readonly #heard: Heard[] = [];
  #isLost: (heard: Heard) => boolean = () => false;
  #participants = 0;

  /** @param vecLen components of the inputs. */
  static async start(vecLen: number = INPUT_IN_NODE.length): Promise<AgentService> {
    console.warn = (): void => undefined; // the development set-up says what it gives up
    scripts ??= { page: bundled('../browser/agent-page.ts'), worker: bundled('../../examples/service/agent-worker.ts') };
    const service = new AgentService(vecLen, { '/page.js': await scripts.page, '/agent-worker.js': await scripts.worker });
    await new Promise<void>((resolve) => service.#server.listen(0, '127.0.0.1', resolve));
    void service.#service.coordinator.run({ signal: service.#ending.signal });
    return service;
  }

  private constructor(vecLen: number, scripts: Readonly<Record<string, string>>) {
    this.#vecLen = vecLen;
    this.#scripts = scripts;
    const windows = { checkIn: { min: 0, max: 60, grace: 60 }, training: { min: 0, max: 60, grace: 60 } };
    this.#service = developmentService({
      aggregate: { kind: 'integers', vecLen, bits: 32 },
      ...{ threshold: 3, maxUsers: 3 },
      definition: { windows: { ...windows, round: { min: 0, max: 10, grace: 60, enough: 100 } } },
    });
  }

  /** Where the pages are. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** What agents in pages have asked. */
  get heard(): readonly Heard[] {
    return this.#heard;
  }

  /** From now on such requests do not reach the coordinator, as if the network had failed. */
  lose(isLost: (heard: Heard) => boolean): void {
    this.#isLost = isLost;
  }

  async #answer(incoming: IncomingMessage): Promise<Uint8Array> {
    const bytes = new Uint8Array(await buffer(incoming));
    const { kind, place, total, sha256 } = decodeRequest(bytes);
    const heard = { kind, place, total, sha256 };
    this.#heard.push(heard);
    if (this.#isLost(heard)) throw new Error('lost');
    return this.#service.coordinator.answer(bytes);
  }

  /** Opens a run, in which two agents in Node take part. @returns what gives the run's end. */
  async openRun(): Promise<() => Promise<FinishedRun>> {
    const { coordinator, certify, introduction } = this.#service;
    const key = await this.#service.openRun();
    const { signal } = this.#ending;
    for (let i = 0; i < 2; i++) {
      const agent = await developmentAgent({
        ...{ id: this.#participants++, introduction },
        certify,
        exchange: (request) => coordinator.answer(request),
        inputs: { load: ({ run }) => Promise.resolve({ id: `day ${run}`, data: inputOf(INPUT_IN_NODE, this.#vecLen) }) },
      });
      void agent.run({ signal });
    }
    return async () => {
      const outcome = await coordinator.finished(key);
      if (outcome.kind === 'failed') throw new Error(`run ${outcome.run}: ${outcome.code}`);
      return outcome;
    };
  }

  /** A new participant, which no agent plays yet. */
  async participant(...input: number[]): Promise<GivenParticipant> {
    const { registrar, introduction, coordinator } = this.#service;
    const id = this.#participants++;
    const keypair = genKeypair();
    const certificate = await registrar.certify(await certificateRequest(registrar.authority, id, keypair), { id });
    return {
      ...{ task: introduction.task, id, input, database: `agent ${randomUUID()}` },
      keypair: [[...keypair[0]], [...keypair[1]]],
      certificate: [...certificate],
      coordinator: [...coordinator.publicKey],
      storeKey: Array.from({ length: 32 }, () => id),
    };
  }

  close(): void {
    console.warn = warn;
    this.#ending.abort();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** Values again and again. */
export function inputOf(values: readonly number[], vecLen: number): Int32Array {
  return Int32Array.from({ length: vecLen }, (_, i) => values[i % values.length]!);
}
