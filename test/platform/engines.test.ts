// The engines against published vectors and against each other: node:crypto, WebCrypto, and noble for what WebCrypto lacks. All give
// the same bytes, and refuse the same signatures and keys.
import { execFileSync } from 'node:child_process';
import { createHash, hkdfSync } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { expect } from 'chai';
import fc from 'fast-check';
import { isPublicKey } from '../../src/crypto/agree.ts';
import { fillRandom as fillInNode, platform as node } from '../../src/platform/node.ts';
import { curves as noble } from '../../src/platform/noble.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { fillRandom as fillOnWeb, platform as web } from '../../src/platform/web.ts';
import { concat } from '../../src/leaves/bytes.ts';
import { littleEndian, sha512, torsionPoint } from '../support/ed25519.ts';
import { fromHex, publishedVectors, toHex } from '../support/vectors.ts';

/** The curves alone, as the web engine uses them where WebCrypto has none. */
const javascript: Platform = {
  ...web,
  x25519: (secretKey) => ({
    publicKey: noble.x25519PublicKey(secretKey),
    agree: (peer) => noble.x25519(secretKey, peer.engine as Uint8Array),
  }),
  ed25519Sign: (secretKey, message) => noble.ed25519Sign(secretKey, message),
  ed25519Signer: (secretKey) => (message) => noble.ed25519Sign(secretKey, message),
  ed25519Verify: (publicKey, message, signature) => noble.ed25519Verify(publicKey, message, signature),
};
const engines = { node, web, javascript };

type SignatureColumn = 'publicKey' | 'message' | 'signature';

async function keystream(
  engine: Platform,
  key: Uint8Array,
  counter: Uint8Array,
  lengths: readonly number[],
): Promise<Uint8Array> {
  const stream = engine.aes256Ctr(key, counter);
  const out: Uint8Array[] = [];
  for (const length of lengths) out.push(Uint8Array.from(await stream.next(length)));
  return concat(out);
}

