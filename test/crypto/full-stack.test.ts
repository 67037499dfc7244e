// Bytes of an honest user that are read when the stack is almost full. An engine that runs out of stack has refused nobody's bytes.
import { expect } from 'chai';
import { open, seal } from '../../src/crypto/seal.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { curves } from '../../src/platform/noble.ts';

const SUCCESSES = 5;

/** What a call comes to at each depth of the stack, from the deepest on to where it succeeds. */
function atEachDepth(call: () => unknown): Set<unknown> {
  const outcomes = new Set<unknown>();
  let successes = 0;
  const deeper = (): void => {
    try {
      deeper();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    if (successes >= SUCCESSES) return;
    try {
      outcomes.add(call());
      successes++;
    } catch (error) {
      outcomes.add((error as Error).name);
    }
  };
  deeper();
  return outcomes;
}

describe('a stack that is full when the bytes of an honest user are read', () => {
  it('does not make a forgery of its signature', () => {
    const secretKey = new Uint8Array(32).fill(1);
    const message = Uint8Array.of(1, 2, 3);
    const signature = curves.ed25519Sign(secretKey, message);
    const publicKey = curves.ed25519PublicKey(secretKey);
    const outcomes = atEachDepth(() => curves.ed25519Verify(publicKey, message, signature));
    expect(outcomes).to.deep.equal(new Set(['RangeError', true]));
  });

  it('does not make its key one of small order', () => {
    const [own, peer] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array];
    const publicKey = curves.x25519PublicKey(peer);
    const outcomes = atEachDepth(() => curves.x25519(own, publicKey).some((byte) => byte !== 0));
    expect(outcomes).to.deep.equal(new Set(['RangeError', true]));
  });

  it('does not make its shares unreadable, of which it would be accused', () => {
    const key = new Uint8Array(32).fill(1);
    const data = Uint8Array.of(7);
    const sealed = seal(key, data, new Uint8Array(64), systemRandom);
    expect(atEachDepth(() => open(key, data, sealed)?.length ?? null)).to.deep.equal(new Set(['RangeError', 64]));
  });
});
