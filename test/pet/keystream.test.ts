// The key stream of masks: all engines give the same bytes, whatever the lengths that are asked for.
import { expect } from 'chai';
import { chacha20 } from '@noble/ciphers/chacha.js';
import fc from 'fast-check';
import { platform as node } from '../../src/platform/node.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { concat } from '../../src/leaves/bytes.ts';
import { chacha20Module, ofNoble, WasmKeystream } from '../../src/pet/masking/mask-keystream.ts';
import { fromHex, toHex } from '../support/vectors.ts';

interface Stream {
  next(length: number): Uint8Array;
}

const engines: Readonly<Record<string, (seed: Uint8Array) => Stream>> = {
  OpenSSL: (seed) => node.chacha20!(seed),
  WebAssembly: (seed) => new WasmKeystream(chacha20Module()!, seed),
  noble: ofNoble,
};

const lengths = fc.array(
  fc.oneof(
    fc.constantFrom(4, 8, 12, 56_000),
    fc.integer({ min: 1, max: 1000 }).map((n) => 4 * n),
  ),
  {
    minLength: 1,
    maxLength: 8,
  },
);

for (const [name, streamOf] of Object.entries(engines)) {
  describe(`key stream of ${name}`, () => {
    it('begins as RFC 8439 appendix A.1 says, for a key of zeros', () => {
      expect(toHex(streamOf(new Uint8Array(32)).next(64))).to.equal(
        '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586',
      );
    });

    it('is the same in pieces of any length', () => {
      fc.assert(
        fc.property(lengths, (pieces) => {
          const seed = systemRandom(32);
          const stream = streamOf(seed);
          const found = concat(pieces.map((length) => stream.next(length).slice()));
          expect(toHex(found)).to.equal(toHex(chacha20(seed, new Uint8Array(12), new Uint8Array(found.length))));
        }),
        { numRuns: 40 },
      );
    });
  });
}

describe('ChaCha20 in WebAssembly', () => {
  it('carries from the low word of the counter to the high one', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    const { exports } = new WebAssembly.Instance(chacha20Module()!, { env: { memory } });
    const words = new Uint32Array(memory.buffer);
    words.set([0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574]);
    words[12] = 0xffff_fffe;
    (exports as unknown as { keystream: (out: number, count: number) => void }).keystream(256, 2);
    expect([words[12], words[13]]).to.deep.equal([6, 1]);
    // Block 2^32 has the counter 0 and, as the first word of the nonce, 1.
    const nonce = fromHex('010000000000000000000000');
    const expected = chacha20(new Uint8Array(32), nonce, new Uint8Array(64), undefined, 0);
    expect(toHex(new Uint8Array(memory.buffer, 256 + 128, 64))).to.equal(toHex(expected));
  });
});
