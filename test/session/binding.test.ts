// What signatures are over: of a masked input, the list of its pieces.
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { LABELS } from '../../src/crypto/labels.ts';
import { digestOfBody, digestOfBodyBeside } from '../../src/session/binding.ts';

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest());
const number = (value: number, bytes: number): Uint8Array => {
  const out = new Uint8Array(bytes);
  for (let i = bytes - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) out[i] = rest % 256;
  return out;
};

describe('the digest of a masked input', () => {
  for (const bits of [1, 3]) {
    const piece = (2 ** 18 * bits) / 8;
    for (const length of [1, piece - 1, piece, piece + 1, 2 * piece, 2 * piece + 100]) {
      it(`is of pieces of 2^18 components: ${length} bytes of components of ${bits} bits`, async () => {
        const body = Uint8Array.from({ length: 32 + length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
        const count = Math.ceil(length / piece);
        const digests = Array.from({ length: count }, (_, i) => {
          return sha256(LABELS.piece, number(i, 4), body.subarray(32 + i * piece, Math.min(32 + (i + 1) * piece, body.length)));
        });
        const expected = sha256(LABELS.pieces, number(body.length, 8), body.subarray(0, 32), number(count, 4), ...digests);
        expect(digestOfBody({ bits }, 2, body)).to.deep.equal(expected);
        let pauses = 0;
        const pause = (): Promise<void> => {
          pauses++;
          return Promise.resolve();
        };
        expect(await digestOfBodyBeside({ bits }, 2, body, pause)).to.deep.equal(expected);
        expect(pauses).to.equal(count);
      });
    }
  }

  it('of any other round is the digest of its bytes', async () => {
    const body = new Uint8Array(100_000).fill(3);
    for (const round of [0, 1, 3, 4] as const) {
      expect(digestOfBody({ bits: 8 }, round, body)).to.deep.equal(sha256(body));
      expect(await digestOfBodyBeside({ bits: 8 }, round, body, () => Promise.resolve())).to.deep.equal(sha256(body));
    }
  });
});