for (const [name, engine] of Object.entries(engines)) {
  describe(`engine ${name}`, () => {
    it('X25519: RFC 7748 sections 5.2 and 6.1', async () => {
      for (const [secret, point, shared] of [
        [
          'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
          'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
          'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
        ],
        [
          '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
          'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
          '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
        ],
        [
          '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
          'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
          '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
        ],
      ] as const) {
        expect(toHex(await engine.x25519(fromHex(secret)).agree(engine.x25519Peer(fromHex(point))))).to.equal(shared);
      }
    });

    it('X25519: RFC 7748 section 5.2, a thousand iterations', async function () {
      this.timeout(30_000);
      let [k, u] = [Uint8Array.of(9, ...new Uint8Array(31)), Uint8Array.of(9, ...new Uint8Array(31))];
      for (let i = 0; i < 1000; i++) {
        [k, u] = [Uint8Array.from(await engine.x25519(k).agree(engine.x25519Peer(u))), k];
        if (i === 0) expect(toHex(k)).to.equal('422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079');
      }
      expect(toHex(k)).to.equal('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51');
    });

    it('X25519: Wycheproof; points of small order give zero and are refused as keys', async function () {
      this.timeout(30_000);
      for (const { id, flags, hex } of publishedVectors<'private' | 'public' | 'shared'>('wycheproof-x25519.json')) {
        const point = fromHex(hex.public);
        const agreed = await engine.x25519(fromHex(hex.private)).agree(engine.x25519Peer(point));
        expect(toHex(agreed), `case ${id}`).to.equal(hex.shared);
        const bad = ['LowOrderPublic', 'ZeroSharedSecret', 'NonCanonicalPublic'].some((flag) => flags.includes(flag));
        expect(isPublicKey(point), `case ${id}`).to.equal(!bad);
      }
    });

    it('Ed25519: RFC 8032 section 7.1', async () => {
      for (const [secret, publicKey, message, signature] of [
        [
          '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
          'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
          '',
          'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
        ],
        [
          '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
          '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
          '72',
          '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
        ],
        [
          'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
          'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
          'af82',
          '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
        ],
      ] as const) {
        expect(toHex(engine.ed25519PublicKey(fromHex(secret)))).to.equal(publicKey);
        expect(toHex(await engine.ed25519Sign(fromHex(secret), fromHex(message)))).to.equal(signature);
        const signer = engine.ed25519Signer(fromHex(secret));
        expect(toHex(await signer(Uint8Array.of(1)))).not.to.equal(signature);
        expect(toHex(await signer(fromHex(message)))).to.equal(signature);
        expect(await engine.ed25519Verify(fromHex(publicKey), fromHex(message), fromHex(signature))).to.equal(true);
        expect(engine.ed25519VerifySync(fromHex(publicKey), fromHex(`${message}00`), fromHex(signature))).to.equal(false);
      }
    });

    it('Ed25519: Wycheproof, with malformed and malleable signatures', async () => {
      for (const { id, hex, result } of publishedVectors<SignatureColumn>('wycheproof-ed25519.json')) {
        const given = [fromHex(hex.publicKey), fromHex(hex.message), fromHex(hex.signature)] as const;
        if (given[2].length !== 64) continue; // refused by length, below
        expect(await engine.ed25519Verify(...given), `case ${id}`).to.equal(result === 'valid');
        expect(engine.ed25519VerifySync(...given), `case ${id}`).to.equal(result === 'valid');
      }
    });

    it('Ed25519: on signatures that tell verification with and without the cofactor apart, as all the others', async () => {
      for (const [publicKey, message, signature] of cofactorCases()) {
        const answers = new Set([
          await engine.ed25519Verify(publicKey, message, signature),
          engine.ed25519VerifySync(publicKey, message, signature),
          node.ed25519VerifySync(publicKey, message, signature),
        ]);
        expect(answers.size).to.equal(1);
        expect(answers.has(false)).to.equal(true);
      }
    });

    it('AES-256-CTR: SP 800-38A section F.5.5, in pieces of any number of whole blocks', async () => {
      const key = fromHex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4');
      const counter = fromHex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff');
      const plaintext = fromHex(
        '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
      );
      for (const lengths of [[64], [16, 16, 16, 16], [48, 16], [32, 32]]) {
        const stream = await keystream(engine, key, counter, lengths);
        expect(toHex(stream.map((byte, i) => byte ^ plaintext[i]!))).to.equal(
          '601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6',
        );
      }
    });

    it('AES-256-CTR: each piece is in memory of its own', async () => {
      const stream = engine.aes256Ctr(new Uint8Array(32), new Uint8Array(16));
      for (const length of [16, 4096, 16]) expect((await stream.next(length)).buffer.byteLength).to.equal(length);
    });

    it('AES-256-CTR: the counter carries through all its bytes', async () => {
      const key = new Uint8Array(32).fill(7);
      for (const counter of [
        '00000000000000000000000000ffffff',
        'ffffffffffffffffffffffffffffffff',
        '0000000000000000ffffffffffffffff',
      ]) {
        const whole = await keystream(node, key, fromHex(counter), [80]);
        expect(await keystream(engine, key, fromHex(counter), [16, 64])).to.deep.equal(whole);
        expect(await keystream(engine, key, fromHex(counter), [48, 21])).to.deep.equal(whole.subarray(0, 69));
      }
    });

    it('SHA-256 and HKDF: the examples of FIPS 180-2 and RFC 5869', () => {
      const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
      expect(toHex(engine.sha256([fromHex('61'), fromHex(''), fromHex('6263')]))).to.equal(abc);
      const derived = engine.hkdfSha256(
        new Uint8Array(22).fill(0x0b),
        fromHex('000102030405060708090a0b0c'),
        fromHex('f0f1f2f3f4f5f6f7f8f9'),
      );
      expect(toHex(derived)).to.equal('3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf');
    });

    it('SHA-256 and HKDF: the same as node:crypto alone, for any length and in any pieces', () => {
      const bytes = (most: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: most });
      const pieces = fc.array(fc.oneof(bytes(100), bytes(1500)), { maxLength: 4 });
      fc.assert(
        fc.property(pieces, bytes(64), bytes(1024), (given, salt, info) => {
          const whole = concat(given);
          expect(toHex(engine.sha256(given))).to.equal(createHash('sha256').update(whole).digest('hex'));
          const derived = Buffer.from(hkdfSync('sha256', whole, salt, info, 32)).toString('hex');
          expect(toHex(engine.hkdfSha256(whole, salt, info))).to.equal(derived);
        }),
      );
    });

    it('SHA-256 beside the caller: gives what it gives at once, of any parts', async () => {
      for (const lengths of [[], [0], [5, 0, 200_000]]) {
        const parts = lengths.map((length) => engine.randomBytes(length));
        expect(await engine.sha256Beside(parts)).to.deep.equal(engine.sha256(parts));
      }
    });

    it('base64: writes and reads the canonical form only', () => {
      for (const length of [0, 1, 2, 3, 100, 0x8001]) {
        const bytes = Uint8Array.from({ length }, (_, i) => i * 31);
        const text = engine.toBase64(bytes);
        expect(text).to.equal(Buffer.from(bytes).toString('base64'));
        expect(engine.fromBase64(text)).to.deep.equal(bytes);
      }
      for (const text of ['A', 'AA', 'AA=', 'AAA', 'AB==', 'AAA=\n', ' AAA=', 'AA-_', '====', 'AAAA====', 'ä===']) {
        expect(engine.fromBase64(text), text).to.equal(null);
      }
    });

    it('random bytes: gives as many as asked for, and others each time', () => {
      for (const length of [0, 1, 32, 200_000]) expect(engine.randomBytes(length)).to.have.length(length);
      expect(engine.randomBytes(32)).not.to.deep.equal(engine.randomBytes(32));
      expect(
        engine
          .randomBytes(200_000)
          .subarray(65_536)
          .some((byte) => byte !== 0),
      ).to.equal(true);
    });
  });
}

