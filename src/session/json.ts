// Codecs for what the states of both sides hold, and rules that span several fields.
import { isUserId, type UserId } from '../leaves/ids.ts';
import { countMembers, isMembers, type Members } from '../leaves/members.ts';
import { checkReachable, largestDirectory } from '../graph/policy.ts';
import {
  MAX_USERS,
  mostStoredComponents,
  mostUsers,
  resolveParameters,
  resolvePolicy,
  type Graph,
  type Parameters,
  type Policy,
  type SparseGraph,
} from './parameters.ts';
import { ERROR_CODES, StateError, type DisputedDeal } from '../leaves/errors.ts';
import { positionAt, type Position } from '../leaves/positions.ts';
import type { ErrorRecord, Failed } from './failure.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import { bytes, integer, list, mapOf, nullable, oneOf, oneOfKinds, record, require, text, type Codec } from './codec.ts';

export const userId: Codec<UserId> = {
  encode: (value) => value,
  decode(json, path): UserId {
    require(isUserId(json), path, 'a user id');
    return json;
  },
};

const integers = integer(0, Number.MAX_SAFE_INTEGER);

/** Parameters and policies are checked by the same rules as a constructor's arguments. */
function checked<T>(codec: Codec<T>, check: (value: T) => T): Codec<T> {
  return {
    encode: (value) => codec.encode(value),
    decode(json, path): T {
      const value = codec.decode(json, path);
      try {
        return check(value);
      } catch (error) {
        throw new StateError(`${path}: ${error instanceof RangeError ? error.message : 'invalid'}`);
      }
    },
  };
}

const sparseGraph = record<SparseGraph>({ neighbors: integers, shareThreshold: integers });

const graph: Codec<Graph> = {
  encode: (value) => (value === 'complete' ? value : sparseGraph.encode(value)),
  decode: (json, path) => (json === 'complete' ? json : sparseGraph.decode(json, path)),
};

export const parameters: Codec<Parameters> = checked(
  record<Parameters>({ threshold: integers, vecLen: integers, bits: integers, graph, session: bytes() }),
  ({ threshold, vecLen, ...options }) => resolveParameters(threshold, vecLen, options),
);

/**
 * Throws if a vector of the session is too long for a text. It does so for the states of every round, also of those without a vector,
 * so that a program finds out with its first state and not in round 2.
 */
export function requireStorable({ vecLen, bits }: Parameters): void {
  const most = mostStoredComponents(bits);
  if (vecLen <= most) return;
  const message = `state: expected at most ${most} components of ${bits} bits, got ${vecLen}`;
  throw new StateError(message, 'ERR_SECAGG_STATE_SIZE');
}

/** Whether it goes with the parameters is checked by `requirePolicy`. */
export const policy: Codec<Policy> = record<Policy>({
  maxUsers: integers,
  adversary: oneOf('malicious', 'semi-malicious', 'semi-honest'),
  colluders: integers,
  security: integers,
  minHonest: integers,
});

/** Throws unless a constructor would have taken both. */
export function requirePolicy(parameters: Parameters, policy: Policy, path: string): void {
  try {
    checkReachable(parameters, resolvePolicy(policy, parameters.graph, mostUsers(parameters.graph)));
  } catch (error) {
    throw new StateError(`${path}: ${error instanceof Error ? error.message : 'invalid'}`);
  }
}

export const publicKeys: Codec<ReadonlyMap<UserId, Uint8Array>> = mapOf(userId, bytes(KEY_BYTES));

/** Its length is checked against the directory, which is in another field. */
export const members: Codec<Members> = bytes() as Codec<Members>;

/** Whether it is one of the directory is checked against the directory, which is in another field. */
export const position: Codec<Position> = {
  encode: (value) => value,
  decode(json, path): Position {
    return positionAt(integer(0, MAX_USERS - 1).decode(json, path), MAX_USERS);
  },
};

const round = integer(0, 4);
const attributed = { message: text, round: nullable(round), userIds: list(userId as Codec<number>) };
const disputedDeal = record<DisputedDeal>({ owner: userId, accusers: list(userId as Codec<number>) });

export const failed: Codec<Failed> = record<Failed>({
  phase: oneOf('failed'),
  error: oneOfKinds<'kind', ErrorRecord>('kind', {
    abandoned: record<Kind<'abandoned'>>({ kind: oneOf('abandoned'), message: text }),
    decode: record<Kind<'decode'>>({ kind: oneOf('decode'), message: text }),
    protocol: record<Kind<'protocol'>>({ kind: oneOf('protocol'), code: oneOf(...ERROR_CODES.ProtocolError), ...attributed }),
    authentication: record<Kind<'authentication'>>({ kind: oneOf('authentication'), ...attributed }),
    dispute: record<Kind<'dispute'>>({ kind: oneOf('dispute'), ...attributed, disputes: list(disputedDeal) }),
    threshold: record<Kind<'threshold'>>({
      kind: oneOf('threshold'),
      message: text,
      have: integers,
      need: integers,
      round,
      userIds: list(userId as Codec<number>),
    }),
  }),
});

type Kind<K extends ErrorRecord['kind']> = Extract<ErrorRecord, { readonly kind: K }>;

/** Throws unless |U1| is what a user or a server would have accepted. */
export function requireDirectorySize(users: number, parameters: Parameters, policy: Policy, path: string): void {
  const largest = largestDirectory(parameters, policy);
  require(users >= parameters.threshold &&
    users <= largest, path, `${parameters.threshold} to ${largest} users, as threshold and policy allow`);
}

/** Throws unless each set has at least t users, as every set has that lets a session go on. */
export function requireQuorum(sets: Readonly<Record<string, Members>>, { threshold }: Parameters, path: string): void {
  for (const [name, set] of Object.entries(sets)) {
    require(countMembers(set) >= threshold, `${path}.${name}`, `at least ${threshold} users`);
  }
}

/** Throws unless every set is one over `users` positions. */
export function requireMembers(sets: Readonly<Record<string, Members>>, users: number, path: string): void {
  for (const [name, set] of Object.entries(sets)) require(isMembers(set, users), `${path}.${name}`, `a set over ${users} users`);
}

/** Throws unless ids ascend strictly. */
export function requireAscending(ids: readonly number[], path: string): void {
  require(ids.every((id, i) => i === 0 || id > (ids[i - 1] ?? id)), path, 'ascending order');
}

/** Throws unless ids are in the order of their positions: ascending on the complete graph, in any order but distinct on a sparse graph. */
export function requireOrder(ids: readonly number[], { graph }: Parameters, path: string): void {
  if (graph === 'complete') requireAscending(ids, path);
  else require(new Set(ids).size === ids.length, path, 'distinct users');
}
