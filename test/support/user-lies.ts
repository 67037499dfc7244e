// A session in which one user lies to the server, which knows the users' keys.
import { expect } from 'chai';
import { split } from '../../src/crypto/shamir.ts';
import type { SecAggError, SecAggErrorCode } from '../../src/index.ts';
import { refused } from './errors.ts';
import { userWith } from './injected.ts';
import { Session, type Setup } from './session.ts';

export const LIAR = 20;
export const IDS = [5, 10, LIAR, 30, 40];
export const HONEST = IDS.filter((id) => id !== LIAR);

export async function sessionAt(round: number, given: Partial<Setup> = {}): Promise<Session> {
  return new Session({ ids: IDS, threshold: 3, vecLen: 3, options: { bits: 21 }, ...given }).before(round);
}

/** The server refuses what the liar sends, is as it was, and the others get their sum without it. */
export async function refusesAndGoesOn(
  session: Session,
  code: SecAggErrorCode,
  lie: (honest: Uint8Array) => Promise<Uint8Array> | Uint8Array,
): Promise<SecAggError> {
  const round = session.server.progress().round!;
  const answers = await session.answers();
  const message = await lie(answers.get(LIAR)!);
  const before = session.server.serializeState();
  const error = refused(code, () => session.server.recv(LIAR, message));
  expect(session.server.serializeState()).to.equal(before);
  answers.delete(LIAR);
  session.messages.delete(LIAR);
  session.deliver(answers);
  const output = await session.close();
  const sum = output.isVector() ? Array.from(output.getVector() as Int32Array, BigInt) : await session.finish();
  session.expectSum(sum, round < 3 ? HONEST : IDS);
  return error;
}

/** Lets a user of the session deal shares of one secret that lie on no polynomial of the right degree; its commitments are to these shares. */
export function dealInconsistently(session: Session, id: number, secret: 'key' | 'seed', holders: readonly number[]): void {
  let calls = 0;
  const dealer = userWith(session.user(id), {
    split: async (...args) => {
      const shares = await split(...args);
      // The first secret that is shared is the mask key, the second the self-mask seed.
      if ((calls++ === 0) === (secret === 'key')) for (const holder of holders) shares[holder]![7]! ^= 1;
      return shares;
    },
  });
  session.users.set(id, dealer);
}
