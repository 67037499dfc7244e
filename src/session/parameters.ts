// The session's parameters: what all agree on (hashed into the session tag) and what each party decides for itself (its
// policy). [BIK+17] section 4 and theorems 6.3 to 6.5 for the floors on the threshold. Leaf: imports leaves only.
import { bytesOrText, checkInteger, checkNames, checkOneOf, shownText } from '../leaves/checks.ts';

/** Version of the wire format and of every derivation; part of the session tag. */
export const PROTOCOL_VERSION = 1;

/** Most holders of shares of one secret, which are the non-zero points of GF(2^16); also most users on the complete graph. */
export const MAX_HOLDERS = 65_535;

/** Most users of one session, on a sparse graph. */
export const MAX_USERS = 1_000_000;

/** Most bytes of a vector's lanes. docs/scale.md says why a session can hold as many, and what they cost. */
const MAX_VECTOR_BYTES = 2 ** 29;
/**
 * Most bytes of the lanes of a vector in a state. A string of V8 has up to 2^29 − 24 characters. A state is such a string, in which the
 * vector is base64, and takes five eighths of the characters; the rest is for what else a state holds.
 */
const MAX_STORED_VECTOR_BYTES = 2 ** 28 - 2 ** 24;
const MAX_SESSION_BYTES = 65_536;

/**
 * What the threshold must withstand besides dropouts.
 *
 * - `'malicious'`: the server may lie at any time, and work with users.
 * - `'semi-malicious'`: the server is honest until this user has received the directory, so that keys, and on a sparse graph
 *   the neighbors, are those of a fair draw.
 * - `'semi-honest'`: everybody follows the protocol, and some users share what they see with the server.
 */
export type Adversary = 'malicious' | 'semi-malicious' | 'semi-honest';

/**
 * The sparse graph of [BBGLR20], a Harary graph: in the circular order of a uniform permutation each user shares keys with
 * its `neighbors` nearest users, half of them on either side. `plan` of `secagg/planner` finds both numbers.
 */
export interface SparseGraph {
  /** k: even, 2 or more, and less than the session's threshold. */
  readonly neighbors: number;
  /** Shares, one a neighbor, that open a user's secret; 2 to k. */
  readonly shareThreshold: number;
}

/** Which users share keys with which. On the complete graph each user does with every other. */
export type Graph = 'complete' | SparseGraph;

/** Options of one session. The first group is agreed by all and hashed into the session tag; the second is each party's own. */
export interface SessionOptions {
  /** Application context: task, model version, cohort. A string is its UTF-8 bytes. At most 65,536 bytes; default empty. */
  session?: string | Uint8Array;
  /** Ring Z_2^bits of every component, 1 to 64; default 32. */
  bits?: number;
  /** Default `'complete'`. A sparse graph needs an `adversary` other than `'malicious'`. */
  graph?: Graph;

  /**
   * Most users that may take part. A user's default: the registered keys, itself included; needed if its keys come later. A
   * server's: the registered keys if it was given them, else as many as the threshold allows.
   */
  maxUsers?: number;
  /** Default `'malicious'`. */
  adversary?: Adversary;
  /** Users that may work with the server; default 0. */
  colluders?: number;
  /**
   * On a sparse graph, chance decides who is whose neighbor: the guarantees may fail with probability 2^−security at most.
   * 1 to 200, default 40.
   */
  security?: number;
  /**
   * Least honest users in a sum. A session is refused if its threshold less the colluders is lower. Default 1. Noise that users add
   * (`secagg/dp`) is made for so many.
   */
  minHonest?: number;
  /** Users take any integers modulo 2^bits instead of refusing those whose sum could wrap. A server ignores it. Default false. */
  modularInputs?: boolean;
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
  readonly security: number;
  readonly minHonest: number;
}

export const ADVERSARIES: readonly Adversary[] = ['malicious', 'semi-malicious', 'semi-honest'];
const SESSION_OPTION_NAMES: readonly (keyof SessionOptions)[] = [
  ...(['session', 'bits', 'graph'] as const),
  ...(['maxUsers', 'adversary', 'colluders', 'security', 'minHonest', 'modularInputs'] as const),
];

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

