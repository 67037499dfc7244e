// What a sum has cost its users in privacy, computed from those who were there.
//
// A receipt holds for one release. The users of a sum (U3) are fixed before anything is unmasked, and depend neither on the noise nor,
// this is an assumption, on the data: users that drop out because of what their data is are not covered.
import { Encoding } from '../encoding/encoding.ts';
import { checkInteger, checkNames, checkPositive, checkObject, kindOf } from '../leaves/checks.ts';
import { largest, type Curve } from './accounting/curve.ts';
import type { ReleaseCost } from './ledger/costs.ts';
import type { Adjacency } from './mechanism.ts';
import type { PrivacyTerms } from './privacy-terms.ts';
import { Release } from './release.ts';
import { sessionCurve, sessionEpsilon, type ReceiptPart } from './session-cost.ts';

/** The users in one session. */
export interface ReceiptSession {
  /** Users in the sum. */
  readonly users: number;
  /** Independent noises in the sum that colluders do not know. */
  readonly noises: number;
}

/** What a sum has cost in privacy. It is plain JSON. */
export interface Receipt {
  /** Version of this form. */
  readonly version: 1;
  /** The option `session` of the sessions, which is a digest of the plan. */
  readonly session: string;
  /** Which sums look alike. */
  readonly adjacency: Adjacency;
  /** Who adds the noise. */
  readonly noiseFrom: 'users' | 'server';
  /** The fewest users that a sum can have. */
  readonly threshold: number;
  /** Users whose noise does not count. */
  readonly colluders: number;
  /** One session, or that of each cohort. */
  readonly sessions: readonly ReceiptSession[];
  /** The parts with noise. */
  readonly parts: readonly ReceiptPart[];
  /** Parts whose sums are exact and said to be no secret. */
  readonly publicParts: readonly string[];
  /** The Rényi divergence between neighbors: at each order that of the session which costs its users most. */
  readonly curve: Curve;
  /** The probability, added to δ, that chance puts too many colluders around a user. */
  readonly chance: number;
  /** δ of this release. */
  readonly delta: number;
  /**
   * What gave the least ε: `'renyi'`, the curve; or `'loss-distribution'`, which can be computed if one part is all, of which two vectors of a
   * user differ in few components, and is exact if its caps are reached. The curve holds in any case.
   */
  readonly accounting: 'renyi' | 'loss-distribution';
  /** ε of this release at `delta`. A user is in one session, so that this is its loss and not a sum over cohorts. */
  readonly epsilon: number;
  /** ε at `delta` if only as many users were there as the threshold demands. */
  readonly worstEpsilon: number;
  /** What should not be as it is, in words. */
  readonly warnings: readonly string[];
}

/** Which sum a receipt is for. */
export interface ReceiptTerms {
  /** Number of users in the sum, `progress().included.length`: one number, or one for each cohort. */
  readonly included: readonly number[];
  /** The δ at which ε is told. Default: that of the plan's target. */
  readonly delta?: number;
}

/** A plan, of whatever data, whose sums carry noise. */
export type AnyPrivateEncoding = Encoding<never, unknown, unknown>;

/** The releases of a plan, and the terms that all of them share. */
interface PlanReleases {
  readonly session: string;
  readonly terms: PrivacyTerms;
  readonly parts: readonly ReceiptPart[];
  readonly publicParts: readonly string[];
}

export function releasesOf(plan: AnyPrivateEncoding): PlanReleases {
  if (!(plan instanceof Encoding)) throw new TypeError(`plan: expected an encoding, got ${kindOf(plan)}`);
  const { noise } = plan.statistic;
  const releases = (noise?.parts ?? []).map(({ path, release }) => ({ path, release: releaseOf(release) }));
  const [first] = releases;
  if (noise === null || first === undefined)
    throw new TypeError('plan: expected one with noise, as secagg/dp makes, got an exact one');
  const parts = releases.map(({ path, release }) => partOf(path, release));
  return { session: plan.options.session, terms: first.release.terms, parts, publicParts: noise.publicParts };
}

/**
 * The receipt of a sum.
 *
 * @throws TypeError if no part of the plan carries noise; RangeError for fewer users than the threshold or more than `maxUsers`;
 * TypeError without a δ.
 * @example
 * ```js
 * import { privateMean, receiptOf } from 'secagg/dp';
 *
 * const terms = { maxUsers: 100, threshold: 67, colluders: 5, target: { epsilon: 1, delta: 1e-6 } };
 * const plan = privateMean({ ...terms, length: 10, l2Clip: 1, session: 'week 7' });
 * const receipt = receiptOf(plan, { included: [90] });
 * console.log(receipt.epsilon.toFixed(2), receipt.worstEpsilon.toFixed(2)); // prints: 0.84 1.00
 * ```
 */
export function receiptOf(plan: AnyPrivateEncoding, given: ReceiptTerms): Receipt {
  const { session, terms, parts, publicParts } = releasesOf(plan);
  checkNames(given, 'terms', ['included', 'delta']);
  const { adjacency, noiseFrom, threshold, colluders, strength, chance, maxUsers } = terms;
  const delta = given.delta ?? (strength.kind === 'target' ? strength.target.delta : undefined);
  return assess({
    version: 1,
    ...{ session, adjacency, noiseFrom, threshold, colluders, chance },
    sessions: sessionsOf(includedUsers(given.included, threshold, maxUsers), { noiseFrom, colluders }),
    ...{ parts, publicParts },
    delta: checkPositive(delta, 'delta', 1),
  });
}

