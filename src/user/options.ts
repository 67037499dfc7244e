// What a user is made with, and the snapshot that it begins with.
import { isSignKeyPair, type SignPublicKey, type SignSecretKey } from '../crypto/sign.ts';
import { checkReachable } from '../graph/policy.ts';
import { secretCopyOf } from '../leaves/bytes.ts';
import { checkBoolean, checkBytes, checkNames, kindOf } from '../leaves/checks.ts';
import { checkListener, type Listener } from '../leaves/events.ts';
import { userId, type UserId } from '../leaves/ids.ts';
import type { UserEvent } from '../leaves/progress.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import { checkMemory } from '../leaves/typed-arrays.ts';
import { ringOf } from '../masking/ring.ts';
import { lanesOf, lanesTakenFrom, type InputVector } from '../masking/vector.ts';
import { parseDescriptor, requireRoster } from '../session/descriptor.ts';
import { checkOptionNames, resolveParameters, resolvePolicy, type SessionOptions } from '../session/parameters.ts';
import { checkUnused, markUsed } from '../session/noised-vectors.ts';
import { PublicKeysWrapper } from '../session/public-keys.ts';
import type { KeptContext, PublicKeys, UserSnapshot } from './state.ts';
import type { Dependencies } from './step.ts';

/** Options of a user that are not part of the serialized state. */
export interface UserLocalOptions {
  /** Hears of every message; see {@link UserEvent}. */
  listener?: Listener<UserEvent>;
}

/** Options of a user: those of the session, and its own. */
export interface UserOptions extends SessionOptions, UserLocalOptions {
  /** Components of the vector; needed if `vec` is null. */
  vecLen?: number;
}

/** What a user adds to a session's descriptor: who it is, whom it knows, and what it decides for itself. */
export interface DescribedUserOptions
  extends
    UserLocalOptions,
    Pick<SessionOptions, 'maxUsers' | 'adversary' | 'colluders' | 'security' | 'minHonest' | 'modularInputs'> {
  /** The user's id, an integer in [0, 2^53). */
  id: number;
  /** The user's Ed25519 public key, 32 bytes. */
  signPk: SignPublicKey;
  /** The user's Ed25519 secret key, 32 bytes. */
  signSk: SignSecretKey;
  /** The input, as for the constructor; null, or nothing, if it comes later. */
  vec?: InputVector | null;
  /** The other users' public keys, with or without this user's own; copied. Null if they come later: `maxUsers` is needed then. */
  othersSignPks: PublicKeysWrapper | null;
}

const DESCRIBED_USER_NAMES: readonly (keyof DescribedUserOptions)[] = [
  'id',
  'signPk',
  'signSk',
  'vec',
  'othersSignPks',
  'modularInputs',
  'maxUsers',
  'adversary',
  'colluders',
  'security',
  'minHonest',
  'listener',
];

/** What a user has beside its snapshot. */
export interface UserLocals {
  readonly listener: Listener<UserEvent>;
  readonly dependencies: Dependencies;
}

/** The arguments of a user's constructor, as they came. */
export interface GivenUser {
  readonly id: unknown;
  readonly threshold: unknown;
  readonly signPk: unknown;
  readonly signSk: unknown;
  readonly vec: InputVector | null | undefined;
  readonly othersSignPks: unknown;
  readonly options: UserOptions;
  /** The digest of the public keys that the session was made with; null if none is known. */
  readonly roster: Uint8Array | null;
}

/** @throws TypeError, RangeError that name the option. */
export function userLocals(options: UserLocalOptions, dependencies: Dependencies): UserLocals {
  return { listener: checkListener(options.listener), dependencies };
}

/** Refuses options of the session, which a state brings along. */
export function checkLocalOptions(options: UserLocalOptions): void {
  checkNames(options, 'options', ['listener']);
}

/** The arguments that a descriptor and the user's own options stand for. */
export function givenByDescriptor(descriptor: unknown, user: DescribedUserOptions): GivenUser {
  checkNames(user, 'user', DESCRIBED_USER_NAMES);
  const { roster, parameters } = parseDescriptor(descriptor);
  const { threshold, ...agreed } = parameters;
  const { id, signPk, signSk, vec = null, othersSignPks, ...own } = user;
  return { id, threshold, signPk, signSk, vec, othersSignPks, options: { ...agreed, ...own }, roster };
}

