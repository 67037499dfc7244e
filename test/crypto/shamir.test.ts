// Sharing over both fields: any t shares give the secret, fewer tell nothing, and the small field is that of
// shamir-secret-sharing, share by share.
import { expect } from 'chai';
import fc from 'fast-check';
import { combine as libraryCombine, split as librarySplit } from 'shamir-secret-sharing';
import { combine, gf256, gf65536, lagrangeAtZero, type BinaryField } from '../../src/crypto/galois.ts';
import { systemRandom, type RandomSource } from '../../src/crypto/random.ts';
import { Reconstruction, SMALL_GROUP, split } from '../../src/crypto/shamir.ts';

const secretBytes = fc.uint8Array({ minLength: 32, maxLength: 32 });

/** t distinct positions out of n, in any order. */
const holdersOf = (n: number, t: number): fc.Arbitrary<number[]> =>
  fc.shuffledSubarray(
    Array.from({ length: n }, (_, i) => i),
    { minLength: t, maxLength: t },
  );

/** The value at any point: a shift of all points moves it to zero, where the coefficients are for. */
function interpolate(field: BinaryField, points: readonly number[], shares: readonly Uint8Array[], at: number): Uint8Array {
  const shifted = points.map((point) => point ^ at);
  return combine(field, lagrangeAtZero(field, shifted), shares);
}

/** Multiplication as the field is defined: polynomials over GF(2), reduced. */
function slowMultiply(a: number, b: number, polynomial: number, degree: number): number {
  let product = 0;
  for (let i = 0; i < degree; i++) if ((b >> i) & 1) product ^= a << i;
  for (let i = 2 * degree - 2; i >= degree; i--) if ((product >> i) & 1) product ^= polynomial << (i - degree);
  return product;
}

describe('the fields', () => {
  for (const [name, field, polynomial, degree] of [
    ['GF(2^8)', gf256(), 0x11b, 8],
    ['GF(2^16)', gf65536(), 0x1100b, 16],
  ] as const) {
    it(`${name}: tables and definition agree, and the generator gives every unit once`, () => {
      const { exponential, logarithm, units } = field;
      expect(new Set(exponential.subarray(0, units)).size).to.equal(units);
      expect(exponential.includes(0)).to.equal(false);
      const unit = fc.integer({ min: 1, max: units });
      fc.assert(
        fc.property(unit, unit, (a, b) => {
          expect(exponential[logarithm[a]! + logarithm[b]!]).to.equal(slowMultiply(a, b, polynomial, degree));
        }),
        { numRuns: 2000 },
      );
    });
  }
});

