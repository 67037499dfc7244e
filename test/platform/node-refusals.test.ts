// What Node's engine throws for another reason than the bytes says nothing about whoever has sent them.
import { expect } from 'chai';
import { platform } from '../../src/platform/node.ts';
import { genKeypair } from '../../src/index.ts';

const nothing = undefined as unknown as Uint8Array;
const [publicKey] = genKeypair();
const signature = new Uint8Array(64);

describe('the engine of Node, if it cannot work', () => {
  it('does not take a signature for a forged one', async () => {
    expect(() => platform.ed25519VerifySync(publicKey, nothing, signature)).to.throw(TypeError);
    const outcome = await Promise.resolve(platform.ed25519Verify(publicKey, nothing, signature)).catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(TypeError);
  });

  it('does not take a key for one of small order', () => {
    expect(() => platform.x25519(new Uint8Array(32).fill(1)).agree({ engine: null })).to.throw(TypeError);
  });

  it('refuses a forged signature and a key of small order without an error', async () => {
    expect(platform.ed25519VerifySync(publicKey, signature, signature)).to.equal(false);
    expect(await platform.ed25519Verify(publicKey, signature, signature)).to.equal(false);
    const small = platform.x25519Peer(new Uint8Array(32));
    expect(platform.x25519(new Uint8Array(32).fill(1)).agree(small)).to.deep.equal(new Uint8Array(32));
  });
});
