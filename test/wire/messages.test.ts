// Codecs, from bytes written field by field: what they give, and that every other spelling is refused.
import { expect } from 'chai';
import fc from 'fast-check';
import { concat } from '../../src/leaves/bytes.ts';
import { DecodeError } from '../../src/index.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { membersOf } from '../../src/leaves/members.ts';
import { positionAt } from '../../src/leaves/positions.ts';
import { resolveParameters } from '../../src/session/parameters.ts';
import {
  decodeServerMessage,
  decodeUserMessage,
  encodeServerMessage,
  encodeStartMessage,
  encodeUserMessage,
} from '../../src/wire/envelope.ts';
import { decodeFields, encodeFields, type Field } from '../../src/wire/msgpack.ts';
import { decodeAdvertiseKeys, encodeAdvertiseKeys } from '../../src/wire/r0-advertise-keys.ts';
import { decodeDirectory, decodeShareKeys, encodeDirectory, encodeShareKeys } from '../../src/wire/r1-share-keys.ts';
import { decodeMaskedInput, decodeShares, encodeMaskedInput, encodeShares } from '../../src/wire/r2-masked-input.ts';
import { decodeSurvivors, decodeView, encodeSurvivors } from '../../src/wire/r3-consistency-check.ts';
import { decodeSignatures, decodeUnmask, encodeSignatures, encodeUnmask } from '../../src/wire/r4-unmasking.ts';
import { refused } from '../support/errors.ts';
import { fromHex, toHex } from '../support/vectors.ts';

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
const repeat = (text: string, times: number): string => text.repeat(times);
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

const TAG = filled(32, 0xaa);
const TAG_HEX = `c420${repeat('aa', 32)}`;

describe('envelopes', () => {
  it('of the start message: constant', () => {
    expect(toHex(encodeStartMessage())).to.equal('920100');
    expect(decodeServerMessage(fromHex('920100'), TAG, 100)).to.deep.equal({ round: 0, fields: [] });
    for (const hex of ['920101', '920200', '910100', '9201c40100', '9301c40100']) {
      refused('ERR_SECAGG_DECODE', () => decodeServerMessage(fromHex(hex), TAG, 100));
    }
  });

  it('of the server: version, round, tag, fields', () => {
    const bytes = encodeServerMessage(TAG, { round: 3, fields: [Uint8Array.of(5), [1, 2]] });
    expect(toHex(bytes)).to.equal(`950103${TAG_HEX}c40105920102`);
    expect(decodeServerMessage(bytes, TAG, 100)).to.deep.equal({
      round: 3,
      fields: [Uint8Array.of(5), [1, 2]],
    });
    refused('ERR_SECAGG_SESSION', () => decodeServerMessage(bytes, filled(32, 0xab), 100));
    for (const hex of [
      `950203${TAG_HEX}c40105920102`,
      `950105${TAG_HEX}c40105920102`,
      `930100${TAG_HEX}`,
      `95010391aac40105920102`,
    ]) {
      refused('ERR_SECAGG_DECODE', () => decodeServerMessage(fromHex(hex), TAG, 1000));
    }
  });

  it('of a user: version, round, tag, sender, body, signature', () => {
    const message = { round: 2, sender: 300, body: Uint8Array.of(1, 2), signature: filled(64, 9) } as const;
    const bytes = encodeUserMessage(TAG, message);
    expect(toHex(bytes)).to.equal(`960102${TAG_HEX}cd012cc4020102c440${repeat('09', 64)}`);
    expect(decodeUserMessage(bytes, TAG, 300 as UserId, 10)).to.deep.equal(message);
    refused('ERR_SECAGG_SENDER', () => decodeUserMessage(bytes, TAG, 301 as UserId, 10));
    refused('ERR_SECAGG_SESSION', () => decodeUserMessage(bytes, filled(32, 0), 300 as UserId, 10));
    for (const fields of [
      [2, 2, TAG, 300, message.body, message.signature],
      [1, 5, TAG, 300, message.body, message.signature],
      [1, 2, TAG.subarray(1), 300, message.body, message.signature],
      [1, 2, TAG, TAG, message.body, message.signature],
      [1, 2, TAG, [300], message.body, message.signature],
      [1, 2, TAG, 300, 1, message.signature],
      [1, 2, TAG, 300, message.body, filled(63, 9)],
      [1, 2, TAG, 300, message.body],
      [1, 2, TAG, 300, message.body, message.signature, 0],
      [TAG, 2, TAG, 300, message.body, message.signature],
      [1, TAG, TAG, 300, message.body, message.signature],
      [],
    ] as Field[][]) {
      refused('ERR_SECAGG_DECODE', () => decodeUserMessage(encodeFields(fields), TAG, 300 as UserId, 10));
    }
    refused('ERR_SECAGG_DECODE', () =>
      decodeUserMessage(encodeUserMessage(TAG, { ...message, body: filled(200, 0) }), TAG, 300 as UserId, 10),
    );
  });
});