/**
 * What a session of a plan costs at worst, for `Ledger.reserve`: with as few users as the threshold allows. What samplers add to δ grows with
 * the users, so that it is that of `maxUsers`.
 *
 * @throws TypeError if no part of the plan carries noise.
 * @example
 * ```js
 * import { Ledger, privateMean, worstCostOf } from 'secagg/dp';
 *
 * const terms = { maxUsers: 100, threshold: 67, colluders: 5, target: { epsilon: 1, delta: 1e-6 } };
 * const plan = privateMean({ ...terms, length: 10, l2Clip: 1, session: 'week 7' });
 * const ledger = new Ledger({ epsilon: 3, delta: 1e-6, adjacency: 'zero-out' });
 * ledger.reserve({ id: 'week 7', ...worstCostOf(plan) }); // before round 2
 * console.log(ledger.spent().epsilon < 3); // prints: true
 * ```
 */
export function worstCostOf(plan: AnyPrivateEncoding): ReleaseCost {
  const { session, terms, parts } = releasesOf(plan);
  const { minHonest: fewest, mostHonest } = terms;
  const curve = largest([fewest, mostHonest].map((noises) => sessionCurve(parts, { noises, fewest })));
  return { adjacency: terms.adjacency, binding: session, curve, failureProbability: terms.chance };
}

/**
 * What a release has cost, for `Ledger.settle`. It is what the receipt says: {@link verifyReceipt} checks a receipt that somebody else made.
 *
 * @throws TypeError unless it is an object.
 * @example
 * ```js
 * import { costOf, Ledger, privateMean, receiptOf, worstCostOf } from 'secagg/dp';
 *
 * const terms = { maxUsers: 100, threshold: 67, colluders: 5, target: { epsilon: 1, delta: 1e-6 } };
 * const plan = privateMean({ ...terms, length: 10, l2Clip: 1, session: 'week 7' });
 * const ledger = new Ledger({ epsilon: 3, delta: 1e-6, adjacency: 'zero-out' });
 * ledger.reserve({ id: 'week 7', ...worstCostOf(plan) });
 * const reserved = ledger.spent().epsilon;
 * ledger.sent('week 7');
 * ledger.settle('week 7', { ...costOf(receiptOf(plan, { included: [90] })), survivors: 'verified' });
 * console.log(ledger.spent().epsilon < reserved); // prints: true
 * ```
 */
export function costOf(receipt: Receipt): ReleaseCost {
  checkObject(receipt, 'receipt');
  const { adjacency, session, curve, chance } = receipt;
  return { adjacency, binding: session, curve, failureProbability: chance };
}

export function sessionsOf(
  included: readonly number[],
  { noiseFrom, colluders }: Pick<Receipt, 'noiseFrom' | 'colluders'>,
): ReceiptSession[] {
  return included.map((users) => ({ users, noises: noiseFrom === 'server' ? 1 : users - colluders }));
}

/** What ε and the rest of a receipt are computed from. */
export type Facts = Omit<Receipt, 'curve' | 'accounting' | 'epsilon' | 'worstEpsilon' | 'warnings'>;

/** What a receipt says, computed from its facts. */
export function assess(facts: Facts): Receipt {
  const { sessions, parts, delta } = facts;
  const fewest = fewestNoises(facts);
  const users = sessions.reduce((sum, session) => sum + session.users, 0);
  const least = leastNoises(facts);
  return {
    ...facts,
    curve: largest(sessions.map(({ noises }) => sessionCurve(parts, { noises, fewest }))),
    ...sessionEpsilon(facts, { noises: least, fewest }, delta),
    warnings: delta * users < 1 ? [] : [`delta: ${delta} is not below one over the number of users, ${users}`],
  };
}

/** Noises that colluders do not know in the session that has fewest of them. */
export function leastNoises({ sessions }: Pick<Facts, 'sessions'>): number {
  return Math.min(...sessions.map(({ noises }) => noises));
}

/** The fewest noises that colluders do not know in any sum. */
export function fewestNoises({ noiseFrom, threshold, colluders }: Pick<Facts, 'noiseFrom' | 'threshold' | 'colluders'>): number {
  return noiseFrom === 'server' ? 1 : threshold - colluders;
}

function releaseOf(release: object): Release {
  if (release instanceof Release) return release;
  throw new TypeError('plan: expected one of this copy of secagg/dp');
}

function partOf(path: readonly string[], release: Release): ReceiptPart {
  const { mechanism, sampler } = release.terms;
  const { variance, dimensions, l2Squared, l1, samplerError } = release.sumWith(1);
  const { grid, standardDeviation } = release;
  return {
    ...{ name: path.join('.'), mechanism, sampler, variance, standardDeviation, samplerError, dimensions },
    ...{ l2Squared, l1, bounds: grid.bounds },
  };
}

function includedUsers(included: unknown, threshold: number, maxUsers: number): number[] {
  if (!Array.isArray(included)) throw new TypeError(`included: expected an array of numbers, got ${kindOf(included)}`);
  if (included.length === 0) throw new RangeError('included: expected at least one number, got none');
  return included.map((users, i) => checkInteger(users, `included[${i}]`, threshold, maxUsers));
}
