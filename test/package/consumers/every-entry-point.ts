// A program that uses every entry point except secagg/opentelemetry, which is in telemetry.ts because its peer needs `console`. Each project beside it compiles it under options of its own.
import {
  ERROR_CODES,
  genKeypair,
  messageSizes,
  PublicKeysWrapper,
  round0Msg,
  SecAggError,
  ServerWrapper,
  UserWrapper,
  type AbortSignalLike,
  type AnySecAggError,
  type Listener,
  type SecAggErrorCode,
  type ServerEvent,
  type SessionDescriptor,
  type SumVector,
  type UserEvent,
  type VectorOptions,
} from 'secagg';
import { Agent, developmentAgent, IndexedDbAgentStore, type AgentOptions, type Floors } from 'secagg/agent';
import { assignCohorts, CohortSum, enrolmentDigest, type CohortSumProgress } from 'secagg/cohorts';
import { Coordinator, developmentService, type Attendance, type CoordinatorStore, type Outcome } from 'secagg/coordinator';
import {
  costOf,
  Ledger,
  nextClip,
  privateHistogram,
  privateMean,
  privateQuantiles,
  receiptOf,
  suppressSmallGroups,
  worstCostOf,
  type PrivacyPlan,
  type Receipt,
} from 'secagg/dp';
import { combine, fixedPoint, histogram, mean, sum, weightedMean } from 'secagg/encoding';
import {
  Aggregation,
  deriveMask,
  maskModel,
  PetAgent,
  PetCoordinator,
  PetService,
  type MaskConfigPair,
  type Model,
  type PetClient,
} from 'secagg/pet';
import { plan, PlanError, type Plan } from 'secagg/planner';
import { certificateRequest, maxRequestBytes, Publisher, Registrar, Task, type Exchange } from 'secagg/service';
import { UserWorker, type UserWorkerOptions, type WorkerLike } from 'secagg/worker';
import {
  PostgresCoordinatorStore,
  PostgresPetCoordinator,
  PostgresSessionHost,
  PostgresSessions,
  PostgresUsers,
  type PostgresPool,
  type SessionProgress,
  type NextMessage,
} from 'secagg/postgres';

const maxUsers = 3;
const training = combine({
  update: weightedMean({ maxUsers, shapes: { layer: { kernel: [2, 2], bias: [2] } } }),
  loss: mean({ maxUsers, length: 1, type: 'float64' }),
  clicks: sum({ maxUsers, length: 2, min: 0, max: 10 }),
  money: sum({ maxUsers, length: 1, min: -10n, max: 10n }),
  ages: histogram({ maxUsers, bins: 4 }),
  grid: fixedPoint({ maxUsers, length: 1, fractionBits: 8 }),
});

/** A user in a worker that the application starts. */
export async function inWorker(start: () => WorkerLike): Promise<Uint8Array> {
  const options: UserWorkerOptions = { session: 'week 7', vecLen: 2, worker: start };
  const [pk, sk] = genKeypair();
  const user = await UserWorker.create(1, 2, pk, sk, null, new PublicKeysWrapper(), options);
  const given: VectorOptions = { transfer: true };
  await user.setVector(Int32Array.of(1, 2), given);
  return user.round(round0Msg());
}

const seen: (ServerEvent | UserEvent)[] = [];
const listener: Listener<ServerEvent | UserEvent> = (event) => void seen.push(event);

/** A session of three users, played to its end. */
export async function session(signal: AbortSignalLike): Promise<SumVector> {
  const keys = [0, 1, 2].map(() => genKeypair());
  const publicKeys = new PublicKeysWrapper(keys.map(([pk], id) => [id, pk] as const));
  const { vecLen, options } = training;
  const server = new ServerWrapper(2, vecLen, { ...options, publicKeys, listener });
  const descriptor: SessionDescriptor = server.describe();
  const users = keys.map(([signPk, signSk], id) => {
    const { vector } = training.encode(
      {
        update: { layer: { kernel: { shape: [2, 2], data: [1, 2, 3, 4] }, bias: { shape: [2], data: [5, 6] } } },
        loss: [0.5],
        clicks: [1, 2],
        money: [3n],
        ages: { indices: [0, 1] },
        grid: [0.25],
      },
      10,
    );
    return UserWrapper.fromDescriptor(descriptor, { id, signPk, signSk, vec: vector, othersSignPks: publicKeys, listener });
  });
  let messages = new Map(users.map((user) => [user.id, round0Msg()]));
  for (;;) {
    for (const user of users) server.recv(user.id, await user.round(messages.get(user.id) ?? new Uint8Array()));
    const output = await server.round({ signal });
    if (output.isVector()) return output.getVector();
    messages = output.getMessages();
  }
}

