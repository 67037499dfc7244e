// The subset of MessagePack, from bytes written field by field: what it gives, and that every other spelling is refused.
import { expect } from 'chai';
import fc from 'fast-check';
import { DecodeError } from '../../src/index.ts';
import { concat } from '../../src/leaves/bytes.ts';
import { decodeFields, encodeFields, type Field } from '../../src/wire/msgpack.ts';
import { refused } from '../support/errors.ts';
import { filled, repeat } from '../support/message-bytes.ts';
import { fromHex, toHex } from '../support/vectors.ts';

const decode = (bytes: Uint8Array): Field[] => decodeFields(bytes, 'test', { bytes: 1_000_000, listLength: 100_000 });
const notDecoded = (bytes: Uint8Array, name = toHex(bytes)): void => {
  expect(() => decode(bytes), name).to.throw(DecodeError);
};

describe('fields', () => {
  for (const [value, bytes] of [
    [0, '00'],
    [127, '7f'],
    [128, 'cc80'],
    [255, 'ccff'],
    [256, 'cd0100'],
    [65_535, 'cdffff'],
    [65_536, 'ce00010000'],
    [2 ** 32 - 1, 'ceffffffff'],
    [2 ** 32, 'd30000000100000000'],
    [2 ** 53 - 1, 'd3001fffffffffffff'],
  ] as const) {
    it(`the integer ${value} is ${bytes}, alone and in a list`, () => {
      for (const [fields, hex] of [
        [[value], `91${bytes}`],
        [[[value, value]], `9192${bytes}${bytes}`],
      ] as const) {
        expect(toHex(encodeFields(fields))).to.equal(hex);
        expect(decode(fromHex(hex))).to.deep.equal(fields);
      }
    });
  }

  it('byte strings carry the shortest head for their length, and come out as plain Uint8Arrays', () => {
    for (const [length, head] of [
      [0, 'c400'],
      [255, 'c4ff'],
      [256, 'c50100'],
      [65_535, 'c5ffff'],
      [65_536, 'c600010000'],
    ] as const) {
      const bytes = filled(length, 7);
      const encoded = encodeFields([bytes]);
      expect(toHex(encoded)).to.equal(`91${head}${toHex(bytes)}`);
      const [decoded] = decode(Buffer.from(encoded)) as [Uint8Array];
      expect(decoded).to.deep.equal(bytes);
      expect(Object.getPrototypeOf(decoded)).to.equal(Uint8Array.prototype);
    }
  });

  it('of memory that another thread may write to are of a copy', () => {
    const encoded = encodeFields([filled(300, 7)]);
    const shared = new Uint8Array(new SharedArrayBuffer(encoded.length));
    shared.set(encoded);
    const [decoded] = decode(shared) as [Uint8Array];
    shared.fill(0);
    expect(decoded).to.deep.equal(filled(300, 7));
  });

  it('lists carry the shortest head for their length', () => {
    for (const [count, head] of [
      [15, '9f'],
      [16, 'dc0010'],
      [65_535, 'dcffff'],
      [65_536, 'dd00010000'],
    ] as const) {
      const list = new Array<number>(count).fill(1);
      const encoded = encodeFields([list]);
      expect(toHex(encoded)).to.equal(`91${head}${repeat('01', count)}`);
      expect(decode(encoded)).to.deep.equal([list]);
    }
  });

  it('round-trip, whatever they are', () => {
    const id = fc.nat({ max: Number.MAX_SAFE_INTEGER });
    const field = fc.oneof(id, fc.uint8Array({ maxLength: 300 }), fc.array(id, { maxLength: 40 }));
    fc.assert(
      fc.property(fc.array(field, { maxLength: 15 }), (fields) => {
        const encoded = encodeFields(fields);
        expect(encoded.buffer.byteLength).to.equal(encoded.length);
        expect(decode(encoded)).to.deep.equal(fields);
      }),
    );
  });

  it('in any other spelling are refused', () => {
    for (const hex of [
      '', // nothing
      '01', // no array
      'c0', // nil
      '91', // an element missing
      '9100ff', // a byte after it
      '91cc7f', // 127 in two bytes
      '91cd00ff', // 255 in three
      '91ce0000ffff', // 65,535 in five
      '91d300000000ffffffff', // 2^32 − 1 in nine
      '91cf0000000100000000', // 2^32 as an unsigned 64-bit integer
      '91d30020000000000000', // 2^53
      '91d3ffffffffffffffff', // −1
      '91ff', // −1 in one byte
      '91d0ff', // −1 in two
      '91ca3f800000', // 1.0
      '91cb3ff0000000000000', // 1.0
      '91a161', // a text
      '91d90161', // a text
      '91c0', // nil in an array
      '91c2', // false
      '9180', // a map
      '9181a16101', // a map
      '91de0000', // a map
      '91d40101', // an extension
      '91d6ff00000000', // a date
      '91c70001', // an extension
      '91d4724000', // a record of msgpackr
      '91c1', // never used
      '91c50001ff', // a byte string in four bytes instead of three
      '91c60000000000', // a byte string in six bytes instead of two
      '91c4', // no length
      '91c402ff', // a byte string cut short
      '91c6ffffffff00', // a byte string of 4 GB
      'dc000100', // an array of one in three bytes more
      'dd0000000100',
      '91dc000100', // a list of one likewise
      '91dd0000000100',
      '91ddffffffff00', // a list of 4 billion
      '919100ff', // a byte after a list
      '919190', // a list in a list
      '9191c40100', // bytes in a list
      'dc0010' + repeat('00', 16), // sixteen elements
    ]) {
      notDecoded(fromHex(hex));
    }
    notDecoded(filled(100_000, 0x91), 'a hundred thousand nested arrays');
    notDecoded(concat([filled(1, 0x9f), filled(500_000, 0xdc)]));
  });

  it('are refused by size before they are looked at, and never quoted in the error', () => {
    refused('ERR_SECAGG_DECODE', () => decodeFields(filled(101, 0), 'test', { bytes: 100, listLength: 100 }));
    const secret = concat([fromHex('92c420'), filled(32, 0x53), fromHex('0101')]);
    const error = refused('ERR_SECAGG_DECODE', () => decode(secret));
    expect(`${error.message} ${String(error.cause)} ${error.stack}`).not.to.match(/S{3}|53535353|83,83/);
  });
});
