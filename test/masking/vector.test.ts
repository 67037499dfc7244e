// A caller's vector to lanes and back: which vectors are accepted and refused, and the signs.
import { expect } from 'chai';
import fc from 'fast-check';
import { ringOf } from '../../src/masking/ring.ts';
import { lanesOf, lanesTakenFrom, vectorOf } from '../../src/masking/vector.ts';
import { componentLimit } from '../../src/session/parameters.ts';
import { rings } from './lanes.ts';

function outcomeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return (error as RangeError).message;
  }
}

describe('a vector', () => {
  it('is converted to lanes and back, with its signs', () => {
    for (const ring of rings) {
      const limit = componentLimit(ring.bits, 1);
      const vec = [0n, limit, -limit, limit / 2n, -limit / 3n];
      expect(
        Array.from(vectorOf(ring, lanesOf(ring, vec, vec.length, { users: 1 })) as ArrayLike<number | bigint>, BigInt),
      ).to.deep.equal(vec);
    }
  });

  it('with a component whose sum could wrap is refused with the bits that would fit, and without the value', () => {
    for (const [bits, users, value, fits] of [
      [16, 2, 16_384n, '17 bits would fit'],
      [16, 2, -16_384n, '17 bits would fit'],
      [8, 100, 2n, '9 bits would fit'],
      [32, 1000, 2_147_484n, '33 bits would fit'],
      [64, 1, 2n ** 63n, 'no ring of up to 64 bits would fit'],
      [1, 1, 1n, '2 bits would fit'],
    ] as const) {
      const ring = ringOf(bits);
      const limit = componentLimit(bits, users);
      for (const component of Number.isSafeInteger(Number(value)) ? [value, Number(value)] : [value]) {
        const attempt = (): unknown => lanesOf(ring, [0, component] as bigint[], 2, { users });
        const expected = `vec[1]: outside ±${limit}, the limit for sums of ${users} users in ${bits} bits; ${fits}`;
        expect(attempt).to.throw(RangeError, expected);
        if (value > 1000n) expect(attempt).not.to.throw(String(value));
      }
      const suggested = /^\d+/.exec(fits)?.[0];
      if (suggested !== undefined) {
        const [enough, less] = [componentLimit(Number(suggested), users), componentLimit(Number(suggested) - 1, users)];
        const magnitude = value < 0n ? -value : value;
        expect(enough >= magnitude && less < magnitude).to.equal(true);
      }
    }
  });

  it('takes the memory of components that are as wide as lanes: same lanes, same refusals, and an array that is empty', () => {
    const any = fc.oneof(fc.int32Array({ minLength: 1, maxLength: 5 }), fc.bigInt64Array({ minLength: 1, maxLength: 5 }));
    const range = fc.oneof(fc.constant('modular' as const), fc.record({ users: fc.constantFrom(1, 2, 1000) }));
    fc.assert(
      fc.property(fc.constantFrom(...rings), any, range, fc.nat(2), (ring, whole, given, skipped) => {
        const first = Math.min(skipped, whole.length - 1); // a view of a part leaves the rest to its owner, and is copied
        const vec = whole.slice().subarray(first);
        const [copied, { length }] = [vec.slice(), vec];
        const expected = outcomeOf(() => lanesOf(ring, copied, copied.length, given));
        const lanes = outcomeOf(() => lanesTakenFrom(ring, vec, length, given));
        const fits = ring.laneBytes === vec.BYTES_PER_ELEMENT && first === 0;
        const isTaken = fits && expected instanceof Uint8Array;
        expect(lanes).to.deep.equal(fits ? expected : null);
        expect(vec.length).to.equal(isTaken ? 0 : length);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes a copy of memory that others have: it is shared, can be resized, or is kept by the engine', () => {
    const ring = ringOf(32);
    const shared = new Int32Array(new SharedArrayBuffer(8)).fill(7);
    const taken = lanesTakenFrom(ring, shared, 2, 'modular')!;
    shared.fill(8);
    expect([...taken]).to.deep.equal([7, 0, 0, 0, 7, 0, 0, 0]);
    const growing = new Int32Array(
      new (ArrayBuffer as new (length: number, options: object) => ArrayBuffer)(8, { maxByteLength: 16 }),
    );
    expect(lanesTakenFrom(ring, growing, 2, 'modular')).to.deep.equal(new Uint8Array(8));
    expect(growing.length).to.equal(2);
    const wasm = new Int32Array(new WebAssembly.Memory({ initial: 1 }).buffer, 0, 2);
    const kept = lanesTakenFrom(ring, wasm, 2, 'modular');
    wasm.fill(8);
    // Node 20 gives a copy, other engines refuse.
    expect(kept === null || kept.every((byte) => byte === 0)).to.equal(true);
    expect([...wasm]).to.deep.equal([8, 8]);
    const long = Int32Array.of(1, 2, 3);
    expect(lanesTakenFrom(ring, long, 2, 'modular')).to.equal(null);
    expect(lanesTakenFrom(ring, [1, 2], 2, 'modular')).to.equal(null);
    expect(long.length).to.equal(3);
  });

  it('gives the same lanes and the same refusals as an Int32Array as it does as an array', () => {
    const words = fc.int32Array({ minLength: 1, maxLength: 5 });
    const any = fc.oneof(
      words,
      words.map((word) => word.map((value) => value >> 20)),
    );
    const range = fc.oneof(fc.constant('modular' as const), fc.record({ users: fc.constantFrom(1, 2, 1000) }));
    fc.assert(
      fc.property(fc.constantFrom(...rings), any, range, (ring, word, given) => {
        const outcome = (vec: ArrayLike<number>): unknown => {
          try {
            return lanesOf(ring, vec, vec.length, given);
          } catch (error) {
            return String(error);
          }
        };
        expect(outcome(word)).to.deep.equal(outcome(Array.from(word)));
      }),
      { numRuns: 1000 },
    );
  });

  it('is accepted at the limit and refused above it, at every width', () => {
    for (const ring of rings) {
      for (const users of [1, 2, 3, 1000]) {
        const limit = componentLimit(ring.bits, users);
        for (const value of [limit, -limit]) lanesOf(ring, [value], 1, { users });
        for (const value of [limit + 1n, -limit - 1n]) expect(() => lanesOf(ring, [value], 1, { users })).to.throw(RangeError);
        expect(BigInt(users) * limit < 1n << BigInt(ring.bits - 1)).to.equal(true);
      }
    }
  });

  it('in a BigInt64Array gives the same lanes and errors as in any other array', () => {
    const around = (center: bigint): bigint[] => [-center - 1n, -center, 1n - center, center - 1n, center, center + 1n];
    for (const ring of rings) {
      for (const users of [1, 3]) {
        const limit = componentLimit(ring.bits, users);
        const edges = [0n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 62n, limit].flatMap(around);
        for (const value of [-(2n ** 63n), ...edges.filter((edge) => BigInt.asIntN(64, edge) === edge)]) {
          const vec = BigInt64Array.of(7n, 1n, value, -1n).subarray(1);
          for (const range of [{ users }, 'modular'] as const) {
            const [one, other] = [vec, Array.from(vec)].map((each) => outcomeOf(() => lanesOf(ring, each, 3, range)));
            expect(one, String(value)).to.deep.equal(other);
          }
        }
      }
    }
  });

  it('with anything other than integers is refused by the component', () => {
    for (const value of [0.5, NaN, Infinity, -Infinity, 2 ** 53]) {
      for (const range of [{ users: 1 }, 'modular'] as const) {
        expect(() => lanesOf(ringOf(64), [1, 2, value], 3, range)).to.throw(RangeError, 'vec[2]');
      }
    }
    for (const vec of [[7n], BigInt64Array.of(7n), new BigInt64Array(3).subarray(0, 1)]) {
      expect(() => lanesOf(ringOf(64), vec, 2, 'modular')).to.throw(TypeError, 'vec[1]: expected a number or a bigint');
    }
    for (const value of ['1', null, undefined, {}, true]) {
      expect(() => lanesOf(ringOf(32), [1, value] as number[], 2, 'modular')).to.throw(TypeError, 'vec[1]');
    }
  });

  it('of modular inputs is taken modulo 2^bits, whatever its size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.array(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n })), (bits, vec) => {
        const ring = ringOf(bits);
        const back = Array.from(vectorOf(ring, lanesOf(ring, vec, vec.length, 'modular')) as ArrayLike<number | bigint>, BigInt);
        expect(back).to.deep.equal(vec.map((value) => BigInt.asIntN(bits, value)));
      }),
    );
    const ring = ringOf(20);
    const numbers = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, -1];
    expect(Array.from(vectorOf(ring, lanesOf(ring, numbers, numbers.length, 'modular')) as Int32Array)).to.deep.equal([
      -1, 1, -1,
    ]);
  });

  it('is read once, so that an array that changes while it is read cannot get past the guard', () => {
    let reads = 0;
    const shifty = {
      length: 1,
      get 0() {
        return reads++ === 0 ? 1 : 2 ** 40;
      },
    };
    expect(Array.from(vectorOf(ringOf(8), lanesOf(ringOf(8), shifty, 1, { users: 2 })) as Int32Array)).to.deep.equal([1]);
    expect(reads).to.equal(1);
  });
});