/** @throws TypeError, RangeError that name the argument. */
export function newUserSnapshot({ id, threshold, vec, othersSignPks, options, roster, ...keys }: GivenUser): UserSnapshot {
  checkOptionNames(options, ['vecLen', 'listener']);
  checkListener(options.listener); // before a vector with noise counts as used
  const self = userId(id, 'id');
  const signPk = checkKey(keys.signPk, 'signPk');
  const signSk = checkKey(keys.signSk, 'signSk');
  if (!isSignKeyPair(signPk, signSk)) throw new RangeError('signPk: expected the public key of signSk');
  const publicKeys = othersSignPks === null ? null : publicKeysWith(self, signPk, othersSignPks);
  if (publicKeys !== null) requireRoster(roster, publicKeys);
  if (vec !== null && !isArrayLike(vec)) {
    throw new TypeError(`vec: expected an array, a typed array or null, got ${kindOf(vec)}`);
  }
  checkMemory(vec, 'vec');
  const vecLen = options.vecLen ?? vec?.length;
  if (vecLen === undefined) throw new TypeError('options.vecLen: needed if vec is null');
  const parameters = resolveParameters(threshold, vecLen, options);
  // Whoever brings the keys later would choose the default, and it might be the server.
  const mostUsers = options.maxUsers ?? publicKeys?.size;
  if (mostUsers === undefined) throw new TypeError('options.maxUsers: needed if othersSignPks is null');
  const policy = resolvePolicy(options, parameters.graph, mostUsers);
  checkReachable(parameters, policy);
  const context = { parameters, policy, userId: self, publicKeys, roster: publicKeys === null ? roster : null };
  const modularInputs = checkBoolean(options.modularInputs ?? false, 'options.modularInputs');
  return {
    revision: 0,
    context,
    modularInputs,
    input: vec === null ? null : takeInput(vec, context, modularInputs, false),
    answered: [],
    output: null,
    state: { phase: 'advertise-keys', signSecretKey: secretCopyOf(signSk) },
  };
}

function checkKey(given: unknown, name: string): Uint8Array {
  const key = checkBytes(given, name);
  if (key.length !== KEY_BYTES) throw new RangeError(`${name}: expected ${KEY_BYTES} bytes, got ${key.length}`);
  return key;
}

/** The PKI with this user in it. @throws TypeError; UsageError ERR_SECAGG_KEY_CONFLICT if it has another key of this user. */
export function publicKeysWith(self: UserId, signPk: SignPublicKey, others: unknown): PublicKeys {
  if (!(others instanceof PublicKeysWrapper)) {
    throw new TypeError(`othersSignPks: expected a PublicKeysWrapper, got ${kindOf(others)}`);
  }
  const all = others.copy();
  all.insert(self, signPk);
  return all.snapshot();
}

/**
 * Lanes of an input, which is then used if it carries noise. Errors name a component and never tell its value.
 *
 * @param isGiven whether the memory of the vector may be taken from the caller.
 */
export function takeInput(
  vec: InputVector,
  { parameters, policy }: KeptContext,
  modularInputs: boolean,
  isGiven: boolean,
): Uint8Array {
  if (!isArrayLike(vec)) throw new TypeError(`vec: expected an array or a typed array, got ${kindOf(vec)}`);
  checkMemory(vec, 'vec');
  const { length } = vec;
  if (length !== parameters.vecLen) {
    throw new RangeError(`vec: expected ${parameters.vecLen} components, got ${length}`);
  }
  checkUnused(vec, parameters.session);
  const [ring, range] = [ringOf(parameters.bits), modularInputs ? ('modular' as const) : { users: policy.maxUsers }];
  const lanes = (isGiven ? lanesTakenFrom(ring, vec, length, range) : null) ?? lanesOf(ring, vec, length, range);
  markUsed(vec);
  return lanes;
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return typeof value === 'object' && value !== null && 'length' in value && typeof value.length === 'number';
}
