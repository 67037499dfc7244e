// Suites that import secret keys faster than the library does get the same keys.
import { createPrivateKey, randomBytes, sign, verify, type KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { quickPrivateKey } from '../support/quick-keys.ts';

const PKCS8 = { X25519: '302e020100300506032b656e04220420', Ed25519: '302e020100300506032b657004220420' };

function inputOf(curve: keyof typeof PKCS8, key: Uint8Array) {
  return { key: Buffer.concat([Buffer.from(PKCS8[curve], 'hex'), key]), format: 'der', type: 'pkcs8' } as const;
}

const exported = (key: KeyObject): string => key.export({ format: 'der', type: 'pkcs8' }).toString('hex');

describe('quick imports of secret keys', () => {
  for (const curve of ['X25519', 'Ed25519'] as const) {
    it(`give the key that PKCS #8 gives, ${curve}`, () => {
      for (const bytes of [
        new Uint8Array(32),
        new Uint8Array(32).fill(255),
        ...Array.from({ length: 20 }, () => randomBytes(32)),
      ]) {
        const [quick, slow] = [quickPrivateKey(inputOf(curve, bytes)), createPrivateKey(inputOf(curve, bytes))];
        expect(exported(quick)).to.equal(exported(slow));
        expect(quick.export({ format: 'jwk' })).to.deep.equal(slow.export({ format: 'jwk' }));
        expect(quick.equals(slow)).to.equal(true);
      }
    });
  }

  it('make signatures that verify', () => {
    const key = quickPrivateKey(inputOf('Ed25519', randomBytes(32)));
    const message = Buffer.from('message');
    const { x } = key.export({ format: 'jwk' });
    const publicKey = { key: { kty: 'OKP', crv: 'Ed25519', x: x! }, format: 'jwk' } as const;
    expect(verify(null, message, publicKey, sign(null, message, key))).to.equal(true);
  });

  it('refuse what PKCS #8 refuses', () => {
    const { key, ...rest } = inputOf('X25519', randomBytes(32));
    const changed = [key.subarray(1), Buffer.from(key).fill(0, 0, 16), Buffer.from(key).fill(0, 11, 12)];
    for (const bytes of changed) {
      const [quick, slow] = [quickPrivateKey, createPrivateKey].map((create) => codeOf(() => create({ key: bytes, ...rest })));
      expect(quick).to.be.a('string').and.to.equal(slow);
    }
  });
});

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}
