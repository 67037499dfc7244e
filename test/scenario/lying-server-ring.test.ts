// What a server could try against users on a ring, once it is drawn: the attacks on the complete graph that look different
// where a user sees only its neighbourhood, and those that only a ring invites. The model is 'semi-malicious': 3t ≥ 2k + 2.
import { expect } from 'chai';
import { generateKeyPair } from '../../src/crypto/agree.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { ServerWrapper, UserWrapper, type SecAggError, type SecAggErrorCode, type SparseGraph } from '../../src/index.ts';
import { membersOf, positions, type Members } from '../../src/members.ts';
import { viewOfRound3 } from '../../src/protocol/binding.ts';
import { encodeServerMessage } from '../../src/wire/envelope.ts';
import type { Field } from '../../src/wire/msgpack.ts';
import { refused, rejected, rejection } from '../support/errors.ts';
import { flip, refields, signatureOf, tagOf, userMessage } from '../support/forge.ts';
import { neighboursOf, placesOf, ringSession } from '../support/ring.ts';
import type { Session, Setup } from '../support/session.ts';

const GRAPH: SparseGraph = { neighbors: 6, shareThreshold: 5 };
const USERS = 20;

function newSession(given: Partial<Setup> = {}): Session {
  return ringSession(USERS, GRAPH, { threshold: 14, ...given, options: { adversary: 'semi-malicious', ...given.options } });
}

/** A session in a round, and the user that is lied to: any, for all places are alike. */
async function lied(
  round: number,
  silent: readonly number[][] = [],
): Promise<{ session: Session; victim: number; place: number }> {
  const session = await newSession().before(1);
  const place = 7;
  for (let r = 1; r < round; r++) await session.round(silent[r]?.map((at) => placesOf(session)[at]!));
  return { session, victim: placesOf(session)[place]!, place };
}

async function refuses(
  { session, victim }: { session: Session; victim: number },
  code: SecAggErrorCode,
  change: (fields: Field[]) => Field[] | undefined,
): Promise<void> {
  const lie = refields(session, session.messages.get(victim)!, change);
  await rejected(code, session.user(victim).round(lie));
  await rejected('ERR_SECAGG_FAILED', session.user(victim).round(session.messages.get(victim)!));
}

type Part = [users: number, first: number, ids: number[], keys: Uint8Array, signatures: Uint8Array, proof: Uint8Array];
type Shares = [u2: Members, receiver: number, sealed: Uint8Array];
type Signatures = [signers: Members, signatures: Uint8Array];

const OWN = GRAPH.neighbors / 2;
const stretch = (bytes: Uint8Array, size: number, from: number, to = from + 1): Uint8Array =>
  bytes.subarray(from * size, to * size);
const replaced = (bytes: Uint8Array, size: number, index: number, by: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy.set(by, index * size);
  return copy;
};

describe('parameters that do not bear the adversary a party asks for', () => {
  const options = { adversary: 'malicious' } as const;

  it('a ring against a malicious server, the default: refused by either party, with what holds instead', () => {
    const error = refused('ERR_SECAGG_POLICY', () => newSession({ options }));
    expect(error.message).to.contain('cohorts').and.to.contain('complete graph');
    refused('ERR_SECAGG_POLICY', () => new ServerWrapper(14, 3, { graph: GRAPH }));
  });

  it('too few shares to keep two views apart, or too many colluders for these: each user refuses for itself', () => {
    const session = newSession();
    const [pk, sk] = session.cohort.keys.get(10)!;
    const user = (graph: SparseGraph, more: object = {}): UserWrapper =>
      new UserWrapper(10, 14, pk, sk, [1, 2, 3], session.cohort.pki, { graph, adversary: 'semi-malicious', ...more });
    user(GRAPH);
    refused('ERR_SECAGG_POLICY', () => user({ neighbors: 6, shareThreshold: 4 })); // 3 · 4 < 2 · 6 + 2
    refused('ERR_SECAGG_POLICY', () => user(GRAPH, { colluders: 1 })); // 3 · 5 < 2 · 6 + 2 + 2
    user({ neighbors: 6, shareThreshold: 6 }, { colluders: 1, security: 1 });
    refused('ERR_SECAGG_POLICY', () => user({ neighbors: 6, shareThreshold: 6 }, { colluders: 3, security: 40 }));
  });

  it('a graph that others were not told: another k or t is another session', async () => {
    const [ours, theirs] = [newSession(), newSession({ options: { graph: { neighbors: 6, shareThreshold: 6 } } })];
    for (const [id, message] of await ours.answers()) refused('ERR_SECAGG_SESSION', () => theirs.server.recv(id, message));
    const complete = new ServerWrapper(14, 3, { publicKeys: ours.cohort.pki });
    for (const [id, message] of await newSession().answers()) refused('ERR_SECAGG_SESSION', () => complete.recv(id, message));
  });
});

