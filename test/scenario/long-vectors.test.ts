// Long vectors are never gone through by an iterator. Where intrinsics are frozen, or somebody has touched the iterators of arrays,
// engines do that element by element, which takes twenty times as long as all the rest of a round.
import { expect } from 'chai';
import type { InputVector } from '../../src/index.ts';
import { Session } from '../support/session.ts';

const LONG = 1000;
const VEC_LEN = 20_000;

/** The lengths of the long typed arrays of which somebody asks an iterator while something runs. */
async function iterated(run: () => Promise<void>): Promise<number[]> {
  const lengths: number[] = [];
  const prototype = Reflect.getPrototypeOf(Uint8Array.prototype)!;
  const own = Object.getOwnPropertyDescriptors(prototype);
  for (const name of [Symbol.iterator, 'values', 'entries', 'keys'] as const) {
    const original = Reflect.get(prototype, name) as () => unknown;
    Reflect.set(prototype, name, function (this: Uint8Array) {
      if (this.length >= LONG) lengths.push(this.length);
      return original.call(this);
    });
  }
  try {
    await run();
  } finally {
    Object.defineProperties(prototype, own);
  }
  return lengths;
}

describe('a session with long vectors', function () {
  this.timeout(60_000);

  it('asks none of its vectors for an iterator, in rings of every lane, with one user dropping out', async () => {
    const vectors: Readonly<Record<number, InputVector>> = {
      8: new Int32Array(VEC_LEN).fill(1),
      16: new Int32Array(VEC_LEN).fill(1),
      20: new Int32Array(VEC_LEN).fill(1),
      32: new Int32Array(VEC_LEN).fill(1),
      64: new BigInt64Array(VEC_LEN).fill(1n),
    };
    for (const [bits, vector] of Object.entries(vectors)) {
      const options = { bits: Number(bits) };
      const session = new Session({ ids: [1, 2, 3, 4], vecLen: VEC_LEN, options, vectorOf: () => vector });
      let sum: ArrayLike<number | bigint> = [];
      const lengths = await iterated(async () => {
        await session.before(4, [[], [], [2]]);
        const output = await session.round();
        if (output.isVector()) sum = output.getVector();
      });
      expect([sum.length, Number(sum[0]), Number(sum[VEC_LEN - 1])]).to.deep.equal([VEC_LEN, 3, 3]);
      expect(lengths, `${bits} bits`).to.deep.equal([]);
    }
  });

  it('notices it if one is asked', async () => {
    expect(await iterated(() => Promise.resolve(void Uint8Array.from(new Uint8Array(LONG))))).to.deep.equal([LONG]);
  });
});
