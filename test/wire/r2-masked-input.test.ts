// Codecs of round 2, from bytes written field by field: what they give, and that every other spelling is refused.
import { expect } from 'chai';
import { membersOf } from '../../src/leaves/members.ts';
import { resolveParameters } from '../../src/session/parameters.ts';
import type { Field } from '../../src/wire/msgpack.ts';
import { decodeMaskedInput, decodeShares, encodeMaskedInput, encodeShares } from '../../src/wire/r2-masked-input.ts';
import { refused } from '../support/errors.ts';
import { filled, onlyLengths, repeat } from '../support/message-bytes.ts';
import { toHex } from '../support/vectors.ts';

describe('codecs of round 2', () => {
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
