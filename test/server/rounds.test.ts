// The five rounds of the server over ids and bytes: who may speak, how a message is read, and who is sent what.
import { expect } from 'chai';
import { DecodeError } from '../../src/index.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { positions } from '../../src/leaves/members.ts';
import { directoryExcerpts } from '../../src/server/r0-advertise-keys.ts';
import { sealedFor } from '../../src/server/r1-share-keys.ts';
import { signaturesFor } from '../../src/server/r3-consistency-check.ts';
import { roundOf } from '../../src/server/rounds.ts';
import type { CollectingState } from '../../src/server/state.ts';
import type { Round } from '../../src/session/notation.ts';
import type { UserMessage } from '../../src/wire/envelope.ts';
import { encodeAdvertiseKeys } from '../../src/wire/r0-advertise-keys.ts';
import { encodeDirectory, encodeShareKeys } from '../../src/wire/r1-share-keys.ts';
import { encodeMaskedInput } from '../../src/wire/r2-masked-input.ts';
import { encodeUnmask } from '../../src/wire/r4-unmasking.ts';
import { refused } from '../support/errors.ts';
import { flip } from '../support/forge.ts';
import { leaving } from '../support/states.ts';
import { COMPLETE, SPARSE } from '../support/step-session.ts';
import { dealOf, idAt, inputOf, keysOf, momentAt, positionOf, revealedBy, viewOf, type Moments } from '../support/steps.ts';

/** What a user says in a round, as its envelope holds it. */
async function messageOf(moment: Moments[Round], id: UserId): Promise<UserMessage> {
  const said = async (): Promise<[body: Uint8Array, signature: Uint8Array]> => {
    const none = new Uint8Array(64);
    switch (moment.server.phase) {
      case 'advertise-keys': {
        const { message } = await keysOf(moment as Moments[0], id);
        return [encodeAdvertiseKeys(message), message.signature];
      }
      case 'share-keys':
        return [encodeShareKeys((await dealOf(moment as Moments[1], id)).message), none];
      case 'masked-input':
        return [encodeMaskedInput((await inputOf(moment as Moments[2], id)).message), none];
      case 'consistency-check': {
        const { message } = await viewOf(moment as Moments[3], id);
        return [message.view, message.signature];
      }
      case 'unmasking':
        return [encodeUnmask((await revealedBy(moment as Moments[4], id)).message), none];
    }
  };
  const [body, signature] = await said();
  return { round: roundOf(moment.server).number, sender: id, body, signature };
}

