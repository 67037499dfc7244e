// The service: the parties that participants trust, the servers that they need not trust, and one run for each training round.
import { deserialize } from 'node:v8';
import { genKeypair } from 'secagg';
import type { AgentOptions } from 'secagg/agent';
import type { Outcome } from 'secagg/coordinator';
import { certificateRequest, Publisher, Registrar, Task } from 'secagg/service';
import { localPostgres, type LocalPostgres } from '../../scripts/local-postgres.ts';
import { ServerProcesses } from '../../scripts/server-processes.ts';
import { temporarySchema, type TemporarySchema } from '../../scripts/temporary-schema.ts';
import { parametersOf, type Model } from './models/tensors.ts';
import type { Budget } from './privacy.ts';
import type { Setup } from './server-process.ts';
import type { Summing, Terms } from './task.ts';

const PROGRAM = new URL('server-process.ts', import.meta.url);
const DAY = 86_400;

/** What is agreed on for the whole training. */
export interface Agreement extends Terms {
  readonly summing: Summing;
  readonly rounds: number;
  /** What each participant may lose; null if there is no noise. */
  readonly budget: Budget | null;
}

/** What the application gives to a participant. */
export type Registration = Omit<AgentOptions, 'inputs' | 'store' | 'storeKey' | 'listener'>;

/** Several processes with one database. */
interface Servers {
  readonly database: LocalPostgres;
  readonly schema: TemporarySchema;
  readonly processes: ServerProcesses;
  /** Service time, in milliseconds. */
  readonly clock: { now: number };
}

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

  /** @throws StoreError if the database that DATABASE_URL names cannot be used. */
  static async start(count: number, agreement: Agreement): Promise<Service> {
    const parties = partiesFor(agreement);
    const { task, registrar, coordinator: keypair } = parties;
    const secret = crypto.getRandomValues(new Uint8Array(32));
    const common = { keypair, secret, task: task.toJSON(), revocations: await registrar.revocationList() };
    const database = await localPostgres();
    const schema = await temporarySchema(database);
    const clock = { now: 0 };
    const setup = (): Setup => ({ ...common, database: database.url, schema: schema.name, time: clock.now });
    const processes = await ServerProcesses.start(PROGRAM, count, setup);
    return new Service(agreement, parties, { database, schema, processes, clock });
  }

  /** A participant gets its certificate, and takes its floors from what was agreed. */
  async register(id: number): Promise<Registration> {
    const { users, threshold, shapes, summing, rounds, budget } = this.#agreement;
    const { task, registrar, publisher, coordinator } = this.#parties;
    const { authority } = registrar;
    const keypair = genKeypair();
    return {
      ...{ task, id, keypair },
      certificate: await registrar.certify(await certificateRequest(authority, id, keypair), { id }),
      exchange: (request) => this.servers.processes.insist('/secagg', request),
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

  /** Opens a run about the updates of this model. */
  async open(run: number, model: Model): Promise<void> {
    const { task, publisher } = this.#parties;
    this.#model = new Uint8Array(model.slice().buffer);
    const payload = { url: `/models/${run}`, content: this.#model };
    const expires = new Date(Date.now() + 1000 * DAY);
    await this.servers.processes.insist('/run', await publisher.announce({ task, run, payload, expires }));
  }

  /** How a run has ended; null if it goes on. */
  async outcome(run: number): Promise<Outcome | null> {
    return deserialize(await this.servers.processes.insist('/outcome', new TextEncoder().encode(String(run)))) as Outcome | null;
  }

  async end(): Promise<void> {
    const { database, schema, processes } = this.servers;
    processes.end();
    await schema.drop();
    await database.stop();
  }
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
