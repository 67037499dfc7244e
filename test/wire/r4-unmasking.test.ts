// Codecs of round 4, from bytes written field by field: what they give, and that every other spelling is refused.
import { expect } from 'chai';
import { concat } from '../../src/leaves/bytes.ts';
import { membersOf } from '../../src/leaves/members.ts';
import { positionAt } from '../../src/leaves/positions.ts';
import type { Field } from '../../src/wire/msgpack.ts';
import { decodeSignatures, decodeUnmask, encodeSignatures, encodeUnmask } from '../../src/wire/r4-unmasking.ts';
import { refused } from '../support/errors.ts';
import { filled, repeat } from '../support/message-bytes.ts';
import { fromHex, toHex } from '../support/vectors.ts';

describe('codecs of round 4', () => {
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
