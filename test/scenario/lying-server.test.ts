// What a server could try against a user: each test is one lie, and what the user makes of it. The user must refuse, end
// its session, and keep nothing that the server could still ask for.
import { expect } from 'chai';
import { generateKeyPair } from '../../src/crypto/agree.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { ServerWrapper, UserWrapper, type SecAggErrorCode } from '../../src/index.ts';
import { membersOf, type Members } from '../../src/leaves/members.ts';
import { encodeServerMessage } from '../../src/wire/envelope.ts';
import type { Field } from '../../src/wire/msgpack.ts';
import { registeredUsers } from '../support/registered-users.ts';
import { refused, rejected } from '../support/errors.ts';
import { bodyOf, flip, refields, signatureOf, tagOf, userMessage } from '../support/forge.ts';
import { Session, type Setup } from '../support/session.ts';

/** The user that is lied to. */
const VICTIM = 10;
const IDS = [5, VICTIM, 20, 30, 40];

async function sessionAt(round: number, silent: number[][] = [], given: Partial<Setup> = {}): Promise<Session> {
  return new Session({ ids: IDS, threshold: 4, ...given }).before(round, silent);
}

/** Feeds the victim the changed message of its round; it must refuse with this code and be finished with the session. */
async function refuses(session: Session, code: SecAggErrorCode, change: (fields: Field[]) => Field[] | undefined): Promise<void> {
  const lie = refields(session, session.messages.get(VICTIM)!, change);
  await rejected(code, session.user(VICTIM).round(lie));
  const again = await rejected('ERR_SECAGG_FAILED', session.user(VICTIM).round(session.messages.get(VICTIM)!));
  expect((again.cause as { code: string }).code).to.equal(code);
}

type Directory = [ids: number[], keys: Uint8Array, signatures: Uint8Array];

/** Puts other bytes in the place of one user's. */
function replace(bytes: Uint8Array, index: number, size: number, by: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(by, index * size);
  return copy;
}

const without = (bytes: Uint8Array, index: number, size: number): Uint8Array =>
  Uint8Array.from([...bytes.subarray(0, index * size), ...bytes.subarray((index + 1) * size)]);