/** Most components of a vector. */
export function mostComponents(bits: number): number {
  return MAX_VECTOR_BYTES / laneBytes(bits);
}

/** Most components of a vector if the states of its session are to be serialized. */
export function mostStoredComponents(bits: number): number {
  return MAX_STORED_VECTOR_BYTES / laneBytes(bits);
}

/** @throws TypeError, RangeError that name the argument. */
export function resolveParameters(givenThreshold: unknown, givenVecLen: unknown, options: SessionOptions): Parameters {
  const graph = resolveGraph(options.graph ?? 'complete');
  // With a threshold of 1 the server could ask for a sum of one user, which is that user's vector. On a sparse graph U1 must
  // hold a user and its neighbors.
  const least = graph === 'complete' ? 2 : graph.neighbors + 1;
  const threshold = checkInteger(givenThreshold, 'threshold', least, mostUsers(graph));
  const bits = checkInteger(options.bits ?? 32, 'options.bits', 1, 64);
  const vecLen = checkInteger(givenVecLen, 'vecLen', 1, 2 ** 32 - 1);
  const most = mostComponents(bits);
  if (vecLen > most) throw new RangeError(`vecLen: expected at most ${most} components of ${bits} bits, got ${vecLen}`);
  return { threshold, vecLen, bits, graph, session: sessionContext(options.session ?? '') };
}

function resolveGraph(graph: unknown): Graph {
  if (graph === 'complete') return graph;
  if (typeof graph === 'string') {
    throw new RangeError(`options.graph: expected 'complete' or an object, got '${shownText(graph)}'`);
  }
  checkNames(graph, 'options.graph', ['neighbors', 'shareThreshold']);
  const { neighbors, shareThreshold } = graph as SparseGraph;
  checkInteger(neighbors, 'options.graph.neighbors', 2, MAX_HOLDERS);
  if (neighbors % 2 !== 0) throw new RangeError(`options.graph.neighbors: expected an even number, got ${neighbors}`);
  // If one share were enough, each neighbor alone could unmask its neighbors' vectors for the server.
  checkInteger(shareThreshold, 'options.graph.shareThreshold', 2, neighbors);
  return { neighbors, shareThreshold };
}

/** Most users of a session on this graph. */
export function mostUsers(graph: Graph): number {
  return graph === 'complete' ? MAX_HOLDERS : MAX_USERS;
}

/** Shares that open a user's secret: t of the complete graph, `shareThreshold` of a neighborhood. */
export function shareThresholdOf({ threshold, graph }: Parameters): number {
  return graph === 'complete' ? threshold : graph.shareThreshold;
}

/** @throws TypeError, RangeError that name the option. */
export function sessionContext(session: unknown): Uint8Array {
  const bytes = bytesOrText(session, 'options.session');
  if (bytes.length > MAX_SESSION_BYTES) {
    throw new RangeError(`options.session: expected at most ${MAX_SESSION_BYTES} bytes, got ${bytes.length}`);
  }
  return bytes;
}

/** @throws TypeError, RangeError that name the option. */
export function resolvePolicy(options: SessionOptions, graph: Graph, defaultMaxUsers: number): Policy {
  const adversary = checkOneOf(options.adversary ?? 'malicious', 'options.adversary', ADVERSARIES);
  const most = mostUsers(graph);
  return {
    maxUsers: checkInteger(options.maxUsers ?? Math.min(defaultMaxUsers, most), 'options.maxUsers', 1, most),
    adversary,
    colluders: checkInteger(options.colluders ?? 0, 'options.colluders', 0, most),
    security: checkInteger(options.security ?? 40, 'options.security', 1, 200),
    minHonest: checkInteger(options.minHonest ?? 1, 'options.minHonest', 1, most),
  };
}

/** Largest magnitude of a component for which the sum of `users` of them stays within ±(2^(bits−1) − 1). */
export function componentLimit(bits: number, users: number): bigint {
  return ((1n << BigInt(bits - 1)) - 1n) / BigInt(users);
}