describe('a lying server on a ring, round 1: the neighbourhood', () => {
  it('fewer users than the threshold, or more than the user expects', async () => {
    for (const [users, code] of [
      [13, 'ERR_SECAGG_THRESHOLD'],
      [21, 'ERR_SECAGG_TOO_MANY_USERS'],
    ] as const) {
      const at = await lied(1);
      const lie = refields(at.session, at.session.messages.get(at.victim)!, ([, first, ...rest]) => [users, first!, ...rest]);
      // Another number of users has another tree: unless the proof happens to have its length, the codec refuses it already.
      const error = await rejection(at.session.user(at.victim).round(lie));
      expect([code, 'ERR_SECAGG_DECODE']).to.include(error.code);
    }
  });

  it('a fake user among the neighbours, or one that the application does not know', async () => {
    await refuses(await lied(1), 'ERR_SECAGG_UNKNOWN_USER', (fields) => {
      const [users, first, ids, ...rest] = fields as Part;
      return [users, first, [9_999, ...ids.slice(1)], ...rest];
    });
  });

  it('one neighbour in two places, so that one colluder holds two shares', async () => {
    await refuses(await lied(1), 'ERR_SECAGG_SET', (fields) => {
      const [users, first, ids, keys, signatures, proof] = fields as Part;
      return [
        users,
        first,
        [ids[1]!, ...ids.slice(1)],
        replaced(keys, 64, 0, stretch(keys, 64, 1)),
        replaced(signatures, 64, 0, stretch(signatures, 64, 1)),
        proof,
      ];
    });
  });

  it('more neighbours on one side than on the other: its shares would be held by others than those who think so', async () => {
    await refuses(await lied(1), 'ERR_SECAGG_SET', (fields) => {
      const [users, first, ids, keys, signatures, proof] = fields as Part;
      const turn = <T>(list: readonly T[]): T[] => [...list.slice(1), list[0]!];
      const lines = (bytes: Uint8Array): Uint8Array => Uint8Array.from([...bytes.subarray(64), ...bytes.subarray(0, 64)]);
      return [users, first, turn(ids), lines(keys), lines(signatures), proof];
    });
  });

  it("the victim's own keys exchanged, or a neighbour's, which the server would hold", async () => {
    const own = await generateKeyPair(systemRandom);
    for (const [line, code] of [
      [OWN, 'ERR_SECAGG_OWN_KEYS'],
      [OWN + 1, 'ERR_SECAGG_SIGNATURE'],
      [0, 'ERR_SECAGG_SIGNATURE'],
    ] as const) {
      for (const key of [0, 1]) {
        await refuses(await lied(1), code, (fields) => {
          const [users, first, ids, keys, signatures, proof] = fields as Part;
          return [users, first, ids, replaced(keys, 32, 2 * line + key, own.publicKey), signatures, proof];
        });
      }
    }
  });

  it("a neighbour's key of small order, or one key in two roles", async () => {
    await refuses(await lied(1), 'ERR_SECAGG_KEYS', (fields) => {
      const [users, first, ids, keys, signatures, proof] = fields as Part;
      return [users, first, ids, replaced(keys, 32, 0, new Uint8Array(32)), signatures, proof];
    });
    await refuses(await lied(1), 'ERR_SECAGG_KEYS', (fields) => {
      const [users, first, ids, keys, signatures, proof] = fields as Part;
      return [users, first, ids, replaced(keys, 32, 0, stretch(keys, 32, 1)), signatures, proof];
    });
  });

  it('a proof of another length', async () => {
    await refuses(await lied(1), 'ERR_SECAGG_DECODE', (fields) => {
      const [users, first, ids, keys, signatures, proof] = fields as Part;
      return [users, first, ids, keys, signatures, proof.subarray(32)];
    });
  });

  it('another place on the ring, or another ring around it: its deal is for a directory that nobody else has', async () => {
    for (const change of [
      (fields: Field[]): Field[] => {
        const [users, first, ids, keys, signatures, proof] = fields as Part;
        return [users, first, ids, keys, signatures, flip(proof, proof.length - 1)];
      },
      // A true neighbour replaced by another true user: all signatures hold, and the tree does not.
      (fields: Field[], other: Field[]): Field[] => {
        const [users, first, ids, keys, signatures, proof] = fields as Part;
        const [, , otherIds, otherKeys, otherSignatures] = other as Part;
        return [
          users,
          first,
          [otherIds[OWN]!, ...ids.slice(1)],
          replaced(keys, 64, 0, stretch(otherKeys, 64, OWN)),
          replaced(signatures, 64, 0, stretch(otherSignatures, 64, OWN)),
          proof,
        ];
      },
    ]) {
      const { session, victim } = await lied(1);
      const far = session.messages.get(placesOf(session)[17]!)!;
      let farFields: Field[] = [];
      refields(session, far, (fields) => {
        farFields = fields;
        return undefined;
      });
      const deal = await session
        .user(victim)
        .round(refields(session, session.messages.get(victim)!, (fields) => change(fields, farFields)));
      const error = refused('ERR_SECAGG_VIEW', () => session.server.recv(victim, deal));
      expect(error).to.deep.include({ userIds: [] });
      // And what it sealed opens for nobody: as if it had dropped out.
      await session.round([victim]);
      const sum = await session.finish();
      session.expectSum(
        sum,
        session.setup.ids.filter((id) => id !== victim),
      );
    }
  });

  it("another user's neighbourhood", async () => {
    const { session, victim } = await lied(1);
    const [near, far] = [placesOf(session)[8]!, placesOf(session)[17]!];
    await rejected('ERR_SECAGG_SET', session.user(victim).round(session.messages.get(near)!));
    await rejected('ERR_SECAGG_OWN_KEYS', session.user(near).round(session.messages.get(far)!));
  });
});

