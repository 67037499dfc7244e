// Participants that the server plays itself, so that a single visitor sees a sum. Each has an agent and a shard of the digits. They are
// asleep until a visitor has come. In each run some of them drop out, and come back in the next one.
import { setTimeout as sleep } from 'node:timers/promises';
import { developmentAgent, type Agent } from 'secagg/agent';
import type { DevelopmentService } from 'secagg/coordinator';
import { planDropouts } from '../mnist/dropouts.ts';
import type { Seeded } from '../mnist/seeded.ts';
import type { Images } from './digits.ts';
import { updateOf } from './model.ts';

/** Milliseconds after which a companion looks whether there is something to do, if it does not know earlier. */
const PAUSE = 500;

/** Before the first protocol round, which is 0. */
const ENROLLED = -1;
const NOT_ENROLLED = -2;

class Companion {
  /** The protocol round from which on it does not answer, once it is enrolled. */
  silentFrom = Infinity;
  isAwake = false;
  /** The last protocol round that it has answered. */
  #answered = NOT_ENROLLED;
  #agent: Agent | null = null;

  async join(id: number, service: DevelopmentService, images: Images, payload: () => Uint8Array): Promise<void> {
    this.#agent = await developmentAgent({
      ...{ id, introduction: service.introduction },
      certify: (request) => service.registrar.certify(request, { id }),
      exchange: (request) => service.coordinator.answer(request),
      fetchPayload: () => Promise.resolve(payload()),
      inputs: {
        load: ({ run, payload: model }) =>
          Promise.resolve({ id: `run ${run}`, data: updateOf(new Float32Array(model?.slice().buffer ?? []), images) }),
      },
      listener: (event) => {
        if (event.type === 'enrolled') this.#answered = ENROLLED;
        if (event.type === 'sent') this.#answered = event.round;
      },
    });
  }

  get #isSilent(): boolean {
    return !this.isAwake || this.#answered + 1 >= this.silentFrom;
  }

  /** A new run begins, which it does not know yet. */
  begin(silentFrom: number): void {
    this.isAwake = false;
    this.silentFrom = silentFrom;
    this.#answered = NOT_ENROLLED;
  }

  /** `Agent.run` would answer in every round. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const transition = this.#isSilent ? null : await this.#agent?.transition({ signal }).catch(() => null);
      if (transition?.status === 'complete') continue;
      await sleep(Math.min(transition?.wait ?? PAUSE, 2 * PAUSE), undefined, { signal }).catch(() => undefined);
    }
  }
}

export class Companions {
  readonly #companions: readonly Companion[];
  readonly #silent: number;
  readonly #random: Seeded;

  private constructor(companions: readonly Companion[], silent: number, random: Seeded) {
    this.#companions = companions;
    this.#silent = silent;
    this.#random = random;
  }

  /** @param silent how many of them drop out in each run. @param payload gives the newest model. */
  static async join(
    service: DevelopmentService,
    shards: readonly Images[],
    { silent, random, payload }: { readonly silent: number; readonly random: Seeded; readonly payload: () => Uint8Array },
  ): Promise<Companions> {
    const companions = await Promise.all(
      shards.map(async (images, id) => {
        const companion = new Companion();
        await companion.join(id, service, images, payload);
        return companion;
      }),
    );
    return new Companions(companions, silent, random);
  }

  /** Some others drop out in this run, each in a protocol round of its own. */
  begin(): void {
    const dropouts = planDropouts([...this.#companions.keys()], this.#silent, this.#random);
    this.#companions.forEach((companion, id) => companion.begin(dropouts.get(id) ?? Infinity));
  }

  wake(): void {
    for (const companion of this.#companions) companion.isAwake = true;
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#companions.map((companion) => companion.run(signal)));
  }
}
