// Which signatures are good is decided before the engine is asked, so that all engines take the same ones.
import { platform as chosen } from '#platform';
import { ed25519 } from '@noble/curves/ed25519.js';
import { expect } from 'chai';
import { isSignPublicKey, verify, verifySync } from '../../src/crypto/sign.ts';
import { concat } from '../../src/leaves/bytes.ts';
import { littleEndian, sha512, smallOrderPoints } from '../support/ed25519.ts';
import { fromHex, publishedVectors } from '../support/vectors.ts';

describe('strict signatures', () => {
  it('refuse wrong lengths, and keys and signatures with points of small order or in another spelling', async () => {
    const { secretKey, publicKey } = ed25519.keygen();
    const message = Uint8Array.of(1, 2, 3);
    const signature = ed25519.sign(message, secretKey);
    const refusedBoth = async (key: Uint8Array, signed: Uint8Array): Promise<void> => {
      expect(await verify(key, message, signed)).to.equal(false);
      expect(verifySync(key, message, signed)).to.equal(false);
    };
    expect(await verify(publicKey, message, signature)).to.equal(true);
    expect(verifySync(publicKey, message, signature)).to.equal(true);
    for (const length of [0, 63, 65])
      await refusedBoth(
        publicKey,
        Uint8Array.from({ length }, (_, i) => signature[i] ?? 0),
      );
    for (const length of [0, 31, 33])
      await refusedBoth(
        Uint8Array.from({ length }, (_, i) => publicKey[i] ?? 0),
        signature,
      );
    for (const { hex, result } of publishedVectors<'publicKey' | 'message' | 'signature'>('wycheproof-ed25519.json')) {
      expect(await verify(fromHex(hex.publicKey), fromHex(hex.message), fromHex(hex.signature))).to.equal(result === 'valid');
    }
    for (const point of smallOrderPoints()) {
      expect(isSignPublicKey(point)).to.equal(false);
      // R and S of zero effect: under a key of small order, such a signature fits many messages.
      await refusedBoth(point, concat([point, new Uint8Array(32)]));
      await refusedBoth(publicKey, concat([point, signature.subarray(32)]));
    }
  });

  it('are refused if engines decide them differently, before any engine is asked', async () => {
    const { secretKey, publicKey } = ed25519.keygen();
    const message = Uint8Array.of(1, 2, 3);
    const [r, s] = [ed25519.sign(message, secretKey).subarray(0, 32), ed25519.sign(message, secretKey).subarray(32)];
    const { Point } = ed25519;
    const plus = (bytes: Uint8Array, value: bigint): Uint8Array =>
      fromHex((littleEndian(bytes) + value).toString(16).padStart(64, '0')).reverse();
    const zero = new Uint8Array(32);
    // Good by the equation without the cofactor: R is the neutral element, S = h · a.
    const challenge = littleEndian(sha512(concat([Point.ZERO.toBytes(), publicKey, message])));
    const neutral = Point.Fn.toBytes(Point.Fn.create(challenge * ed25519.utils.getExtendedPublicKey(secretKey).scalar));
    expect(
      Point.BASE.multiply(littleEndian(neutral)).equals(Point.fromBytes(publicKey).multiply(Point.Fn.create(challenge))),
    ).to.equal(true);

    const engine = { ...chosen };
    Object.assign(chosen, { ed25519Verify: () => true, ed25519VerifySync: () => true });
    try {
      for (const [name, key, signature, expected] of [
        ['as it was made', publicKey, concat([r, s]), true],
        ['S plus the order of the group', publicKey, concat([r, plus(s, Point.Fn.ORDER)]), false],
        ['S the order itself', publicKey, concat([r, plus(zero, Point.Fn.ORDER)]), false],
        ['R the neutral element', publicKey, concat([Point.ZERO.toBytes(), neutral]), false],
        ['R with y = p + 3', publicKey, concat([plus(zero, Point.Fp.ORDER + 3n), s]), false],
        ['R with y = p', publicKey, concat([plus(zero, Point.Fp.ORDER), s]), false],
        ['a key with y = p', plus(zero, Point.Fp.ORDER), concat([r, s]), false],
        ['a key with y = p + 3', plus(zero, Point.Fp.ORDER + 3n), concat([r, s]), false],
        ['a key with a byte more', concat([publicKey, Uint8Array.of(0)]), concat([r, s]), false],
        ['a key with a byte less', publicKey.subarray(0, 31), concat([r, s]), false],
        ['a signature with a byte more', publicKey, concat([r, s, Uint8Array.of(0)]), false],
        ['a signature with a byte less', publicKey, concat([r, s.subarray(0, 31)]), false],
        ['a key of small order', Point.ZERO.toBytes(), concat([r, s]), false],
      ] as const) {
        expect(await verify(key, message, signature), name).to.equal(expected);
        expect(verifySync(key, message, signature), name).to.equal(expected);
      }
    } finally {
      Object.assign(chosen, engine);
    }
  });
});