describe('what a message may cost', () => {
  it('no list at all in a message of a user: each of its bytes would become a hundred in memory', () => {
    const head = [1, 0, TAG, 300] as const;
    for (const fields of [
      [...head, [1], filled(64, 1)],
      [...head, filled(64, 1), [0, 0]],
      [[], ...head, filled(64, 1)],
    ]) {
      refused('ERR_SECAGG_DECODE', () => decodeUserMessage(encodeFields(fields), TAG, 300 as UserId, 1_000_000));
      // Not even one of another session, which is found out only once the lists are there.
      refused('ERR_SECAGG_DECODE', () => decodeUserMessage(encodeFields(fields), filled(32, 0xab), 300 as UserId, 1_000_000));
    }
  });

  it('no list longer than a session has users in a message of the server', () => {
    const list = (length: number): Uint8Array =>
      encodeServerMessage(TAG, { round: 1, fields: [new Array<number>(length).fill(1)] });
    expect(decodeServerMessage(list(65_535), TAG, 1_000_000).fields).to.have.length(1);
    refused('ERR_SECAGG_DECODE', () => decodeServerMessage(list(65_536), TAG, 1_000_000));
  });
});

/** A decoder of bodies must refuse every length but the right ones. */
function onlyLengths(decoder: (body: Uint8Array) => unknown, lengths: readonly number[], most: number): void {
  for (let length = 0; length <= most; length++) {
    const attempt = (): unknown => decoder(filled(length, 0));
    if (lengths.includes(length)) attempt();
    else refused('ERR_SECAGG_DECODE', attempt);
  }
}

describe('round 0', () => {
  it('body: channel key, mask key', () => {
    const keys = { channelKey: filled(32, 1), maskKey: filled(32, 2) };
    expect(toHex(encodeAdvertiseKeys(keys))).to.equal(repeat('01', 32) + repeat('02', 32));
    expect(decodeAdvertiseKeys(encodeAdvertiseKeys(keys))).to.deep.equal(keys);
    onlyLengths(decodeAdvertiseKeys, [64], 130);
  });
});

