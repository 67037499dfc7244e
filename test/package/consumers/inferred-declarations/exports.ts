// A library that exports what it has from secagg without writing down the types: the compiler must be able to name them.
import { genKeypair, messageSizes, PublicKeysWrapper, SecAggError, ServerWrapper, UserWrapper } from 'secagg';
import { assignCohorts, CohortSum } from 'secagg/cohorts';
import {
  composed,
  costOf,
  epsilonAt,
  epsilonOf,
  Ledger,
  nextClip,
  privateHistogram,
  privateMean,
  privateMoments,
  privateQuantiles,
  privateSum,
  privateWeightedMean,
  receiptOf,
  suppressSmallGroups,
  verifyReceipt,
  worstCostOf,
  type PrivacyPlan,
  type Receipt,
} from 'secagg/dp';
import { combine, EncodingError, fixedPoint, histogram, mean, sum, weightedMean } from 'secagg/encoding';
import { plan, PlanError } from 'secagg/planner';
import { PostgresSessions, PostgresUsers, type NewSession, type PostgresPool } from 'secagg/postgres';

const maxUsers = 10;
export const update = weightedMean({ maxUsers, shapes: { kernel: [2, 2], bias: [2] } });
export const loss = mean({ maxUsers, length: 1, type: 'float64' });
export const clicks = sum({ maxUsers, length: 2, min: 0, max: 10 });
export const money = sum({ maxUsers, length: 2, min: 0n, max: 10n });
export const ages = histogram({ maxUsers, bins: 4 });
export const grid = fixedPoint({ maxUsers, length: 2 });
export const all = combine({ update, loss, clicks, money, ages, grid });
export const { layout, options } = all;
export const encoded = loss.encode([1]);
export const decode = (vector: Int32Array) => all.decode(vector, { users: 1 });
export const bound = (users: number) => all.errorBound({ users, totalWeight: 10 });

const terms: PrivacyPlan = { maxUsers, threshold: 7, noiseMultiplier: 1 };
const shapes = { kernel: [2, 2], bias: [2] } as const;
export const noisedSum = privateSum({ ...terms, length: 2, l2Clip: 1, measureClipping: true });
export const noisedMean = privateMean({ ...terms, shapes, l2Clip: { kernel: 1, bias: 1 }, measureClipping: true });
export const noisedWeightedMean = privateWeightedMean({ ...terms, shapes, l2Clip: 1, type: 'float64' });
export const noisedHistogram = privateHistogram({ ...terms, bins: 4 });
export const noisedMoments = privateMoments({ ...terms, lower: 0, upper: 1 });
export const noisedQuantiles = privateQuantiles({ ...terms, edges: [0, 1], probabilities: [0.5] });
export const noised = combine({ noisedSum, noisedMean, noisedHistogram, noisedMoments, noisedQuantiles });
export const results = (vector: Int32Array) => noised.decode(vector, { users: 7 });
export const groups = (vector: Int32Array) => suppressSmallGroups(noisedHistogram.decode(vector, { users: 7 }), { least: 5 });
export const clip = (withinClip: number) => nextClip({ clip: 1, withinClip });
export const receipt = () => receiptOf(noised, { included: [8], delta: 1e-6 });
export const verified = (of: Receipt) => verifyReceipt(of, noised);
export const costs = (of: Receipt) => [costOf(of), worstCostOf(noised)];
export const epsilons = (of: Receipt) => [epsilonAt(of, 1e-9), epsilonOf(composed([of.curve]), 1e-6)];
export const ledger = new Ledger({ epsilon: 1, delta: 1e-6, adjacency: 'zero-out' });
export const spent = () => [ledger.spent(), ledger.progress(), ledger.terms];

export const keypair = genKeypair();
export const publicKeys = new PublicKeysWrapper([[0, keypair[0]]]);
export const server = new ServerWrapper(2, 1, { publicKeys });
export const recv = (id: number, bytes: Uint8Array) => server.recv(id, bytes);
export const progress = () => server.progress();
export const output = () => server.output();
export const descriptor = server.describe();
export const user = UserWrapper.fromDescriptor(descriptor, {
  id: 0,
  signPk: keypair[0],
  signSk: keypair[1],
  othersSignPks: publicKeys,
});
export const standing = () => user.progress();
export const sizes = messageSizes({ users: 3, vecLen: 1 });
export const codeOf = (error: unknown) =>
  error instanceof EncodingError || error instanceof PlanError || error instanceof SecAggError ? error.code : null;
export const reasons = (error: PlanError) => [...error.reasons, ...error.remedies];

export const planned = plan({ users: 100, dropout: 0.1, vecLen: 10 });
export const { sessions: plannedSessions, bounds, request } = planned;
export const graph = planned.kind === 'sparse' ? planned.graph : null;
export const cohorts = assignCohorts({
  userIds: [1, 2],
  sessions: [{ count: 1, users: 2, threshold: 2 }],
  seed: new Uint8Array(32),
});
export const cohort = cohorts.cohort(0, { session: 'week 7' });
export const run = new CohortSum(cohorts, { session: 'week 7', vecLen: 1 });
export const runProgress = () => run.progress();

export const sessions = (pool: PostgresPool) => new PostgresSessions(pool);
export const users = (pool: PostgresPool, key: Uint8Array) => new PostgresUsers(pool, { keys: [key] });
export const close = (pool: PostgresPool, id: string) => sessions(pool).round(id, 0);
export const stored = (pool: PostgresPool, id: string) => sessions(pool).progress(id);
export const sweep = (pool: PostgresPool) => sessions(pool).sweep();
export const optionsOf = (session: NewSession) => session.options;