describe('a lying server, round 1: the directory', () => {
  it('fewer users than the threshold', async () => {
    await refuses(await sessionAt(1), 'ERR_SECAGG_THRESHOLD', (fields) => {
      const [ids, keys, signatures] = fields as Directory;
      return [ids.slice(0, 3), keys.subarray(0, 3 * 64), signatures.subarray(0, 3 * 64)];
    });
  });

  it('more users than the user expects', async () => {
    await refuses(await sessionAt(1, [], { userOptions: { maxUsers: 4 } }), 'ERR_SECAGG_TOO_MANY_USERS', () => undefined);
  });

  it('so many users that the threshold lets two halves of them unmask two different sums', async () => {
    // 2t > n + c: with t = 3, n = 5 is borne without colluders, and not with one. The server's own policy is careless.
    const session = await sessionAt(1, [], { threshold: 3, userOptions: { colluders: 1 } });
    await refuses(session, 'ERR_SECAGG_POLICY', () => undefined);
  });

  it('a user that the application does not know: a fake one, to outvote the real ones', async () => {
    await refuses(await sessionAt(1), 'ERR_SECAGG_UNKNOWN_USER', (fields) => {
      const [ids, ...rest] = fields as Directory;
      return [[...ids.slice(0, -1), 41], ...rest];
    });
  });

  it('the same user twice, so that one voice counts for two', async () => {
    await refuses(await sessionAt(1), 'ERR_SECAGG_DECODE', (fields) => {
      const [ids, keys, signatures] = fields as Directory;
      return [[5, 10, 20, 20, 30], keys.subarray(0, ids.length * 64), signatures];
    });
  });

  it("the victim's own keys left out", async () => {
    await refuses(await sessionAt(1), 'ERR_SECAGG_OWN_KEYS', (fields) => {
      const [ids, keys, signatures] = fields as Directory;
      return [ids.filter((id) => id !== VICTIM), without(keys, 1, 64), without(signatures, 1, 64)];
    });
  });

  it("the victim's own keys exchanged for others, so that the server knows its masks", async () => {
    const own = await generateKeyPair(systemRandom);
    for (const offset of [0, 32]) {
      await refuses(await sessionAt(1), 'ERR_SECAGG_OWN_KEYS', (fields) => {
        const [ids, keys, signatures] = fields as Directory;
        const changed = Uint8Array.from(keys);
        changed.set(own.publicKey, 64 + offset);
        return [ids, changed, signatures];
      });
    }
  });

  it("the victim's own keys reflected under another user's id: a mask that cancels by itself", async () => {
    await refuses(await sessionAt(1), 'ERR_SECAGG_KEYS', (fields) => {
      const [ids, keys, signatures] = fields as Directory;
      return [ids, replace(keys, 3, 64, keys.subarray(64, 128)), signatures];
    });
  });

  it("one user's keys under another user's id as well: a pairwise mask that is there twice", async () => {
    await refuses(await sessionAt(1), 'ERR_SECAGG_KEYS', (fields) => {
      const [ids, keys, signatures] = fields as Directory;
      return [ids, replace(keys, 3, 64, keys.subarray(0, 64)), signatures];
    });
  });

  it("one user's channel key given as its mask key too: a revealed mask key would open its shares", async () => {
    await refuses(await sessionAt(1), 'ERR_SECAGG_KEYS', (fields) => {
      const [ids, keys, signatures] = fields as Directory;
      return [ids, replace(keys, 7, 32, keys.subarray(6 * 32, 7 * 32)), signatures];
    });
  });

  for (const [name, bytes] of [
    ['zero, of small order', new Uint8Array(32)],
    ['one, of small order', Uint8Array.of(1, ...new Uint8Array(31))],
    [
      'a point of order 8',
      Uint8Array.from(Buffer.from('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', 'hex')),
    ],
    ['p + 9: another spelling of the base point', Uint8Array.from([0xf6, ...new Array<number>(30).fill(255), 0x7f])],
    ['the base point with the unused bit set', Uint8Array.from([9, ...new Array<number>(30).fill(0), 0x80])],
  ] as const) {
    it(`a key that everybody can agree with: ${name}`, async () => {
      // Either key of the first user and of the last.
      for (const index of [0, 1, 8, 9]) {
        await refuses(await sessionAt(1), 'ERR_SECAGG_KEYS', (fields) => {
          const [ids, keys, signatures] = fields as Directory;
          return [ids, replace(keys, index, 32, bytes), signatures];
        });
      }
    });
  }

  it('a man in the middle: keys of the server itself under the signature of a user', async () => {
    const own = await generateKeyPair(systemRandom);
    for (const index of [0, 1, 4, 5]) {
      await refuses(await sessionAt(1), 'ERR_SECAGG_SIGNATURE', (fields) => {
        const [ids, keys, signatures] = fields as Directory;
        return [ids, replace(keys, index, 32, own.publicKey), signatures];
      });
    }
  });

  it("a user's two keys swapped: both are signed, but in their roles", async () => {
    await refuses(await sessionAt(1), 'ERR_SECAGG_SIGNATURE', (fields) => {
      const [ids, keys, signatures] = fields as Directory;
      const swapped = [...keys.subarray(32, 64), ...keys.subarray(0, 32)];
      return [ids, replace(keys, 0, 64, Uint8Array.from(swapped)), signatures];
    });
  });

  it("two users' advertisements swapped: both are signed, but under their ids", async () => {
    await refuses(await sessionAt(1), 'ERR_SECAGG_SIGNATURE', (fields) => {
      const [ids, keys, signatures] = fields as Directory;
      const swap = (bytes: Uint8Array): Uint8Array =>
        replace(replace(bytes, 0, 64, bytes.subarray(128, 192)), 2, 64, bytes.subarray(0, 64));
      return [ids, swap(keys), swap(signatures)];
    });
  });

  it('keys and signature of an earlier session, whose mask key the server has reconstructed there', async () => {
    const earlier = new Session({ ids: IDS, threshold: 4, options: { session: 'round 1' } });
    await earlier.before(1);
    const session = new Session({ ids: IDS, threshold: 4, registered: earlier.registered, options: { session: 'round 2' } });
    await session.before(1);
    let old: Directory | undefined;
    refields(earlier, earlier.messages.get(VICTIM)!, (fields) => {
      old = fields as Directory;
      return undefined;
    });
    await refuses(session, 'ERR_SECAGG_SIGNATURE', (fields) => {
      const [ids, keys, signatures] = fields as Directory;
      const [, oldKeys, oldSignatures] = old!;
      return [ids, replace(keys, 0, 64, oldKeys.subarray(0, 64)), replace(signatures, 0, 64, oldSignatures.subarray(0, 64))];
    });
  });

  it('a changed signature', async () => {
    for (const bit of [0, 32, 63]) {
      await refuses(await sessionAt(1), 'ERR_SECAGG_SIGNATURE', (fields) => {
        const [ids, keys, signatures] = fields as Directory;
        return [ids, keys, flip(signatures, 2 * 64 + bit)];
      });
    }
  });

  it('a changed signature of any user, the victim itself and the last one among them', async () => {
    for (const index of IDS.keys()) {
      await refuses(await sessionAt(1), 'ERR_SECAGG_SIGNATURE', (fields) => {
        const [ids, keys, signatures] = fields as Directory;
        return [ids, keys, flip(signatures, index * 64)];
      });
    }
  });
});

