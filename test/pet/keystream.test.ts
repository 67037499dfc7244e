// The key stream of masks: all engines give the same bytes, whatever the lengths that are asked for.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { chacha20 } from '@noble/ciphers/chacha.js';
import fc from 'fast-check';
import { platform as node } from '../../src/platform/node.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { concat } from '../../src/leaves/bytes.ts';
import { deriveMask } from '../../src/pet/masking/derive-mask.ts';
import { inOrder, maskKeystream, ofEngine, ofNoble } from '../../src/pet/masking/mask-keystream.ts';
import { maskLoops, MOST_KEYSTREAM } from '../../src/pet/masking/mask-loops.ts';
import { groupOf } from '../../src/pet/masking/orders.ts';
import { WordArithmetic, wordsOf, type Words } from '../../src/pet/masking/words.ts';
import { fromHex, toHex } from '../support/vectors.ts';
import { configOf, crateVectors } from './crate-vectors.ts';
import { ONE } from './worlds.ts';

const loops = maskLoops()!;

interface Stream {
  next(length: number): Uint8Array;
}

const engines: Readonly<Record<string, (seed: Uint8Array) => Stream>> = {
  OpenSSL: (seed) => node.chacha20!(seed),
  WebAssembly: (seed) => inOrder(seed, (key, at, length) => loops.keystream(key, at, length)),
  noble: (seed) => inOrder(seed, ofNoble),
};

