// The parameters that all private plans share: whom they protect, from whom, how well, and with whose noise.
import { systemRandom, type RandomSource } from '../crypto/random.ts';
import { context } from '../encoding/checks.ts';
import type { NoiseSession } from '../encoding/statistic.ts';
import { checkInteger, checkNames, checkNumber, checkOneOf, checkPositive, kindOf } from '../leaves/checks.ts';
import { ADVERSARIES, MAX_USERS, type Adversary, type SparseGraph } from '../session/parameters.ts';
import { MAX_RELEASES, type Adjacency, type Mechanism, type PrivacyTarget, type Sampler } from './mechanism.ts';

/** What every private plan is told. */
export interface PrivacyPlan {
  /** Most users of a session, 2 to 1,000,000. */
  readonly maxUsers: number;
  /** The threshold t of the session. No sum over fewer users is ever unmasked, so noise is made for t − colluders honest users. */
  readonly threshold: number;
  /** Users that may tell the server what they know, also their own noise. Default 1. */
  readonly colluders?: number;
  /** What the session withstands. Default `'malicious'`. */
  readonly adversary?: Adversary;
  /** The sparse graph of the session, if it has one. */
  readonly graph?: SparseGraph;
  /**
   * Give it if chance decides who is whose neighbor (sparse graphs) or in whose cohort: 2^−security is added to δ for each session. On a
   * sparse graph the default is 40.
   */
  readonly security?: number;
  /** What the noise must achieve. Not beside `noiseMultiplier`. */
  readonly target?: PrivacyTarget;
  /** The standard deviation of the honest users' noise over the L2 sensitivity. Not beside `target`. */
  readonly noiseMultiplier?: number;
  /** Default `'discrete-gaussian'`. */
  readonly mechanism?: Mechanism;
  /** Default `'zero-out'`. */
  readonly adjacency?: Adjacency;
  /** Default `'constant-time'`. */
  readonly sampler?: Sampler;
  /**
   * Who adds noise. `'users'`: each user adds a part before masking, and nobody needs to be trusted with the exact sum. `'server'`: the
   * server adds all of it when it decodes, and is trusted to know the exact sum. Default `'users'`.
   */
  readonly noiseFrom?: 'users' | 'server';
  /** Ring of the sum, in bits. A wider one has finer steps. Default: the least in which rounding costs about one percent. */
  readonly bits?: number;
  /** Most probability that any component of a sum leaves the ring, which makes the sum wrong but not less private. Default 1e-9. */
  readonly wrapProbability?: number;
  /** Application context: task, model version, cohort. All parties must agree on it. Default empty. */
  readonly session?: string;
  /** Replaces the platform's cryptographic generator. For reproducible tests only: who can predict it sees through the noise. */
  readonly unsafeRandom?: RandomSource;
}

export const PRIVACY_NAMES: readonly string[] = [
  ...['maxUsers', 'threshold', 'colluders', 'adversary', 'graph', 'security', 'target', 'noiseMultiplier', 'mechanism'],
  ...['adjacency', 'sampler', 'noiseFrom', 'bits', 'wrapProbability', 'session', 'unsafeRandom'],
];

/** How strong the noise must be: a budget, or a ratio to the sensitivity. */
type Strength =
  | { readonly kind: 'target'; readonly target: Required<PrivacyTarget> }
  | { readonly kind: 'multiplier'; readonly multiplier: number };

/** The parameters of a private plan, checked and complete. */
export interface PrivacyTerms {
  readonly maxUsers: number;
  readonly threshold: number;
  readonly colluders: number;
  /** Independent noises in every sum that the adversary does not know. */
  readonly minHonest: number;
  /** The most of them that there can be. */
  readonly mostHonest: number;
  readonly mechanism: Mechanism;
  readonly adjacency: Adjacency;
  readonly sampler: Sampler;
  readonly noiseFrom: 'users' | 'server';
  readonly strength: Strength;
  /** The probability that chance puts too many colluders around a user, which is added to δ for each session. */
  readonly chance: number;
  /** Null if the plan chooses. */
  readonly bits: number | null;
  readonly wrapProbability: number;
  readonly session: NoiseSession;
  readonly random: RandomSource;
  /** For the session tag. */
  readonly description: Readonly<Record<string, unknown>>;
}

