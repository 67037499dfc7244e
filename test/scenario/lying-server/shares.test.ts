// What a server could try against a user: each test is one lie, and what the user makes of it. The user must refuse, end
// its session, and keep nothing that the server could still ask for.
// Here: lies about the survivors of round 1 and the shares that they dealt.
import { expect } from 'chai';
import type { Members } from '../../../src/leaves/members.ts';
import { refused } from '../../support/errors.ts';
import { bodyOf, flip, refields } from '../../support/forge.ts';
import { IDS, members, refuses, replace, sessionAt, VICTIM } from '../../support/server-lies.ts';
import { Session } from '../../support/session.ts';

describe('a lying server, round 2: the survivors of round 1 and their shares', () => {
  it('fewer users in U2 than the threshold', async () => {
    await refuses(await sessionAt(2), 'ERR_SECAGG_THRESHOLD', ([, ...rest]) => [members([5, VICTIM, 20]), ...rest]);
  });

  it('the victim itself not in U2, though it is asked for its input', async () => {
    await refuses(await sessionAt(2), 'ERR_SECAGG_NOT_INCLUDED', ([, ...rest]) => [members([5, 20, 30, 40]), ...rest]);
  });

  it('users in U2 that are not in U1', async () => {
    await refuses(await sessionAt(2), 'ERR_SECAGG_DECODE', ([u2, ...rest]) => [flip(u2 as Members, 0, 1 << IDS.length), ...rest]);
  });

  it('shares of a user in U2 held back, or shares of nobody added', async () => {
    for (const change of [-1, 1]) {
      await refuses(await sessionAt(2), 'ERR_SECAGG_COUNT', ([u2, receiver, sealed]) => {
        const bytes = sealed as Uint8Array;
        return [u2!, receiver!, change < 0 ? bytes.subarray(136) : Uint8Array.from([...bytes, ...bytes.subarray(0, 136)])];
      });
    }
  });

  /** Lies that a user cannot tell from a lying dealer: it goes on, reveals nothing about that dealer, and reports it. */
  async function reports(
    session: Session,
    dealers: readonly number[],
    change: (sealed: Uint8Array) => Uint8Array,
  ): Promise<void> {
    session.messages.set(
      VICTIM,
      refields(session, session.messages.get(VICTIM)!, ([u2, receiver, sealed]) => [
        u2!,
        receiver!,
        change(sealed as Uint8Array),
      ]),
    );
    await session.round();
    expect(session.user(VICTIM).progress().unusableDeals).to.deep.equal(dealers);
    session.expectSum(await session.finish(), IDS);
  }
  const record = (sealed: Uint8Array, index: number): Uint8Array => sealed.subarray(index * 136, (index + 1) * 136);

  it('a ciphertext changed on its way', async () => {
    for (const byte of [0, 24, 103]) await reports(await sessionAt(2), [20], (sealed) => flip(sealed, 136 + byte));
  });

  it('a commitment changed on its way', async () => {
    for (const byte of [104, 135]) await reports(await sessionAt(2), [20], (sealed) => flip(sealed, 136 + byte));
  });

  it('the shares of two dealers exchanged', async () => {
    await reports(await sessionAt(2), [5, 20], (sealed) =>
      replace(replace(sealed, 0, 136, record(sealed, 1)), 1, 136, record(sealed, 0)),
    );
  });

  it("the victim's own ciphertext reflected as the peer's: both were sealed under one agreement", async () => {
    const session = new Session({ ids: IDS, threshold: 4 });
    await session.before(1);
    const answers = await session.answers();
    const ownDeal = bodyOf(answers.get(VICTIM)!).subarray(80);
    session.deliver(answers);
    await session.close();
    await reports(session, [5], (sealed) => replace(sealed, 0, 136, record(ownDeal, 0)));
  });

  it('the shares that a dealer sealed for another receiver', async () => {
    const session = new Session({ ids: IDS, threshold: 4 });
    await session.before(1);
    const answers = await session.answers();
    const deal = bodyOf(answers.get(5)!).subarray(80);
    session.deliver(answers);
    await session.close();
    await reports(session, [5], (sealed) => replace(sealed, 0, 136, record(deal, 1)));
  });

  it('the shares that a dealer sealed in another session of the same users and keys of the PKI', async () => {
    const other = new Session({ ids: IDS, threshold: 4 });
    await other.before(2);
    let old: Uint8Array | undefined;
    refields(other, other.messages.get(VICTIM)!, ([, , sealed]) => {
      old = sealed as Uint8Array;
      return undefined;
    });
    const session = new Session({ ids: IDS, threshold: 4, registered: other.registered });
    await session.before(2);
    await reports(session, [5], (sealed) => replace(sealed, 0, 136, record(old!, 0)));
  });

  it('another U2 for one user: its masks would not cancel, and its input is refused', async () => {
    const session = await sessionAt(2);
    const lie = refields(session, session.messages.get(VICTIM)!, ([, receiver, sealed]) => [
      members([5, VICTIM, 20, 30]),
      receiver!,
      (sealed as Uint8Array).subarray(0, 3 * 136),
    ]);
    const answer = await session.user(VICTIM).round(lie);
    session.messages.delete(VICTIM);
    session.deliver(await session.answers());
    refused('ERR_SECAGG_VIEW', () => session.server.recv(VICTIM, answer));
    await session.close();
    session.expectSum(await session.finish(), [5, 20, 30, 40]);
  });
});
