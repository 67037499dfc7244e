// A server that lies to users on a sparse graph: sessions brought to a round, and lies told to one user. The model is
// 'semi-malicious': 3t ≥ 2k + 2.
import type { SecAggErrorCode, SparseGraph } from '../../src/index.ts';
import type { Members } from '../../src/leaves/members.ts';
import type { Field } from '../../src/wire/msgpack.ts';
import { rejected } from './errors.ts';
import { refields } from './forge.ts';
import { positionsOf, sparseSession } from './sparse.ts';
import type { Session, Setup } from './session.ts';

export const GRAPH: SparseGraph = { neighbors: 6, shareThreshold: 5 };
export const USERS = 20;

export function newSession(given: Partial<Setup> = {}): Session {
  return sparseSession(USERS, GRAPH, { threshold: 14, ...given, options: { adversary: 'semi-malicious', ...given.options } });
}

/** A session in a round, and the user that is lied to: any, for all places are alike. */
export async function lied(
  round: number,
  silent: readonly number[][] = [],
): Promise<{ session: Session; victim: number; place: number }> {
  const session = await newSession().before(1);
  const place = 7;
  for (let r = 1; r < round; r++) await session.round(silent[r]?.map((at) => positionsOf(session)[at]!));
  return { session, victim: positionsOf(session)[place]!, place };
}

export async function refuses(
  { session, victim }: { session: Session; victim: number },
  code: SecAggErrorCode,
  change: (fields: Field[]) => Field[] | undefined,
): Promise<void> {
  const lie = refields(session, session.messages.get(victim)!, change);
  await rejected(code, session.user(victim).round(lie));
  await rejected('ERR_SECAGG_FAILED', session.user(victim).round(session.messages.get(victim)!));
}

export type Part = [users: number, first: number, ids: number[], keys: Uint8Array, signatures: Uint8Array, proof: Uint8Array];
export type Shares = [u2: Members, receiver: number, sealed: Uint8Array];
export type Signatures = [signers: Members, signatures: Uint8Array];

export const OWN = GRAPH.neighbors / 2;
export const stretch = (bytes: Uint8Array, size: number, from: number, to = from + 1): Uint8Array =>
  bytes.subarray(from * size, to * size);
export const replaced = (bytes: Uint8Array, size: number, index: number, by: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy.set(by, index * size);
  return copy;
};