/** What a sum says: the types follow from the plans. */
export function decoded(vector: SumVector): [Float32Array, Float64Array, Float64Array, BigInt64Array, Float64Array, number] {
  const { update, loss, clicks, money, ages } = training.decode(vector, { users: 3 });
  return [update.mean.layer.kernel.data, loss.mean, clicks.sum, money.sum, ages.counts, update.totalWeight];
}

/** The rounds' errors as a union that `code` tells apart. */
export function needed(error: AnySecAggError): number | null {
  return error.code === 'ERR_SECAGG_THRESHOLD' ? error.need - error.have : null;
}

export function codeOf(error: unknown): SecAggErrorCode | null {
  return error instanceof SecAggError ? error.code : null;
}

export const codes: readonly string[] = ERROR_CODES.ProtocolError;

export function cohorts(seed: Uint8Array): CohortSumProgress {
  const enrolment = { userIds: [1, 2, 3, 4], sessions: [{ count: 2, users: 2, threshold: 2 }] };
  const assigned = assignCohorts({ ...enrolment, seed });
  if (assigned.enrolment !== enrolmentDigest(enrolment)) throw new Error('another enrolment');
  return new CohortSum(assigned, { session: 'week 7', vecLen: 1 }).progress();
}

/** One model under a mask, and out of it again. */
export async function masked(model: Float32Array, config: MaskConfigPair): Promise<Model> {
  const { length } = model;
  const { seed, masked } = await maskModel(model, { config, length });
  const sum = new Aggregation(config, length);
  sum.add(masked);
  return sum.unmask(await deriveMask(seed, length, config));
}

/** A participant of PET that runs by itself. */
export function petAgent(client: PetClient, signSecretKey: Uint8Array): PetAgent {
  const models = { load: (): Promise<null> => Promise.resolve(null) };
  const store = new IndexedDbAgentStore('pet');
  return new PetAgent({ client, signSecretKey, models, store, storeKey: new Uint8Array(32) });
}

/** A coordinator of PET that runs by itself. */
export async function petService(config: MaskConfigPair): Promise<PetService> {
  const rounds = { sumProbability: 0.1, updateProbability: 0.5, config, modelLength: 10 };
  const coordinator = await PetCoordinator.create({ ...rounds, sum: { time: { min: 1, max: 60 } } });
  return new PetService({ coordinator, listener: ({ type }) => type });
}

export function planned(): Plan {
  try {
    return plan({ users: 1000, dropout: 0.1, vecLen: training.vecLen });
  } catch (error) {
    const [remedy] = error instanceof PlanError ? error.remedies : [];
    if (remedy === undefined) throw error;
    return plan(remedy);
  }
}

const terms: PrivacyPlan = { maxUsers, threshold: 3, target: { epsilon: 1, delta: 1e-3 } };
const measured = combine({
  update: privateMean({ ...terms, shapes: { kernel: [2, 2], bias: [1] }, l2Clip: { kernel: 2, bias: 1 }, measureClipping: true }),
  loss: privateMean({ ...terms, length: 1, l2Clip: 1, type: 'float64' }),
  regions: privateHistogram({ ...terms, bins: 3, maxBins: 1 }),
  ages: privateQuantiles({ ...terms, edges: [0, 40, 80], probabilities: [0.5] }),
});