describe('a lying server on a ring, round 2: U2', () => {
  const setsTo =
    (members: (all: number[]) => number[]) =>
    (fields: Field[]): Field[] => {
      const [u2, receiver, sealed] = fields as Shares;
      const changed = membersOf(members(positions(u2)), USERS);
      return [changed, receiver, sealed];
    };

  it('fewer users than the threshold, or the victim not among them', async () => {
    const at = await lied(2);
    await refuses(
      at,
      'ERR_SECAGG_THRESHOLD',
      setsTo((all) => [...all.slice(0, 10), 19]),
    );
    const other = await lied(2);
    await refuses(
      other,
      'ERR_SECAGG_SET',
      setsTo((all) => all.filter((place) => place !== other.place)),
    );
  });

  it('an isolated user: so many of its neighbours gone that nobody could open its mask but who hides them', async () => {
    const at = await lied(2);
    const error = await rejected(
      'ERR_SECAGG_THRESHOLD',
      at.session.user(at.victim).round(
        refields(at.session, at.session.messages.get(at.victim)!, (fields) => {
          const [u2, receiver, sealed] = fields as Shares;
          const left = positions(u2).filter((place) => place !== 4 && place !== 10);
          return [membersOf(left, USERS), receiver, sealed.subarray(136, 5 * 136)];
        }),
      ),
    );
    expect(error).to.deep.include({ have: 4, need: 5, userIds: [at.victim] });
  });

  it('records of a neighbour held back, or of somebody who is no neighbour added', async () => {
    await refuses(await lied(2), 'ERR_SECAGG_SET', (fields) => {
      const [u2, receiver, sealed] = fields as Shares;
      return [u2, receiver, sealed.subarray(136)];
    });
    await refuses(await lied(2), 'ERR_SECAGG_SET', (fields) => {
      const [u2, receiver, sealed] = fields as Shares;
      return [u2, receiver, Uint8Array.from([...sealed, ...sealed.subarray(0, 136)])];
    });
  });

  it('another U2 for one user, in places far from it: its masks are made for another view, and its input is refused', async () => {
    const { session, victim } = await lied(2);
    const lie = refields(
      session,
      session.messages.get(victim)!,
      setsTo((all) => all.filter((place) => place !== 17)),
    );
    const answer = await session.user(victim).round(lie);
    refused('ERR_SECAGG_VIEW', () => session.server.recv(victim, answer));
  });
});

