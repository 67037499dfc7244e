// One message that comes to the server: who sent it, whether it is new, whether it belongs here. What is refused, and what
// comes again, changes nothing.
import { expect } from 'chai';
import { fingerprint } from '../../src/crypto/digest.ts';
import { concat } from '../../src/leaves/bytes.ts';
import { AuthenticationError, DecodeError, ProtocolError, type SecAggErrorCode } from '../../src/index.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { serverDocument } from '../../src/server/json.ts';
import { enterMessage } from '../../src/server/receiving.ts';
import type { ServerContext, ServerSnapshot } from '../../src/server/state.ts';
import { digestOfBody, sessionTag, signedBytes } from '../../src/session/binding.ts';
import type { Round } from '../../src/session/notation.ts';
import { encodeUserMessage } from '../../src/wire/envelope.ts';
import { refused } from '../support/errors.ts';
import { bodyOf, flip, rebody, signatureOf, tagOf, userMessage } from '../support/forge.ts';
import { Session } from '../support/session.ts';
import { leaving } from '../support/states.ts';

const IDS = [1, 2, 3, 4, 5];

/** The server's snapshot in a round in which it has heard user 1, and what the users have to say in it; user 5 never speaks. */
async function collecting(
  round: number,
  serverKnowsKeys = true,
): Promise<{
  session: Session;
  snapshot: ServerSnapshot;
  context: ServerContext;
  answers: Map<number, Uint8Array>;
}> {
  const session = await new Session({ ids: IDS, threshold: 3, serverKnowsKeys }).before(round, [[5]]);
  const answers = await session.answers();
  session.server.recv(1, answers.get(1)!);
  const snapshot = serverDocument.parse(session.server.serializeState());
  const context = { ...snapshot.context, tag: sessionTag(snapshot.context.parameters) };
  return { session, snapshot, context, answers };
}

