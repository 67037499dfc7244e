// What a user could try against the server and its peers, where the server knows the users' keys: whatever bytes one
// user sends in whichever round, it costs itself, and the others get their sum.
// Here: lies about what a message of one round says; and a server that does not know the keys.
import { expect } from 'chai';
import { generateKeyPair } from '../../../src/crypto/agree.ts';
import { systemRandom } from '../../../src/crypto/random.ts';
import { ProtocolError, UserWrapper } from '../../../src/index.ts';
import { concat } from '../../../src/leaves/bytes.ts';
import { refused } from '../../support/errors.ts';
import { bodyOf, flip, rebody, userMessage } from '../../support/forge.ts';
import { secretKeyOf } from '../../support/registered-users.ts';
import { Session } from '../../support/session.ts';
import { HONEST, IDS, LIAR, refusesAndGoesOn, sessionAt } from '../../support/user-lies.ts';

describe('a lying user, round 0', () => {
  it('a key that everybody can agree with, or another spelling of one', async () => {
    const bad = [new Uint8Array(32), Uint8Array.of(1, ...new Uint8Array(31)), new Uint8Array(32).fill(255)];
    for (const key of bad) {
      for (const offset of [0, 32]) {
        const session = await sessionAt(0);
        const error = await refusesAndGoesOn(session, 'ERR_SECAGG_KEYS', (message) =>
          rebody(session, LIAR, message, (body) => {
            body.set(key, offset);
            return body;
          }),
        );
        expect(error).to.have.property('userId', LIAR);
      }
    }
  });

  it('one key for both purposes', async () => {
    const session = await sessionAt(0);
    await refusesAndGoesOn(session, 'ERR_SECAGG_KEYS', (message) =>
      rebody(session, LIAR, message, (body) => concat([body.subarray(0, 32), body.subarray(0, 32)])),
    );
  });

  it("another user's key, in either role, after that user has spoken", async () => {
    for (const [from, to] of [
      [0, 0],
      [0, 32],
      [32, 0],
      [32, 32],
    ] as const) {
      const session = await sessionAt(0);
      const answers = await session.answers();
      const stolen = bodyOf(answers.get(5)!).subarray(from, from + 32);
      const copy = await rebody(session, LIAR, answers.get(LIAR)!, (body) => {
        body.set(stolen, to);
        return body;
      });
      answers.delete(LIAR);
      session.messages.delete(LIAR);
      session.deliver(answers);
      const error = refused('ERR_SECAGG_KEYS', () => session.server.recv(LIAR, copy), ProtocolError);
      expect(error.userIds, 'a copy may have been sent ahead of the owner').to.deep.equal([]);
      await session.close();
      session.expectSum(await session.finish(), HONEST);
    }
  });

  it('keys of a stranger, well signed by it: every user would abort at the sight of it', async () => {
    const stranger = new Session({ ids: [77, 78], threshold: 2 });
    const session = await sessionAt(0);
    const message = await userMessage(session, {
      round: 0,
      sender: 77,
      body: bodyOf((await stranger.answers()).get(77)!),
      key: secretKeyOf(stranger.registered, 77),
    });
    const before = session.server.serializeState();
    refused('ERR_SECAGG_UNKNOWN_USER', () => session.server.recv(77, message), ProtocolError);
    expect(session.server.serializeState()).to.equal(before);
    session.expectSum(await session.finish(), IDS);
  });

  it('one user more than the threshold bears: the session would be lost for all', async () => {
    const session = new Session({ ids: [1, 2, 3, 4, 5, 6], threshold: 3, serverOptions: { maxUsers: 5 } });
    const answers = await session.answers([]);
    session.deliver(new Map([...answers].slice(0, 5)));
    refused('ERR_SECAGG_TOO_MANY_USERS', () => session.server.recv(6, answers.get(6)!));
    session.users.delete(6);
    await session.close();
    session.expectSum(await session.finish(), [1, 2, 3, 4, 5]);
  });
});

describe('a lying user, round 1', () => {
  it('records for fewer or more users than there are', async () => {
    for (const change of [
      (body: Uint8Array) => body.subarray(0, -136),
      (body: Uint8Array) => concat([body, new Uint8Array(136)]),
      (body: Uint8Array) => body.subarray(0, 80),
    ]) {
      const session = await sessionAt(1);
      const error = await refusesAndGoesOn(session, 'ERR_SECAGG_COUNT', (message) => rebody(session, LIAR, message, change));
      expect(error).to.have.property('userId', LIAR);
    }
  });
});

describe('a lying user, round 2', () => {
  it('a masked input made for another view', async () => {
    const session = await sessionAt(2);
    const error = await refusesAndGoesOn(session, 'ERR_SECAGG_VIEW', (message) =>
      rebody(session, LIAR, message, (body) => flip(body, 31)),
    );
    expect(error).to.deep.include({ round: 2, userIds: [] });
  });

  it('a component outside the ring: bits where there are none', async () => {
    const session = await sessionAt(2); // 3 components of 21 bits: 63 bits in 8 bytes
    await refusesAndGoesOn(session, 'ERR_SECAGG_DECODE', (message) =>
      rebody(session, LIAR, message, (body) => flip(body, body.length - 1, 0x80)),
    );
  });

  it('a deal made again after a crash: the input is masked with a seed that nobody holds shares of', async () => {
    const session = await sessionAt(1);
    const before = session.user(LIAR).serializeState();
    const answers = await session.answers();
    session.deliver(answers);
    session.users.set(LIAR, UserWrapper.fromState(before));
    const again = await session.user(LIAR).round(session.messages.get(LIAR)!);
    refused('ERR_SECAGG_EQUIVOCATION', () => session.server.recv(LIAR, again));
    await session.close();
    await refusesAndGoesOn(session, 'ERR_SECAGG_VIEW', (message) => message);
  });
});

describe('a lying user, round 3', () => {
  it('a signature over another view, which would make every peer abort', async () => {
    const session = await sessionAt(3);
    const error = await refusesAndGoesOn(session, 'ERR_SECAGG_VIEW', (message) =>
      rebody(session, LIAR, message, (body) => flip(body, 0)),
    );
    expect(error).to.deep.include({ round: 3, userIds: [] });
  });
});

describe('a server that does not know the users', () => {
  it('lets a bad signature through in round 0, and every user finds it and aborts', async () => {
    const session = await sessionAt(0, { serverKnowsKeys: false });
    const answers = await session.answers();
    const keys = await generateKeyPair(systemRandom);
    const forged = await userMessage(session, {
      round: 0,
      sender: LIAR,
      body: bodyOf(answers.get(LIAR)!),
      key: keys.secretKey,
    });
    session.deliver(new Map([...answers, [LIAR, forged]]));
    await session.close();
    for (const id of HONEST) {
      const outcome = await session
        .user(id)
        .round(session.messages.get(id)!)
        .catch((error: unknown) => error);
      expect(outcome).to.have.property('code', 'ERR_SECAGG_SIGNATURE');
    }
  });

  it('takes part in whole sessions all the same', async () => {
    const session = await sessionAt(0, { serverKnowsKeys: false });
    expect(session.server.progress().missing).to.deep.equal([]);
    session.expectSum(await session.finish([[], [], [LIAR]]), HONEST);
  });
});
