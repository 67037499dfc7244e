// What a server could try against users on a sparse graph in round 4: signatures that are not those of its neighbors, two views at once,
// an arc cut out.
import { expect } from 'chai';
import { UserWrapper, type SecAggError } from '../../../src/index.ts';
import { membersOf, positions, type Members } from '../../../src/leaves/members.ts';
import { viewOfRound3 } from '../../../src/session/binding.ts';
import { encodeServerMessage } from '../../../src/wire/envelope.ts';
import type { Field } from '../../../src/wire/msgpack.ts';
import { rejected, rejection } from '../../support/errors.ts';
import { flip, refields, signatureOf, tagOf, userMessage } from '../../support/forge.ts';
import { GRAPH, lied, refuses, replaced, USERS, type Signatures } from '../../support/sparse-lies.ts';
import { neighborsOf, positionsOf } from '../../support/sparse.ts';
import type { Session } from '../../support/session.ts';

describe('a lying server on a sparse graph, round 4: the signatures of the neighbors', () => {
  it('fewer than the share threshold', async () => {
    await refuses(await lied(4), 'ERR_SECAGG_THRESHOLD', (fields) => {
      const [, signatures] = fields as Signatures;
      return [membersOf([0, 1, 2, 3], GRAPH.neighbors), signatures.subarray(0, 4 * 64)];
    });
  });

  it('signatures of users that are no neighbors in place of those of neighbors', async () => {
    const { session, victim } = await lied(4);
    // All over the same view, and all good: but these users hold no share of the victim.
    const far = positionsOf(session).slice(12, 18);
    const signatures: Uint8Array[] = [];
    for (const id of far) signatures.push(await signatureFor(session, id));
    await refuses({ session, victim }, 'ERR_SECAGG_SIGNATURE', ([signers]) => [
      signers!,
      Uint8Array.from(signatures.flatMap((s) => [...s])),
    ]);
  });

  it("the victim's own signature counted among those of its neighbors", async () => {
    const { session, victim } = await lied(4);
    const own = await signatureFor(session, victim);
    await refuses({ session, victim }, 'ERR_SECAGG_SIGNATURE', (fields) => {
      const [signers, signatures] = fields as Signatures;
      return [signers, replaced(signatures, 64, 0, own)];
    });
  });

  it('signers that are not in U3', async () => {
    const { session, victim } = await lied(4, [[], [], [8]]);
    await refuses({ session, victim }, 'ERR_SECAGG_SUBSET', (fields) => {
      const [, signatures] = fields as Signatures;
      return [membersOf([0, 1, 2, 3, 4, 5], GRAPH.neighbors), Uint8Array.from([...signatures, ...signatures.subarray(0, 64)])];
    });
  });

  it('a changed signature, one of another round, or over another view', async () => {
    await refuses(await lied(4), 'ERR_SECAGG_SIGNATURE', (fields) => {
      const [signers, signatures] = fields as Signatures;
      return [signers, flip(signatures, 5 * 64 + 3)];
    });
    for (const forged of [
      { round: 1, view: null },
      { round: 3, view: new Uint8Array(32) },
    ] as const) {
      const { session, victim } = await lied(4);
      const neighbor = neighborsOf(session, victim)[2]!;
      const body = forged.view ?? viewOf(session);
      const other = signatureOf(await userMessage(session, { round: forged.round, sender: neighbor, body }));
      await refuses({ session, victim }, 'ERR_SECAGG_SIGNATURE', (fields) => {
        const [signers, signatures] = fields as Signatures;
        return [signers, replaced(signatures, 64, 2, other)];
      });
    }
  });

  it('a second request with other signers: each user answers once', async () => {
    const { session, victim } = await lied(4);
    const message = session.messages.get(victim)!;
    const answer = await session.user(victim).round(message);
    const other = refields(session, message, (fields) => {
      const [, signatures] = fields as Signatures;
      return [membersOf([0, 1, 2, 3, 4], GRAPH.neighbors), signatures.subarray(0, 5 * 64)];
    });
    await rejected('ERR_SECAGG_EQUIVOCATION', session.user(victim).round(other));
    expect(answer).to.have.length.greaterThan(6 * 32);
  });

  it('both secrets of one user, by two views over one neighborhood: no view finds as many signers as it needs', async () => {
    // Half of the victim's neighbors are told that it is in U3, half that it dropped out.
    const { session, victim, place } = await lied(3);
    const around = neighborsOf(session, victim);
    const told = new Map<number, Uint8Array>();
    for (const [i, id] of around.entries()) {
      const message = session.messages.get(id)!;
      const lie = refields(session, message, ([u3]) => [
        membersOf(
          positions(u3 as Members).filter((at) => at !== place),
          USERS,
        ),
      ]);
      told.set(id, i % 2 === 0 ? message : lie);
    }
    const signatures = new Map<number, Uint8Array>();
    for (const [id, message] of told) signatures.set(id, signatureOf(await session.user(id).round(message)));
    // Each is shown the best that the server has: its neighbors' signatures, of which those over the other view do not verify.
    for (const id of around) {
      const own = neighborsOf(session, id);
      const signing = own.flatMap((other, i) => (signatures.has(other) ? [i] : []));
      const fields = [
        membersOf(signing, GRAPH.neighbors),
        Uint8Array.from(signing.flatMap((i) => [...signatures.get(own[i]!)!])),
      ];
      const error = await rejection(session.user(id).round(encodeServerMessage(tagOf(session), { round: 4, fields })));
      expect(error.code).to.be.oneOf(['ERR_SECAGG_SIGNATURE', 'ERR_SECAGG_THRESHOLD']);
    }
  });

  it('a neighbor rolled back, which signs both of two views: still neither finds as many signers as it needs', async () => {
    const { session, victim, place } = await lied(3);
    const around = neighborsOf(session, victim);
    const stale = session.user(around[0]!).serializeState();
    const without = ([u3]: Field[]): Field[] => [
      membersOf(
        positions(u3 as Members).filter((at) => at !== place),
        USERS,
      ),
    ];
    // Everybody but the victim's last three neighbors is told the truth; these, that it has dropped out.
    const misled = around.slice(3);
    const signed = new Map<number, Map<boolean, Uint8Array>>();
    for (const [id, message] of session.messages) {
      const lie = misled.includes(id);
      const answer = await session.user(id).round(lie ? refields(session, message, without) : message);
      signed.set(id, new Map([[lie, signatureOf(answer)]]));
    }
    const rolledBack = UserWrapper.fromState(stale);
    const again = await rolledBack.round(refields(session, session.messages.get(around[0]!)!, without));
    signed.get(around[0]!)!.set(true, signatureOf(again));
    // Each of the misled is given all signatures over its own view that there are.
    for (const id of misled) {
      const own = neighborsOf(session, id);
      const signing = own.flatMap((other, i) => (signed.get(other)!.has(true) ? [i] : []));
      const signatures = signing.flatMap((i) => [...signed.get(own[i]!)!.get(true)!]);
      const fields = [membersOf(signing, GRAPH.neighbors), Uint8Array.from(signatures)];
      const error = await rejected(
        'ERR_SECAGG_THRESHOLD',
        session.user(id).round(encodeServerMessage(tagOf(session), { round: 4, fields })),
      );
      expect(error).to.deep.include({ need: 5 });
    }
  });

  it('an arc cut out with one consistent view: the borders have too few neighbors to go on with', async () => {
    // Against 2t > k alone an arc between lied-away users could be summed by itself; see test/planner/lying-server.test.ts.
    const { session } = await lied(3);
    const gone = [0, 5];
    const places = positionsOf(session);
    const view = ([u3]: Field[]): Field[] => [
      membersOf(
        positions(u3 as Members).filter((at) => !gone.includes(at)),
        USERS,
      ),
    ];
    for (const place of [1, 2, 3, 4]) {
      const id = places[place]!;
      const outcome = await session
        .user(id)
        .round(refields(session, session.messages.get(id)!, view))
        .then(
          () => 'signed',
          (reason: unknown) => (reason as SecAggError).code,
        );
      // Places 2 and 3 have both among their neighbors and are left with four; without them 1 and 4 find three signers.
      expect(outcome).to.equal(place === 1 || place === 4 ? 'signed' : 'ERR_SECAGG_THRESHOLD');
    }
  });
});

/** The view that was signed in round 3, as the server has it in round 4. */
function viewOf(session: Session): Uint8Array {
  const { state } = JSON.parse(session.server.serializeState()) as { state: { view2: string; u3: string } };
  const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
  return viewOfRound3(bytes(state.view2), bytes(state.u3) as Members);
}

/** A user's signature of round 3, made again by its key: Ed25519 has one for a message. */
async function signatureFor(session: Session, id: number): Promise<Uint8Array> {
  return signatureOf(await userMessage(session, { round: 3, sender: id, body: viewOf(session) }));
}
