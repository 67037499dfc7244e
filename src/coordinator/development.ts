// Registrar, publisher and coordinator in one process, to try a task out. Nothing in it protects anybody from this process.
import { generateSignKeyPair } from '../crypto/sign.ts';
import { systemRandom } from '../crypto/random.ts';
import { hex } from '../leaves/bytes.ts';
import { checkBytes, checkNames } from '../leaves/checks.ts';
import { readCertificateRequest } from '../service/certificate-request.ts';
import { DEVELOPMENT_WARNING, type DevelopmentIntroduction } from '../service/development.ts';
import { Publisher, type RunToAnnounce } from '../service/publisher.ts';
import { Registrar } from '../service/registrar.ts';
import { registrarSeeds } from '../service/seeds.ts';
import { Task, type TaskDefinition } from '../service/task.ts';
import { Coordinator } from './coordinator.ts';
import type { CoordinatorOptions } from './options.ts';
import type { RunKey } from './run-record.ts';

/** What a development set-up is made with. */
export interface DevelopmentOptions extends Pick<CoordinatorOptions, 'listener' | 'clock' | 'store' | 'host'> {
  /** What is summed. */
  readonly aggregate: TaskDefinition['aggregate'];
  /** t: the least number of users in each round. */
  readonly threshold: number;
  /** Most participants of a session. */
  readonly maxUsers: number;
  /** Anything else of the task; there are short windows by default, each of which may be given alone. */
  readonly definition?: Partial<Omit<TaskDefinition, 'aggregate' | 'windows' | 'publisher' | 'registrar' | 'development'>> & {
    /** When stages end; the others are as by default. */
    readonly windows?: Partial<TaskDefinition['windows']>;
  };
}

/** The parties of a development set-up. */
export interface DevelopmentService {
  /** What is summed. */
  readonly task: Task;
  /** Answers the agents. */
  readonly coordinator: Coordinator;
  /** Certifies participants, and gives the seeds of draws. */
  readonly registrar: Registrar;
  /** Announces runs. */
  readonly publisher: Publisher;
  /** For `developmentAgent` of `secagg/agent`. */
  readonly introduction: DevelopmentIntroduction;
  /**
   * Certifies whoever asks, under the id that it asks for, as no registrar may outside of development: `Registrar.certify` is told by the
   * application who asks.
   */
  readonly certify: (request: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>;
  /** Announces and opens the next run. */
  openRun(run?: Pick<RunToAnnounce, 'payload' | 'source'>): Promise<RunKey>;
}

const WINDOWS: TaskDefinition['windows'] = {
  checkIn: { min: 1, max: 60, grace: 3600 },
  training: { min: 1, max: 60, grace: 60 },
  round: { min: 1, max: 10, grace: 10, enough: 100 },
};

/**
 * Registrar, publisher and coordinator in one process, with fresh keys, for development and tests.
 *
 * It gives up what the protocol is for: this process could invent participants and read any input. It says so on the console, the task
 * says so in its digest, and agents refuse the task unless their floors accept it.
 *
 * @throws as {@link Task} and {@link Coordinator}.
 * @example
 * ```js
 * import { developmentAgent } from 'secagg/agent';
 * import { developmentService, MemoryCoordinatorStore } from 'secagg/coordinator';
 *
 * console.warn = () => {};
 * const aggregate = { kind: 'integers', vecLen: 1, bits: 16 };
 * const store = new MemoryCoordinatorStore();
 * const service = developmentService({ aggregate, threshold: 2, maxUsers: 2, store });
 * const key = await service.openRun();
 * const agents = [1, 2].map((id) =>
 *   developmentAgent({
 *     id,
 *     introduction: service.introduction,
 *     certify: (request) => service.certify(request),
 *     exchange: (request) => service.coordinator.answer(request),
 *     inputs: { load: () => Promise.resolve({ id: 'today', data: [10 * id] }) },
 *   }),
 * );
 * const ending = new AbortController();
 * for (const agent of await Promise.all(agents)) void agent.run(ending);
 * const outcome = await service.coordinator.finished(key);
 * console.log(outcome.result); // prints: Int32Array(1) [ 30 ]
 * ending.abort();
 * ```
 */
export function developmentService(options: DevelopmentOptions): DevelopmentService {
  const names = ['aggregate', 'threshold', 'maxUsers', 'definition', 'listener', 'clock', 'store', 'host'];
  checkNames(options, 'options', names);
  console.warn(DEVELOPMENT_WARNING);
  const { aggregate, threshold, maxUsers, definition, ...own } = options;
  const clock = options.clock ?? Date.now;
  const registrar = new Registrar({ keypair: generateSignKeyPair(systemRandom), scope: 'development', clock });
  const publisher = new Publisher({ keypair: generateSignKeyPair(systemRandom) });
  const task = new Task({
    name: 'development',
    aggregate,
    group: { threshold, maxUsers, adversary: 'malicious', colluders: 0, cohorts: null, graph: null },
    minUsers: threshold,
    attempts: 3,
    retention: 3600,
    ...definition,
    windows: { ...WINDOWS, ...definition?.windows },
    publisher: publisher.publicKey,
    registrar: registrar.authority,
    development: true,
  });
  const seeds = registrarSeeds({ authority: registrar.authority, fetch: (time) => registrar.seed(time) });
  const keypair = generateSignKeyPair(systemRandom);
  const secret = own.store === undefined ? {} : { secret: systemRandom(32) };
  const coordinator = new Coordinator({ keypair, ...secret, tasks: [task], seeds, ...own });
  let runs = 0;
  return {
    task,
    coordinator,
    registrar,
    publisher,
    introduction: { secagg: 'development', task: task.toJSON(), coordinator: hex(coordinator.publicKey) },
    async certify(request): Promise<Uint8Array<ArrayBuffer>> {
      const { id } = readCertificateRequest(checkBytes(request, 'request'));
      return registrar.certify(request, { id });
    },
    async openRun(run = {}): Promise<RunKey> {
      await coordinator.setRevocationList(await registrar.revocationList());
      const expires = new Date(clock() + 24 * 3_600_000);
      return coordinator.openRun(await publisher.announce({ task, run: ++runs, expires, ...run }));
    },
  };
}
