// What a server could try against a user: each test is one lie, and what the user makes of it. The user must refuse, end
// its session, and keep nothing that the server could still ask for.
// Here: lies in rounds 3 and 4, about who has survived and who has signed that.
import { expect } from 'chai';
import { ServerWrapper, UserWrapper } from '../../../src/index.ts';
import type { Members } from '../../../src/leaves/members.ts';
import { encodeServerMessage } from '../../../src/wire/envelope.ts';
import { rejected } from '../../support/errors.ts';
import { bodyOf, flip, refields, signatureOf, tagOf, userMessage } from '../../support/forge.ts';
import { IDS, members, refuses, replace, sessionAt, VICTIM } from '../../support/server-lies.ts';

describe('a lying server, round 3: the survivors of round 2', () => {
  it('fewer users in U3 than the threshold, to have a smaller sum unmasked', async () => {
    await refuses(await sessionAt(3), 'ERR_SECAGG_THRESHOLD', () => [members([5, VICTIM, 20])]);
  });

  it('users in U3 that are not in U2', async () => {
    await refuses(await sessionAt(3, [[], [40]]), 'ERR_SECAGG_SUBSET', () => [members(IDS)]);
  });

  it('users in U3 that are not in U1', async () => {
    await refuses(await sessionAt(3), 'ERR_SECAGG_DECODE', ([u3]) => [flip(u3 as Members, 0, 0x80)]);
  });

  it('the victim itself not in U3, so that others reveal its mask key', async () => {
    await refuses(await sessionAt(3), 'ERR_SECAGG_NOT_INCLUDED', () => [members([5, 20, 30, 40])]);
  });

  it('a second U3 after the first: the user has signed, and signs nothing else', async () => {
    const session = await sessionAt(3);
    await session.answers();
    await refuses(session, 'ERR_SECAGG_EQUIVOCATION', () => [members([5, VICTIM, 20, 30])]);
  });
});

describe('a lying server, round 4: the signatures', () => {
  it('fewer users in U4 than the threshold', async () => {
    await refuses(await sessionAt(4), 'ERR_SECAGG_THRESHOLD', ([, signatures]) => [
      members([5, VICTIM, 20]),
      (signatures as Uint8Array).subarray(0, 3 * 64),
    ]);
  });

  it('signers that are not in U3', async () => {
    await refuses(await sessionAt(4, [[], [], [40]]), 'ERR_SECAGG_SUBSET', ([, signatures]) => [
      members(IDS),
      Uint8Array.from([...(signatures as Uint8Array), ...new Uint8Array(64)]),
    ]);
  });

  it('fewer signatures than signers', async () => {
    await refuses(await sessionAt(4), 'ERR_SECAGG_DECODE', ([u4, signatures]) => [u4!, (signatures as Uint8Array).subarray(64)]);
  });

  it("one user's signature counted for another", async () => {
    await refuses(await sessionAt(4), 'ERR_SECAGG_SIGNATURE', ([u4, signatures]) => [
      u4!,
      replace(signatures as Uint8Array, 0, 64, (signatures as Uint8Array).subarray(128, 192)),
    ]);
  });

  it('a wrong signature of any one signer, although those of t others are right: the victim itself is no exception', async () => {
    for (const index of IDS.keys()) {
      await refuses(await sessionAt(4), 'ERR_SECAGG_SIGNATURE', ([u4, signatures]) => [
        u4!,
        flip(signatures as Uint8Array, index * 64),
      ]);
    }
  });

  it('a signature over the same sets, of another session of the same users', async () => {
    const other = await sessionAt(4);
    const session = await sessionAt(4, [], { registered: other.registered });
    let old: Uint8Array | undefined;
    refields(other, other.messages.get(VICTIM)!, ([, signatures]) => {
      old = signatures as Uint8Array;
      return undefined;
    });
    await refuses(session, 'ERR_SECAGG_SIGNATURE', ([u4, signatures]) => [
      u4!,
      replace(signatures as Uint8Array, 0, 64, old!.subarray(0, 64)),
    ]);
  });

  it('a signature that the user made in another round, over the same bytes', async () => {
    const session = await sessionAt(3);
    const [view] = [...(await session.answers()).values()].map(bodyOf);
    const elsewhere = await userMessage(session, { round: 2, sender: 5, body: view! });
    await session.before(1); // the honest round 3
    await refuses(session, 'ERR_SECAGG_SIGNATURE', ([u4, signatures]) => [
      u4!,
      replace(signatures as Uint8Array, 0, 64, signatureOf(elsewhere)),
    ]);
  });

  it('two U3 for two groups of users, to peel the sum down: nobody unmasks either', async () => {
    const session = await sessionAt(3);
    const [one, two] = [members([5, VICTIM, 20, 30]), members(IDS)];
    const tag = tagOf(session);
    const signatures = new Map<number, Uint8Array>();
    for (const id of IDS) {
      const u3 = id === 40 || id === 30 ? two : one;
      signatures.set(id, signatureOf(await session.user(id).round(encodeServerMessage(tag, { round: 3, fields: [u3] }))));
    }
    for (const id of IDS) {
      const signers = id === 40 || id === 30 ? IDS : IDS.filter((signer) => signer !== 40);
      const shown = Uint8Array.from(signers.flatMap((signer) => [...signatures.get(signer)!]));
      const message = encodeServerMessage(tag, { round: 4, fields: [members(signers), shown] });
      await rejected('ERR_SECAGG_SIGNATURE', session.user(id).round(message));
    }
  });

  it('a second request with another U4: each user answers once', async () => {
    const session = await sessionAt(4);
    await session.answers();
    await refuses(session, 'ERR_SECAGG_EQUIVOCATION', ([, signatures]) => [
      members([5, VICTIM, 20, 30]),
      (signatures as Uint8Array).subarray(0, 4 * 64),
    ]);
  });

  it('a user rolled back to before it signed: it signs another U3, but t users would have to', async () => {
    const session = await sessionAt(3);
    const before = session.user(VICTIM).serializeState();
    await session.round();
    await session.answers();
    const tag = tagOf(session);
    const victim = UserWrapper.fromState(before);
    const u3 = members([5, VICTIM, 20, 30]);
    const signature = signatureOf(await victim.round(encodeServerMessage(tag, { round: 3, fields: [u3] })));
    const lie = refields(session, session.messages.get(VICTIM)!, ([, signatures]) => [
      u3,
      replace((signatures as Uint8Array).subarray(0, 4 * 64), 1, 64, signature),
    ]);
    await rejected('ERR_SECAGG_SIGNATURE', victim.round(lie));
  });

  it('whatever U3 is: each answer holds one share of each owner, never both', async () => {
    const session = await sessionAt(4, [[], [], [40]]);
    const server = ServerWrapper.fromState(session.server.serializeState());
    const answers = await session.answers();
    for (const [id, answer] of answers) {
      expect(bodyOf(answer).length).to.equal(32 + 1 + IDS.length * 32);
      server.recv(id, answer);
    }
    // All shares are of the kind that U3 asks for: the server accepts them all, and takes no other.
    expect(server.progress()).to.deep.include({ dropped: [{ userId: 40, round: 2, reason: 'no-masked-input' }], ready: true });
  });
});
