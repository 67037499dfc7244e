// The application's PKI: what may be registered, who gets a copy, and the way to JSON and back.
import { expect } from 'chai';
import { genKeypair, PublicKeysWrapper, StateError, UsageError } from '../../src/index.ts';
import { rosterDigest } from '../../src/session/public-keys.ts';
import { others, pk, serverFrom, userFrom } from '../support/arguments.ts';
import { refused } from '../support/errors.ts';
import { Session } from '../support/session.ts';

describe('PublicKeysWrapper', () => {
  it('takes entries and insertions, the same one again, and refuses another key for a user', () => {
    const keys = new PublicKeysWrapper([[5, pk]]);
    keys.insert(5, Uint8Array.from(pk));
    const other = genKeypair()[0];
    keys.insert(2 ** 53 - 1, other);
    refused('ERR_SECAGG_KEY_CONFLICT', () => keys.insert(5, other), UsageError);
    expect([keys.size, keys.has(5), keys.has(6)]).to.deep.equal([2, true, false]);
    expect([...keys]).to.deep.equal([
      [5, pk],
      [2 ** 53 - 1, other],
    ]);
  });

  it('refuses one key under two ids, whose owner would count twice towards the threshold', () => {
    const keys = new PublicKeysWrapper([[5, pk]]);
    refused('ERR_SECAGG_KEY_CONFLICT', () => keys.insert(6, Uint8Array.from(pk)), UsageError);
    refused('ERR_SECAGG_KEY_CONFLICT', () => new PublicKeysWrapper([...keys, [6, pk]]), UsageError);
    const json = [...keys.toJSON(), ...new PublicKeysWrapper([[6, pk]]).toJSON()];
    refused('ERR_SECAGG_KEY_CONFLICT', () => PublicKeysWrapper.fromJSON(json), UsageError);
    refused('ERR_SECAGG_KEY_CONFLICT', () => userFrom({ id: 6, others: keys }), UsageError); // 5 has its own key
    expect(keys.size).to.equal(1);
  });

  it('does not pass later insertions, or changes of the bytes, on to who was given it', async () => {
    const session = new Session({ ids: [1, 2, 3], threshold: 2 });
    const { pki } = session.registered;
    const stranger = genKeypair();
    pki.insert(9, stranger[0]);
    expect(session.server.progress().missing).to.deep.equal([1, 2, 3]);
    const bytes = Uint8Array.from(pk);
    const keys = new PublicKeysWrapper([[0, bytes]]);
    bytes.fill(0);
    keys.insert(0, pk);
    session.expectSum(await session.finish(), [1, 2, 3]);
  });

  it('does not pass later insertions on to a server, or to a user, that alone was given it', () => {
    const [forServer, forUser] = [new PublicKeysWrapper(others), new PublicKeysWrapper(others)];
    const server = serverFrom(2, 1, { publicKeys: forServer });
    const user = userFrom({ others: forUser });
    const before = [server.serializeState(), user.serializeState()];
    for (const keys of [forServer, forUser]) {
      keys.insert(9, pk);
      keys.insert(10, genKeypair()[0]);
      expect([keys.size, keys.has(9)]).to.deep.equal([4, true]);
    }
    expect([server.serializeState(), user.serializeState()]).to.deep.equal(before);
    expect(server.progress().missing).to.deep.equal([1, 2]);
  });

  it('does not change when a user is given it: the user’s own key goes into a copy', () => {
    const keys = new PublicKeysWrapper([1, 2].map((id) => [id, genKeypair()[0]]));
    userFrom({ others: keys });
    serverFrom(2, 5, { publicKeys: keys });
    expect([keys.size, keys.has(0)]).to.deep.equal([2, false]);
    keys.insert(0, pk);
    expect([keys.size, keys.has(0)]).to.deep.equal([3, true]);
  });

  it('gives fresh copies of its keys in the order of registration, as often as it is iterated', () => {
    const entries = [7, 3, 5].map((id) => [id, genKeypair()[0]] as [number, Uint8Array]);
    const keys = new PublicKeysWrapper(entries);
    for (const [, key] of keys) key.fill(0);
    expect([...keys]).to.deep.equal(entries);
    expect([...new PublicKeysWrapper(keys)]).to.deep.equal(entries);
  });

  it('refuses what is no id or no key', () => {
    const keys = new PublicKeysWrapper();
    for (const id of [-1, 0.5, 2 ** 53, NaN, Infinity]) expect(() => keys.insert(id, pk)).to.throw(RangeError, 'u:');
    for (const id of ['1', null, undefined, 1n]) expect(() => keys.insert(id as never, pk)).to.throw(TypeError, 'u:');
    for (const key of [pk.subarray(1), new Uint8Array(33), new Uint8Array(32), new Uint8Array(32).fill(255)]) {
      expect(() => keys.insert(1, key)).to.throw(RangeError, 'pk:');
    }
    for (const key of ['k', null, [...pk], pk.buffer]) expect(() => keys.insert(1, key as never)).to.throw(TypeError, 'pk:');
    expect(keys.size).to.equal(0);
    keys.insert(-0, pk);
    expect(keys.has(0)).to.equal(true);
    for (const id of ['0', null, NaN, 0.5]) expect(keys.has(id as never)).to.equal(false);
  });

  it('refuses entries that are no pairs', () => {
    for (const entries of [null, {}, 5, 'ab']) {
      expect(() => new PublicKeysWrapper(entries as never)).to.throw(TypeError, 'entries:');
    }
    for (const entry of [1, 'ab', null]) {
      expect(() => new PublicKeysWrapper([[5, pk], entry] as never)).to.throw(TypeError, 'entries[1]:');
    }
  });

  it('says of one bad entry among a thousand where it is, and of which user', () => {
    const good = Array.from({ length: 1000 }, (_, i): [number, Uint8Array] => [7 * i, genKeypair()[0]]);
    const small = new Uint8Array(32);
    for (const [entry, kind, where] of [
      [[6, pk.subarray(1)], RangeError, 'entries[700], user 6, pk:'],
      [[6, small], RangeError, 'entries[700], user 6, pk:'],
      [[6, [...pk]], TypeError, 'entries[700], user 6, pk:'],
      [[6], TypeError, 'entries[700], user 6, pk:'],
      [[-1, pk], RangeError, 'entries[700], u:'],
      [['6', pk], TypeError, 'entries[700], u:'],
      [[14, pk], UsageError, 'entries[700], user 14 is registered with another key'],
      [[6, good[2]![1]], UsageError, 'entries[700], user 6 has the key of user 14'],
    ] as const) {
      expect(() => new PublicKeysWrapper(good.with(700, entry as never))).to.throw(kind, where);
    }
    expect(() => new PublicKeysWrapper().insert(6, small)).to.throw(RangeError, /^pk:/);
    const json = good.map(([id, key]) => [id, Buffer.from(key).toString('base64')]);
    const changed = json.with(700, [6, Buffer.from(small).toString('base64')]);
    expect(() => PublicKeysWrapper.fromJSON(changed)).to.throw(StateError, 'entries[700], user 6, pk:');
    expect(() => PublicKeysWrapper.fromJSON(json.with(700, [6, 'AAAA']))).to.throw(StateError, 'public keys[700][1]');
  });

  it('comes back from JSON with the same keys in the same order', () => {
    const keys = new PublicKeysWrapper([
      [2 ** 53 - 1, pk],
      [0, genKeypair()[0]],
    ]);
    const json = JSON.parse(JSON.stringify(keys)) as unknown;
    expect(json).to.deep.equal([...keys].map(([id, key]) => [id, Buffer.from(key).toString('base64')]));
    expect([...PublicKeysWrapper.fromJSON(json)]).to.deep.equal([...keys]);
    expect(PublicKeysWrapper.fromJSON([]).size).to.equal(0);
  });

  it('refuses JSON that is not its own', () => {
    const key = Buffer.from(pk).toString('base64');
    for (const json of [
      undefined,
      null,
      {},
      JSON.stringify([[1, key]]),
      [1, key],
      [[1]],
      [[1, key, key]],
      [['1', key]],
      [[-1, key]],
      [[1.5, key]],
      [[1, `${key}=`]],
      [[1, key.slice(0, -4)]],
      [[1, [...pk]]],
      [
        [1, key],
        [1, key],
      ],
    ]) {
      const error = refused('ERR_SECAGG_STATE', () => PublicKeysWrapper.fromJSON(json), StateError);
      expect(error.message).not.to.include(key.slice(0, 20));
    }
    // Thirty-two bytes that are no key of anybody.
    const small = Buffer.alloc(32).toString('base64');
    expect(() => PublicKeysWrapper.fromJSON([[1, small]])).to.throw(StateError, 'pk:');
    expect(() => PublicKeysWrapper.fromJSON('[]'), 'the text').to.throw(StateError, 'JSON.parse');
  });
});

describe('the digest of a roster', () => {
  const digestOf = (keys: PublicKeysWrapper): Uint8Array => rosterDigest(keys.snapshot());

  it('does not depend on the order of registration', () => {
    const [one, two] = [...others] as [[number, Uint8Array], [number, Uint8Array]];
    expect(digestOf(new PublicKeysWrapper([two, one]))).to.deep.equal(digestOf(others));
  });

  it('is another one for another id, another key, a user more or less', () => {
    const [one, two] = [...others] as [[number, Uint8Array], [number, Uint8Array]];
    const variants = [
      new PublicKeysWrapper([one]),
      new PublicKeysWrapper([one, [3, two[1]]]),
      new PublicKeysWrapper([one, [2, genKeypair()[0]]]),
      new PublicKeysWrapper([
        [1, two[1]],
        [2, one[1]],
      ]),
      new PublicKeysWrapper([one, two, [3, pk]]),
      new PublicKeysWrapper(),
    ];
    const digests = new Set([others, ...variants].map((keys) => digestOf(keys).join()));
    expect(digests.size).to.equal(variants.length + 1);
  });
});
