// A user that is lied to by its server: the session up to the lie, and the user that must refuse.
import { expect } from 'chai';
import type { SecAggErrorCode } from '../../src/index.ts';
import { membersOf, type Members } from '../../src/leaves/members.ts';
import type { Field } from '../../src/wire/msgpack.ts';
import { rejected } from './errors.ts';
import { refields } from './forge.ts';
import { Session, type Setup } from './session.ts';

/** The user that is lied to. */
export const VICTIM = 10;
export const IDS = [5, VICTIM, 20, 30, 40];

export async function sessionAt(round: number, silent: number[][] = [], given: Partial<Setup> = {}): Promise<Session> {
  return new Session({ ids: IDS, threshold: 4, ...given }).before(round, silent);
}

/** Feeds the victim the changed message of its round; it must refuse with this code and be finished with the session. */
export async function refuses(
  session: Session,
  code: SecAggErrorCode,
  change: (fields: Field[]) => Field[] | undefined,
): Promise<void> {
  const lie = refields(session, session.messages.get(VICTIM)!, change);
  await rejected(code, session.user(VICTIM).round(lie));
  const again = await rejected('ERR_SECAGG_FAILED', session.user(VICTIM).round(session.messages.get(VICTIM)!));
  expect((again.cause as { code: string }).code).to.equal(code);
}

export type Directory = [ids: number[], keys: Uint8Array, signatures: Uint8Array];

/** Puts other bytes in the place of one user's. */
export function replace(bytes: Uint8Array, index: number, size: number, by: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(by, index * size);
  return copy;
}

export const without = (bytes: Uint8Array, index: number, size: number): Uint8Array =>
  Uint8Array.from([...bytes.subarray(0, index * size), ...bytes.subarray((index + 1) * size)]);

const position = (id: number): number => IDS.indexOf(id);
export const members = (ids: readonly number[]): Members => membersOf(ids.map(position), IDS.length);
