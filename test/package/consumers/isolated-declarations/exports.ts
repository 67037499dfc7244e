// A library under `isolatedDeclarations`: it must write down the type of each export, so each type needs a name.
import {
  genKeypair,
  PublicKeysWrapper,
  type SecAggError,
  ServerWrapper,
  UserWrapper,
  type AnySecAggError,
  type CodesOf,
  type DescribedParameters,
  type DescribedUserOptions,
  type DisputedDeal,
  type DisputeErrorDetails,
  type DroppedUser,
  type Graph,
  type InputVector,
  type MessageSizes,
  type MessageSizesInput,
  type ProtocolErrorDetails,
  type RoundOptions,
  type SecAggErrorOptions,
  type ServerLocalOptions,
  type ServerOptions,
  type ServerOutput,
  type ServerProgress,
  type SessionDescriptor,
  type SessionOptions,
  type SignPublicKey,
  type SignSecretKey,
  type StoreErrorDetails,
  type SumVector,
  type ThresholdErrorDetails,
  type UserLocalOptions,
  type UserOptions,
  type UserProgress,
} from 'secagg';
import {
  assignCohorts,
  type CohortSum,
  type AssignmentTerms,
  type Cohort,
  type CohortResult,
  type Cohorts,
} from 'secagg/cohorts';
import {
  combine,
  mean,
  sum,
  weightedMean,
  type AnyEncoding,
  type Dimensions,
  type Encoded,
  type Encoding,
  type ErrorBound,
  type FloatArrayOf,
  type Mean,
  type RandomSource,
  type RoundingOptions,
  type Sum,
  type Tensors,
  type ValuesOf,
  type WeightedMean,
} from 'secagg/encoding';
import {
  plan,
  type PlanError,
  type Bound,
  type Plan,
  type PlannedSession,
  type PlanReason,
  type PlanRequest,
} from 'secagg/planner';
import {
  PostgresSessions,
  PostgresUsers,
  type NewSession,
  type PoolConnection,
  type PoolResult,
  type PostgresPool,
  type PostgresSessionsOptions,
  type PostgresUsersOptions,
  type SessionProgress,
  type SweepOptions,
  type Swept,
} from 'secagg/postgres';

interface Shapes {
  readonly kernel: readonly [2, 2];
}

export const update: Encoding<
  Tensors<Shapes, ArrayLike<number>>,
  WeightedMean<Tensors<Shapes, Float32Array>>,
  ErrorBound
> = weightedMean({ maxUsers: 10, shapes: { kernel: [2, 2] } });
export const loss: Encoding<ArrayLike<number>, Mean<Float64Array>, ErrorBound> = mean({
  maxUsers: 10,
  length: 1,
  type: 'float64',
});
export const money: Encoding<ArrayLike<bigint>, Sum<BigInt64Array>, ErrorBound> = sum({
  maxUsers: 10,
  length: 1,
  min: 0n,
  max: 1n,
});
export const all: AnyEncoding = combine({ update, loss });
export const encoded: Encoded = loss.encode([1]);
export const vector: SumVector = encoded.vector;
export const dimensions: Dimensions = { length: 1 };
export const rounding = (random: RandomSource): RoundingOptions => ({ rounding: 'nearest', random });
export type Values<P> = ValuesOf<P, FloatArrayOf<P>>;

export const keypair: [SignPublicKey, SignSecretKey] = genKeypair();
export const publicKeys: PublicKeysWrapper = new PublicKeysWrapper();
export const graph: Graph = { neighbors: 2, shareThreshold: 2 };
export const sessionOptions: SessionOptions = { bits: 16 };
export const serverOptions: ServerOptions = { ...sessionOptions, publicKeys };
export const serverLocalOptions: ServerLocalOptions = { threads: 0 };
export const server: ServerWrapper = new ServerWrapper(2, 1, serverOptions);
export const descriptor: SessionDescriptor = server.describe();
export const parameters: DescribedParameters = descriptor.parameters;
export const progress: ServerProgress = server.progress();
export const dropped: readonly DroppedUser[] = progress.dropped;
export const roundOptions: RoundOptions = {};
export function output(): ServerOutput | null {
  return server.output();
}
export const input: InputVector = [1];
export const userOptions: UserOptions = { vecLen: 1 };
export const userLocalOptions: UserLocalOptions = {};
export function user(described: DescribedUserOptions): UserWrapper {
  return UserWrapper.fromDescriptor(descriptor, described);
}
export function standing(of: UserWrapper): UserProgress {
  return of.progress();
}
export function sizes(of: MessageSizesInput): Pick<MessageSizes, 'up'> & MessageSizesInput {
  return { ...of, up: 0 };
}
export const codes: readonly CodesOf<'StateError'>[] = ['ERR_SECAGG_STATE'];
export function known(error: AnySecAggError): SecAggError {
  return error;
}
export interface Details {
  readonly base: SecAggErrorOptions;
  readonly protocol: ProtocolErrorDetails;
  readonly dispute: DisputeErrorDetails;
  readonly deal: DisputedDeal;
  readonly store: StoreErrorDetails;
  readonly threshold: ThresholdErrorDetails;
}

export const planned = (request: PlanRequest): Plan => plan(request);
export const session = ({ sessions }: Plan): PlannedSession<Graph> | undefined => sessions[0];
export const bounds = (of: Plan): readonly Bound[] => of.bounds;
export const reasons = (error: PlanError): readonly PlanReason[] => error.reasons;
export const cohorts = (terms: AssignmentTerms): Cohorts => assignCohorts(terms);
export const cohort = (of: Cohorts): Cohort => of.cohort(0, { session: 'week 7' });
export function record(run: CohortSum, of: Cohort, result: CohortResult): void {
  run.record(of.options.session, result);
}

export const newSession: NewSession = { threshold: 2, vecLen: 1 };
export function stores(
  pool: PostgresPool,
  options: PostgresSessionsOptions & PostgresUsersOptions,
): [PostgresSessions, PostgresUsers] {
  return [new PostgresSessions(pool, { schema: options.schema ?? 'secagg' }), new PostgresUsers(pool, options)];
}
export const query = (connection: PoolConnection): Promise<PoolResult> => connection.query('SELECT 1');
export const stored = (sessions: PostgresSessions, id: string): Promise<SessionProgress> => sessions.progress(id);
export const sweep = (sessions: PostgresSessions, options: SweepOptions): Promise<Swept> => sessions.sweep(options);