describe('a lying server on a ring, round 3: U3', () => {
  const setsTo =
    (members: (all: number[]) => number[]) =>
    ([u3]: Field[]): Field[] => [membersOf(members(positions(u3 as Members)), USERS)];

  it('users that are not in U2, the victim not among them, or fewer than the threshold', async () => {
    const at = await lied(3, [[], [2]]);
    await refuses(
      at,
      'ERR_SECAGG_SET',
      setsTo((all) => [...all, 2]),
    );
    const other = await lied(3);
    await refuses(
      other,
      'ERR_SECAGG_SET',
      setsTo((all) => all.filter((place) => place !== other.place)),
    );
    await refuses(
      await lied(3),
      'ERR_SECAGG_THRESHOLD',
      setsTo((all) => all.slice(0, 13)),
    );
  });

  it('the neighbours of a user lied away: it does not sign that they are gone', async () => {
    const error = await (async () => {
      const at = await lied(3);
      const lie = refields(
        at.session,
        at.session.messages.get(at.victim)!,
        setsTo((all) => all.filter((place) => place !== 6 && place !== 8)),
      );
      return rejected('ERR_SECAGG_THRESHOLD', at.session.user(at.victim).round(lie));
    })();
    expect(error).to.deep.include({ have: 4, need: 5 });
  });

  it('another U3 than others, wherever on the ring it differs: what the user signs is refused, and no second time is signed', async () => {
    const { session, victim } = await lied(3);
    const lie = refields(
      session,
      session.messages.get(victim)!,
      setsTo((all) => all.filter((place) => place !== 17)),
    );
    const signed = await session.user(victim).round(lie);
    refused('ERR_SECAGG_VIEW', () => session.server.recv(victim, signed));
    await rejected('ERR_SECAGG_EQUIVOCATION', session.user(victim).round(session.messages.get(victim)!));
  });
});