describe('round 1', () => {
  const lines = [3, 70_000].map((userId, i) => ({
    userId: userId as UserId,
    channelKey: filled(32, 16 * i + 1),
    maskKey: filled(32, 16 * i + 2),
    signature: filled(64, 16 * i + 3),
  }));

  it('directory: ids, keys, signatures', () => {
    const part = { users: 2, first: 0, lines, proof: [] };
    const fields = encodeDirectory(part, 'complete');
    expect(fields).to.deep.equal([
      [3, 70_000],
      concat([filled(32, 1), filled(32, 2), filled(32, 17), filled(32, 18)]),
      concat([filled(64, 3), filled(64, 19)]),
    ]);
    expect(decodeDirectory(fields, 'complete')).to.deep.equal(part);
    const [ids, keys, signatures] = fields as [number[], Uint8Array, Uint8Array];
    for (const bad of [
      [[70_000, 3], keys, signatures],
      [[3, 3], keys, signatures],
      [[3], keys, signatures],
      [[3, 4, 5], keys, signatures],
      [ids, keys.subarray(1), signatures],
      [ids, keys, signatures.subarray(1)],
      [ids, 5, signatures],
      [keys, keys, signatures],
      [7, keys, signatures],
      [ids, keys],
      [ids, keys, signatures, 0],
    ] as Field[][]) {
      refused('ERR_SECAGG_DECODE', () => decodeDirectory(bad, 'complete'));
    }
    const empty = [[], new Uint8Array(0), new Uint8Array(0)];
    expect(decodeDirectory(empty, 'complete')).to.deep.equal({ users: 0, first: 0, lines: [], proof: [] });
  });

  it('directory on a sparse graph: users, place of the first, the same of the neighborhood in its order, proof', () => {
    const graph = { neighbors: 2, shareThreshold: 2 };
    const around = [lines[1]!, { ...lines[0]!, userId: 9 as UserId }, lines[0]!];
    // Leaves 3, 4 and 0 of 5 are known: 1 and 2 are missing, each by itself.
    const part = { users: 5, first: 3, lines: around, proof: [filled(32, 7), filled(32, 8)] };
    const fields = encodeDirectory(part, graph);
    expect(fields.slice(0, 3)).to.deep.equal([5, 3, [70_000, 9, 3]]);
    expect(fields.slice(5)).to.deep.equal([concat([filled(32, 7), filled(32, 8)])]);
    expect(decodeDirectory(fields, graph)).to.deep.equal(part);
    const [users, first, ids, keys, signatures, proof] = fields as [number, number, number[], Uint8Array, Uint8Array, Uint8Array];
    for (const bad of [
      [users, first, ids.slice(1), keys, signatures, proof],
      [users, first, [...ids, 5], keys, signatures, proof],
      [users, first, ids, keys.subarray(1), signatures, proof],
      [users, first, ids, keys, signatures.subarray(1), proof],
      [users, first, ids, keys, signatures, proof.subarray(32)],
      [users, first, ids, keys, signatures, concat([proof, filled(32, 9)])],
      [users, 5, ids, keys, signatures, proof],
      [2, 0, ids, keys, signatures, new Uint8Array()],
      [1_000_001, first, ids, keys, signatures, proof],
      [ids, keys, signatures],
    ] as Field[][]) {
      refused('ERR_SECAGG_DECODE', () => decodeDirectory(bad, graph));
    }
    refused('ERR_SECAGG_DECODE', () => decodeDirectory(fields, 'complete'));
    refused('ERR_SECAGG_DECODE', () => decodeDirectory(fields, { neighbors: 4, shareThreshold: 2 }));
  });

  it('body: directory, two commitments, records', () => {
    const deal = { seedCommitment: filled(32, 1), ownShareCommitment: filled(16, 2), sealed: filled(2 * 136, 3) };
    const message = { directoryDigest: filled(32, 4), deal };
    const expected = repeat('04', 32) + repeat('01', 32) + repeat('02', 16) + repeat('03', 272);
    expect(toHex(encodeShareKeys(message))).to.equal(expected);
    expect(decodeShareKeys(encodeShareKeys(message), 'complete')).to.deep.equal(message);
    onlyLengths((body) => decodeShareKeys(body, 'complete'), [80, 80 + 136, 80 + 272], 450);
  });

  it('body on a sparse graph: no commitment to a share of its own, for the owner keeps none', () => {
    const deal = { seedCommitment: filled(32, 1), ownShareCommitment: null, sealed: filled(2 * 136, 3) };
    const message = { directoryDigest: filled(32, 4), deal };
    expect(toHex(encodeShareKeys(message))).to.equal(repeat('04', 32) + repeat('01', 32) + repeat('03', 272));
    const decode = (body: Uint8Array) => decodeShareKeys(body, { neighbors: 2, shareThreshold: 2 });
    expect(decode(encodeShareKeys(message))).to.deep.equal(message);
    onlyLengths(decode, [64, 64 + 136, 64 + 272], 450);
  });
});

