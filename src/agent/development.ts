// A participant of a development set-up, which accepts whatever it is told.
import { systemRandom } from '../crypto/random.ts';
import { generateSignKeyPair } from '../crypto/sign.ts';
import { checkFunction, checkNames, checkObject, checkString } from '../leaves/checks.ts';
import { bytesOfHex } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import { certificateRequest } from '../service/certificate-request.ts';
import { DEVELOPMENT_WARNING, type DevelopmentIntroduction } from '../service/development.ts';
import { Task } from '../service/task.ts';
import { Agent } from './agent.ts';
import { writeTroubles } from './console.ts';
import type { AgentOptions } from './options.ts';
import type { Floors } from './floors.ts';
import { MemoryAgentStore } from '../participation/state-store.ts';

/** What an agent of a development set-up is made with. */
export interface DevelopmentAgentOptions extends Pick<
  AgentOptions,
  'id' | 'exchange' | 'inputs' | 'source' | 'fetchPayload' | 'seeds' | 'verifyKeys' | 'listener' | 'clock'
> {
  /** From `developmentService`, as JSON. */
  readonly introduction: DevelopmentIntroduction;
  /** Gives the registrar a request for a certificate, and the certificate back: `DevelopmentService.certify`, at any distance. */
  readonly certify: (request: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;
}

/**
 * A participant of a development set-up: with fresh keys, a state in memory, and floors that accept the task as it is. Without a
 * listener, it writes what goes wrong to the console.
 *
 * @throws StateError if the introduction is none; what `certify` throws; else as {@link Agent}.
 * @example
 * ```js
 * import { developmentAgent } from 'secagg/agent';
 * import { developmentService } from 'secagg/coordinator';
 *
 * console.warn = () => {};
 * const aggregate = { kind: 'integers', vecLen: 1, bits: 16 };
 * const service = developmentService({ aggregate, threshold: 2, maxUsers: 2 });
 * const agent = await developmentAgent({
 *   id: 7,
 *   introduction: service.introduction,
 *   certify: (request) => service.certify(request),
 *   exchange: (request) => service.coordinator.answer(request),
 *   inputs: { load: () => Promise.resolve({ id: 'today', data: [1] }) },
 * });
 * console.log(agent.id, (await agent.transition()).status); // prints: 7 pending
 * ```
 */
export async function developmentAgent(options: DevelopmentAgentOptions): Promise<Agent> {
  const names = [
    'introduction',
    'certify',
    'id',
    'exchange',
    'inputs',
    'source',
    'fetchPayload',
    'seeds',
    'verifyKeys',
    'listener',
    'clock',
  ];
  checkNames(options, 'options', names);
  console.warn(DEVELOPMENT_WARNING);
  const { introduction, certify, ...own } = options;
  checkObject(introduction, 'options.introduction');
  checkFunction(certify, 'options.certify');
  const task = Task.fromJSON(introduction.task);
  const coordinator = bytesOfHex(checkString(introduction.coordinator, 'options.introduction.coordinator'));
  if (coordinator?.length !== KEY_BYTES)
    throw new StateError('introduction: expected the 32 bytes of a key in hexadecimal digits');
  const keypair = generateSignKeyPair(systemRandom);
  const { registrar } = task.definition;
  const certificate = await certify(await certificateRequest(registrar, options.id, keypair));
  return new Agent({
    ...own,
    task,
    keypair,
    certificate,
    floors: whatTheTaskSays(task, coordinator),
    store: new MemoryAgentStore(),
    storeKey: systemRandom(32),
    listener: own.listener ?? writeTroubles,
  });
}

/** Next to no floors: everything that the task says is accepted, except a sparse graph that is bad in one of some millions of sessions. */
function whatTheTaskSays({ definition }: Task, coordinator: Uint8Array): Floors {
  const { group, publisher, registrar } = definition;
  return {
    group: { minHonest: 1, minEnrolled: 2, minThreshold: 2, maxUsers: group.maxUsers },
    adversary: { model: 'semi-honest', minColluders: 0, minColludingFraction: 0, security: 0 },
    keys: { coordinator, registrar, publisher, maxRevocationAge: 86_400, maxCertificateAge: 30 * 86_400 },
    repetition: { minInterval: 0, maxParticipations: 2 ** 20 },
    privacy: null,
    maxPayloadBytes: Number.MAX_SAFE_INTEGER,
    acceptDevelopment: true,
  };
}