for (const [name, setup] of [
  ['the complete graph', COMPLETE],
  ['a sparse graph', SPARSE],
] as const) {
  describe(`the rounds of a server on ${name}`, () => {
    for (const round of [0, 1, 2, 3, 4] as const) {
      it(`round ${round}: a user that may speak is heard by its id, and those that were heard are told in ascending order`, async () => {
        const moment = await momentAt(round, setup);
        const { session } = moment;
        const state: CollectingState = moment.server;
        const steps = roundOf(state);
        expect(steps.number).to.equal(round);
        expect(steps.heard(state)).to.deep.equal([]);
        expect(steps.speakers(session.serverContext, state)).to.deep.equal(session.ids);
        const speaking = [session.ids[2]!, session.ids[0]!];
        for (const id of speaking) steps.receive(session.serverContext, state, id, await messageOf(moment, id));
        expect(steps.heard(state)).to.deep.equal([session.ids[0], session.ids[2]]);
        if (round < 4) expect(steps.ready(session.serverContext, state, session.ids)).to.equal(true);
        // On a sparse graph six users in a row are enough for the threshold, and not around those at both ends.
        const row = session.ids.filter((id) => round > 0 && positionOf(moment as Moments[1], id) < 6);
        if (round > 0 && round < 4) expect(steps.ready(session.serverContext, state, row)).to.equal(setup === COMPLETE);
      });

      it(`round ${round}: a message is one of this session if it begins with the view it was made for; in round 0 none shows it`, async () => {
        const moment = await momentAt(round, setup);
        const { session } = moment;
        const state: CollectingState = moment.server;
        const id = session.ids[1]!;
        const message = await messageOf(moment, id);
        const isOurs = (body: Uint8Array): boolean =>
          roundOf(state).isOurs(session.serverContext, state, id, { ...message, body });
        expect(isOurs(message.body)).to.equal(round > 0);
        expect(isOurs(flip(message.body, 31))).to.equal(false);
      });

      it(`round ${round}: a body of another length is refused and changes nothing`, async () => {
        const moment = await momentAt(round, setup);
        const state: CollectingState = moment.server;
        const id = moment.session.ids[1]!;
        const message = await messageOf(moment, id);
        for (const body of [message.body.subarray(1), new Uint8Array(), Uint8Array.from([...message.body, 0])]) {
          await leaving(state, () =>
            refused(
              'ERR_SECAGG_DECODE',
              () => roundOf(state).receive(moment.session.serverContext, state, id, { ...message, body }),
              DecodeError,
            ),
          );
        }
      });
    }

    for (const [round, silent] of [
      [2, [[], [3]]],
      [3, [[], [], [3]]],
      [4, [[], [], [], [3]]],
    ] as const) {
      it(`round ${round}: a user that missed the round before may not speak, nor may one that is not in U1`, async () => {
        const moment = await momentAt(round, setup, { silent });
        const state: CollectingState = moment.server;
        const { session } = moment;
        const out = idAt(moment, 3);
        const steps = roundOf(state);
        const message = await messageOf(moment, idAt(moment, 2));
        const speaking = session.ids.filter((id) => id !== out);
        expect(steps.speakers(session.serverContext, state)).to.deep.equal(speaking);
        const late = await leaving(state, () =>
          refused('ERR_SECAGG_LATE', () => steps.receive(session.serverContext, state, out, message)),
        );
        expect(late).to.deep.include({ round, userIds: [] });
        const stranger = await leaving(state, () =>
          refused('ERR_SECAGG_UNKNOWN_USER', () => steps.receive(session.serverContext, state, 1 as UserId, message)),
        );
        expect(stranger).to.deep.include({ round, userIds: [] });
      });
    }

    it('round 0 is opened without a word of the server', () => {
      const state: CollectingState = { phase: 'advertise-keys', advertisements: new Map(), keys: new Set() };
      expect(roundOf(state).outgoing({} as never, state)).to.equal(null);
    });

    it('round 1 is opened with the directory, the same for all on the complete graph', async () => {
      const moment = await momentAt(1, setup);
      const { session, server } = moment;
      const outgoing = roundOf(server).outgoing(session.serverContext, server)!;
      expect(outgoing).to.deep.include({ round: 1, recipients: server.directory.positions, same: setup === COMPLETE });
      const excerptFor = directoryExcerpts(session.serverContext, server);
      for (const position of outgoing.recipients) {
        const fields = encodeDirectory(excerptFor(position), session.parameters.graph);
        expect(outgoing.fieldsFor(position)).to.deep.equal(fields);
      }
    });

    it('round 2 is opened for those in U2, each with the records for it alone', async () => {
      const moment = await momentAt(2, setup, { silent: [[], [3]] });
      const { session, server } = moment;
      const outgoing = roundOf(server).outgoing(session.serverContext, server)!;
      expect(outgoing).to.deep.include({ round: 2, recipients: positions(server.u2), same: false });
      for (const position of outgoing.recipients) {
        const sealed = sealedFor(session.serverContext, server, position);
        expect(outgoing.fieldsFor(position)).to.deep.equal([server.u2, idAt(moment, position), sealed]);
        expect(positionOf(moment, idAt(moment, position))).to.equal(position);
      }
    });

    it('round 3 is opened for those in U3, with U3', async () => {
      const { session, server } = await momentAt(3, setup, { silent: [[], [], [3]] });
      const outgoing = roundOf(server).outgoing(session.serverContext, server)!;
      expect(outgoing).to.deep.include({ round: 3, recipients: positions(server.u3), same: true });
      expect(outgoing.fieldsFor(outgoing.recipients[0]!)).to.deep.equal([server.u3]);
    });

    it('round 4 is opened for those in U4, with the signatures of those who hold their shares', async () => {
      const { session, server } = await momentAt(4, setup, { silent: [[], [], [], [3]] });
      const outgoing = roundOf(server).outgoing(session.serverContext, server)!;
      expect(outgoing).to.deep.include({ round: 4, recipients: positions(server.u4), same: setup === COMPLETE });
      for (const position of outgoing.recipients) {
        const { signers, signatures } = signaturesFor(session.serverContext, server, position);
        const joined = Uint8Array.from(signatures.flatMap((signature) => [...signature]));
        expect(outgoing.fieldsFor(position)).to.deep.equal([signers, joined]);
      }
    });
  });
}

describe('the speakers of round 0', () => {
  it('are the registered users, and none if none are registered', async () => {
    const { session, server } = await momentAt(0, COMPLETE);
    const { speakers } = roundOf(server);
    expect(speakers(session.serverContext, server)).to.deep.equal(session.ids);
    expect(speakers({ ...session.serverContext, publicKeys: null }, server)).to.deep.equal([]);
  });
});