describe('a message that comes to the server', () => {
  for (const round of [0, 1, 2, 3, 4] as const) {
    describe(`in round ${round}`, () => {
      let now: Awaited<ReturnType<typeof collecting>>;
      before(async () => (now = await collecting(round)));
      const take = (sender: number, bytes: Uint8Array, closing = false): ReturnType<typeof enterMessage> =>
        enterMessage(now.context, now.snapshot, { sender: sender as UserId, bytes, closing });
      const refusing = async (
        code: SecAggErrorCode,
        sender: number,
        bytes: Uint8Array,
        closing = false,
      ): Promise<ProtocolError> => leaving(now.snapshot, () => refused(code, () => take(sender, bytes, closing), ProtocolError));

      it('is entered once; its digest is over all that it says', async () => {
        const fresh = await collecting(round);
        const message = fresh.answers.get(2)!;
        const request = { sender: 2 as UserId, bytes: message, closing: false };
        const outcome = enterMessage(fresh.context, fresh.snapshot, request)!;
        const signed = signedBytes(
          fresh.context.tag,
          round,
          2 as UserId,
          digestOfBody(fresh.context.parameters, round, bodyOf(message)),
        );
        expect(outcome).to.deep.equal({
          round,
          digest: fingerprint(concat([signed, signatureOf(message)])),
          dropped: [],
        });
        expect([...fresh.snapshot.received[round]!.keys()]).to.deep.equal([1, 2]);
        const again = await leaving(fresh.snapshot, () => enterMessage(fresh.context, fresh.snapshot, request));
        expect(again).to.equal(null);
      });

      it('comes again and changes nothing, even while the round is being closed', async () => {
        expect(await leaving(now.snapshot, () => take(1, now.answers.get(1)!))).to.equal(null);
        expect(await leaving(now.snapshot, () => take(1, now.answers.get(1)!, true))).to.equal(null);
      });

      it('comes from a stranger and is refused before anything of it is read', async () => {
        const error = await refusing('ERR_SECAGG_UNKNOWN_USER', 9, new Uint8Array(3));
        expect(error).to.deep.include({ round: null, userIds: [] });
      });

      it('is no message and is refused', async () => {
        for (const bytes of [new Uint8Array(), now.answers.get(2)!.subarray(1), new Uint8Array(2 ** 16)]) {
          await leaving(now.snapshot, () => refused('ERR_SECAGG_DECODE', () => take(2, bytes), DecodeError));
        }
      });

      it('was made for another session and is refused', async () => {
        const tag = flip(tagOf(now.session), 0);
        const body = bodyOf(now.answers.get(2)!);
        const error = await refusing('ERR_SECAGG_SESSION', 2, await userMessage(now.session, { round, sender: 2, body, tag }));
        expect(error).to.deep.include({ round, userIds: [] });
      });

      it('comes under another user’s name and is refused', async () => {
        const error = await refusing('ERR_SECAGG_SENDER', 3, now.answers.get(2)!);
        expect(error).to.deep.include({ round, userIds: [] });
      });

      it('is not signed by its sender and is refused; nobody is named, for anybody may have sent it', async () => {
        const message = now.answers.get(2)!;
        const [body, signature] = [bodyOf(message), flip(signatureOf(message), 40)];
        const forged = encodeUserMessage(tagOf(now.session), { round, sender: 2, body, signature });
        const key = now.session.registered.keys.get(3)![1];
        for (const bytes of [forged, await userMessage(now.session, { round, sender: 2, body, key })]) {
          const error = await refusing('ERR_SECAGG_SIGNATURE', 2, bytes);
          expect(error).to.be.instanceOf(AuthenticationError).and.to.deep.include({ round, userIds: [] });
        }
      });

      // In rounds 0 and 3 nothing shows that the second message was made for this session, and not for an earlier one.
      const named = round !== 0 && round !== 3;
      it(`is another one of a user that was heard, signed by it: the first one counts${named ? ', and the user is named' : ''}`, async () => {
        const other = await rebody(now.session, 1, now.answers.get(1)!, (body) => flip(body, body.length - 1));
        const error = await refusing('ERR_SECAGG_EQUIVOCATION', 1, other);
        expect(error).to.deep.include({ round, userIds: named ? [1] : [] });
      });

      it('is another one in the name of a user that was heard, not signed by it: the user is not named', async () => {
        const body = flip(bodyOf(now.answers.get(1)!), 3);
        const key = now.session.registered.keys.get(3)![1];
        const forged = await userMessage(now.session, { round, sender: 1, body, key });
        expect(await refusing('ERR_SECAGG_SIGNATURE', 1, forged)).to.deep.include({ round, userIds: [] });
      });

      it('comes while the round is being closed and is late', async () => {
        const error = await refusing('ERR_SECAGG_LATE', 2, now.answers.get(2)!, true);
        expect(error).to.deep.include({ round, userIds: [] });
      });

      for (const other of [0, 1, 2, 3, 4] as Round[]) {
        if (other === round) continue;
        it(`is one of round ${other} and is ${other > round ? 'early' : 'late'}`, async () => {
          // Of a user that was silent in that round, or will speak in it, with any body.
          const sender = other < round ? 5 : 2;
          const message = await userMessage(now.session, { round: other, sender, body: new Uint8Array(32) });
          const error = await refusing(other > round ? 'ERR_SECAGG_EARLY' : 'ERR_SECAGG_LATE', sender, message);
          expect(error).to.deep.include({ round: other, userIds: [] });
        });
      }
    });
  }

  it('is taken from anybody, and under any signature, by a server that was given no keys', async () => {
    const { context, snapshot, answers, session } = await collecting(0, false);
    const message = answers.get(2)!;
    const fields = { round: 0 as const, sender: 2, body: bodyOf(message), signature: flip(signatureOf(message), 40) };
    const bytes = encodeUserMessage(tagOf(session), fields);
    expect(enterMessage(context, snapshot, { sender: 2 as UserId, bytes, closing: false })).to.have.property('round', 0);
  });

  it('comes once the sum is known: one that was heard is recognised, any other is late', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    await session.before(4);
    const answers = await session.answers();
    const early = [...answers].slice(0, 4);
    session.deliver(new Map(early));
    await session.close();
    const snapshot = serverDocument.parse(session.server.serializeState());
    const context = { ...snapshot.context, tag: sessionTag(snapshot.context.parameters) };
    const take = (sender: number): unknown =>
      enterMessage(context, snapshot, { sender: sender as UserId, bytes: answers.get(sender)!, closing: false });
    expect(await leaving(snapshot, () => take(1))).to.equal(null);
    await leaving(snapshot, () => refused('ERR_SECAGG_LATE', () => take(5), ProtocolError));
  });

  it('is another one of an earlier round, of a user that is out since: the first one counts, and nobody is named', async () => {
    const session = await new Session({ ids: IDS, threshold: 3 }).before(1);
    const answers = await session.answers();
    session.deliver(answers);
    await session.close();
    await session.round([5]);
    const other = await rebody(session, 5, answers.get(5)!, (body) => flip(body, body.length - 1));
    const error = refused('ERR_SECAGG_EQUIVOCATION', () => session.server.recv(5, other), ProtocolError);
    expect(error).to.deep.include({ round: 1, userIds: [] });
  });

  it('comes after an error that ended the session: the error is told', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    const answers = await session.answers();
    await session.server.round().catch(() => undefined);
    const error = refused('ERR_SECAGG_FAILED', () => session.server.recv(1, answers.get(1)!));
    expect(error.cause).to.have.property('code', 'ERR_SECAGG_THRESHOLD');
  });
});
