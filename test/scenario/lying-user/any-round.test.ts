// What a user could try against the server and its peers, where the server knows the users' keys: whatever bytes one
// user sends in whichever round, it costs itself, and the others get their sum.
// Here: lies that fit every round.
import { expect } from 'chai';
import { ProtocolError } from '../../../src/index.ts';
import { concat } from '../../../src/leaves/bytes.ts';
import type { Round } from '../../../src/session/notation.ts';
import { encodeUserMessage } from '../../../src/wire/envelope.ts';
import { encodeFields } from '../../../src/wire/msgpack.ts';
import { refused } from '../../support/errors.ts';
import { bodyOf, flip, rebody, signatureOf, tagOf, userMessage } from '../../support/forge.ts';
import { secretKeyOf } from '../../support/registered-users.ts';
import { Session } from '../../support/session.ts';
import { HONEST, IDS, LIAR, refusesAndGoesOn, sessionAt } from '../../support/user-lies.ts';

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