describe('a lying server on a ring, round 4: the signatures of the neighbours', () => {
  it('fewer than the share threshold', async () => {
    await refuses(await lied(4), 'ERR_SECAGG_THRESHOLD', (fields) => {
      const [, signatures] = fields as Signatures;
      return [membersOf([0, 1, 2, 3], GRAPH.neighbors), signatures.subarray(0, 4 * 64)];
    });
  });

  it('signatures of users that are no neighbours in place of those of neighbours', async () => {
    const { session, victim } = await lied(4);
    // All over the same view, and all good: but these users hold no share of the victim.
    const far = placesOf(session).slice(12, 18);
    const signatures: Uint8Array[] = [];
    for (const id of far) signatures.push(await signatureFor(session, id));
    await refuses({ session, victim }, 'ERR_SECAGG_SIGNATURE', ([signers]) => [
      signers!,
      Uint8Array.from(signatures.flatMap((s) => [...s])),
    ]);
  });

  it("the victim's own signature counted among those of its neighbours", async () => {
    const { session, victim } = await lied(4);
    const own = await signatureFor(session, victim);
    await refuses({ session, victim }, 'ERR_SECAGG_SIGNATURE', (fields) => {
      const [signers, signatures] = fields as Signatures;
      return [signers, replaced(signatures, 64, 0, own)];
    });
  });

  it('signers that are not in U3', async () => {
    const { session, victim } = await lied(4, [[], [], [8]]);
    await refuses({ session, victim }, 'ERR_SECAGG_SET', (fields) => {
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
      const neighbour = neighboursOf(session, victim)[2]!;
      const body = forged.view ?? viewOf(session);
      const other = signatureOf(await userMessage(session, { round: forged.round, sender: neighbour, body }));
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

  it('both secrets of one user, by two views over one neighbourhood: no view finds as many signers as it needs', async () => {
    // Half of the victim's neighbours are told that it is in U3, half that it dropped out.
    const { session, victim, place } = await lied(3);
    const around = neighboursOf(session, victim);
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
    // Each is shown the best that the server has: its neighbours' signatures, of which those over the other view do not verify.
    for (const id of around) {
      const own = neighboursOf(session, id);
      const signing = own.flatMap((other, i) => (signatures.has(other) ? [i] : []));
      const fields = [
        membersOf(signing, GRAPH.neighbors),
        Uint8Array.from(signing.flatMap((i) => [...signatures.get(own[i]!)!])),
      ];
      const error = await rejection(session.user(id).round(encodeServerMessage(tagOf(session), { round: 4, fields })));
      expect(error.code).to.be.oneOf(['ERR_SECAGG_SIGNATURE', 'ERR_SECAGG_THRESHOLD']);
    }
  });

  it('an arc cut out with one consistent view: the borders have too few neighbours to go on with', async () => {
    // Against 2t > k alone an arc between lied-away users could be summed by itself; see test/planner/lying-server.test.ts.
    const { session } = await lied(3);
    const gone = [0, 5];
    const places = placesOf(session);
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
      // Places 2 and 3 have both among their neighbours and are left with four; without them 1 and 4 find three signers.
      expect(outcome).to.equal(place === 1 || place === 4 ? 'signed' : 'ERR_SECAGG_THRESHOLD');
    }
  });
});

describe('two directories on one ring', () => {
  it('the same users and keys in two orders for two halves: nothing that is sealed by one half opens for the other', async () => {
    const one = newSession();
    // The second server draws another ring over the same messages of round 0.
    const messages = await one.answers();
    one.deliver(messages);
    const other = new ServerWrapper(14, 3, { ...one.setup.options, publicKeys: one.cohort.pki });
    for (const [id, message] of messages) other.recv(id, message);
    const [first, second] = [(await one.server.round()).getMessages(), (await other.round()).getMessages()];
    const half = new Set(one.setup.ids.slice(0, USERS / 2));
    let [taken, refusedCount] = [0, 0];
    for (const id of one.setup.ids) {
      const deal = await one.user(id).round(half.has(id) ? first.get(id)! : second.get(id)!);
      try {
        one.server.recv(id, deal);
        taken++;
      } catch (error) {
        expect((error as { code: string }).code).to.equal('ERR_SECAGG_VIEW');
        refusedCount++;
      }
    }
    expect([taken, refusedCount]).to.deep.equal([USERS / 2, USERS / 2]);
    await rejected('ERR_SECAGG_THRESHOLD', one.server.round());
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