const lengths = fc.array(
  fc.oneof(
    fc.constantFrom(4, 8, 12, MOST_KEYSTREAM),
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

describe('key stream of an engine', () => {
  it('wipes each block before the next one, and the last one at its end, and only then gives its memory back', () => {
    const blocks: Uint8Array[] = [];
    const next = (length: number): Uint8Array => {
      const block = new Uint8Array(length).fill(7);
      blocks.push(block);
      return block;
    };
    const released: Uint8Array[] = [];
    const stream = ofEngine({ next }, (block) => {
      expect(block.every((byte) => byte === 0)).to.equal(true);
      released.push(block);
    });
    stream.next(8);
    expect(released).to.deep.equal([]);
    stream.next(12);
    expect(released).to.deep.equal([blocks[0]]);
    stream.end();
    stream.end();
    expect(released).to.deep.equal(blocks);
  });
});

describe('key stream that is made from its beginning', () => {
  it('is of a copy of the seed; each block is wiped before the next one, and the last one and the copy at its end', () => {
    const blocks: Uint8Array[] = [];
    let copy = new Uint8Array();
    const seed = new Uint8Array(32).fill(7);
    const stream = inOrder(seed, (key, at, length) => {
      expect(blocks.every((block) => block.every((byte) => byte === 0))).to.equal(true);
      expect(at).to.equal(blocks.reduce((sum, block) => sum + block.length, 0));
      copy = key as Uint8Array<ArrayBuffer>;
      const block = new Uint8Array(length).fill(7);
      blocks.push(block);
      return block;
    });
    stream.next(8);
    stream.next(12);
    expect(blocks.map(([first]) => first)).to.deep.equal([0, 7]);
    expect(copy).to.deep.equal(seed);
    stream.end();
    expect(blocks.map((block) => block.every((byte) => byte === 0))).to.deep.equal([true, true]);
    expect(copy).to.deep.equal(new Uint8Array(32));
    expect(seed).to.deep.equal(new Uint8Array(32).fill(7));
  });
});

describe('key stream in JavaScript', () => {
  it('is wiped at the end, with what was made beside it', () => {
    const stream = inOrder(systemRandom(32), ofNoble);
    stream.next(8);
    const { buffer } = stream.next(8);
    stream.end();
    expect(new Uint8Array(buffer).every((byte) => byte === 0)).to.equal(true);
  });
});

describe('key stream where masks are derived', () => {
  it('is ChaCha20 from the beginning, on whichever engine', async () => {
    const seed = systemRandom(32);
    const stream = await maskKeystream(seed);
    const found = concat([100, MOST_KEYSTREAM, 4].map((length) => Uint8Array.from(stream.next(length))));
    stream.end();
    expect(toHex(found)).to.equal(toHex(chacha20(seed, new Uint8Array(12), new Uint8Array(found.length))));
  });
});

describe('key stream in WebAssembly', () => {
  it('carries from the low word of the counter to the high one', () => {
    const length = 512;
    const found = loops.keystream(new Uint8Array(32), 64 * (2 ** 32 - 2), length);
    // Block 2^32 has the counter 0 and, as the first word of the nonce, 1.
    const nonce = fromHex('010000000000000000000000');
    const expected = chacha20(new Uint8Array(32), nonce, new Uint8Array(length - 128), undefined, 0);
    expect(toHex(found.subarray(128))).to.equal(toHex(expected));
    expect(toHex(loops.keystream(new Uint8Array(32), 64 * 2 ** 32, 64))).to.equal(toHex(expected.subarray(0, 64)));
  });
});

describe('the memory of WebAssembly', () => {
  it('has no key in it once key stream was made', () => {
    const { buffer } = loops.keystream(systemRandom(32), 0, 4);
    expect(new Uint8Array(buffer, 0, 64)).to.deep.equal(new Uint8Array(64));
  });
});

describe('draws', () => {
  const ofCrate = crateVectors.masks.masks.map(({ vect }) => configOf(vect));
  const ofOurs = ofCrate
    .filter(({ groupType }) => groupType === 'Power2')
    .map((config) => ({ ...config, groupType: 'Bits' as const }));
  const groups = [...ofCrate, ...ofOurs].map((config) => new WordArithmetic(groupOf(config)));
  const copyOf = (bytes: Uint8Array): Words => new Uint32Array(Uint8Array.from(bytes).buffer);

  /** Some random draws, some at random and at both ends that are next to the order, and some whose last word is that of the order. */
  const drawsNear = ({ group: { words, order, drawnBits } }: WordArithmetic, count: number): Uint8Array => {
    const draws = systemRandom(4 * words * count);
    const wordsAt = new Uint32Array(draws.buffer);
    const highest = 2n ** BigInt(drawnBits) - 1n;
    for (let i = 0; i < count; i++) {
      const [kind = 0, junk = 0] = systemRandom(2);
      const edges = [order - 1n, order, order + 1n, 0n, highest];
      const edge = i === 0 || i === count - 1 ? order - 1n : edges[kind % 10];
      if (edge !== undefined) wordsAt.set(wordsOf(edge > highest ? highest : edge, words), i * words);
      else if (kind % 10 === 5) wordsAt[i * words + words - 1] = wordsOf(order, words)[words - 1]!;
      // What is beyond the bits of a draw is dropped.
      for (let j = Math.ceil(drawnBits / 8); j < 4 * words; j++) draws[4 * words * i + j] = junk;
    }
    return draws;
  };

  it('are taken by WebAssembly exactly as by TypeScript, next to the order of each of the 320 groups', () => {
    for (const arithmetic of groups) {
      const { words } = arithmetic.group;
      for (const count of [1, 2, 63, 64, 65, 200]) {
        const draws = drawsNear(arithmetic, count);
        for (const room of [count + 1, Math.ceil(count / 4)]) {
          const [expected, found] = [new Uint32Array(room * words), new Uint32Array(room * words)];
          const end = arithmetic.takeDraws(copyOf(draws), expected, 0);
          expect(end).to.be.within(words, words * room);
          expect(loops.takeDraws(arithmetic, draws, found, 0)).to.equal(end);
          expect(Buffer.compare(Buffer.from(found.buffer, 0, 4 * end), Buffer.from(expected.buffer, 0, 4 * end))).to.equal(0);
        }
      }
    }
  });

  it('are taken where the key stream was made, from wherever it begins, and none of it is left', () => {
    const arithmetic = groups[0]!;
    const key = systemRandom(32);
    const length = 4 * arithmetic.group.words * 1000;
    for (const at of [0, 4, 60, 64, 1000]) {
      const expected = new Uint32Array(2000 * arithmetic.group.words);
      const end = arithmetic.takeDraws(copyOf(ofNoble(key, at, length)), expected, 0);
      const block = loops.keystream(key, at, length);
      const found = new Uint32Array(expected.length);
      expect(loops.takeDraws(arithmetic, block, found, 0)).to.equal(end);
      expect(found).to.deep.equal(expected);
      loops.wipe();
      expect(block.every((byte) => byte === 0)).to.equal(true);
    }
  });
});

describe('a mask', () => {
  for (const engine of ['Node', 'browsers']) {
    it(`is the same without WebAssembly, on the engine for ${engine}`, async () => {
      const program = fileURLToPath(new URL('./without-webassembly-program.ts', import.meta.url));
      const conditions = ['--conditions', 'secagg-source', ...(engine === 'Node' ? [] : ['--conditions', 'secagg-web'])];
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', ...conditions, program], {
        env: { ...process.env, NODE_V8_COVERAGE: '' },
      });
      const mask = await deriveMask(new Uint8Array(32).fill(9), 20_000, ONE);
      expect(stdout.trim()).to.equal(createHash('sha256').update(mask.toBytes()).digest('hex'));
    });
  }
});
