// What a server could try against a user: each test is one lie, and what the user makes of it. The user must refuse, end
// its session, and keep nothing that the server could still ask for.
// Here: messages of another session or round, or too long.
import { expect } from 'chai';
import { encodeServerMessage } from '../../../src/wire/envelope.ts';
import { rejected } from '../../support/errors.ts';
import { registeredUsers } from '../../support/registered-users.ts';
import { IDS, refuses, sessionAt, VICTIM } from '../../support/server-lies.ts';

describe('a lying server, any round', () => {
  it('a message of another session, with other options, or to another user of it', async () => {
    const session = await sessionAt(1);
    for (const options of [{ session: 'x' }, { bits: 31 }]) {
      const other = await sessionAt(1, [], { registered: session.registered, options });
      const user = (await sessionAt(1, [], { registered: session.registered })).user(VICTIM);
      await rejected('ERR_SECAGG_SESSION', user.round(other.messages.get(VICTIM)!));
    }
    for (const given of [{ threshold: 5 }, { vecLen: 4 }]) {
      const other = await sessionAt(1, [], { registered: session.registered, ...given });
      const user = (await sessionAt(1, [], { registered: session.registered })).user(VICTIM);
      await rejected('ERR_SECAGG_SESSION', user.round(other.messages.get(VICTIM)!));
    }
    const second = await sessionAt(2, [], { registered: session.registered });
    const third = (await sessionAt(2, [], { registered: session.registered })).user(VICTIM);
    // The tag is the same, the keys are not: what was dealt in the one session cannot be used in the other.
    await third.round(second.messages.get(VICTIM)!);
    expect(third.progress().unusableDeals).to.deep.equal([5, 20, 30, 40]);
    const misrouted = await sessionAt(2);
    await refuses(misrouted, 'ERR_SECAGG_RECIPIENT', ([u2, , sealed]) => [u2!, 20, sealed!]);
  });

  it('rounds out of order', async () => {
    const order = [await sessionAt(1), await sessionAt(2), await sessionAt(3), await sessionAt(4)];
    for (const [expected, session] of order.entries()) {
      for (const [later, other] of order.entries()) {
        if (later <= expected) continue;
        const user = (await sessionAt(expected, [], { registered: session.registered })).user(VICTIM);
        await rejected('ERR_SECAGG_EARLY', user.round(other.messages.get(VICTIM)!));
      }
    }
  });

  it('more bytes than any message of the session has, refused before they are looked into', async () => {
    for (let round = 0; round <= 4; round++) {
      const session = await sessionAt(round);
      // Its tag would be refused too, but only once the bytes are parsed.
      const long = encodeServerMessage(new Uint8Array(32), { round: 2, fields: [new Uint8Array(2000)] });
      await rejected('ERR_SECAGG_DECODE', session.user(VICTIM).round(long));
    }
  });

  it('another message of a round that has been answered', async () => {
    const session = await sessionAt(2);
    await refuses(session, 'ERR_SECAGG_DECODE', () => []);
    const other = await sessionAt(1, [], { registered: session.registered });
    await rejected(
      'ERR_SECAGG_EQUIVOCATION',
      (await sessionAt(2, [], { registered: session.registered })).user(VICTIM).round(other.messages.get(VICTIM)!),
    );
  });

  it('a session of strangers: users whose keys are registered otherwise', async () => {
    const session = await sessionAt(1, [], { registered: registeredUsers(IDS) });
    const strangers = await sessionAt(1, [], { registered: registeredUsers(IDS) });
    await rejected('ERR_SECAGG_OWN_KEYS', session.user(VICTIM).round(strangers.messages.get(VICTIM)!));
  });
});
