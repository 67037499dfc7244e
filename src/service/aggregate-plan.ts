// What a plan that was made of an aggregate can do, whatever its kind.
import type { RandomSource } from '../crypto/random.ts';
import type { ReleaseCost } from '../dp/ledger/costs.ts';
import type { Receipt } from '../dp/receipt.ts';
import type { Encoded, Place } from '../encoding/encoding.ts';
import type { Weights } from '../encoding/statistic.ts';
import type { SumVector } from '../masking/vector.ts';
import type { SessionOptions, SparseGraph } from '../session/parameters.ts';

/** What a session gives to a plan. */
export interface PlanTerms {
  /** Most users of a session. */
  readonly maxUsers: number;
  /** The context of the session. All parties must agree on it. */
  readonly session: string;
  /** The sparse graph of the session, if it has one. */
  readonly graph?: SparseGraph;
  /** The security of the graph, if there is one. */
  readonly security?: number;
  /** Replaces the platform's cryptographic generator for rounding and noise. For reproducible tests only. */
  readonly random?: RandomSource;
}

/** The options of a session of a plan. All parties are given the same. */
interface PlanOptions extends SessionOptions {
  /** Stands for the plan with all its parameters, and for the context. */
  readonly session: string;
  readonly bits: number;
  readonly maxUsers: number;
}

/** What a user gives beside its data. */
export interface EncodeTerms {
  /** If the plan `takesWeight`. */
  readonly weight?: Weights | undefined;
  /** If the plan `takesPlace`. */
  readonly place?: Place | undefined;
}

/** Which users are in a sum. */
export type DecodeTerms = (
  | {
      /** Number of users in the sum of one session. */
      readonly users: number;
    }
  | {
      /** For the total of `secagg/cohorts`: the number of users of each cohort that is in it. */
      readonly cohorts: readonly number[];
    }
) & {
  /** The δ of the receipt. Default: that of the plan's target; without a target, one over a hundred times `maxUsers`. */
  readonly delta?: number;
};

/** A decoded sum. */
interface Decoded {
  /** What `decode` of the plan gives; for `'integers'` the sum itself. */
  readonly result: unknown;
  /** What the sum has cost in privacy; null if it carries no noise. */
  readonly receipt: Receipt | null;
}

/** How data of an aggregate become vectors of one session, and how their sum becomes a result. */
export interface AggregatePlan {
  /** Number of components of the vectors. */
  readonly vecLen: number;
  readonly options: PlanOptions;
  /** The threshold that the noise is made for; null if any will do. */
  readonly threshold: number | null;
  /** Whether `decode` adds noise: fresh noise each time, unless it is told where to take it from. */
  readonly addsNoise: boolean;
  /** Whether `encode` takes a weight. */
  readonly takesWeight: boolean;
  /** Whether `encode` takes a place, for `'correlated'` rounding. */
  readonly takesPlace: boolean;
  /** What a session costs a user at worst, for `Ledger.reserve`; null if the sum carries no noise. */
  readonly cost: ReleaseCost | null;
  /** The ε of one session at worst, for a δ: by its loss distribution, if that is known and says less than its curve. 0 if the sum carries no noise. */
  worstEpsilon(delta: number): number;
  /**
   * Whether the server sees exact sums of users' data: of all, if no noise is added or if the server adds it, or of parts that are said to be
   * public. `cost` counts none of them.
   */
  readonly showsExactSums: boolean;
  /**
   * The same plan for the session of one cohort. Its sums are added, and this plan decodes the total.
   *
   * @param session the name of the cohort's session.
   */
  forCohort(session: string): AggregatePlan;
  /**
   * Encodes one user's data as a vector, which goes into one session.
   *
   * @param data as `encode` of the plan takes it; for `'integers'` the components, as numbers or bigints.
   * @throws EncodingError, TypeError, RangeError that name the element, as `encode` of the plan.
   */
  encode(data: unknown, given?: EncodeTerms): Encoded;
  /**
   * Decodes a sum. A receipt comes with it if it carries noise.
   *
   * @throws EncodingError ERR_SECAGG_ZERO_WEIGHT, ERR_SECAGG_SUM_RANGE; TypeError, RangeError for a sum of another plan.
   */
  decode(sum: SumVector, about: DecodeTerms): Decoded;
}
