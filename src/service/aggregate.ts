// From plain JSON to a plan: the same aggregate, number of users and session make the same plan on every machine.
import { systemRandom } from '../crypto/random.ts';
import { receiptOf, worstCostOf, type Receipt } from '../dp/receipt.ts';
import { Release } from '../dp/release.ts';
import type { AnyEncoding } from '../encoding/combine.ts';
import { checkFunction, checkInteger, checkNames, checkString, kindOf } from '../leaves/checks.ts';
import { StateError } from '../leaves/errors.ts';
import { once } from '../leaves/once.ts';
import { typedBytes } from '../leaves/typed-bytes.ts';
import { MAX_USERS } from '../session/parameters.ts';
import { encodingOf } from './aggregate-encoding.ts';
import { parseAggregate } from './aggregate-form.ts';
import { integersPlan } from './aggregate-integers.ts';
import type { Aggregate } from './aggregate-kinds.ts';
import type { AggregatePlan, DecodeTerms, PlanTerms } from './aggregate-plan.ts';

export { parseAggregate } from './aggregate-form.ts';
export type { Aggregate } from './aggregate-kinds.ts';
export type { AggregatePlan } from './aggregate-plan.ts';

/**
 * The canonical bytes of an aggregate, for digests. Two aggregates have the same bytes only if they are equal; an option that is given
 * its default is not equal to one that is left out.
 *
 * @throws StateError as {@link parseAggregate}.
 */
export function aggregateBytes(aggregate: Aggregate): Uint8Array {
  return typedBytes(parseAggregate(aggregate), 'aggregate');
}

/**
 * The plan of an aggregate for one session.
 *
 * @param aggregate is checked like JSON that comes from anybody.
 * @throws StateError ERR_SECAGG_STATE if it is no aggregate, or no plan can be made with its options; EncodingError
 * ERR_SECAGG_RING_SIZE, ERR_SECAGG_VECTOR_SIZE, ERR_SECAGG_NO_VALUES, ERR_SECAGG_EXACT_PART; PrivacyError ERR_SECAGG_PRIVACY_TARGET.
 * @throws TypeError, RangeError that name one of the terms.
 */
export function planOf(aggregate: Aggregate, terms: PlanTerms): AggregatePlan {
  checkNames(terms, 'terms', ['maxUsers', 'session', 'graph', 'security', 'random']);
  const maxUsers = checkInteger(terms.maxUsers, 'terms.maxUsers', 1, MAX_USERS);
  const session = checkString(terms.session, 'terms.session');
  const { random = systemRandom, graph, security } = terms;
  const drawn = { ...(graph !== undefined && { graph }), ...(security !== undefined && { security }) };
  checkFunction(random, 'terms.random');
  // In one order of fields, on which the name of a session may depend.
  const parsed = parseAggregate(aggregate);
  if (parsed.kind === 'integers') return integersPlan(parsed, { maxUsers, session, ...drawn });
  return encodingPlan(
    made(() => encodingOf(parsed, { maxUsers, session, random })),
    drawn,
  );
}

function encodingPlan(encoding: AnyEncoding, drawn: Pick<PlanTerms, 'graph' | 'security'>): AggregatePlan {
  const { noise, weighted, correlated } = encoding.statistic;
  const threshold = noise?.agreed.threshold;
  const cost = once(() => (noise === null ? null : worstCostOf(encoding)));
  return {
    vecLen: encoding.vecLen,
    options: { ...encoding.options, ...drawn },
    threshold: threshold ?? null,
    takesWeight: weighted,
    takesPlace: correlated,
    addsNoise: noise?.agreed.noiseFrom === 'server',
    showsExactSums: noise?.agreed.noiseFrom !== 'users' || noise.publicParts.length > 0,
    get cost() {
      return cost();
    },
    worstEpsilon: (delta) =>
      typeof threshold === 'number' ? receiptOf(encoding, { included: [threshold], delta }).worstEpsilon : 0,
    forCohort: (session) => encodingPlan(encoding.forCohort(session), drawn),
    encode: (data, { weight, place } = {}) => encoding.encode(data, weight, place),
    decode(sum, about) {
      const included = includedOf(about);
      const users = included.reduce((total, each) => total + each, 0);
      const result = encoding.decode(sum, 'cohorts' in about ? { users, cohorts: included.length } : { users });
      return { result, receipt: noise === null ? null : receiptFor(encoding, included, about.delta) };
    },
  };
}

/** What is wrong with an option is told of the aggregate, which is data and no argument of the program. */
function made(make: () => AnyEncoding): AnyEncoding {
  try {
    return make();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw new StateError(`aggregate: ${error.message}`);
    throw error;
  }
}

/** The users of each session in a sum. */
function includedOf(about: DecodeTerms): readonly number[] {
  checkNames(about, 'about', ['users', 'cohorts', 'delta']);
  const given: unknown = 'cohorts' in about ? about.cohorts : [about.users];
  if (!Array.isArray(given)) throw new TypeError(`about.cohorts: expected a list of numbers, got ${kindOf(given)}`);
  return Array.from(given, (users: unknown, i) => {
    return checkInteger(users, 'cohorts' in about ? `about.cohorts[${i}]` : 'about.users', 1, MAX_USERS);
  });
}

function receiptFor(encoding: AnyEncoding, included: readonly number[], given: number | undefined): Receipt {
  const release = encoding.statistic.noise?.parts[0]?.release;
  const hasTarget = release instanceof Release && release.terms.strength.kind === 'target';
  const delta = given ?? (hasTarget ? undefined : 1 / (100 * encoding.options.maxUsers));
  return receiptOf(encoding, delta === undefined ? { included } : { included, delta });
}