const position = (id: number): number => IDS.indexOf(id);
const members = (ids: readonly number[]): Members => membersOf(ids.map(position), IDS.length);

describe('a lying server, round 2: the survivors of round 1 and their shares', () => {
  it('fewer users in U2 than the threshold', async () => {
    await refuses(await sessionAt(2), 'ERR_SECAGG_THRESHOLD', ([, ...rest]) => [members([5, VICTIM, 20]), ...rest]);
  });

  it('the victim itself not in U2, though it is asked for its input', async () => {
    await refuses(await sessionAt(2), 'ERR_SECAGG_NOT_INCLUDED', ([, ...rest]) => [members([5, 20, 30, 40]), ...rest]);
  });

  it('users in U2 that are not in U1', async () => {
    await refuses(await sessionAt(2), 'ERR_SECAGG_DECODE', ([u2, ...rest]) => [flip(u2 as Members, 0, 1 << IDS.length), ...rest]);
  });

  it('shares of a user in U2 held back, or shares of nobody added', async () => {
    for (const change of [-1, 1]) {
      await refuses(await sessionAt(2), 'ERR_SECAGG_COUNT', ([u2, receiver, sealed]) => {
        const bytes = sealed as Uint8Array;
        return [u2!, receiver!, change < 0 ? bytes.subarray(136) : Uint8Array.from([...bytes, ...bytes.subarray(0, 136)])];
      });
    }
  });

  /** Lies that a user cannot tell from a lying dealer: it goes on, reveals nothing about that dealer, and reports it. */
  async function reports(
    session: Session,
    dealers: readonly number[],
    change: (sealed: Uint8Array) => Uint8Array,
  ): Promise<void> {
    session.messages.set(
      VICTIM,
      refields(session, session.messages.get(VICTIM)!, ([u2, receiver, sealed]) => [
        u2!,
        receiver!,
        change(sealed as Uint8Array),
      ]),
    );
    await session.round();
    expect(session.user(VICTIM).progress().unusableDeals).to.deep.equal(dealers);
    session.expectSum(await session.finish(), IDS);
  }
  const record = (sealed: Uint8Array, index: number): Uint8Array => sealed.subarray(index * 136, (index + 1) * 136);

  it('a ciphertext changed on its way', async () => {
    for (const byte of [0, 24, 103]) await reports(await sessionAt(2), [20], (sealed) => flip(sealed, 136 + byte));
  });

  it('a commitment changed on its way', async () => {
    for (const byte of [104, 135]) await reports(await sessionAt(2), [20], (sealed) => flip(sealed, 136 + byte));
  });

  it('the shares of two dealers exchanged', async () => {
    await reports(await sessionAt(2), [5, 20], (sealed) =>
      replace(replace(sealed, 0, 136, record(sealed, 1)), 1, 136, record(sealed, 0)),
    );
  });

  it("the victim's own ciphertext reflected as the peer's: both were sealed under one agreement", async () => {
    const session = new Session({ ids: IDS, threshold: 4 });
    await session.before(1);
    const answers = await session.answers();
    const ownDeal = bodyOf(answers.get(VICTIM)!).subarray(80);
    session.deliver(answers);
    await session.close();
    await reports(session, [5], (sealed) => replace(sealed, 0, 136, record(ownDeal, 0)));
  });

  it('the shares that a dealer sealed for another receiver', async () => {
    const session = new Session({ ids: IDS, threshold: 4 });
    await session.before(1);
    const answers = await session.answers();
    const deal = bodyOf(answers.get(5)!).subarray(80);
    session.deliver(answers);
    await session.close();
    await reports(session, [5], (sealed) => replace(sealed, 0, 136, record(deal, 1)));
  });

  it('the shares that a dealer sealed in another session of the same users and keys of the PKI', async () => {
    const other = new Session({ ids: IDS, threshold: 4 });
    await other.before(2);
    let old: Uint8Array | undefined;
    refields(other, other.messages.get(VICTIM)!, ([, , sealed]) => {
      old = sealed as Uint8Array;
      return undefined;
    });
    const session = new Session({ ids: IDS, threshold: 4, registered: other.registered });
    await session.before(2);
    await reports(session, [5], (sealed) => replace(sealed, 0, 136, record(old!, 0)));
  });

  it('another U2 for one user: its masks would not cancel, and its input is refused', async () => {
    const session = await sessionAt(2);
    const lie = refields(session, session.messages.get(VICTIM)!, ([, receiver, sealed]) => [
      members([5, VICTIM, 20, 30]),
      receiver!,
      (sealed as Uint8Array).subarray(0, 3 * 136),
    ]);
    const answer = await session.user(VICTIM).round(lie);
    session.messages.delete(VICTIM);
    session.deliver(await session.answers());
    refused('ERR_SECAGG_VIEW', () => session.server.recv(VICTIM, answer));
    await session.close();
    session.expectSum(await session.finish(), [5, 20, 30, 40]);
  });
});

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

