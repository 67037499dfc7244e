// One participant: its private images, and its agent, which takes part for it.
import { Agent, MemoryAgentStore, type AgentEvent, type RunForInput } from 'secagg/agent';
import type { Images } from './data.ts';
import type { Classifier } from './models/classifier.ts';
import { tensorsOf, type Model } from './models/tensors.ts';
import type { Registration } from './service.ts';

/** Before the first protocol round, which is 0. */
const READY = -1;
const NOT_ENROLLED = -2;

/** What it brings along itself. */
interface Private {
  readonly images: Images;
  readonly classifier: Classifier;
  /** Called before it trains. */
  readonly onTraining: (id: number) => Promise<void>;
}

export class Participant {
  readonly id: number;
  /** The protocol round in which it falls silent. */
  silentFrom = Infinity;
  /** The last protocol round that it has answered. */
  answered = NOT_ENROLLED;
  /** Bytes that it has sent and received, without models. */
  traffic = 0;
  /** What it has given to its agent. Only the demo's check may see it. */
  update: Model = new Float32Array();
  readonly #images: Images;
  readonly #classifier: Classifier;
  readonly #agent: Agent;

  /** @param agreed what it has got from the application. */
  constructor(agreed: Registration, { images, classifier, onTraining }: Private) {
    this.id = agreed.id;
    this.#images = images;
    this.#classifier = classifier;
    this.#agent = new Agent({
      ...agreed,
      exchange: async (request, options) => {
        const response = await agreed.exchange(request, options);
        this.traffic += request.length + response.length;
        return response;
      },
      inputs: {
        load: async (run) => {
          await onTraining(agreed.id);
          return this.#load(run);
        },
      },
      store: new MemoryAgentStore(), // stands for the device's storage
      storeKey: crypto.getRandomValues(new Uint8Array(32)),
      listener: (event) => this.#hear(event),
    });
  }

  /** The payload of a run is the model. @returns by how much training would change it. */
  #load({ run, payload }: RunForInput) {
    const model = new Float32Array(payload?.slice().buffer ?? []);
    const trained = this.train(model);
    this.update = trained.map((parameter, i) => parameter - (model[i] ?? NaN));
    return { id: `training round ${run}`, data: tensorsOf(this.update, this.#classifier.shapes), weight: this.#images.count };
  }

  train(model: Model): Model {
    return this.#classifier.train(model, this.#images);
  }

  #hear(event: AgentEvent): void {
    if (event.type === 'enrolled') this.answered = READY;
    if (event.type === 'sent') this.answered = event.round;
  }

  /** A new run begins. @param silentFrom the protocol round in which it falls silent. */
  begin(silentFrom: number): void {
    this.silentFrom = silentFrom;
    this.answered = NOT_ENROLLED;
    this.traffic = 0;
  }

  get isSilent(): boolean {
    return this.answered + 1 >= this.silentFrom;
  }

  /**
   * Does what there is to do now, up to its next answer, unless it has fallen silent. `Agent.run` would do so for ever, and wait in
   * between for as long as the coordinator says.
   */
  async act(): Promise<void> {
    const { answered } = this;
    while (!this.isSilent && this.answered === answered && (await this.#agent.transition()).status === 'complete');
  }
}
