// One message of the server to a user, from bytes to signed bytes; and the five rounds of a user, where bytes and steps meet.
import { expect } from 'chai';
import { split } from '../../src/crypto/shamir.ts';
import { verify } from '../../src/crypto/sign.ts';
import { DecodeError, ProtocolError, UsageError, type SecAggErrorCode } from '../../src/index.ts';
import { digestOfBody, signedBytes } from '../../src/session/binding.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { proofLength } from '../../src/leaves/tree-shape.ts';
import type { Round } from '../../src/session/notation.ts';
import { MAX_USERS } from '../../src/session/parameters.ts';
import { decodeUserMessage, encodeServerMessage, encodeStartMessage } from '../../src/wire/envelope.ts';
import { encodeAdvertiseKeys } from '../../src/wire/r0-advertise-keys.ts';
import { encodeDirectory } from '../../src/wire/r1-share-keys.ts';
import { encodeMaskedInput, encodeShares } from '../../src/wire/r2-masked-input.ts';
import { encodeSurvivors } from '../../src/wire/r3-consistency-check.ts';
import { encodeSignatures, encodeUnmask } from '../../src/wire/r4-unmasking.ts';
import type { Field } from '../../src/wire/msgpack.ts';
import { answered } from '../../src/user/answering.ts';
import { advertiseKeys } from '../../src/user/r0-advertise-keys.ts';
import { allSecrets } from '../../src/user/snapshot.ts';
import { secretsOf, type UserSnapshot, type UserState } from '../../src/user/state.ts';
import { rejected } from '../support/errors.ts';
import { flip } from '../support/forge.ts';
import { expectSameArrays, leaving } from '../support/states.ts';
import { COMPLETE, recordedDependencies, seededRandom, SPARSE, type StepSession } from '../support/step-session.ts';
import {
  excerptFor,
  idAt,
  inputOf,
  momentAt,
  revealedBy,
  sharesFor,
  signersFor,
  survivorsFor,
  viewOf,
  type Moments,
} from '../support/steps.ts';

const ID = (session: StepSession): (typeof session.ids)[0] => session.ids[1]!;

/** The fields that an honest server sends to open a round; null in round 0. */
function fieldsOf(moment: Moments[Round]): Field[] | null {
  const id = ID(moment.session);
  const { graph } = moment.session.parameters;
  switch (moment.server.phase) {
    case 'advertise-keys':
      return null;
    case 'share-keys':
      return encodeDirectory(excerptFor(moment as Moments[1], id), graph);
    case 'masked-input':
      return encodeShares(sharesFor(moment as Moments[2], id));
    case 'consistency-check':
      return encodeSurvivors(survivorsFor(moment as Moments[3]));
    case 'unmasking':
      return encodeSignatures(signersFor(moment as Moments[4], id));
  }
}

function messageTo(moment: Moments[Round], round: Round): Uint8Array {
  const fields = fieldsOf(moment);
  return fields === null ? encodeStartMessage() : encodeServerMessage(moment.session.tag, { round, fields });
}

