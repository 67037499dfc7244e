// What a server could try against users on a sparse graph when it is drawn: graphs that do not bear the adversary, neighborhoods that are
// not those of the graph, two graphs.
import { expect } from 'chai';
import { generateKeyPair } from '../../../src/crypto/agree.ts';
import { systemRandom } from '../../../src/crypto/random.ts';
import { ServerWrapper, UserWrapper, type SparseGraph } from '../../../src/index.ts';
import type { Field } from '../../../src/wire/msgpack.ts';
import { refused, rejected, rejection } from '../../support/errors.ts';
import { flip, refields } from '../../support/forge.ts';
import { GRAPH, lied, newSession, OWN, refuses, replaced, stretch, USERS, type Part } from '../../support/sparse-lies.ts';
import { positionsOf } from '../../support/sparse.ts';

describe('parameters that do not bear the adversary a party asks for', () => {
  const options = { adversary: 'malicious' } as const;

  it('a sparse graph against a malicious server, the default, is refused by either party, with what holds instead', () => {
    const error = refused('ERR_SECAGG_UNSAFE', () => newSession({ options }));
    expect(error.message).to.contain('cohorts').and.to.contain('complete graph');
    refused('ERR_SECAGG_UNSAFE', () => new ServerWrapper(14, 3, { graph: GRAPH }));
  });

  it('too few shares to keep two views apart, or too many colluders for these: each user refuses for itself', () => {
    const session = newSession();
    const [pk, sk] = session.registered.keys.get(10)!;
    const user = (graph: SparseGraph, more: object = {}): UserWrapper =>
      new UserWrapper(10, 14, pk, sk, [1, 2, 3], session.registered.pki, { graph, adversary: 'semi-malicious', ...more });
    user(GRAPH);
    refused('ERR_SECAGG_UNSAFE', () => user({ neighbors: 6, shareThreshold: 4 })); // 3 · 4 < 2 · 6 + 2
    refused('ERR_SECAGG_UNSAFE', () => user(GRAPH, { colluders: 1 })); // 3 · 5 < 2 · 6 + 2 + 2
    user({ neighbors: 6, shareThreshold: 6 }, { colluders: 1, security: 1 });
    refused('ERR_SECAGG_UNSAFE', () => user({ neighbors: 6, shareThreshold: 6 }, { colluders: 3, security: 40 }));
  });

  it('a graph that others were not told: another k or t is another session', async () => {
    const [ours, theirs] = [newSession(), newSession({ options: { graph: { neighbors: 6, shareThreshold: 6 } } })];
    for (const [id, message] of await ours.answers()) refused('ERR_SECAGG_SESSION', () => theirs.server.recv(id, message));
    const complete = new ServerWrapper(14, 3, { publicKeys: ours.registered.pki });
    for (const [id, message] of await newSession().answers()) refused('ERR_SECAGG_SESSION', () => complete.recv(id, message));
  });
});

describe('a lying server on a sparse graph, round 1: the neighborhood', () => {
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

  it('a fake user among the neighbors, or one that the application does not know', async () => {
    await refuses(await lied(1), 'ERR_SECAGG_UNKNOWN_USER', (fields) => {
      const [users, first, ids, ...rest] = fields as Part;
      return [users, first, [9_999, ...ids.slice(1)], ...rest];
    });
  });

  it('one neighbor in two places, so that one colluder holds two shares', async () => {
    await refuses(await lied(1), 'ERR_SECAGG_DUPLICATE_USER', (fields) => {
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

  it('more neighbors on one side than on the other: its shares would be held by others than those who think so', async () => {
    await refuses(await lied(1), 'ERR_SECAGG_DIRECTORY', (fields) => {
      const [users, first, ids, keys, signatures, proof] = fields as Part;
      const turn = <T>(list: readonly T[]): T[] => [...list.slice(1), list[0]!];
      const lines = (bytes: Uint8Array): Uint8Array => Uint8Array.from([...bytes.subarray(64), ...bytes.subarray(0, 64)]);
      return [users, first, turn(ids), lines(keys), lines(signatures), proof];
    });
  });

  it("the victim's own keys exchanged, or a neighbor's, which the server would hold", async () => {
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

  it("a neighbor's key of small order, or one key in two roles", async () => {
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

  it('another position, or another graph around it: its deal is for a directory that nobody else has', async () => {
    for (const change of [
      (fields: Field[]): Field[] => {
        const [users, first, ids, keys, signatures, proof] = fields as Part;
        return [users, first, ids, keys, signatures, flip(proof, proof.length - 1)];
      },
      // A true neighbor replaced by another true user: all signatures hold, and the tree does not.
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
      const far = session.messages.get(positionsOf(session)[17]!)!;
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

  it("another user's neighborhood", async () => {
    const { session, victim } = await lied(1);
    const [near, far] = [positionsOf(session)[8]!, positionsOf(session)[17]!];
    await rejected('ERR_SECAGG_DIRECTORY', session.user(victim).round(session.messages.get(near)!));
    await rejected('ERR_SECAGG_OWN_KEYS', session.user(near).round(session.messages.get(far)!));
  });
});

describe('two directories on one sparse graph', () => {
  it('the same users and keys in two orders for two halves: nothing that is sealed by one half opens for the other', async () => {
    const one = newSession();
    // The second server draws another graph over the same messages of round 0.
    const messages = await one.answers();
    one.deliver(messages);
    const other = new ServerWrapper(14, 3, { ...one.setup.options, publicKeys: one.registered.pki });
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
