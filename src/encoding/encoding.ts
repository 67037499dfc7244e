// The class of all encodings: a plan with its ring, which is computed with exact integers so that no sum of `maxUsers` users can
// wrap, and with the digest by which all parties of a session agree on it.
import { hex, utf8 } from '../leaves/bytes.ts';
import { sha256 } from '../crypto/digest.ts';
import { bytesOrText, checkInteger, checkNames, checkString, kindOf } from '../leaves/checks.ts';
import { typedArrayOf } from '../leaves/typed-arrays.ts';
import type { SumVector } from '../masking/vector.ts';
import { bindToSession } from '../session/noised-vectors.ts';
import { mostComponents } from '../session/parameters.ts';
import { zeroComponents } from './components.ts';
import { EncodingError } from './encoding-error.ts';
import {
  layoutOf,
  leastBits,
  type ErrorTerms,
  type LayoutEntry,
  type NoiseSession,
  type PlacedStatistic,
  type Statistic,
  type SumTerms,
  type Weights,
} from './statistic.ts';
import type { Strata } from './strata.ts';

/** What a user hands to `UserWrapper`. */
export interface Encoded {
  /** `vecLen` integers: `Int32Array` if `bits` ≤ 32, else `BigInt64Array`. */
  readonly vector: SumVector;
  /** How many values were outside the range of the plan and were moved to its edge. */
  readonly clipped: number;
}

/** The `SessionOptions` that follow from an encoding. Server and users are given the same. */
export interface EncodingOptions extends Partial<NoiseSession> {
  /** Names the encoding with all its parameters, so that the first message of a party with others is refused. */
  readonly session: string;
  /** Ring Z_2^bits of every component. */
  readonly bits: number;
  /** Most users that may take part. */
  readonly maxUsers: number;
}

/** A user's number and the seed of a session, for `'correlated'` rounding. */
export interface Place {
  /** The user's number, 0 to maxUsers − 1. It differs for each user of a session; errors of equal numbers add up instead of cancelling. */
  readonly slot: number;
  /** The same for all users of a session, and another in each session; for example its name. It is no secret. */
  readonly seed: string | Uint8Array;
}

const MAX_BITS = 64;
const MAX_COHORTS = 2 ** 20;
const SUM_NAMES = ['users', 'cohorts'] as const;

/** The place of a user whose encoding takes none. */
const NOWHERE: Strata = { slot: 0, seed: new Uint8Array(0) };

/**
 * A plan that turns users' data into vectors of integers, and their sum into the answer. `weightedMean`, `mean`, `sum`,
 * `histogram`, `fixedPoint` and `combine` make it. It holds no data, so that one object serves all users of a session. Each run
 * needs a plan of its own, with its own `session`.
 */
export class Encoding<Data, Result, Bound> {
  /** Number of components of the vector. */
  readonly vecLen: number;
  /** Bits of the ring Z_2^bits: the least in which the sum of `maxUsers` users can never wrap. */
  readonly bits: number;
  /** For `new ServerWrapper(threshold, vecLen, options)` and for each `UserWrapper`. */
  readonly options: EncodingOptions;
  /** Where each statistic lies in the vector, and what it costs. */
  readonly layout: readonly LayoutEntry[];
  /** The statistic, which `combine` places in another vector. @internal */
  readonly statistic: Statistic<Data, Result, Bound>;
  readonly #placed: PlacedStatistic<Data, Result, Bound>;