for (const [name, setup] of [
  ['the complete graph', COMPLETE],
  ['a sparse graph', SPARSE],
] as const) {
  describe(`a user that answers on ${name}`, () => {
    const moments: Moments[Round][] = [];
    before(async () => {
      for (const round of [0, 1, 2, 3, 4] as const) moments.push(await momentAt(round, setup));
    });
    const answering = (
      round: Round,
      bytes: Uint8Array,
      given: { readonly input?: Uint8Array | null; readonly state?: UserState } = {},
    ): ReturnType<typeof answered> => {
      const { session, users } = moments[round]!;
      const { dependencies } = recordedDependencies(seededRandom('user'));
      const { input = session.lanesOf(ID(session)), state = users.get(ID(session))! } = given;
      return answered(session.contextOf(ID(session)), state, bytes, { ...dependencies, input });
    };
    const refusing = async (
      code: SecAggErrorCode,
      round: Round,
      bytes: Uint8Array,
      state: UserState = moments[round]!.users.get(ID(moments[round]!.session))!,
    ): Promise<Error> => leaving([state, bytes], () => rejected(code, answering(round, bytes, { state })));

    for (const round of [0, 1, 2, 3, 4] as const) {
      it(`round ${round}: gives the body of its step under its signature, and the state that follows`, async () => {
        const { session, users } = moments[round]!;
        const id = ID(session);
        const before = users.get(id)!;
        const bytes = messageTo(moments[round]!, round);
        const input = session.lanesOf(id);
        const answer = await leaving([before, bytes, input], () => answering(round, bytes, { input }));
        expect(answer.round).to.equal(round);
        const most = 10_000;
        const { body, signature, sender } = decodeUserMessage(answer.out, session.tag, id, most);
        expect(sender).to.equal(id);
        const signed = signedBytes(session.tag, round, id, digestOfBody(session.parameters, round, body));
        expect(await verify(session.publicKeys.get(id)!, signed, signature)).to.equal(true);
        const expected = await expectedBody(moments[round]!);
        if (expected !== null) expect(body).to.deep.equal(expected);
        // Whatever the next state does not hold is spent; in round 2 that is the input as well.
        const kept = secretsOf(answer.state);
        const gone = secretsOf(before).filter((secret) => !kept.includes(secret));
        if (round === 2) gone.push(input);
        expectSameArrays(
          answer.spent.filter((secret) => secretsOf(before).includes(secret) || secret === input),
          gone,
        );
        expect(kept.some((secret) => answer.spent.includes(secret))).to.equal(false);
      });

      it(`round ${round}: refuses messages of later rounds as early, of earlier ones as another question`, async () => {
        for (const other of [0, 1, 2, 3, 4] as const) {
          if (other === round) continue;
          const error = await refusing(
            other > round ? 'ERR_SECAGG_EARLY' : 'ERR_SECAGG_EQUIVOCATION',
            round,
            messageTo(moments[other]!, other),
          );
          expect(error).to.be.instanceOf(ProtocolError).and.to.deep.include({ round: other, userIds: [] });
        }
      });

      it(`round ${round}: refuses bytes that are no message, and a message with a field more or less`, async () => {
        const { session } = moments[round]!;
        const fields = fieldsOf(moments[round]!);
        const bad = [new Uint8Array(), messageTo(moments[round]!, round).subarray(1), new Uint8Array(2 ** 20)];
        if (fields !== null) {
          for (const other of [[...fields, 1], fields.slice(1)]) {
            bad.push(encodeServerMessage(session.tag, { round, fields: other }));
          }
        }
        for (const bytes of bad) {
          expect(await refusing('ERR_SECAGG_DECODE', round, bytes)).to.be.instanceOf(DecodeError);
        }
      });

      if (round > 0) {
        it(`round ${round}: refuses a message of another session`, async () => {
          const tag = flip(moments[round]!.session.tag, 0);
          const bytes = encodeServerMessage(tag, { round, fields: fieldsOf(moments[round]!)! });
          expect(await refusing('ERR_SECAGG_SESSION', round, bytes)).to.deep.include({ round, userIds: [] });
        });
      }
    }

    it('refuses any message once it has answered all', async () => {
      const last = await answering(4, messageTo(moments[4]!, 4));
      for (const round of [0, 1, 2, 3, 4] as const) {
        await refusing('ERR_SECAGG_EQUIVOCATION', 4, messageTo(moments[round]!, round), last.state);
      }
    });

    it('tells the error that ended its session', async () => {
      const failed: UserState = { phase: 'failed', error: { kind: 'decode', message: 'bytes' } };
      const error = await refusing('ERR_SECAGG_FAILED', 1, messageTo(moments[1]!, 1), failed);
      expect(error.cause).to.be.instanceOf(DecodeError);
    });

    it('waits for its vector in round 2, after it has read the message and before it spends anything', async () => {
      const state = moments[2]!.users.get(ID(moments[2]!.session))!;
      const message = messageTo(moments[2]!, 2);
      const waiting = (bytes: Uint8Array): ReturnType<typeof answered> => answering(2, bytes, { input: null });
      const error = await leaving(state, () => rejected('ERR_SECAGG_NO_VECTOR', waiting(message)));
      expect(error).to.be.instanceOf(UsageError);
      await rejected('ERR_SECAGG_DECODE', waiting(message.subarray(1)));
    });
  });
}

/** The body that the step of a round gives; null if it draws randomness. */
async function expectedBody(moment: Moments[Round]): Promise<Uint8Array | null> {
  const id = ID(moment.session);
  switch (moment.server.phase) {
    case 'advertise-keys': {
      const { out } = await advertiseKeys((moment as Moments[0]).users.get(id)!, { random: seededRandom('user'), split });
      return encodeAdvertiseKeys(out);
    }
    case 'share-keys':
      return null;
    case 'masked-input':
      return encodeMaskedInput((await inputOf(moment as Moments[2], id)).message);
    case 'consistency-check':
      return (await viewOf(moment as Moments[3], id)).message.view;
    case 'unmasking':
      return encodeUnmask((await revealedBy(moment as Moments[4], id)).message);
  }
}

describe('a user that answers on a sparse graph of as many users as there can be', () => {
  it('reads the longest directory that there can be, and refuses it for its users, not for its length', async () => {
    const { session, users } = await momentAt(1, SPARSE);
    const { graph } = session.parameters;
    // Its lines are on both sides of the middle, so that the proof has the path to it twice.
    const first = 2 ** 19 - 2;
    const lines = Array.from({ length: 5 }, (_, i) => ({
      userId: (Number.MAX_SAFE_INTEGER - i) as UserId,
      channelKey: new Uint8Array(32),
      maskKey: new Uint8Array(32),
      signature: new Uint8Array(64),
    }));
    const places = lines.map((_, i) => first + i);
    const proof = new Array<Uint8Array>(proofLength(MAX_USERS, places)).fill(new Uint8Array(32));
    expect(proof.length).to.be.greaterThan(32);
    const fields = encodeDirectory({ users: MAX_USERS, first, lines, proof }, graph);
    const bytes = encodeServerMessage(session.tag, { round: 1, fields });
    const { dependencies } = recordedDependencies(seededRandom('user'));
    const answer = answered(session.contextOf(ID(session)), users.get(ID(session))!, bytes, { ...dependencies, input: null });
    await rejected('ERR_SECAGG_TOO_MANY_USERS', answer);
  });
});

describe('all secrets of a user', () => {
  it('are those of its state and its input', async () => {
    const moment = await momentAt(2, COMPLETE);
    const state = moment.users.get(idAt(moment, 0))!;
    const input = Uint8Array.of(1, 2, 3);
    expectSameArrays(allSecrets({ state, input } as UserSnapshot), [...secretsOf(state), input]);
    expectSameArrays(allSecrets({ state, input: null } as UserSnapshot), secretsOf(state));
    expect(allSecrets({ state: { phase: 'failed' }, input: null } as UserSnapshot)).to.deep.equal([]);
  });
});
