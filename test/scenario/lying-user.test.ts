// What a user could try against the server and its peers, where the server knows the users' keys: whatever bytes one
// user sends in whichever round, it costs itself, and the others get their sum.
import { expect } from 'chai';
import { generateKeyPair } from '../../src/crypto/agree.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { ProtocolError, UserWrapper, type SecAggError, type SecAggErrorCode } from '../../src/index.ts';
import { concat } from '../../src/leaves/bytes.ts';
import type { Round } from '../../src/session/notation.ts';
import { encodeUserMessage } from '../../src/wire/envelope.ts';
import { encodeFields } from '../../src/wire/msgpack.ts';
import { secretKeyOf } from '../support/registered-users.ts';
import { refused } from '../support/errors.ts';
import { bodyOf, flip, rebody, signatureOf, tagOf, userMessage } from '../support/forge.ts';
import { Session, type Setup } from '../support/session.ts';

const LIAR = 20;
const IDS = [5, 10, LIAR, 30, 40];
const HONEST = IDS.filter((id) => id !== LIAR);

async function sessionAt(round: number, given: Partial<Setup> = {}): Promise<Session> {
  return new Session({ ids: IDS, threshold: 3, vecLen: 3, options: { bits: 21 }, ...given }).before(round);
}

/** The server refuses what the liar sends, is as it was, and the others get their sum without it. */
async function refusesAndGoesOn(
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

describe('a lying user, any round', () => {
  for (const round of [0, 1, 2, 3, 4] as Round[]) {
    const nameRound = `round ${round}`;

    it(`${nameRound}: bytes that are no message`, async () => {
      for (const junk of [
        new Uint8Array(0),
        Uint8Array.of(0xc1),
        Uint8Array.of(0x96, 1),
        new Uint8Array(500),
        encodeFields([1, round]),
      ]) {
        await refusesAndGoesOn(await sessionAt(round), 'ERR_SECAGG_DECODE', () => junk);
      }
    });

    it(`${nameRound}: a message with bytes after it, or cut short`, async () => {
      await refusesAndGoesOn(await sessionAt(round), 'ERR_SECAGG_DECODE', (message) => concat([message, Uint8Array.of(0)]));
      await refusesAndGoesOn(await sessionAt(round), 'ERR_SECAGG_DECODE', (message) => message.subarray(0, -1));
    });

    it(`${nameRound}: a body that is too long, too short or empty, well signed`, async () => {
      for (const change of [
        (body: Uint8Array) => concat([body, Uint8Array.of(0)]),
        (body: Uint8Array) => body.subarray(1),
        () => new Uint8Array(0),
      ]) {
        const session = await sessionAt(round);
        await refusesAndGoesOn(session, 'ERR_SECAGG_DECODE', (message) => rebody(session, LIAR, message, change));
      }
    });

    it(`${nameRound}: a word under another user's id`, async () => {
      const session = await sessionAt(round);
      await refusesAndGoesOn(session, 'ERR_SECAGG_SENDER', (message) =>
        userMessage(session, { round, sender: 5, body: bodyOf(message), key: secretKeyOf(session.registered, LIAR) }),
      );
    });

    it(`${nameRound}: another user's id and a signature of its own, through that user's connection`, async () => {
      const session = await sessionAt(round);
      const answers = await session.answers();
      const forged = await userMessage(session, {
        round,
        sender: 5,
        body: bodyOf(answers.get(5)!),
        key: secretKeyOf(session.registered, LIAR),
      });
      refused('ERR_SECAGG_SIGNATURE', () => session.server.recv(5, forged));
      session.deliver(answers);
      const output = await session.close();
      session.expectSum(output.isVector() ? Array.from(output.getVector() as Int32Array, BigInt) : await session.finish(), IDS);
    });

    it(`${nameRound}: a signature that is changed, or made for another round`, async () => {
      const session = await sessionAt(round);
      const other = ((round + 1) % 5) as Round;
      await refusesAndGoesOn(session, 'ERR_SECAGG_SIGNATURE', async (message) => {
        const elsewhere = await userMessage(session, { round: other, sender: LIAR, body: bodyOf(message) });
        const signature = signatureOf(elsewhere);
        return encodeUserMessage(tagOf(session), { round, sender: LIAR, body: bodyOf(message), signature });
      });
      await refusesAndGoesOn(await sessionAt(round), 'ERR_SECAGG_SIGNATURE', (message) =>
        flip(message, message.length - 1, 0x10),
      );
    });

    it(`${nameRound}: a message of another session`, async () => {
      const other = await sessionAt(round, { options: { bits: 21, session: 'other' } });
      const session = await sessionAt(round, { registered: other.registered });
      const answers = await other.answers();
      await refusesAndGoesOn(session, 'ERR_SECAGG_SESSION', () => answers.get(LIAR)!);
    });

    if (round === 0) {
      it(`${nameRound}: what the user sent in an earlier session with the same tag, before its own: nobody is named`, async () => {
        const earlier = await sessionAt(round);
        const replayed = (await earlier.answers()).get(LIAR)!;
        const session = await sessionAt(round, { registered: earlier.registered });
        session.server.recv(LIAR, replayed);
        const own = (await session.answers()).get(LIAR)!;
        const error = refused('ERR_SECAGG_EQUIVOCATION', () => session.server.recv(LIAR, own), ProtocolError);
        expect(error).to.deep.include({ round, userIds: [] });
      });
    }

    if (round > 0) {
      it(`${nameRound}: what the user sent in an earlier session with the same tag, after its own: it is not named`, async () => {
        const earlier = await sessionAt(round);
        const replayed = (await earlier.answers()).get(LIAR)!;
        const session = await sessionAt(round, { registered: earlier.registered });
        const answers = await session.answers();
        session.deliver(answers);
        const error = refused('ERR_SECAGG_EQUIVOCATION', () => session.server.recv(LIAR, replayed), ProtocolError);
        expect(error).to.deep.include({ round, userIds: [] });
        const output = await session.close();
        session.expectSum(output.isVector() ? Array.from(output.getVector() as Int32Array, BigInt) : await session.finish(), IDS);
      });

      it(`${nameRound}: what the user sent in an earlier session with the same tag: it is not named, and may still speak`, async () => {
        const earlier = await sessionAt(round);
        const replayed = (await earlier.answers()).get(LIAR)!;
        const session = await sessionAt(round, { registered: earlier.registered });
        const error = refused('ERR_SECAGG_VIEW', () => session.server.recv(LIAR, replayed), ProtocolError);
        expect(error).to.deep.include({ round, userIds: [] });
        session.expectSum(await session.finish(), IDS);
        expect(session.server.progress().dropped).to.deep.equal([]);
      });
    }

    it(`${nameRound}: more bytes than any message of the session has, refused before they are looked into`, async () => {
      const session = await sessionAt(round);
      const tag = new Uint8Array(32); // would be refused too, but only once the bytes are parsed
      await refusesAndGoesOn(session, 'ERR_SECAGG_DECODE', () =>
        userMessage(session, { round, sender: LIAR, body: new Uint8Array(2000), tag }),
      );
    });

    it(`${nameRound}: two different messages; the first one counts`, async () => {
      const session = await sessionAt(round);
      const answers = await session.answers();
      session.deliver(answers);
      const before = session.server.serializeState();
      const second = await rebody(session, LIAR, answers.get(LIAR)!, (body) => flip(body, body.length - 1));
      const error = refused('ERR_SECAGG_EQUIVOCATION', () => session.server.recv(LIAR, second), ProtocolError);
      // Of rounds 0 and 3 the second message may be one of an earlier session with the same tag.
      expect(error).to.deep.include({ round, userIds: round === 0 || round === 3 ? [] : [LIAR] });
      expect(session.server.serializeState()).to.equal(before);
      const output = await session.close();
      session.expectSum(output.isVector() ? Array.from(output.getVector() as Int32Array, BigInt) : await session.finish(), IDS);
    });

    it(`${nameRound}: its own message again under a signature that is none: not the message that was accepted`, async () => {
      const session = await sessionAt(round);
      const answers = await session.answers();
      session.deliver(answers);
      const before = session.server.serializeState();
      const [body, signature] = [bodyOf(answers.get(LIAR)!), flip(signatureOf(answers.get(LIAR)!), 0)];
      const again = encodeUserMessage(tagOf(session), { round, sender: LIAR, body, signature });
      refused('ERR_SECAGG_SIGNATURE', () => session.server.recv(LIAR, again));
      expect(session.server.serializeState()).to.equal(before);
    });

    if (round > 0) {
      it(`${nameRound}: a word of a stranger`, async () => {
        const session = await sessionAt(round);
        const other = new Session({ ids: [77, 78], threshold: 2 });
        const message = (sender: number): Promise<Uint8Array> =>
          userMessage(session, { round, sender, body: new Uint8Array(64), key: secretKeyOf(other.registered, 77) });
        const stranger = await message(77);
        refused('ERR_SECAGG_UNKNOWN_USER', () => session.server.recv(77, stranger));
        session.expectSum(await session.finish(), IDS);
      });

      it(`${nameRound}: a word of a user that dropped out before`, async () => {
        const session = new Session({ ids: IDS, threshold: 3 });
        const silent = [[], [], [], [], []] as number[][];
        silent[round - 1] = [LIAR];
        await session.before(round, silent);
        const message = await userMessage(session, { round, sender: LIAR, body: new Uint8Array(64) });
        const code = round === 1 ? 'ERR_SECAGG_UNKNOWN_USER' : 'ERR_SECAGG_LATE';
        refused(code, () => session.server.recv(LIAR, message));
        session.expectSum(await session.finish(), round > 3 ? IDS : HONEST);
      });
    }
  }
});

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
