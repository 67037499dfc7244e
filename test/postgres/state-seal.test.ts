// A user's state at rest: what it is bound to, byte for byte, which keys open it, and that nothing of it stays in memory.
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { systemRandom } from '../../src/crypto/random.ts';
import { open } from '../../src/crypto/seal.ts';
import { StateError } from '../../src/index.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { StateSeal, type SealedPlace } from '../../src/postgres/state-seal.ts';
import { refused } from '../support/errors.ts';

const KEYS = [1, 2].map((fill) => new Uint8Array(32).fill(fill));
const PLACE: SealedPlace = {
  schema: 'secagg',
  schemaId: 'b5c0',
  session: 'wöche 7',
  user: 0x01_0203_0405 as UserId,
  revision: 258,
  answered: true,
};
const STATE = '{"secagg":"user"}';

/** The associated data, field by field, as rows that were written by an earlier version have it too. */
const ASSOCIATED = Buffer.concat([
  Buffer.from('secagg/1/user state at rest\0'),
  Buffer.from([0, 0, 0, 18]),
  Buffer.from('secagg.user_states'),
  Buffer.from([0, 0, 0, 4]),
  Buffer.from('b5c0'),
  Buffer.from([0, 0, 0, 8]),
  Buffer.from('wöche 7'),
  Buffer.from([0, 0, 0, 1, 2, 3, 4, 5]),
  Buffer.from([0, 0, 0, 0, 0, 0, 1, 2]),
  Buffer.from([1]),
]);

describe('a state at rest', () => {
  it('is sealed with the first key, for its table, schema, session, user, revision and whether all is answered', () => {
    const { keyId, sealed } = new StateSeal(KEYS).seal(PLACE, STATE);
    const label = Buffer.from('secagg/1/id of a key for user states\0');
    const digest = createHash('sha256').update(label).update(KEYS[0]!).digest();
    expect(Buffer.from(keyId)).to.deep.equal(digest.subarray(0, 16));
    expect(new TextDecoder().decode(open(KEYS[0]!, ASSOCIATED, sealed)!)).to.equal(STATE);
  });

  it('opens with each key that it may be sealed with, and with no other', () => {
    for (const key of KEYS) {
      const sealed = new StateSeal([key]).seal(PLACE, STATE);
      expect(new StateSeal(KEYS).open(PLACE, sealed)).to.equal(STATE);
      refused('ERR_SECAGG_STATE', () => new StateSeal([new Uint8Array(32).fill(3)]).open(PLACE, sealed), StateError);
    }
  });

  it('opens in no other place: any part of the place that differs is found', () => {
    const seal = new StateSeal(KEYS);
    const sealed = seal.seal(PLACE, STATE);
    for (const other of [
      { schema: 'secagg2' },
      { schemaId: 'b5c1' },
      { session: 'wöche 8' },
      { user: 5 as UserId },
      { revision: 259 },
      { answered: false },
      // The same text in all, cut at another place.
      { schemaId: 'b5c', session: '0wöche 7' },
    ]) {
      refused('ERR_SECAGG_STATE', () => seal.open({ ...PLACE, ...other }, sealed), StateError);
    }
  });

  it('leaves nothing in memory but the text that it was and the text that it becomes', () => {
    const passed: Uint8Array[] = [];
    const encode = Reflect.get<TextEncoder, 'encode'>(TextEncoder.prototype, 'encode');
    const decode = Reflect.get<TextDecoder, 'decode'>(TextDecoder.prototype, 'decode');
    TextEncoder.prototype.encode = function (text = '') {
      const bytes = encode.call(this, text);
      if (text === STATE) passed.push(bytes);
      return bytes;
    };
    TextDecoder.prototype.decode = function (bytes) {
      passed.push(bytes as Uint8Array);
      return decode.call(this, bytes);
    };
    try {
      const seal = new StateSeal([systemRandom(32)]);
      expect(seal.open(PLACE, seal.seal(PLACE, STATE))).to.equal(STATE);
    } finally {
      TextEncoder.prototype.encode = encode;
      TextDecoder.prototype.decode = decode;
    }
    expect(passed.map(({ length }) => length)).to.deep.equal([STATE.length, STATE.length]);
    for (const bytes of passed) expect(bytes.every((byte) => byte === 0)).to.equal(true);
  });

  it('needs keys of 32 bytes, one or more, all distinct, and keeps copies of them', () => {
    for (const [name, keys, kind] of [
      ['options.keys:', undefined, TypeError],
      ['options.keys:', [], RangeError],
      ['options.keys[1]:', [KEYS[0], 'key'], TypeError],
      ['options.keys[1]:', [KEYS[0], new Uint8Array(31)], RangeError],
      ['options.keys[1]:', [KEYS[0], KEYS[0]], RangeError],
    ] as const) {
      expect(() => new StateSeal(keys), name).to.throw(kind, name);
    }
    const key = systemRandom(32);
    const seal = new StateSeal([key]);
    const other = new StateSeal([key.slice()]);
    key.fill(0);
    expect(other.open(PLACE, seal.seal(PLACE, STATE))).to.equal(STATE);
  });
});