describe('sharing', () => {
  for (const [n, t] of [
    [2, 2],
    [3, 2],
    [7, 5],
    [20, 20],
    [254, 130],
    [255, 2],
    [255, 255],
    [256, 2],
    [256, 129],
    [300, 201],
    [1000, 3],
    [65_535, 2],
  ] as const) {
    it(`${t} out of ${n}: any ${t} shares give the secret`, async function () {
      this.timeout(30_000);
      const numRuns = n > 10_000 ? 1 : 4;
      await fc.assert(
        fc.asyncProperty(secretBytes, holdersOf(n, t), async (secret, holders) => {
          const shares = await split(secret, n, t, systemRandom);
          expect(shares).to.have.length(n);
          expect(shares.every((share) => share.length === 32)).to.equal(true);
          const chosen = holders.map((position) => shares[position]!);
          expect(new Reconstruction(n, holders).secret(chosen)).to.deep.equal(secret);
        }),
        { numRuns },
      );
    });
  }

  it('leaves the secret as it was', async () => {
    for (const n of [5, 300]) {
      const secret = systemRandom(32);
      const before = Uint8Array.from(secret);
      await split(secret, n, 3, systemRandom);
      expect(secret).to.deep.equal(before);
    }
  });

  it('works where byte arrays name another constructor than the global one, as in edge runtimes', async () => {
    const prototype = Uint8Array.prototype;
    const original = Object.getOwnPropertyDescriptor(prototype, 'constructor')!;
    const secret = systemRandom(32);
    Object.defineProperty(prototype, 'constructor', { ...original, value: new Proxy(Uint8Array, {}) });
    let shares: Uint8Array[];
    try {
      shares = await split(secret, 5, 3, systemRandom);
    } finally {
      Object.defineProperty(prototype, 'constructor', original);
    }
    expect(new Reconstruction(5, [4, 0, 2]).secret([4, 0, 2].map((i) => shares[i]!))).to.deep.equal(secret);
  });

  it('one share too few gives nothing of the secret, on either side of the border between the fields', async () => {
    for (const n of [SMALL_GROUP, SMALL_GROUP + 1]) {
      const secret = systemRandom(32);
      const shares = await split(secret, n, 5, systemRandom);
      const holders = [9, 1, 200, 77];
      const guess = new Reconstruction(n, holders).secret(holders.map((i) => shares[i]!));
      expect(guess).not.to.deep.equal(secret);
    }
  });

  it('t − 1 shares of the large field tell nothing: each of their values comes from exactly one choice of the random coefficients', async () => {
    const [n, t] = [300, 4];
    /** The shares of some holders, in one symbol of 16 bits, as one number; all of it is linear in the drawn bits. */
    const sharesFrom = async (drawn: Uint8Array, holders: readonly number[], symbol: number): Promise<bigint> => {
      const shares = await split(new Uint8Array(32), n, t, (length) => {
        expect(length).to.equal(drawn.length);
        return Uint8Array.from(drawn);
      });
      return holders.reduce((sum, holder) => {
        const [low, high] = shares[holder]!.subarray(2 * symbol, 2 * symbol + 2);
        return (sum << 16n) | BigInt(256 * high! + low!);
      }, 0n);
    };
    for (const [holders, symbol] of [
      [[0, 1, 2], 0],
      [[299, 7, 256], 15],
    ] as const) {
      const rows: bigint[] = [];
      for (let bit = 0; bit < 16 * (t - 1); bit++) {
        const drawn = new Uint8Array(32 * (t - 1));
        drawn[32 * Math.floor(bit / 16) + 2 * symbol + (Math.floor(bit / 8) % 2)] = 1 << (bit % 8);
        // Elimination: each row is reduced by those before, by their highest bits.
        let row = await sharesFrom(drawn, holders, symbol);
        for (const other of rows) if ((row ^ other) < row) row ^= other;
        expect(row, `bit ${bit} of symbol ${symbol} changes what no other bits change`).not.to.equal(0n);
        rows.push(row);
        rows.sort((a, b) => (a < b ? 1 : -1));
      }
    }
  });

  it('a wrong share gives another secret: what is reconstructed has to be checked', async () => {
    for (const n of [9, 400]) {
      const secret = systemRandom(32);
      const shares = await split(secret, n, 4, systemRandom);
      const holders = [0, 3, 5, 8];
      const chosen = holders.map((i) => Uint8Array.from(shares[i]!));
      chosen[2]![31]! ^= 1;
      expect(new Reconstruction(n, holders).secret(chosen)).not.to.deep.equal(secret);
    }
  });

  it('every share alone is uniform: its bytes do not tell the secret’s', async () => {
    for (const n of [4, 260]) {
      const counts = new Array<number>(256).fill(0);
      for (let run = 0; run < 200; run++) {
        const shares = await split(new Uint8Array(32), n, 2, systemRandom);
        for (const byte of shares[3]!) counts[byte]!++;
      }
      const expected = (200 * 32) / 256;
      const chi2 = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      expect(chi2).to.be.below(379); // 255 degrees of freedom: once in 10^6 runs
    }
  });
});

describe('a dealer', () => {
  type Words = Uint8Array | Uint16Array;

  /** What the arrays held that are overwritten while something runs. */
  async function overwritten(native: Words, run: () => unknown): Promise<Words[]> {
    const before: Words[] = [];
    const fill = Reflect.get(native, 'fill') as (...given: unknown[]) => Words;
    Object.assign(native, {
      fill(this: Words, ...given: unknown[]): Words {
        before.push(this.slice());
        return fill.apply(this, given);
      },
    });
    try {
      await run();
    } finally {
      Reflect.deleteProperty(native, 'fill');
    }
    return before;
  }

  it('over the small field overwrites its copy of the secret, and all shares with their points, also those of no holder', async () => {
    const secret = systemRandom(32);
    let shares: Uint8Array[] = [];
    const before = await overwritten(Uint8Array.prototype, async () => (shares = await split(secret, 5, 3, systemRandom)));
    expect(before.filter((bytes) => bytes.join() === secret.join())).to.have.length(1);
    const points = before.filter(({ length }) => length === 33).map((share) => share[32]!);
    expect(new Set(points).size).to.equal(SMALL_GROUP);
    expect(shares.every((share) => share.some((byte) => byte !== 0))).to.equal(true);
  });

  it('over the large field overwrites what it has drawn, and the values at all points', async () => {
    const drawn: Uint8Array[] = [];
    const random: RandomSource = (length) => {
      drawn.push(systemRandom(length));
      return drawn.at(-1)!;
    };
    const before = await overwritten(Uint16Array.prototype, () => split(systemRandom(32), 300, 3, random));
    expect(drawn.map((bytes) => [bytes.length, bytes.every((byte) => byte === 0)])).to.deep.equal([[64, true]]);
    // The planes of one point while it is multiplied, and those of 512 points.
    expect(before.map(({ length }) => length)).to.deep.equal([16, 16 * 512]);
    expect(before[1]!.some((plane) => plane !== 0)).to.equal(true);
  });
});

