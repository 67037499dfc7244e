// What every encoding is to the caller: a plan with its ring, computed with exact integers so that no sum of `maxUsers`
// users can wrap, and the digest by which all parties of a session agree on it.
import { copyOf, hex, utf8 } from '../leaves/bytes.ts';
import { fingerprint } from '../crypto/digest.ts';
import { SecAggError, type CodesOf } from '../leaves/errors.ts';
import { checkInteger, checkObject, kindOf } from '../leaves/checks.ts';
import { zeroComponents, type Components } from './components.ts';
import {
  layoutOf,
  leastBits,
  type ErrorTerms,
  type LayoutEntry,
  type Part,
  type PlacedPart,
  type SumTerms,
  type Weights,
} from './part.ts';
import type { Strata } from './strata.ts';

/** What a user hands to `UserWrapper`. */
export interface Encoded {
  /** `vecLen` integers: `Int32Array` where `bits` ≤ 32, else `BigInt64Array`. */
  readonly vector: Components;
  /** How many values lay outside the range of the plan and were moved to its edge. */
  readonly clipped: number;
}

/** The `SessionOptions` that follow from an encoding; servers and users are given the same. */
export interface EncodingOptions {
  /** Names the encoding with all its parameters, so that parties with different ones notice at once. */
  readonly session: string;
  /** Ring Z_2^bits of every component. */
  readonly bits: number;
  /** Most users that may take part. */
  readonly maxUsers: number;
}

/** A user's place in `'correlated'` rounding. */
export interface Place {
  /** The user's number, 0 to maxUsers − 1: a different one for each user of the session, or errors add up instead of cancelling. */
  readonly slot: number;
  /** The same for all users of a session, and another in each session: its name, for example. It is no secret. */
  readonly seed: string | Uint8Array;
}

/** The sum cannot be decoded. */
export class EncodingError extends SecAggError {
  /** The stable code; docs/errors.md explains it. */
  declare readonly code: CodesOf<'EncodingError'>;

  constructor(code: CodesOf<'EncodingError'>, message: string) {
    super(code, message);
  }
}

/** The sum is none that honest users make: somebody sent what no encoder gives. */
export function outOfRange(path: string): EncodingError {
  return new EncodingError('ERR_SECAGG_SUM_RANGE', `${path}: outside what the users in the sum can add up to`);
}

const MAX_BITS = 64;
const MAX_COHORTS = 2 ** 20;

/** Stands for the place of a user whose encoding asks for none. */
const NOWHERE: Strata = { slot: 0, seed: new Uint8Array(0) };

/**
 * A plan for turning users' data into vectors of integers and their sum into the answer. Made by `weightedMean`, `mean`,
 * `sum`, `histogram`, `fixedPoint` and `combine`; holds no data, so that one object serves all users
 * of a session. Each run wants a plan of its own, with its own `session`.
 */
export class Encoding<Data, Result, Bound> {
  /** Components of the vector. */
  readonly vecLen: number;
  /** Ring Z_2^bits: the least in which the sum of `maxUsers` users can never wrap. */
  readonly bits: number;
  /** For `new ServerWrapper(threshold, vecLen, options)` and for each `UserWrapper`. */
  readonly options: EncodingOptions;
  /** Where each part lies. */
  readonly layout: readonly LayoutEntry[];
  /** What `combine` places anew. @internal */
  readonly part: Part<Data, Result, Bound>;
  readonly #placed: PlacedPart<Data, Result, Bound>;

