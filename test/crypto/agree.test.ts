// Public keys of X25519: which bytes are one, and what an agreement gives.
import { platform } from '#platform';
import { expect } from 'chai';
import { agreementWith, isPublicKey } from '../../src/crypto/agree.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { withPlatform } from '../support/injected.ts';

const P = 2n ** 255n - 19n;
/** The two points of order 8; curve25519 has them and 0, 1 and p − 1 (of order 4, 2 and 1, on the curve or its twist). */
const ORDER_8 = [
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
];

function littleEndian(value: bigint, length = 32): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

describe('a public key', () => {
  it('is the base point, the smallest and the largest point of large order, and what is drawn', async () => {
    for (const point of [9n, 2n, P - 2n]) expect(isPublicKey(littleEndian(point)), String(point)).to.equal(true);
    for (let i = 0; i < 20; i++) expect(isPublicKey(await platform.x25519(systemRandom(32)).publicKey)).to.equal(true);
  });

  it('is no point of small order, with which everybody would agree on the same', async () => {
    for (const point of [0n, 1n, P - 1n, ...ORDER_8]) {
      expect(isPublicKey(littleEndian(point)), String(point)).to.equal(false);
      const agreed = await platform.x25519(systemRandom(32)).agree(platform.x25519Peer(littleEndian(point)));
      expect(agreed).to.deep.equal(new Uint8Array(32));
    }
  });

  it('is no second spelling of a point: p and more, or the unused bit', () => {
    for (const point of [P, P + 1n, P + 9n, 2n ** 255n - 1n, 2n ** 255n + 9n]) {
      expect(isPublicKey(littleEndian(point)), String(point)).to.equal(false);
    }
  });

  it('has 32 bytes', () => {
    for (const length of [0, 31, 33]) expect(isPublicKey(littleEndian(9n, length))).to.equal(false);
  });
});

describe('an agreement', () => {
  it('is what the engine gives, unless that is nothing but zeros', async () => {
    for (const [shared, expected] of [
      [new Uint8Array(32), null],
      [Uint8Array.of(...new Uint8Array(31), 1), Uint8Array.of(...new Uint8Array(31), 1)],
      [new Uint8Array(32).fill(7), new Uint8Array(32).fill(7)],
    ] as const) {
      const engine = { x25519: () => ({ publicKey: new Uint8Array(32), agree: () => shared }) };
      const agreed = await withPlatform(engine, () => agreementWith(systemRandom(32))(littleEndian(9n)));
      expect(agreed).to.deep.equal(expected);
    }
  });
});
