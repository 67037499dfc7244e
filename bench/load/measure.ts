// One run of many agents over HTTP, against two coordinator processes and one PostgreSQL. The agents are in this process.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeHandler } from '../../examples/service/http.ts';
import { localPostgres } from '../../scripts/local-postgres.ts';
import { ServerProcesses } from '../../scripts/server-processes.ts';
import { temporarySchema } from '../../scripts/temporary-schema.ts';
import { developmentAgent, type Agent } from '../../src/agent/index.ts';
import type { Outcome } from '../../src/coordinator/index.ts';
import { genKeypair, messageSizes } from '../../src/index.ts';
import { hex } from '../../src/leaves/bytes.ts';
import { Publisher, Registrar, registrarSeeds, Task } from '../../src/service/index.ts';
import { addInTheClear, requireSum, vectorOf } from '../registered-users.ts';
import type { Report, Setup } from './coordinator-process.ts';

const PROGRAM = new URL('coordinator-process.ts', import.meta.url);
const PROCESSES = 2;
const BITS = 32;
const DAY = 86_400_000;

export interface Load {
  /** Participants of each cohort. */
  readonly users: number;
  readonly cohorts: number;
  readonly vecLen: number;
  /**
   * Seconds that a protocol round lasts, unless too few have answered. Participants ask for the next one after a twentieth of it. In a tenth of it
   * all of them, who share a process, must hear who is enrolled.
   */
  readonly patience: number;
  /** Whether the coordinator's processes are killed and started meanwhile. */
  readonly killed: boolean;
}

export interface LoadFigures extends Load {
  readonly processes: number;
  /** Users in the sum. */
  readonly included: number;
  readonly kills: number;
  /** From the opening of the run to its sum. */
  readonly seconds: number;
  readonly requests: number;
  /** Milliseconds in which a process answers, of the median request and of the 95th of 100. */
  readonly p50: number;
  readonly p95: number;
  /** Seconds of CPU time of all coordinator processes. */
  readonly serverCpu: number;
  /** Milliseconds of CPU time for a participant. */
  readonly participantCpu: number;
  /** Bytes that a participant sends and receives, and of these the messages of the protocol. */
  readonly bytes: number;
  readonly protocolBytes: number;
}

/** The parties that participants trust, and what they have agreed on. */
function partiesFor({ users, cohorts, vecLen, patience }: Load) {
  const registrar = new Registrar({ keypair: genKeypair(), scope: 'load' });
  const publisher = new Publisher({ keypair: genKeypair() });
  const threshold = Math.floor((2 * users) / 3) + 1;
  const stage = { min: Math.ceil(patience / 10), max: 600, grace: 600 }; // it ends when all participants have come
  const task = new Task({
    name: 'load',
    aggregate: { kind: 'integers', vecLen, bits: BITS },
    group: {
      ...{ threshold, maxUsers: users, adversary: 'malicious', colluders: 2 * threshold - users - 1, graph: null },
      cohorts: { least: cohorts, most: cohorts, seed: { min: stage.min, max: 2 * patience, grace: 600 } },
    },
    ...{ minUsers: users, attempts: 3, retention: 3600 },
    windows: { checkIn: stage, training: stage, round: { min: 0, max: patience, grace: 600, enough: 100 } },
    ...{ publisher: publisher.publicKey, registrar: registrar.authority, development: true },
  });
  return { registrar, publisher, task, coordinator: genKeypair() };
}

type Parties = ReturnType<typeof partiesFor>;

