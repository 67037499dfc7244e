// The session's parameters: what all agree on (hashed into the session tag) and what each party decides for itself (its
// policy). [BIK+17] section 4 and theorems 6.3 to 6.5 for the floors on the threshold. Leaf: imports leaves only.
import { copyOf, utf8 } from './bytes.ts';
import { checkInteger, checkNames } from './checks.ts';

/** Version of the wire format and of every derivation; part of the session tag. */
export const PROTOCOL_VERSION = 1;

/** Most users of one session on the complete graph: the non-zero points of GF(2^16). */
export const MAX_USERS = 65_535;

/** Most bytes of a vector in memory: as base64 in a state it must fit into a string, which in V8 has up to 2^29 characters. */
const MAX_VECTOR_BYTES = 2 ** 28;
const MAX_SESSION_BYTES = 65_536;

/**
 * Whom the threshold must withstand besides dropouts.
 * `'malicious'`: the server may lie at any time, and work with users. `'semi-malicious'`: the server is honest until the
 * keys are collected. `'semi-honest'`: everybody follows the protocol, and some users share what they see with the server.
 */
export type Adversary = 'malicious' | 'semi-malicious' | 'semi-honest';

/** Which users share keys with which. On the complete graph each user does with every other. */
export type Graph = 'complete';

/** Options of one session. The first group is agreed by all and hashed into the session tag; the second is each party's own. */
export interface SessionOptions {
  /** Application context: task, model version, cohort. A string is its UTF-8 bytes. At most 65,536 bytes; default empty. */
  session?: string | Uint8Array;
  /** Ring Z_2^bits of every component, 1 to 64; default 32. */
  bits?: number;
  /** Default, and at present the only one: `'complete'`. */
  graph?: Graph;

  /**
   * Most users that may take part. A user's default: the registered keys, itself included. A server's: the registered
   * keys where it was given them, else as many as the threshold allows.
   */
  maxUsers?: number;
  /** Default `'malicious'`. */
  adversary?: Adversary;
  /** Users that may work with the server; default 0. */
  colluders?: number;
}

/** What all parties of a session agree on. */
export interface Parameters {
  readonly threshold: number;
  readonly vecLen: number;
  readonly bits: number;
  readonly graph: Graph;
  readonly session: Uint8Array;
}

/** What a party decides for itself. */
export interface Policy {
  readonly maxUsers: number;
  readonly adversary: Adversary;
  readonly colluders: number;
}

const ADVERSARIES: readonly Adversary[] = ['malicious', 'semi-malicious', 'semi-honest'];
const SESSION_OPTION_NAMES = ['session', 'bits', 'graph', 'maxUsers', 'adversary', 'colluders'];

/** Refuses misspelt options, which would silently weaken a policy. `own` lists the names that a role adds. */
export function checkOptionNames(options: unknown, own: readonly string[]): void {
  checkNames(options, 'options', [...SESSION_OPTION_NAMES, ...own]);
}

/** Bytes of the vector on the wire: `bits` bits a component, ⌈vecLen · bits / 8⌉. */
export function packedLength(vecLen: number, bits: number): number {
  return Math.ceil((vecLen * bits) / 8);
}

/** Bytes of the lane that a component takes in memory: the least of 1, 2, 4 and 8 that holds `bits`. */
export function laneBytes(bits: number): 1 | 2 | 4 | 8 {
  return bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
}

/** @throws TypeError, RangeError that name the argument. */
export function resolveParameters(threshold: number, vecLen: number, options: SessionOptions): Parameters {
  // A threshold of 1 would let the server ask for a sum of one user, which is that user's vector.
  checkInteger(threshold, 'threshold', 2, MAX_USERS);
  const bits = checkInteger(options.bits ?? 32, 'options.bits', 1, 64);
  checkInteger(vecLen, 'vecLen', 1, 2 ** 32 - 1);
  const most = MAX_VECTOR_BYTES / laneBytes(bits);
  if (vecLen > most)
    throw new RangeError(`vecLen: expected at most ${String(most)} components of ${String(bits)} bits, got ${String(vecLen)}`);
  const graph: string = options.graph ?? 'complete';
  if (graph !== 'complete') throw new RangeError(`options.graph: expected 'complete', got '${graph}'`);
  return { threshold, vecLen, bits, graph, session: sessionContext(options.session ?? '') };
}

function sessionContext(session: unknown): Uint8Array {
  if (typeof session !== 'string' && !(session instanceof Uint8Array)) {
    throw new TypeError(`options.session: expected a string or a Uint8Array, got ${typeof session}`);
  }
  const bytes = typeof session === 'string' ? utf8(session) : copyOf(session);
  if (bytes.length > MAX_SESSION_BYTES) {
    throw new RangeError(`options.session: expected at most ${String(MAX_SESSION_BYTES)} bytes, got ${String(bytes.length)}`);
  }
  return bytes;
}

/** @throws TypeError, RangeError that name the option. */
export function resolvePolicy(options: SessionOptions, defaultMaxUsers: number): Policy {
  const adversary = options.adversary ?? 'malicious';
  if (!ADVERSARIES.includes(adversary)) {
    throw new RangeError(`options.adversary: expected one of ${ADVERSARIES.join(', ')}, got '${adversary}'`);
  }
  return {
    maxUsers: checkInteger(options.maxUsers ?? Math.min(defaultMaxUsers, MAX_USERS), 'options.maxUsers', 1, MAX_USERS),
    adversary,
    colluders: checkInteger(options.colluders ?? 0, 'options.colluders', 0, MAX_USERS),
  };
}

/**
 * Most users of U1 for which the threshold satisfies the policy's floor; 0 where it does for none.
 *
 * Against a server that lies, two different views would each need t answers, and n honest and corrupt users can give
 * n + c of them, so that 2t > n + c rules two views out ([BIK+17] theorem 6.5 and its proof). Against one that follows
 * the protocol, c colluders must not hold t shares: t > c (theorem 6.3).
 */
export function largestCohort(threshold: number, policy: Policy): number {
  const { adversary, colluders, maxUsers } = policy;
  const allowed = adversary === 'semi-honest' ? (threshold > colluders ? MAX_USERS : 0) : 2 * threshold - colluders - 1;
  return Math.max(0, Math.min(allowed, maxUsers, MAX_USERS));
}

/** Refuses a threshold that no session of these parties can reach. */
export function checkReachable(threshold: number, policy: Policy): void {
  if (threshold > policy.maxUsers) {
    throw new RangeError(
      `threshold: ${String(threshold)} of at most ${String(policy.maxUsers)} users cannot be reached; maxUsers, where it is not given, is the number of registered keys`,
    );
  }
  if (largestCohort(threshold, policy) >= threshold) return;
  throw new RangeError(`threshold: no number of users satisfies ${String(threshold)} with ${String(policy.colluders)} colluders`);
}

/**
 * How many users may work with the server, or lie, before the threshold's guarantees end: 2t − n − 1 against a server
 * that lies, t − 1 against one that follows the protocol.
 */
export function colludersBorne(threshold: number, users: number, adversary: Adversary): number {
  return adversary === 'semi-honest' ? threshold - 1 : 2 * threshold - users - 1;
}

/** Largest magnitude of a component for which the sum of `users` of them stays within ±(2^(bits−1) − 1). */
export function componentLimit(bits: number, users: number): bigint {
  return ((1n << BigInt(bits - 1)) - 1n) / BigInt(users);
}
