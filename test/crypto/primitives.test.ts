// Seals, labels, commitments and derivations: that each depends on everything it should be bound to.
import { platform } from '#platform';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { concat, u32, u64 } from '../../src/leaves/bytes.ts';
import { agreementWith, generateKeyPair, publicKeyOf } from '../../src/crypto/agree.ts';
import { LABELS } from '../../src/crypto/labels.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { open, seal } from '../../src/crypto/seal.ts';
import { firstForged, generateSignKeyPair, sign, type SignedClaim } from '../../src/crypto/sign.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import type { Advertisement, Directory } from '../../src/session/messages.ts';
import { membersOf } from '../../src/leaves/members.ts';
import { resolveParameters } from '../../src/session/parameters.ts';
import * as binding from '../../src/session/binding.ts';
import { flip } from '../support/forge.ts';
import { fromHex, publishedVectors, toHex } from '../support/vectors.ts';

function sha256(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256').update(label);
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

describe('seals', () => {
  it('XChaCha20-Poly1305: Wycheproof', () => {
    type Column = 'key' | 'nonce' | 'data' | 'plaintext' | 'ciphertext' | 'tag';
    for (const { id, hex, result } of publishedVectors<Column>('wycheproof-xchacha20-poly1305.json')) {
      if (hex.nonce.length !== 48) continue; // a seal's first 24 bytes are its nonce, whatever they are
      const sealed = fromHex(hex.nonce + hex.ciphertext + hex.tag);
      const opened = open(fromHex(hex.key), fromHex(hex.data), sealed);
      expect(opened === null ? null : toHex(opened), `case ${id}`).to.equal(result === 'valid' ? hex.plaintext : null);
      if (result !== 'valid') continue;
      const again = seal(fromHex(hex.key), fromHex(hex.data), fromHex(hex.plaintext), () => fromHex(hex.nonce));
      expect(again).to.deep.equal(sealed);
    }
  });

  it('do not open with another key, other data, a changed bit or a missing byte', () => {
    const [key, data, plaintext] = [systemRandom(32), systemRandom(20), systemRandom(64)];
    const sealed = seal(key, data, plaintext, systemRandom);
    expect(open(key, data, sealed)).to.deep.equal(plaintext);
    expect(open(flip(key, 31, 0x80), data, sealed)).to.equal(null);
    expect(open(key, flip(data, 0), sealed)).to.equal(null);
    for (let i = 0; i < sealed.length; i++) expect(open(key, data, flip(sealed, i, 1 << (i % 8)))).to.equal(null);
    for (let i = 0; i < sealed.length; i++) expect(open(key, data, sealed.subarray(0, i))).to.equal(null);
  });

  it('never repeat a nonce', () => {
    const nonces = Array.from({ length: 200 }, () =>
      toHex(seal(systemRandom(32), new Uint8Array(0), new Uint8Array(1), systemRandom).subarray(0, 24)),
    );
    expect(new Set(nonces).size).to.equal(200);
  });
});

describe('signatures side by side', () => {
  const claims: SignedClaim[] = [];
  before(async () => {
    for (let i = 0; i < 20; i++) {
      const [publicKey, secretKey] = generateSignKeyPair(systemRandom);
      const message = Uint8Array.of(i);
      claims.push({ publicKey, message, signature: await sign(secretKey, message) });
    }
  });
  const firstOf = (all: readonly SignedClaim[]): Promise<number> => firstForged(all.length, (i) => all[i]!);

  it('the first that is forged is named, whichever is found out first, and so is one without a key', async () => {
    const forgedAt = (...places: readonly number[]): Promise<number> =>
      firstOf(claims.map((claim, i) => (places.includes(i) ? { ...claim, message: Uint8Array.of(100 + i) } : claim)));
    expect(await firstOf([])).to.equal(-1);
    expect(await forgedAt()).to.equal(-1);
    for (const place of claims.keys()) expect(await forgedAt(place)).to.equal(place);
    expect(await forgedAt(19, 7, 8)).to.equal(7);
    const stranger = { ...claims[5]!, publicKey: undefined };
    expect(await firstOf([...claims, stranger])).to.equal(20);
    // No engine is asked about the last: its signature is too short.
    const short = { ...claims[3]!, signature: new Uint8Array(63) };
    expect(await firstOf([claims[0]!, { ...claims[1]!, message: new Uint8Array() }, short])).to.equal(1);
  });

  it('are verified several at a time, but not all of many; only what is told to be good counts as good', async () => {
    const many = Array.from({ length: 150 }, (_, i) => claims[i % 20]!);
    const engine = platform as { ed25519Verify: (typeof platform)['ed25519Verify'] };
    const { ed25519Verify } = engine;
    let [underway, most] = [0, 0];
    try {
      engine.ed25519Verify = async (...args): Promise<boolean> => {
        most = Math.max(most, ++underway);
        const good = await ed25519Verify(...args);
        underway--;
        return good;
      };
      expect(await firstOf(many)).to.equal(-1);
      expect(most).to.equal(64);
      for (const place of [0, 63, 64, 127, 128, 149]) {
        const forged = many.map((claim, i) => (i === place ? { ...claim, message: new Uint8Array() } : claim));
        expect(await firstOf(forged)).to.equal(place);
      }
      engine.ed25519Verify = (): Promise<boolean> => Promise.resolve(undefined as unknown as boolean);
      expect(await firstOf(many)).to.equal(0);
    } finally {
      engine.ed25519Verify = ed25519Verify;
    }
  });
});

describe('labels', () => {
  it('of what is stored, or agreed outside a session, stay what they are', () => {
    for (const [label, name] of [
      [LABELS.roster, 'roster'],
      [LABELS.enrolment, 'enrolment'],
      [LABELS.cohortOrder, 'cohort order'],
      [LABELS.cohortSession, 'cohort session'],
      [LABELS.userStateSeal, 'user state at rest'],
      [LABELS.userStateKeyId, 'id of a key for user states'],
    ] as const) {
      expect(new TextDecoder().decode(label)).to.equal(`secagg/1/${name}\0`);
    }
  });

  it('are distinct, and none is a prefix of another', () => {
    const texts = Object.values(LABELS).map(toHex);
    expect(texts).to.have.length(45);
    for (const [i, text] of texts.entries()) {
      for (const [j, other] of texts.entries()) if (i !== j) expect(text.startsWith(other)).to.equal(false);
    }
  });
});

describe('agreement', () => {
  it('is the same from both sides, and null for a point of small order', async () => {
    const [a, b] = [await generateKeyPair(systemRandom), await generateKeyPair(systemRandom)];
    expect(await publicKeyOf(a.secretKey)).to.deep.equal(a.publicKey);
    const shared = await agreementWith(a.secretKey)(b.publicKey);
    expect(shared).to.deep.equal(await agreementWith(b.secretKey)(a.publicKey));
    expect(await agreementWith(a.secretKey)(new Uint8Array(32))).to.equal(null);
  });
});

describe('bindings', () => {
  const [alice, bob, carol] = [1, 2, 3] as UserId[] as [UserId, UserId, UserId];
  const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
  const distinct = (digests: readonly Uint8Array[]): void => {
    expect(new Set(digests.map(toHex)).size).to.equal(digests.length);
  };

  it('the session tag depends on every agreed option, and not on where one ends and the next begins', () => {
    const tag = (...args: Parameters<typeof resolveParameters>): Uint8Array => binding.sessionTag(resolveParameters(...args));
    distinct([
      tag(3, 5, {}),
      tag(4, 5, {}),
      tag(3, 6, {}),
      tag(3, 5, { bits: 31 }),
      tag(3, 5, { session: 'a' }),
      tag(3, 5, { session: 'b' }),
      tag(3, 5, { session: 'a\0' }),
      tag(3, 5, { session: new Uint8Array(1) }),
      tag(3, 5, { graph: { neighbors: 2, shareThreshold: 2 } }),
      tag(5, 5, { graph: { neighbors: 4, shareThreshold: 2 } }),
      tag(5, 5, { graph: { neighbors: 4, shareThreshold: 3 } }),
    ]);
    const same = tag(3, 5, { session: 'é', maxUsers: 9, adversary: 'semi-honest', colluders: 1 });
    expect(same, 'a party’s own policy is its own').to.deep.equal(tag(3, 5, { session: Uint8Array.of(0xc3, 0xa9) }));
  });

  it('the directory depends on the tag, every id, its place, and every key in its role', () => {
    const directoryOf = (tag: Uint8Array, lines: Directory): Uint8Array =>
      binding.digestOfDirectory(tag, lines.length, binding.directoryTree(lines).root);
    const line = (userId: UserId, c: number, s: number): Advertisement => ({
      userId,
      channelKey: key(c),
      maskKey: key(s),
      signature: new Uint8Array(64),
    });
    distinct([
      directoryOf(key(0), [line(alice, 1, 2), line(bob, 3, 4)]),
      directoryOf(key(9), [line(alice, 1, 2), line(bob, 3, 4)]),
      directoryOf(key(0), [line(alice, 2, 1), line(bob, 3, 4)]),
      directoryOf(key(0), [line(alice, 1, 3), line(bob, 2, 4)]),
      directoryOf(key(0), [line(alice, 1, 2), line(carol, 3, 4)]),
      directoryOf(key(0), [line(bob, 3, 4), line(alice, 1, 2)]),
      directoryOf(key(0), [line(alice, 1, 2)]),
    ]);
  });

  it('views depend on the sets of all rounds before', () => {
    const [all, some] = [membersOf([0, 1, 2], 3), membersOf([0, 2], 3)];
    const view2 = binding.viewOfRound2(key(1), all);
    distinct([
      view2,
      binding.viewOfRound2(key(2), all),
      binding.viewOfRound2(key(1), some),
      binding.viewOfRound3(view2, all),
      binding.viewOfRound3(view2, some),
      binding.viewOfRound3(binding.viewOfRound2(key(1), some), some),
      binding.maskedInputView(view2, key(1)),
      binding.maskedInputView(view2, key(2)),
    ]);
  });

  it('signatures depend on tag, round, sender and body', () => {
    const body = key(3); // its digest
    distinct([
      binding.signedBytes(key(1), 0, alice, body),
      binding.signedBytes(key(2), 0, alice, body),
      binding.signedBytes(key(1), 3, alice, body),
      binding.signedBytes(key(1), 0, bob, body),
      binding.signedBytes(key(1), 0, alice, key(4)),
    ]);
  });

  it('the digest of a masked input depends on the length, on what it was made for, and on the bytes and the place of each piece', () => {
    const body = (length: number, change?: number): Uint8Array => {
      const bytes = Uint8Array.from({ length: 32 + length }, (_, i) => i % 251);
      if (change !== undefined) bytes[change]! ^= 1;
      return bytes;
    };
    const piece = 2 ** 15 * 3;
    const of = (bytes: Uint8Array): Uint8Array => binding.digestOfBody({ bits: 3 }, 2, bytes);
    const turned = body(2 * piece);
    turned.copyWithin(32, 32 + piece);
    turned.set(body(piece).subarray(32), 32 + piece);
    distinct([
      ...[0, 1, piece - 1, piece, piece + 1, 2 * piece].map((length) => of(body(length))),
      ...[0, 31, 32, 32 + piece - 1, 32 + piece, 32 + 2 * piece - 1].map((change) => of(body(2 * piece, change))),
      of(turned),
      binding.digestOfBody({ bits: 3 }, 3, body(1)),
      binding.digestOfBody({ bits: 4 }, 2, body(2 * piece)),
    ]);
  });

  it('the digest of a masked input is over the list of its pieces, as docs/wire-format.md says', () => {
    for (const [bits, length] of [
      [1, 2 ** 15],
      [20, 2 ** 15 * 20 + 7],
      [64, 8],
    ] as const) {
      const vector = systemRandom(length);
      const view = systemRandom(32);
      const pieces = Array.from({ length: Math.ceil(length / (2 ** 15 * bits)) }, (_, i) =>
        sha256('secagg/1/piece of a masked input\0', u32(i), vector.subarray(2 ** 15 * bits * i, 2 ** 15 * bits * (i + 1))),
      );
      const expected = sha256('secagg/1/pieces of a masked input\0', u64(32 + length), view, u32(pieces.length), ...pieces);
      expect(binding.digestOfBody({ bits }, 2, concat([view, vector]))).to.deep.equal(expected);
    }
  });

  it('seal keys depend on the directory and on the direction; mask seeds are one for a pair, and others for U2', () => {
    distinct([
      binding.sealKey(key(1), key(2), alice, bob),
      binding.sealKey(key(1), key(2), bob, alice),
      binding.sealKey(key(1), key(3), alice, bob),
      binding.sealKey(key(4), key(2), alice, bob),
      binding.sealKey(key(1), key(2), alice, carol),
      binding.pairwiseMaskSeed(key(1), key(2), alice, bob),
      binding.pairwiseMaskSeed(key(1), key(3), alice, bob),
      binding.pairwiseMaskSeed(key(1), key(2), alice, carol),
      binding.selfMaskKey(key(1), key(2), alice),
      binding.selfMaskKey(key(1), key(2), bob),
      binding.selfMaskKey(key(1), key(3), alice),
    ]);
    expect(binding.pairwiseMaskSeed(key(1), key(2), bob, alice)).to.deep.equal(
      binding.pairwiseMaskSeed(key(1), key(2), alice, bob),
    );
    distinct([binding.sealData(key(1), alice, bob), binding.sealData(key(1), bob, alice), binding.sealData(key(2), alice, bob)]);
  });

  it('commitments depend on the directory, the kind, the owner, the holder and the share', () => {
    distinct([
      binding.commitToShare(key(1), 'self-mask', alice, bob, key(5)),
      binding.commitToShare(key(2), 'self-mask', alice, bob, key(5)),
      binding.commitToShare(key(1), 'pairwise-key', alice, bob, key(5)),
      binding.commitToShare(key(1), 'self-mask', bob, alice, key(5)),
      binding.commitToShare(key(1), 'self-mask', alice, carol, key(5)),
      binding.commitToShare(key(1), 'self-mask', alice, bob, key(6)),
      binding.commitToSeed(key(1), alice, key(5)),
      binding.commitToSeed(key(1), bob, key(5)),
      binding.commitToSeed(key(2), alice, key(5)),
    ]);
  });
});
