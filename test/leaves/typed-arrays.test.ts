// Typed arrays of another realm, as jsdom, an iframe or Jest gives them, and over memory that may change: every entry point takes
// them as it takes its own, and refuses what is only said to be one.
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { assignCohorts, CohortSum } from '../../src/cohorts/index.ts';
import { weightedMean, sum } from '../../src/encoding/index.ts';
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper, type InputVector } from '../../src/index.ts';
import { withoutMemory } from '../support/bytes.ts';
import { checkBytes, checkDate, kindOf } from '../../src/leaves/checks.ts';
import { typedArrayKind, typedArrayOf } from '../../src/leaves/typed-arrays.ts';
import { PostgresUsers } from '../../src/postgres/index.ts';

type Numbers = Uint8Array | Int32Array | BigInt64Array | Float32Array | Float64Array;
type Make = <T extends Numbers>(array: T) => T;

/** The class of an array of another realm. */
const foreign = runInNewContext(
  '({ Uint8Array, Int32Array, BigInt64Array, Float32Array, Float64Array, Map, Set, Array, Date, Object, ArrayBuffer, Promise })',
) as typeof globalThis;

const classOf = (array: Numbers, realm: typeof globalThis): new (from: unknown, offset?: number, length?: number) => Numbers =>
  Reflect.get(realm, typedArrayKind(array)!) as never;

/** Moves an array into memory of a kind. */
function over<T extends Numbers>(array: T, memory: ArrayBufferLike): T {
  new Uint8Array(memory).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return new (classOf(array, globalThis))(memory) as T;
}

type Resizable = new (length: number, options: { readonly maxByteLength: number }) => ArrayBuffer;

const MADE: Readonly<Record<string, Make>> = {
  'of another realm': (array) => new (classOf(array, foreign))(array) as typeof array,
  'over shared memory': (array) => over(array, new SharedArrayBuffer(array.byteLength)),
  'over memory that can be resized': (array) =>
    over(array, new (ArrayBuffer as unknown as Resizable)(array.byteLength, { maxByteLength: array.byteLength + 64 })),
};

const isFixed = ({ buffer }: Uint8Array): boolean =>
  buffer instanceof ArrayBuffer && (buffer as { readonly resizable?: boolean }).resizable !== true;

for (const [name, made] of Object.entries(MADE)) {
  describe(`typed arrays ${name}`, () => {
    it('are copied by checkBytes into this realm and into memory of their own', () => {
      const bytes = made(Uint8Array.of(1, 2, 3));
      const checked = checkBytes(bytes, 'x');
      bytes.fill(9);
      expect(checked).to.deep.equal(Uint8Array.of(1, 2, 3));
      expect(Object.getPrototypeOf(checked)).to.equal(Uint8Array.prototype);
      expect(isFixed(checked)).to.equal(true);
    });

    it('serve as keys, context, vectors and messages of a whole session', async () => {
      const keys = [0, 1, 2].map(() => genKeypair().map(made) as [Uint8Array, Uint8Array]);
      const entries = keys.map(([pk], id) => [id, pk] as const);
      const publicKeys = new PublicKeysWrapper(new foreign.Map(entries));
      const options = { bits: 40, session: made(Uint8Array.of(7)) };
      const vectors: InputVector[] = [made(BigInt64Array.of(-5n, 2n ** 34n)), made(Int32Array.of(1, 2)), foreign.Array.of(3, 4)];
      const users = keys.map(([pk, sk], id) => new UserWrapper(id, 2, pk, sk, vectors[id]!, publicKeys, options));
      const server = new ServerWrapper(2, 2, { ...options, publicKeys });
      let messages = new Map(keys.map((_, id) => [id, round0Msg()]));
      for (;;) {
        for (const user of users) server.recv(user.id, made(await user.round(made(messages.get(user.id)!))));
        const output = await server.round();
        if (output.isVector()) {
          expect(output.getVector()).to.deep.equal(BigInt64Array.of(-1n, 2n ** 34n + 6n));
          return;
        }
        messages = output.getMessages();
      }
    });

    it('serve as values, seed, randomness and sum of encodings', () => {
      for (const max of [9, 2 ** 40]) {
        const exact = sum({ maxUsers: 3, length: 2, min: -max, max });
        const { vector } = exact.encode(made(Int32Array.of(-1, 5)));
        expect(Array.from(exact.decode(made(vector), { users: 1 }).sum, Number)).to.deep.equal([-1, 5]);
      }
      for (const values of [made(Float32Array.of(1, -2)), made(Float64Array.of(1, -2))]) {
        const random = (length: number): Uint8Array => made(new Uint8Array(length).fill(128));
        const plan = weightedMean({
          maxUsers: 3,
          length: 2,
          maxWeight: 2,
          type: 'float64',
          rounding: 'correlated',
          random,
        });
        const place = { slot: 1, seed: made(new Uint8Array(32).fill(3)) };
        const wide = plan.encode(values, 2, place).vector;
        expect(Array.from(plan.decode(made(wide), { users: 1 }).mean, (each) => Math.round(each))).to.deep.equal([1, -2]);
      }
    });

    it('serve as seed and sums of cohorts, of both widths', () => {
      for (const [bits, vector] of [
        [32, Int32Array.of(1, 2)],
        [40, BigInt64Array.of(1n, 2n)],
      ] as const) {
        const userIds = new foreign.Set([1, 2, 3]);
        const sessions = [{ count: 1, users: 3, threshold: 2, options: { bits } }];
        const cohorts = assignCohorts({ userIds, sessions, seed: made(new Uint8Array(32)) });
        const run = new CohortSum(cohorts, { session: made(Uint8Array.of(1)), vecLen: 2 });
        const { options, userIds: included } = cohorts.cohort(0, { session: Uint8Array.of(1) });
        run.record(options.session, { included, vector: made(vector) });
        expect(run.total()).to.deep.equal(BigInt64Array.of(1n, 2n));
      }
    });

    it('serve as keys that seal states', () => {
      const pool = { connect: () => Promise.reject(new Error()), query: () => Promise.reject(new Error()) };
      expect(() => new PostgresUsers(pool, { keys: [made(new Uint8Array(32))] })).not.to.throw();
    });
  });
}