/** The registrar over HTTP, which the coordinator's processes ask for seeds. */
async function serveSeeds(registrar: Registrar): Promise<Server> {
  const answer = async (time: Uint8Array): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array((await registrar.seed(Number(new TextDecoder().decode(time)))) ?? []);
  const server = createServer(nodeHandler({ '/': answer })).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Participants with all that they send and receive. */
class Participants {
  requests = 0;
  bytes = 0;
  readonly #agents: Agent[] = [];
  /** One each: a thousand would be too many listeners of one signal. */
  readonly #endings: AbortController[] = [];

  async join(
    count: number,
    vecLen: number,
    { registrar, task, coordinator }: Parties,
    coordinators: ServerProcesses,
  ): Promise<void> {
    const introduction = { secagg: 'development', task: task.toJSON(), coordinator: hex(coordinator[0]) } as const;
    for (let id = 0; id < count; id++) {
      const agent = await developmentAgent({
        ...{ id, introduction },
        certify: (request) => registrar.certify(request, { id }),
        seeds: registrarSeeds({ authority: registrar.authority, fetch: (time) => registrar.seed(time) }),
        exchange: async (request, { signal }) => {
          this.requests++;
          const response = await coordinators.ask('/secagg', request, { signal });
          this.bytes += request.length + response.length;
          return response;
        },
        inputs: { load: () => Promise.resolve({ id: 'load', data: vectorOf(id, vecLen) }) },
      });
      this.#agents.push(agent);
    }
  }

  begin(): void {
    for (const agent of this.#agents) {
      const ending = new AbortController();
      this.#endings.push(ending);
      void agent.run(ending);
    }
  }

  end(): void {
    for (const ending of this.#endings) ending.abort();
  }
}

/** @throws Error if the sum is wrong. */
export async function measureLoad(load: Load): Promise<LoadFigures> {
  const parties = partiesFor(load);
  const { registrar, task, coordinator: keypair } = parties;
  const seeds = await serveSeeds(registrar);
  const database = await localPostgres({ shared_buffers: '256MB', max_wal_size: '4GB' });
  const schema = await temporarySchema(database);
  const { warn } = console;
  console.warn = (): void => undefined; // the development set-up says what it gives up
  const setup: Setup = {
    ...{ keypair, secret: crypto.getRandomValues(new Uint8Array(32)), task: task.toJSON() },
    ...{ database: database.url, schema: schema.name },
    registrar: `http://127.0.0.1:${(seeds.address() as AddressInfo).port}/`,
    revocations: await registrar.revocationList(),
  };
  const coordinators = await ServerProcesses.start(PROGRAM, PROCESSES, () => setup);
  try {
    return await measureRun(load, parties, coordinators);
  } finally {
    coordinators.end();
    await schema.drop();
    await database.stop();
    seeds.close();
    seeds.closeAllConnections();
    console.warn = warn;
  }
}

/** Kills the processes one after the other, until the signal is aborted. @param every so many requests are answered from one kill to the next. */
async function disturb(coordinators: ServerProcesses, every: number, signal: AbortSignal): Promise<void> {
  for (let kill = 0, next = every; ; kill++, next = coordinators.answered + every) {
    while (coordinators.answered < next && !signal.aborted) await sleep(50);
    if (signal.aborted) return;
    await coordinators.kill(kill % coordinators.count);
  }
}

/** Of the processes that are there now. */
async function reportsOf(coordinators: ServerProcesses): Promise<Report[]> {
  const ask = async (only: number): Promise<Report> =>
    jsonIn(await coordinators.insist('/report', new Uint8Array(), only)) as Report;
  return Promise.all(Array.from({ length: coordinators.count }, (_, index) => ask(index)));
}

function jsonIn(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

async function measureRun(load: Load, parties: Parties, coordinators: ServerProcesses): Promise<LoadFigures> {
  const { users, cohorts, vecLen, killed } = load;
  const { task, publisher } = parties;
  const count = users * cohorts;
  const participants = new Participants();
  await participants.join(count, vecLen, parties, coordinators);
  await coordinators.insist('/runs', await publisher.announce({ task, run: 1, expires: new Date(Date.now() + DAY) }));

  const [began, cpuBefore] = [performance.now(), process.cpuUsage()];
  const ending = new AbortController();
  const disturbing = killed ? disturb(coordinators, 4 * count, ending.signal) : null;
  participants.begin();
  let outcome: Outcome | null = null;
  while (outcome === null) {
    await sleep(500);
    outcome = jsonIn(await coordinators.insist('/outcome', new TextEncoder().encode('1'))) as Outcome | null;
  }
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  participants.end();
  ending.abort();
  await disturbing;

  if (outcome.kind === 'failed') throw new Error(`the run has failed: ${outcome.code}`);
  const vectors = outcome.included.map((id) => vectorOf(id, vecLen));
  requireSum(outcome.result as number[], addInTheClear(vectors, vecLen));
  const reports = await reportsOf(coordinators);
  const times = reports.flatMap(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const { rounds } = messageSizes({ users, vecLen, bits: BITS });
  return {
    ...load,
    ...{ processes: PROCESSES, included: outcome.included.length, kills: coordinators.kills, seconds },
    requests: participants.requests,
    ...{ p50: times[Math.floor(times.length / 2)] ?? NaN, p95: times[Math.floor(0.95 * times.length)] ?? NaN },
    serverCpu: reports.reduce((sum, { cpu }) => sum + cpu, 0),
    participantCpu: (user + system) / 1000 / count,
    bytes: participants.bytes / count,
    protocolBytes: rounds.reduce((sum, { up, down }) => sum + up + down, 0),
  };
}