  /** @internal */
  constructor(part: Part<Data, Result, Bound>) {
    const { maxUsers, reach } = part;
    const bits = leastBits(part);
    if (bits > MAX_BITS) {
      throw new RangeError(
        `plan: components of up to ±${reach} from ${maxUsers} users need a ring of ${bits} bits; ` + `the widest has ${MAX_BITS}`,
      );
    }
    const placement = { bits, offset: 0, path: [] };
    this.part = part;
    this.#placed = part.place(placement);
    this.vecLen = this.#placed.length;
    this.bits = bits;
    const digest = hex(fingerprint(utf8(JSON.stringify(part.description))));
    this.options = { session: `secagg/encoding 1 ${digest}`, bits, maxUsers };
    this.layout = layoutOf(part, placement, this.#placed);
  }

  /**
   * One user's data as a vector.
   *
   * @param data as the plan has it: an array of its `length`, or its named tensors. Not kept.
   * @param weight of the user, in (0, maxWeight], where the encoding is weighted: one number, or in a combination one by name.
   * @param place of the user, where the plan's rounding is `'correlated'`.
   * @returns a fresh vector, and how many values were clipped.
   * @throws TypeError, RangeError that name the element: not a number, NaN, infinite; wrong lengths, shapes or names;
   * a weight or a place that is missing, out of range or not asked for. Cost: linear in the length.
   */
  encode(data: Data, weight?: Weights, place?: Place): Encoded {
    if (this.part.weighted) given(weight, 'weight');
    else notAskedFor(weight, 'weight');
    const strata = this.#strata(place);
    const vector = zeroComponents(this.bits, this.vecLen);
    const clipped = this.#placed.write(data, { weight, strata }, vector);
    return { vector, clipped };
  }

  #strata(place: Place | undefined): Strata {
    if (!this.part.correlated) {
      notAskedFor(place, 'place');
      return NOWHERE;
    }
    const { slot, seed } = given(place, 'place');
    if (typeof seed !== 'string' && !(seed instanceof Uint8Array)) {
      throw new TypeError(`place.seed: expected a string or a Uint8Array, got ${kindOf(seed)}`);
    }
    checkInteger(slot, 'place.slot', 0, this.part.maxUsers - 1);
    return { slot, seed: typeof seed === 'string' ? utf8(seed) : copyOf(seed) };
  }

  /**
   * What the sum of some users' vectors says.
   *
   * @param sum as `ServerOutputWrapper.getVector()` gives it, or with `cohorts` as `CohortSum.total()` does; not changed.
   * @param terms `users`: how many users are in the sum, which `progress().included` tells; `cohorts`: over how many
   * sessions, which `CohortSum.progress().done` tells.
   * @throws EncodingError `ERR_SECAGG_ZERO_WEIGHT` where the weights add up to zero; `ERR_SECAGG_SUM_RANGE` where no
   * honest users could have made this sum; TypeError, RangeError for a sum of another plan.
   */
  decode(sum: Components, terms: SumTerms): Result {
    const users = this.#usersIn(terms);
    const ofCohorts = terms.cohorts !== undefined;
    const narrow = this.bits <= 32 && !ofCohorts;
    if (!(narrow ? sum instanceof Int32Array : sum instanceof BigInt64Array)) {
      const expected = narrow ? 'an Int32Array' : 'a BigInt64Array';
      const source = ofCohorts ? 'cohorts add up to' : `a ring of ${this.bits} bits gives`;
      throw new TypeError(`sum: expected ${expected}, as ${source}`);
    }
    if (sum.length !== this.vecLen) {
      throw new RangeError(`sum: expected ${this.vecLen} components, got ${sum.length}`);
    }
    return this.#placed.read(sum, users);
  }

  /**
   * How exact the result will be; besides it, values outside the range of the plan are clipped.
   *
   * @param terms `users` and `cohorts` as for {@link decode}, and where the encoding is weighted the `totalWeight`, to which
   * errors are in inverse proportion.
   */
  errorBound(terms: ErrorTerms): Bound {
    this.#usersIn(terms);
    if (this.part.weighted) given(terms.totalWeight, 'totalWeight');
    else notAskedFor(terms.totalWeight, 'totalWeight');
    return this.#placed.errorBound(terms);
  }

  #usersIn(terms: SumTerms): number {
    checkObject(terms, 'terms');
    const cohorts = checkInteger(terms.cohorts ?? 1, 'cohorts', 1, MAX_COHORTS);
    return checkInteger(terms.users, 'users', 1, cohorts * this.part.maxUsers);
  }
}

function given<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new TypeError(`${name}: missing, and this encoding needs one`);
  return value;
}

/** A caller that gives a weight believes in a weighting, which would not happen. */
function notAskedFor(value: unknown, name: string): void {
  if (value !== undefined) throw new TypeError(`${name}: this encoding takes none`);
}