describe('the small field against shamir-secret-sharing', () => {
  it('every share of the library lies where our arithmetic says, from any t others', async () => {
    await fc.assert(
      fc.asyncProperty(secretBytes, fc.integer({ min: 2, max: 40 }), async (secret, t) => {
        const all = await librarySplit(secret, 255, t);
        const points = all.map((share) => share[32]!);
        const values = all.map((share) => share.slice(0, 32));
        const chosen = points.slice(0, t);
        for (const [i, point] of points.entries()) {
          if (i < t) continue;
          expect(interpolate(gf256(), chosen, values.slice(0, t), point)).to.deep.equal(values[i]);
        }
      }),
      { numRuns: 5 },
    );
  });

  it('the library reconstructs our shares, once they carry their points', async () => {
    await fc.assert(
      fc.asyncProperty(secretBytes, holdersOf(31, 12), async (secret, holders) => {
        const shares = await split(secret, 31, 12, systemRandom);
        const withPoints = holders.map((position) => Uint8Array.of(...shares[position]!, position + 1));
        expect(await libraryCombine(withPoints)).to.deep.equal(secret);
      }),
      { numRuns: 10 },
    );
  });
});

describe('the large field', () => {
  it('our dealing lies on one polynomial: every share follows from any t others', async () => {
    await fc.assert(
      fc.asyncProperty(secretBytes, holdersOf(300, 60), async (secret, holders) => {
        const shares = await split(secret, 300, 60, systemRandom);
        const chosen = holders.map((position) => shares[position]!);
        const points = holders.map((position) => position + 1);
        for (let position = 0; position < 300; position++) {
          if (holders.includes(position)) continue;
          expect(interpolate(gf65536(), points, chosen, position + 1)).to.deep.equal(shares[position]);
        }
      }),
      { numRuns: 2 },
    );
  });

  it('evaluates what it drew as its basis is defined, at points and degrees of every length', async () => {
    const multiply = (a: number, b: number): number => slowMultiply(a, b, 0x1100b, 16);
    const product = (factors: readonly number[]): number => factors.reduce(multiply, 1);
    const inverse = (a: number): number => product(Array.from({ length: 15 }, (_, i) => power(a, i + 1)));
    const power = (a: number, squarings: number): number => (squarings === 0 ? a : power(multiply(a, a), squarings - 1));
    /** s_r(x): the product of x − c over all c < 2^r. */
    const vanishing = (r: number, x: number): number => product(Array.from({ length: 2 ** r }, (_, c) => x ^ c));
    const symbols = (bytes: Uint8Array): number[] =>
      Array.from({ length: 16 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);

    for (const [n, t, points] of [
      [300, 290, [1, 2, 3, 31, 128, 255, 256, 257, 300]],
      [40_000, 4, [1, 2, 3, 255, 256, 257, 4095, 32_767, 32_768, 39_999]],
    ] as const) {
      const drawn: Uint8Array[] = [];
      const random = (length: number): Uint8Array => {
        const bytes = systemRandom(length);
        drawn.push(Uint8Array.from(bytes));
        return bytes;
      };
      const secret = systemRandom(32);
      const shares = await split(secret, n, t, random);
      expect(drawn.map(({ length }) => length)).to.deep.equal([32 * (t - 1)]);
      const digits = Array.from({ length: 32 - Math.clz32(t - 1) }, (_, r) => r);
      for (const x of points) {
        const scaled = digits.map((r) => multiply(vanishing(r, x), inverse(vanishing(r, 2 ** r))));
        const element = (k: number): number => product(scaled.filter((_, r) => (k >> r) & 1));
        const expected = new Array<number>(16).fill(0);
        for (let k = 0; k < t; k++) {
          const coefficient = k === 0 ? secret : drawn[0]!.subarray(32 * (k - 1), 32 * k);
          symbols(coefficient).forEach((symbol, i) => (expected[i]! ^= multiply(symbol, element(k))));
        }
        expect(symbols(shares[x - 1]!), `${t} of ${n} at ${x}`).to.deep.equal(expected);
      }
    }
  });

  it('wipes the randomness that it drew', async () => {
    let drawn = new Uint8Array(0);
    await split(systemRandom(32), 300, 5, (length) => (drawn = Uint8Array.from(systemRandom(length))));
    expect(drawn).to.deep.equal(new Uint8Array(4 * 32));
  });
});
