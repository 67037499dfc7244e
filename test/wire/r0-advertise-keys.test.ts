// Codecs of round 0, from bytes written field by field: what they give, and that every other spelling is refused.
import { expect } from 'chai';
import { decodeAdvertiseKeys, encodeAdvertiseKeys } from '../../src/wire/r0-advertise-keys.ts';
import { filled, onlyLengths, repeat } from '../support/message-bytes.ts';
import { toHex } from '../support/vectors.ts';

describe('codecs of round 0', () => {
  it('body: channel key, mask key', () => {
    const keys = { channelKey: filled(32, 1), maskKey: filled(32, 2) };
    expect(toHex(encodeAdvertiseKeys(keys))).to.equal(repeat('01', 32) + repeat('02', 32));
    expect(decodeAdvertiseKeys(encodeAdvertiseKeys(keys))).to.deep.equal(keys);
    onlyLengths(decodeAdvertiseKeys, [64], 130);
  });
});
