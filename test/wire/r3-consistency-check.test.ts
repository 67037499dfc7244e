// Codecs of round 3, from bytes written field by field: what they give, and that every other spelling is refused.
import { expect } from 'chai';
import { membersOf } from '../../src/leaves/members.ts';
import type { Field } from '../../src/wire/msgpack.ts';
import { decodeSurvivors, decodeView, encodeSurvivors } from '../../src/wire/r3-consistency-check.ts';
import { refused } from '../support/errors.ts';
import { onlyLengths } from '../support/message-bytes.ts';

describe('codecs of round 3', () => {
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