describe('a typed array', () => {
  it('of this realm over memory of its own is taken over the same memory, also a Buffer, and one whose properties lie', () => {
    class Lying extends Uint8Array {
      override get length(): number {
        return 1000;
      }
    }
    for (const bytes of [Uint8Array.of(1), Uint8Array.of(1, 2).subarray(1), Buffer.from('a'), Lying.of(1)]) {
      const taken = typedArrayOf(bytes, 'Uint8Array', 'x')!;
      expect(taken.constructor).to.equal(Uint8Array);
      expect(taken.length).to.equal(1);
      taken[0] = 7;
      expect(bytes[0]).to.equal(7);
    }
    expect(typedArrayOf(new Uint8Array(), 'Uint8Array', 'x')).to.deep.equal(new Uint8Array());
    for (const [value, kind] of [
      [Int32Array.of(1), 'Uint8Array'],
      [new Uint8ClampedArray(1), 'Uint8Array'],
      [new Uint32Array(1), 'Int32Array'],
      [Int32Array.of(1), 'BigInt64Array'],
    ] as const) {
      expect(typedArrayOf(value, kind, 'x')).to.equal(null);
    }
  });

  it('is not what only says that it is one', () => {
    for (const value of [
      undefined,
      null,
      'Uint8Array',
      [1],
      { [Symbol.toStringTag]: 'Uint8Array', length: 32, buffer: new ArrayBuffer(32) },
      Object.create(Uint8Array.prototype) as object,
      new Proxy(new Uint8Array(1), {}),
      new DataView(new ArrayBuffer(1)),
      new ArrayBuffer(1),
    ]) {
      expect(typedArrayKind(value)).to.equal(undefined);
      expect(() => checkBytes(value, 'x')).to.throw(TypeError);
    }
  });

  it('whose memory was transferred, or cut by a resize, is refused, because nothing is left of it', () => {
    const transferred = new foreign.Uint8Array(32);
    structuredClone(transferred.buffer, { transfer: [transferred.buffer] });
    for (const bytes of [transferred, ...withoutMemory()]) {
      expect(() => checkBytes(bytes, 'x')).to.throw(TypeError, 'x:');
    }
    expect(() => typedArrayOf(new Int32Array(), 'Int32Array', 'x')).not.to.throw();
  });

  it('is called by its kind in errors, and so are buffers and promises of another realm', () => {
    expect(kindOf(new Float32Array(1))).to.include('Float32Array');
    expect(kindOf(new foreign.ArrayBuffer(1))).to.equal(kindOf(new ArrayBuffer(1)));
    expect(kindOf(foreign.Promise.resolve())).to.equal(kindOf(Promise.resolve()));
  });
});

describe('a Date of another realm', () => {
  it('is a Date; what only says so is none', () => {
    expect(checkDate(new foreign.Date(5), 'x')).to.equal(5);
    expect(() => checkDate(new foreign.Date(NaN), 'x')).to.throw(RangeError);
    expect(() => checkDate(Object.create(Date.prototype), 'x')).to.throw(TypeError);
  });
});