for (const [name, fillRandom] of Object.entries({ node: fillInNode, web: fillOnWeb })) {
  it(`random bytes of ${name} in memory that is given: all of it is overwritten, and nothing beside it`, () => {
    const whole = new Uint8Array(200_002);
    fillRandom(whole.subarray(1, -1));
    expect([whole[0], whole.at(-1)]).to.deep.equal([0, 0]);
    for (let at = 1; at < 200_000; at += 1000) expect(whole.subarray(at, at + 1000).some((byte) => byte !== 0)).to.equal(true);
    fillRandom(new Uint8Array(0));
  });
}

describe('the web engine without WebCrypto', () => {
  it('gives the same bytes from noble alone, in a whole session', function () {
    this.timeout(60_000);
    const child = new URL('./no-webcrypto.ts', import.meta.url);
    const output = execFileSync(
      process.execPath,
      ['--import', 'tsx', '--conditions', 'secagg-source', '--conditions', 'secagg-web', child.pathname],
      // Not part of the coverage: what a child compiles differs from this process in its offsets.
      { encoding: 'utf8', env: { ...process.env, NODE_V8_COVERAGE: '' } },
    );
    expect(output).to.equal('the sum is exact\n');
  });
});

/**
 * Signatures whose R has a component of small order: the equation holds with the cofactor, and not without it. Made by
 * somebody who knows the secret key, to be good for some engines and bad for others.
 */
function cofactorCases(): [Uint8Array, Uint8Array, Uint8Array][] {
  const { Point, utils } = ed25519;
  return [1n, 2n, 4n, 7n].map((k) => {
    const { secretKey, publicKey } = ed25519.keygen();
    const { scalar } = utils.getExtendedPublicKey(secretKey);
    const message = Uint8Array.of(Number(k));
    const nonce = 0x1234567890abcdefn + k;
    const r = Point.BASE.multiply(nonce).add(torsionPoint().multiplyUnsafe(k)).toBytes();
    const challenge = Point.Fn.create(littleEndian(sha512(concat([r, publicKey, message]))));
    const s = Point.Fn.create(nonce + challenge * scalar);
    const signature = concat([r, Point.Fn.toBytes(s)]);
    expect(ed25519.verify(signature, message, publicKey), 'with the cofactor').to.equal(true);
    return [publicKey, message, signature];
  });
}