/** What a sum with noise says, and the clips of the next run: the types follow from the plans. */
export function noised(vector: SumVector): [Float32Array, Float64Array, number, number, readonly (number | null)[], number[]] {
  const { update, loss, regions, ages } = measured.decode(vector, { users: 3 });
  const clip = nextClip({ clip: 2, withinClip: update.withinClip.kernel, most: 10 });
  const groups = suppressSmallGroups(regions, { least: 20, margin: 3 });
  const medians = ages.quantiles.map(({ value, least, most }) => Math.min(Math.max(value, least), most));
  return [update.mean.kernel.data, loss.mean, clip, update.noise.withinClip, groups.counts, medians];
}

/** A clip that was not measured is not in the result. */
export function unmeasured(vector: SumVector): unknown {
  // @ts-expect-error: the plan does not ask for it
  return measured.decode(vector, { users: 3 }).loss.withinClip;
}

export function charged(ledger: Ledger): Receipt {
  ledger.reserve({ id: 'week 7', ...worstCostOf(measured) });
  ledger.sent('week 7');
  const receipt = receiptOf(measured, { included: [3] });
  ledger.settle('week 7', { ...costOf(receipt), survivors: 'verified' });
  return receipt;
}

export const bytesUp: number = messageSizes({ users: 3, vecLen: 10 }).up;

export async function stored(pool: PostgresPool, key: Uint8Array): Promise<SessionProgress> {
  const sessions = new PostgresSessions(pool, { ackWithin: 10_000 });
  const users = new PostgresUsers(pool, { keys: [key] });
  const id = await sessions.create({ threshold: 2, vecLen: 1, options: { bits: 16 }, expiresAt: new Date(0) });
  const next: NextMessage = await sessions.message(id, 1);
  if (next.kind === 'message') await sessions.recv(id, 1, await users.answer(id, 1, next.bytes));
  return sessions.progress(id);
}

/** A task of a service, its coordinator in PostgreSQL, and a participant. */
export async function service(pool: PostgresPool, exchange: Exchange, floors: Floors): Promise<[Outcome | null, Agent]> {
  const registrar = new Registrar({ keypair: genKeypair(), scope: 'app' });
  const publisher = new Publisher({ keypair: genKeypair() });
  const { introduction, task } = developmentService({
    aggregate: {
      kind: 'combine',
      parts: { loss: { kind: 'mean', length: 1 }, steps: { kind: 'sum', length: 1, min: 0, max: 9 } },
    },
    threshold: 2,
    maxUsers,
  });
  const one: MaskConfigPair['vect'] = { groupType: 'Prime', dataType: 'F32', boundType: 'B0', modelType: 'M3' };
  const rounds = { sumProbability: 0.1, updateProbability: 0.5, config: { vect: one, unit: one }, modelLength: 10 };
  await new PetService({ coordinator: new PostgresPetCoordinator(pool, { network: 'a', ...rounds }) }).tick();
  const store: CoordinatorStore = new PostgresCoordinatorStore(pool);
  const host = new PostgresSessionHost(new PostgresSessions(pool));
  const secret = new Uint8Array(32);
  const coordinator = new Coordinator({ keypair: genKeypair(), secret, tasks: [Task.fromJSON(task.toJSON())], store, host });
  const key = await coordinator.openRun(await publisher.announce({ task, run: 1, expires: new Date() }));
  const keypair = genKeypair();
  const certificate = await registrar.certify(await certificateRequest(registrar.authority, 1, keypair), { id: 1 });
  const inputs: AgentOptions['inputs'] = { load: () => Promise.resolve({ id: 'a', data: { loss: [1], steps: [2] } }) };
  const agent = new Agent({
    ...{ task, id: 1, keypair, certificate, exchange, inputs, floors },
    store: new IndexedDbAgentStore('app'),
    storeKey: new Uint8Array(32),
  });
  const { heard }: Attendance = await host.attendance(task.id);
  if (heard > 0) agent.wake();
  await developmentAgent({ id: 2, introduction, certify: (request) => registrar.certify(request, { id: 2 }), exchange, inputs });
  const response = await coordinator.answer(new Uint8Array(maxRequestBytes));
  return [response.length > 0 ? await coordinator.outcome(key) : null, agent];
}