/** @throws TypeError, RangeError that name the parameter. */
export function privacyTerms(plan: PrivacyPlan): PrivacyTerms {
  const { mechanism = 'discrete-gaussian', adjacency = 'zero-out', sampler = 'constant-time', noiseFrom = 'users' } = plan;
  const { adversary = 'malicious', graph, wrapProbability = 1e-9, unsafeRandom = systemRandom } = plan;
  const maxUsers = checkInteger(plan.maxUsers, 'maxUsers', 2, MAX_USERS);
  const threshold = checkInteger(plan.threshold, 'threshold', 2, maxUsers);
  const colluders = checkInteger(plan.colluders ?? 1, 'colluders', 0, threshold - 1);
  const chosen = plan.security ?? (graph === undefined ? undefined : 40);
  const security = chosen === undefined ? undefined : checkInteger(chosen, 'security', 1, 200);
  if (typeof unsafeRandom !== 'function') throw new TypeError(`unsafeRandom: expected a function, got ${kindOf(unsafeRandom)}`);
  const minHonest = noiseFrom === 'server' ? 1 : threshold - colluders;
  const checked = {
    mechanism: checkOneOf(mechanism, 'mechanism', ['discrete-gaussian', 'skellam']),
    adjacency: checkOneOf(adjacency, 'adjacency', ['zero-out', 'replace-one']),
    sampler: checkOneOf(sampler, 'sampler', ['constant-time', 'exact']),
    noiseFrom: checkOneOf(noiseFrom, 'noiseFrom', ['users', 'server']),
    strength: strengthOf(plan),
    bits: plan.bits === undefined ? null : checkInteger(plan.bits, 'bits', 2, 64),
    wrapProbability: checkNumber(wrapProbability, 'wrapProbability', 2 ** -100, 0.5),
  };
  return {
    ...checked,
    maxUsers,
    threshold,
    colluders,
    minHonest,
    mostHonest: noiseFrom === 'server' ? 1 : maxUsers - colluders,
    chance: security === undefined ? 0 : 2 ** -security,
    session: {
      adversary: checkOneOf(adversary, 'adversary', ADVERSARIES),
      colluders,
      minHonest,
      modularInputs: noiseFrom === 'users',
      ...(graph !== undefined && { graph }),
      ...(security !== undefined && { security }),
    },
    random: unsafeRandom,
    description: { ...checked, maxUsers, threshold, colluders, adversary, graph, security, session: context(plan.session ?? '') },
  };
}

function strengthOf({ target, noiseMultiplier }: PrivacyPlan): Strength {
  if ((target === undefined) === (noiseMultiplier === undefined)) {
    const got = target === undefined ? 'neither' : 'both';
    throw new TypeError(`plan: expected either target or noiseMultiplier, got ${got}`);
  }
  if (target === undefined) {
    return { kind: 'multiplier', multiplier: checkNumber(noiseMultiplier, 'noiseMultiplier', 2 ** -20, 2 ** 20) };
  }
  checkNames(target, 'target', ['epsilon', 'delta', 'releases']);
  return {
    kind: 'target',
    target: {
      epsilon: checkNumber(checkPositive(target.epsilon, 'target.epsilon'), 'target.epsilon', 2 ** -20, 2 ** 10),
      delta: checkNumber(checkPositive(target.delta, 'target.delta', 1), 'target.delta', 2 ** -200, 1 - 2 ** -20),
      releases: checkInteger(target.releases ?? 1, 'target.releases', 1, MAX_RELEASES),
    },
  };
}
