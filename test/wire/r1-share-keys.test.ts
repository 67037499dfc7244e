// Codecs of round 1, from bytes written field by field: what they give, and that every other spelling is refused.
import { expect } from 'chai';
import { concat } from '../../src/leaves/bytes.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import type { Field } from '../../src/wire/msgpack.ts';
import { decodeDirectory, decodeShareKeys, encodeDirectory, encodeShareKeys } from '../../src/wire/r1-share-keys.ts';
import { refused } from '../support/errors.ts';
import { filled, onlyLengths, repeat } from '../support/message-bytes.ts';
import { toHex } from '../support/vectors.ts';

describe('codecs of round 1', () => {
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
