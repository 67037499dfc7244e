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
  worstCostOf,
  type Adjacency,
  type AnyPrivateEncoding,
  type Charged,
  type ClippingResult,
  type ClipUpdate,
  type ComponentBounds,
  type Curve,
  type EntryStatus,
  type EpsilonAtOrder,
  type EpsilonDelta,
  type L2Clip,
  type LedgerEntry,
  type LedgerOptions,
  type LedgerProgress,
  type LedgerTerms,
  type Mechanism,
  type PrivacyError,
  type PrivacyPlan,
  type PrivacyTarget,
  type PrivateErrorBound,
  type PrivateHistogram,
  type PrivateHistogramPlan,
  type PrivateMean,
  type PrivateMoments,
  type PrivateMomentsPlan,
  type PrivateQuantile,
  type PrivateQuantiles,
  type PrivateQuantilesPlan,
  type PrivateSum,
  type PrivateWeightedMean,
  type Receipt,
  type ReceiptPart,
  type ReceiptSession,
  type ReceiptTerms,
  type ReleaseCost,
  type Reservation,
  type ResultNoise,
  type Sampler,
  type SamplerError,
  type SettledCost,
  type Spent,
  type Subject,
  type SuppressedHistogram,
  type Suppression,
  type Survivors,
  type VectorPlan,
  type WeightedVectorPlan,
} from 'secagg/dp';
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
  type HistogramData,
  type Mean,
  type RandomSource,
  type RoundingOptions,
  type Sum,
  type Tensors,
  type ValuesOf,
  type WeightedMean,
} from 'secagg/encoding';
import {
  PetCoordinator,
  type ClosedPhase,
  type MaskConfig,
  type PetClient,
  type PetCoordinatorOptions,
  type PetProgress,
} from 'secagg/pet';
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
  type PoolQuery,
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

export const target: PrivacyTarget = { epsilon: 1, delta: 1e-6 };
export const terms: PrivacyPlan = { maxUsers: 10, threshold: 7, target };
export const l2Clip: L2Clip = 1;
export const noisedSum: Encoding<
  ArrayLike<number> | null,
  PrivateSum<Float32Array> & ClippingResult<{ readonly l2Clip: 1; readonly measureClipping: true }>,
  PrivateErrorBound
> = privateSum({ ...terms, length: 2, l2Clip: 1, measureClipping: true });
export const noisedMean: Encoding<
  Tensors<Shapes, ArrayLike<number>> | null,
  PrivateMean<Tensors<Shapes, Float32Array>>,
  PrivateErrorBound
> = privateMean({ ...terms, shapes: { kernel: [2, 2] }, l2Clip });
export const noisedWeightedMean: Encoding<
  ArrayLike<number> | null,
  PrivateWeightedMean<Float32Array>,
  PrivateErrorBound
> = privateWeightedMean({ ...terms, length: 2, l2Clip });
export const noisedHistogram = (of: PrivateHistogramPlan): Encoding<HistogramData | null, PrivateHistogram, PrivateErrorBound> =>
  privateHistogram(of);
export const noisedMoments = (of: PrivateMomentsPlan): Encoding<number | null, PrivateMoments, PrivateErrorBound> =>
  privateMoments(of);
export const noisedQuantiles = (of: PrivateQuantilesPlan): Encoding<number | null, PrivateQuantiles, PrivateErrorBound> =>
  privateQuantiles(of);
export const median = (of: PrivateQuantiles): PrivateQuantile | undefined => of.quantiles[0];
export const shown = (of: PrivateHistogram, least: Suppression): SuppressedHistogram => suppressSmallGroups(of, least);
export const clip = (update: ClipUpdate): number => nextClip(update);
export const receipt = (of: AnyPrivateEncoding, included: ReceiptTerms): Receipt => receiptOf(of, included);
export const cost = (of: AnyPrivateEncoding): ReleaseCost => worstCostOf(of);
export const ledgerOptions: LedgerOptions = { epsilon: 1, delta: 1e-6, adjacency: 'zero-out' };
export const ledger: Ledger = new Ledger(ledgerOptions);
export const spent: Spent = ledger.spent();
export const charged: Charged = spent.divergence;
export const ledgerProgress: LedgerProgress = ledger.progress();
export function settle(of: Reservation, settled: SettledCost): LedgerTerms {
  ledger.reserve(of);
  ledger.settle(of.id, settled);
  return ledger.terms;
}
export interface PrivacyDetails {
  readonly adjacency: Adjacency;
  readonly mechanism: Mechanism;
  readonly sampler: Sampler;
  readonly samplerError: SamplerError;
  readonly noise: ResultNoise;
  readonly part: ReceiptPart;
  readonly session: ReceiptSession;
  readonly bounds: ComponentBounds;
  readonly curve: Curve;
  readonly best: EpsilonAtOrder;
  readonly guarantee: EpsilonDelta;
  readonly entry: LedgerEntry;
  readonly status: EntryStatus;
  readonly survivors: Survivors;
  readonly subject: Subject;
  readonly vector: VectorPlan;
  readonly weighted: WeightedVectorPlan;
  readonly error: PrivacyError;
}

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

export const maskConfig: MaskConfig = { groupType: 'Prime', dataType: 'F32', boundType: 'B0', modelType: 'M3' };
export const petCoordinator = (options: PetCoordinatorOptions): Promise<PetCoordinator> => PetCoordinator.create(options);
export const petProgress = (coordinator: PetCoordinator): PetProgress => coordinator.progress();
export const petClosed = (coordinator: PetCoordinator): Promise<ClosedPhase> => coordinator.close();
export const petParameters = (client: PetClient): Promise<Uint8Array | null> => client.parameters({});

export const newSession: NewSession = { threshold: 2, vecLen: 1 };
export function stores(
  pool: PostgresPool,
  options: PostgresSessionsOptions & PostgresUsersOptions,
): [PostgresSessions, PostgresUsers] {
  return [new PostgresSessions(pool, { schema: options.schema ?? 'secagg' }), new PostgresUsers(pool, options)];
}
export const query = (connection: PoolConnection, types: PoolQuery['types']): Promise<PoolResult> =>
  connection.query({ text: 'SELECT 1', types });
export const stored = (sessions: PostgresSessions, id: string): Promise<SessionProgress> => sessions.progress(id);
export const sweep = (sessions: PostgresSessions, options: SweepOptions): Promise<Swept> => sessions.sweep(options);
