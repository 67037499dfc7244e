// The service: the parties that participants trust, the servers that they need not trust, and one run for each training round.
import { deserialize } from 'node:v8';
import { genKeypair } from 'secagg';
import type { AgentOptions } from 'secagg/agent';
import type { Outcome } from 'secagg/coordinator';
import { certificateRequest, Publisher, Registrar, Task } from 'secagg/service';
import { parametersOf, type Model } from './models/tensors.ts';
import type { Participant } from './participant.ts';
import type { Budget } from './privacy.ts';
import { Servers } from './servers.ts';
import type { Summing, Terms } from './task.ts';

const DAY = 86_400;

/** More than a run can take. */
const MOST_TURNS = 1000;
/** Turns in which nobody sends anything. A server process was killed then before it had done all that followed from an answer. */
const IDLE_TURNS = 20;

/** What is agreed on for the whole training. */
export interface Agreement extends Terms {
  readonly summing: Summing;
  readonly rounds: number;
  /** What each participant may lose; null if there is no noise. */
  readonly budget: Budget | null;
}

/** What the application gives to a participant. */
export type Registration = Omit<AgentOptions, 'inputs' | 'store' | 'storeKey' | 'listener'>;

export class Service {
  readonly servers: Servers;
  readonly #agreement: Agreement;
  readonly #parties: ReturnType<typeof partiesFor>;
  /** The content of the newest model's URL. */
  #model: Uint8Array = new Uint8Array();

  private constructor(agreement: Agreement, parties: ReturnType<typeof partiesFor>, servers: Servers) {
    this.#agreement = agreement;
    this.#parties = parties;
    this.servers = servers;
  }

  /** @throws OptionError if the database that DATABASE_URL names cannot be used. */
  static async start(count: number, agreement: Agreement): Promise<Service> {
    const parties = partiesFor(agreement);
    const { task, registrar, coordinator: keypair } = parties;
    const secret = crypto.getRandomValues(new Uint8Array(32));
    const setup = { keypair, secret, task: task.toJSON(), revocations: await registrar.revocationList() };
    return new Service(agreement, parties, await Servers.start(count, setup));
  }

  /** A participant gets its certificate, and takes its floors from what was agreed. */
  async register(id: number): Promise<Registration> {
    const { users, threshold, shapes, summing, rounds, budget } = this.#agreement;
    const { task, registrar, publisher, coordinator } = this.#parties;
    const { authority } = registrar;
    const keypair = genKeypair();
    return {
      ...{ task, id, keypair },
      certificate: await registrar.certify(await certificateRequest(authority, id, keypair)),
      exchange: (request) => this.servers.post('/secagg', request),
      fetchPayload: () => Promise.resolve(this.#model),
      floors: {
        group: { minHonest: threshold - summing.colluders, minEnrolled: users, minThreshold: threshold, maxUsers: users },
        adversary: { model: 'malicious', minColluders: summing.colluders, minColludingFraction: 0, security: null },
        keys: {
          ...{ coordinator: coordinator[0], registrar: authority, publisher: publisher.publicKey },
          ...{ maxRevocationAge: DAY, maxCertificateAge: DAY },
        },
        repetition: { minInterval: 0, maxParticipations: rounds },
        privacy: budget && { ...budget, adjacency: 'zero-out' },
        maxPayloadBytes: 4 * parametersOf(shapes),
        acceptDevelopment: true,
      },
    };
  }

  /** One run, about the updates of this model. @param onRound is called once somebody has answered in a protocol round. */
  async sum(
    run: number,
    model: Model,
    participants: readonly Participant[],
    onRound: (round: number) => Promise<void>,
  ): Promise<Outcome> {
    const { task, publisher } = this.#parties;
    this.#model = new Uint8Array(model.slice().buffer);
    const payload = { url: `/models/${run}`, content: this.#model };
    const expires = new Date(Date.now() + 1000 * DAY);
    await this.servers.post('/run', await publisher.announce({ task, run, payload, expires }));
    for (let turn = 0, shown = -1, closed = -1, idle = 0; turn < MOST_TURNS; turn++) {
      const before = participants.map(({ answered }) => answered);
      await Promise.all(participants.map((participant) => participant.act()));
      idle = participants.every(({ answered }, i) => answered === before[i]) ? idle + 1 : 0;
      while (shown < Math.max(...participants.map(({ answered }) => answered))) await onRound(++shown);
      const outcome = deserialize(await this.servers.post('/outcome', new TextEncoder().encode(String(run)))) as Outcome | null;
      if (outcome !== null) return outcome;
      const round = roundWithout(participants);
      if (round <= closed && idle < IDLE_TURNS) continue;
      if (round < Infinity) closed = Math.max(closed, round);
      idle = 0;
      await this.servers.pass();
    }
    throw new Error(`run ${run} does not end`);
  }
}

/** The protocol round that all have answered who are awake, and in which the service waits for others; -1 if there is none, Infinity if all sleep. */
function roundWithout(participants: readonly Participant[]): number {
  const awake = participants.filter(({ isSilent }) => !isSilent);
  const [{ answered: round } = { answered: 0 }] = awake;
  if (awake.length === 0) return Infinity;
  const isAwaited = participants.some(({ isSilent, answered }) => isSilent && answered === round - 1);
  return isAwaited && awake.every(({ answered }) => answered === round) ? round : -1;
}

function partiesFor({ summing, users, threshold }: Agreement) {
  const registrar = new Registrar({ keypair: genKeypair(), scope: 'digits' });
  const publisher = new Publisher({ keypair: genKeypair() });
  const { aggregate, colluders } = summing;
  const all = { min: DAY, max: DAY, grace: 0 };
  const task = new Task({
    name: 'digits',
    aggregate,
    group: { threshold, maxUsers: users, adversary: 'malicious', colluders, cohorts: null, graph: null },
    minUsers: users,
    // A protocol round ends when all have answered, or after a second with those who have.
    windows: { checkIn: all, training: all, round: { min: 1, max: 1, grace: 0, enough: 1 } },
    ...{ attempts: 1, retention: DAY },
    ...{ publisher: publisher.publicKey, registrar: registrar.authority },
    development: true, // one process plays all parties but the server
  });
  return { task, registrar, publisher, coordinator: genKeypair() };
}