describe('round 2', () => {
  it('shares: U2, receiver, records', () => {
    const shares = { u2: membersOf([0, 9], 10), receiver: 7, sealed: filled(136, 1) };
    expect(encodeShares(shares)).to.deep.equal([Uint8Array.of(1, 2), 7, filled(136, 1)]);
    expect(decodeShares(encodeShares(shares), 10)).to.deep.equal(shares);
    for (const bad of [
      [Uint8Array.of(1), 7, shares.sealed],
      [Uint8Array.of(1, 4), 7, shares.sealed],
      [Uint8Array.of(1, 2, 0), 7, shares.sealed],
      [1, 7, 2],
      [shares.u2, shares.u2, shares.sealed],
      [shares.u2, 7, 7],
      [shares.u2, 7],
      [shares.u2],
    ] as Field[][]) {
      refused('ERR_SECAGG_DECODE', () => decodeShares(bad, 10));
    }
  });

  it('body: view, packed vector with zero spare bits', () => {
    const parameters = resolveParameters(2, 3, { bits: 7 });
    const input = { view: filled(32, 1), vector: Uint8Array.of(255, 255, 0x1f) };
    expect(toHex(encodeMaskedInput(input))).to.equal(repeat('01', 32) + 'ffff1f');
    expect(decodeMaskedInput(encodeMaskedInput(input), parameters)).to.deep.equal(input);
    for (const last of [0x20, 0x40, 0x80, 0xff]) {
      refused('ERR_SECAGG_DECODE', () =>
        decodeMaskedInput(encodeMaskedInput({ ...input, vector: Uint8Array.of(0, 0, last) }), parameters),
      );
    }
    onlyLengths((body) => decodeMaskedInput(body, parameters), [35], 80);
    onlyLengths((body) => decodeMaskedInput(body, resolveParameters(2, 8, { bits: 1 })), [33], 80);
  });
});

describe('round 3', () => {
  it('survivors: U3; body: view', () => {
    const u3 = membersOf([1, 2], 3);
    expect(encodeSurvivors(u3)).to.deep.equal([Uint8Array.of(6)]);
    expect(decodeSurvivors([u3], 3)).to.deep.equal(u3);
    for (const bad of [[Uint8Array.of(8)], [Uint8Array.of(6, 0)], [6], [], [u3, u3]] as Field[][]) {
      refused('ERR_SECAGG_DECODE', () => decodeSurvivors(bad, 3));
    }
    onlyLengths(decodeView, [32], 70);
  });
});

describe('round 4', () => {
  it('signatures: U4, one signature each', () => {
    const message = { signers: membersOf([0, 2], 3), signatures: [filled(64, 1), filled(64, 2)] };
    expect(encodeSignatures(message)).to.deep.equal([Uint8Array.of(5), concat([filled(64, 1), filled(64, 2)])]);
    expect(decodeSignatures(encodeSignatures(message), 3)).to.deep.equal(message);
    for (const bad of [
      [message.signers, filled(64, 1)],
      [message.signers, filled(192, 1)],
      [Uint8Array.of(8), filled(64, 1)],
      [message.signers, 5],
    ] as Field[][]) {
      refused('ERR_SECAGG_DECODE', () => decodeSignatures(bad, 3));
    }
  });

  it('body: reports, then one share of the kind that U3 asks for of each other user of U2', () => {
    const about = { owners: [0, 2, 3].map((i) => positionAt(i, 5)), u3: membersOf([0, 3], 5) };
    const answer = [
      { kind: 'self-mask', share: filled(32, 1) },
      { kind: 'pairwise-key', share: filled(32, 2) },
      { kind: 'reported' },
    ] as const;
    const view = filled(32, 9);
    const body = encodeUnmask({ view, answer });
    expect(toHex(body)).to.equal(repeat('09', 32) + '04' + repeat('01', 32) + repeat('02', 32));
    expect(decodeUnmask(body, about)).to.deep.equal({ view, answer });
    for (const hex of ['', '08', '00' + repeat('01', 64), '04' + repeat('01', 32), '04' + repeat('01', 96), '07' + '01', '17']) {
      refused('ERR_SECAGG_DECODE', () => decodeUnmask(fromHex(repeat('09', 32) + hex), about));
    }
    const none = new Array(3).fill({ kind: 'reported' });
    expect(decodeUnmask(fromHex(repeat('09', 32) + '07'), about)).to.deep.equal({ view, answer: none });
  });

  it('body: a report about somebody beyond U2 does not take the place of a share', () => {
    const about = { owners: [0, 2, 3].map((i) => positionAt(i, 5)), u3: membersOf([0, 3], 5) };
    for (const hex of ['08' + repeat('01', 64), '80' + repeat('01', 64), '0c' + repeat('01', 32), '0f']) {
      refused('ERR_SECAGG_DECODE', () => decodeUnmask(fromHex(repeat('09', 32) + hex), about));
    }
  });
});