describe('a lying server, two directories', () => {
  it('two U1 for two groups of users: nothing that one group deals can be used by the other, and no view is shared', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    session.deliver(await session.answers());
    // Both directories are well signed and large enough: one without user 40, one without user 5.
    const whole = ServerWrapper.fromState(session.server.serializeState());
    const full = (await whole.round()).getMessages().get(VICTIM)!;
    const directoryWithout = (id: number): Uint8Array =>
      refields(session, full, (fields) => {
        const [ids, keys, signatures] = fields as Directory;
        const at = ids.indexOf(id);
        return [ids.filter((other) => other !== id), without(keys, at, 64), without(signatures, at, 64)];
      });
    const [one, two] = [directoryWithout(40), directoryWithout(5)];
    const deals = new Map<number, Uint8Array>();
    for (const id of [5, VICTIM]) deals.set(id, bodyOf(await session.user(id).round(one)));
    for (const id of [20, 30, 40]) deals.set(id, bodyOf(await session.user(id).round(two)));

    // The victim's directory is 5, 10, 20, 30. The server gives it what 20 and 30 dealt to it under the other one, where it
    // is the first of their neighbors.
    const records = [5, 20, 30].map((id) => deals.get(id)!.subarray(80, 80 + 136));
    const sealed = Uint8Array.from(records.flatMap((bytes) => [...bytes]));
    const u2 = membersOf([0, 1, 2, 3], 4);
    await session.user(VICTIM).round(encodeServerMessage(tagOf(session), { round: 2, fields: [u2, VICTIM, sealed] }));
    expect(session.user(VICTIM).progress().unusableDeals).to.deep.equal([20, 30]);

    // Nor does a user of the other group ever sign the victim's view: the signatures of two do not make three.
    const tag = tagOf(session);
    const signed = await session.user(VICTIM).round(encodeServerMessage(tag, { round: 3, fields: [u2] }));
    const forged = await userMessage(session, { round: 3, sender: 20, body: new Uint8Array(32) });
    const signatures = [signed, signed, forged].flatMap((message) => [...signatureOf(message)]);
    const message = encodeServerMessage(tag, { round: 4, fields: [membersOf([0, 1, 2], 4), Uint8Array.from(signatures)] });
    await rejected('ERR_SECAGG_SIGNATURE', session.user(VICTIM).round(message));
  });
});

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
