// What a server could try against a user: each test is one lie, and what the user makes of it. The user must refuse, end
// its session, and keep nothing that the server could still ask for.
// Here: lies in the directory of round 1.
import { expect } from 'chai';
import { generateKeyPair } from '../../../src/crypto/agree.ts';
import { systemRandom } from '../../../src/crypto/random.ts';
import { ServerWrapper } from '../../../src/index.ts';
import { membersOf } from '../../../src/leaves/members.ts';
import { encodeServerMessage } from '../../../src/wire/envelope.ts';
import { rejected } from '../../support/errors.ts';
import { bodyOf, flip, refields, signatureOf, tagOf, userMessage } from '../../support/forge.ts';
import { type Directory, IDS, refuses, replace, sessionAt, VICTIM, without } from '../../support/server-lies.ts';
import { Session } from '../../support/session.ts';

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