  /** @param session the name of a cohort's session, instead of the plan's own. @internal */
  constructor(statistic: Statistic<Data, Result, Bound>, session?: string) {
    const { maxUsers, span } = statistic;
    const bits = leastBits(statistic);
    if (bits > MAX_BITS) {
      throw new EncodingError(
        'ERR_SECAGG_RING_SIZE',
        `sums of up to ±${span} of ${maxUsers} users need a ring of ${bits} bits; the widest has ${MAX_BITS}`,
        { element: 'plan', value: bits, limits: [1, MAX_BITS] },
      );
    }
    const digest = sha256([utf8(JSON.stringify(statistic.description))]);
    const placement = { bits, digest, offset: 0, path: [] };
    this.statistic = statistic;
    this.#placed = statistic.place(placement);
    this.vecLen = this.#placed.length;
    const most = mostComponents(bits);
    if (this.vecLen > most) {
      const message = `expected at most ${most} components of ${bits} bits, as a session has, got ${this.vecLen}`;
      const details = { element: 'plan', value: this.vecLen, limits: [1, most] } as const;
      throw new EncodingError('ERR_SECAGG_VECTOR_SIZE', message, details);
    }
    this.bits = bits;
    this.options = { session: session ?? `secagg/encoding 1 ${hex(digest)}`, bits, maxUsers, ...statistic.noise?.session };
    this.layout = layoutOf(statistic, placement, this.#placed);
  }

  /**
   * The same plan for the session of one cohort, whose `options` are those of that session. The sums of all cohorts are added, and the total
   * is decoded by this plan.
   *
   * @param session `options.session` of the cohort, of a draw whose run has this plan's `options.session` as its context.
   * @throws TypeError if it is no text; RangeError if it is empty.
   */
  forCohort(session: string): Encoding<Data, Result, Bound> {
    return new Encoding(this.statistic, checkString(session, 'session', { least: 1 }));
  }

  /**
   * Encodes one user's data as a vector.
   *
   * @param data of the form of the plan: an array of its `length`, or its named tensors. It is not kept. `null` if the user has
   * nothing to contribute, except to a `mean`, which counts every user.
   * @param weight of the user, in [0, maxWeight], if the encoding is weighted: one number, or in a combination one by name. A
   * user with the weight 0 contributes nothing: its values are not read, whatever they are, and may be `null`.
   * @param place of the user, if the plan's rounding is `'correlated'`.
   * @returns a fresh vector, and how many values were clipped. A vector with noise may be given to one user of one session.
   * @throws EncodingError `ERR_SECAGG_VALUE` for a value that is NaN or infinite, no integer, or in no bin; `ERR_SECAGG_WEIGHT`
   * for a weight out of range. TypeError, RangeError that name the element: not a number; wrong lengths, shapes or names; a weight
   * or a place that is missing or not taken by the encoding. Cost: linear in the length.
   */
  encode(data: Data, weight?: Weights, place?: Place): Encoded {
    if (this.statistic.weighted) given(weight, 'weight');
    else notAskedFor(weight, 'weight');
    const strata = this.#strata(place);
    const vector = zeroComponents(this.bits, this.vecLen);
    const clipped = this.#placed.write(data, { weight, strata }, vector);
    if (this.statistic.noise !== null) bindToSession(vector, this.options.session);
    return { vector, clipped };
  }

  #strata(place: Place | undefined): Strata {
    if (!this.statistic.correlated) {
      notAskedFor(place, 'place');
      return NOWHERE;
    }
    const known = given(place, 'place');
    checkNames(known, 'place', ['slot', 'seed']);
    const { slot, seed } = known;
    const bytes = bytesOrText(seed, 'place.seed');
    checkInteger(slot, 'place.slot', 0, this.statistic.maxUsers - 1);
    return { slot, seed: bytes };
  }

  /**
   * Decodes the sum of some users' vectors.
   *
   * @param sum as `ServerOutputWrapper.getVector()` gives it, or with `cohorts` as `CohortSum.total()` does. It is not changed.
   * @param terms `users`: number of users in the sum, the length of `progress().included`; `cohorts`: number of sessions in the
   * sum, the length of `CohortSum.progress().done`.
   * @returns the result. In a combination of which a part has only weights of zero, that part has the `totalWeight` 0, and reading
   * its `mean` throws EncodingError `ERR_SECAGG_ZERO_WEIGHT`.
   * @throws EncodingError `ERR_SECAGG_ZERO_WEIGHT` if the weights add up to zero and the plan has no other part;
   * `ERR_SECAGG_SUM_RANGE` if honest users cannot have made this sum; TypeError, RangeError for a sum of another plan, or for fewer users than
   * the threshold of a plan with noise, or more than `maxUsers`.
   */
  decode(sum: SumVector, terms: SumTerms): Result {
    const users = this.#usersIn(terms, SUM_NAMES);
    const ofCohorts = terms.cohorts !== undefined;
    const narrow = this.bits <= 32 && !ofCohorts;
    const components: SumVector | null = typedArrayOf(sum, narrow ? 'Int32Array' : 'BigInt64Array', 'sum');
    if (components === null) {
      const expected = narrow ? 'an Int32Array' : 'a BigInt64Array';
      const source = ofCohorts ? 'cohorts add up to' : `a ring of ${this.bits} bits gives`;
      throw new TypeError(`sum: expected ${expected}, as ${source}, got ${kindOf(sum)}`);
    }
    if (components.length !== this.vecLen) {
      throw new RangeError(`sum: expected ${this.vecLen} components, got ${components.length}`);
    }
    const { result, nothing } = this.#placed.read(components, users, ofCohorts);
    if (nothing !== null) throw nothing;
    return result;
  }

  /**
   * The largest errors of the result, without those from clipping values outside the range of the plan.
   *
   * @param terms `users` and `cohorts` as for {@link decode}, and `totalWeight` if the encoding is weighted. Errors are in inverse
   * proportion to it, and infinite if it is 0.
   */
  errorBound(terms: ErrorTerms): Bound {
    this.#usersIn(terms, [...SUM_NAMES, 'totalWeight']);
    if (this.statistic.weighted) given(terms.totalWeight, 'totalWeight');
    else notAskedFor(terms.totalWeight, 'totalWeight');
    return this.#placed.errorBound(terms);
  }

  #usersIn(terms: SumTerms, names: readonly string[]): number {
    checkNames(terms, 'terms', names);
    const cohorts = checkInteger(terms.cohorts ?? 1, 'cohorts', 1, MAX_COHORTS);
    const { maxUsers, noise } = this.statistic;
    // No sum over fewer users than the threshold is ever unmasked, and noise is made for no fewer.
    return checkInteger(terms.users, 'users', cohorts * (noise?.agreed.threshold ?? 1), cohorts * maxUsers);
  }
}

function given<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new TypeError(`${name}: missing, and this encoding takes one`);
  return value;
}

/** Refuses a value that would have no effect, although the caller expects one. */
function notAskedFor(value: unknown, name: string): void {
  if (value !== undefined) throw new TypeError(`${name}: this encoding takes none, got ${kindOf(value)}`);
}
