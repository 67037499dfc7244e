// Rings of 1 to 64 bits: any bits, any length, numbers or bigints, negative ones among them; the sum is exact.
import { expect } from 'chai';
import fc from 'fast-check';
import type { InputVector } from '../../src/index.ts';
import { componentLimit } from '../../src/session/parameters.ts';
import { registeredUsers } from '../support/registered-users.ts';
import { bodyOf } from '../support/forge.ts';
import { Session } from '../support/session.ts';

const USERS = registeredUsers([11, 5, 900]);

async function sumOfThree(bits: number, vectors: readonly InputVector[], modularInputs = false): Promise<Session> {
  const session = new Session({
    registered: USERS,
    threshold: 2,
    vecLen: vectors[0]!.length,
    options: { bits },
    userOptions: { modularInputs },
    vectorOf: (index) => vectors[index]!,
  });
  await session.before(4);
  return session;
}

const signed = (value: bigint, bits: number): bigint => BigInt.asIntN(bits, value);

describe('rings', () => {
  for (let bits = 1; bits <= 64; bits++) {
    it(`of ${bits} bits: integers modulo 2^${bits}, signed`, async () => {
      const wide = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
      const vectors = fc.integer({ min: 1, max: 20 }).chain((length) => {
        const vector = fc.array(wide, { minLength: length, maxLength: length });
        return fc.tuple(vector, vector, vector);
      });
      const check = async (given: readonly bigint[][]): Promise<void> => {
        const session = await sumOfThree(bits, given, true);
        const [sum] = [await session.finish()];
        const expected = given[0]!.map((_, j) => signed(given[0]![j]! + given[1]![j]! + given[2]![j]!, bits));
        expect(sum).to.deep.equal(expected);
        const vector = session.server.output()!.getVector();
        expect(vector).to.be.instanceOf(bits <= 32 ? Int32Array : BigInt64Array);
      };
      await fc.assert(fc.asyncProperty(vectors, check), { numRuns: 2 });
    });
  }

  it('takes arrays and typed arrays of numbers and bigints alike', async () => {
    const kinds: InputVector[][] = [
      [[1, -2, 3], Int8Array.of(10, -20, 30), Float64Array.of(100, -200, 300)],
      [Uint8Array.of(1, 2, 3), Int16Array.of(10, -20, 30), Int32Array.of(100, -200, 300)],
      [[1n, -2n, 3n], BigInt64Array.of(10n, -20n, 30n), Float32Array.of(100, -200, 300)],
      [Uint16Array.of(1, 2, 3), Uint32Array.of(10, 20, 30), BigUint64Array.of(100n, 200n, 300n)],
      [{ length: 3, 0: 1, 1: -2, 2: 3 }, Uint8ClampedArray.of(10, 20, 30), [-0, 0, 300]],
    ];
    for (const vectors of kinds) {
      for (const bits of [16, 33]) {
        const session = await sumOfThree(bits, vectors);
        session.expectSum(await session.finish(), [5, 11, 900]);
      }
    }
  });

  it('gives the largest and the least sums that the guard admits, exactly', async () => {
    for (const bits of [8, 9, 16, 31, 32, 33, 63, 64]) {
      const limit = componentLimit(bits, 3);
      const session = await sumOfThree(bits, new Array<bigint[]>(3).fill([limit, -limit]));
      expect(await session.finish()).to.deep.equal([3n * limit, -3n * limit]);
    }
  });

  it('packs long vectors over many blocks of key stream', async function () {
    this.timeout(60_000);
    for (const bits of [7, 16, 20, 32, 40]) {
      const length = 70_001;
      const vectors = [0, 1, 2].map((u) => Int32Array.from({ length }, (_, j) => ((u + 1) * j) % 17));
      const session = await sumOfThree(bits, vectors);
      session.expectSum(await session.finish(), [5, 11, 900]);
    }
  });
});

describe('the masks', () => {
  it('make every byte of a masked input look uniform, whatever the input', async () => {
    const session = await sumOfThree(8, new Array<number[]>(3).fill(new Array<number>(64).fill(0)));
    const seen = new Set<string>();
    const counts = new Array<number>(256).fill(0);
    for (let run = 0; run < 30; run++) {
      const again = new Session({ ...session.setup });
      await again.before(2);
      for (const answer of (await again.answers()).values()) {
        const masked = bodyOf(answer).subarray(32);
        seen.add(Buffer.from(masked).toString('hex'));
        for (const byte of masked) counts[byte]!++;
      }
    }
    expect(seen.size, 'no two masked inputs are the same').to.equal(90);
    const expected = (90 * 64) / 256;
    const chi2 = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: above 379 once in 10^6 runs.
    expect(chi2).to.be.below(379);
  });
});
