// Bytes, vectors and dates that come from another realm, such as a test environment's, a frame or a context of node:vm; and bytes
// whose memory is gone.
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { assignCohorts, CohortSum } from '../../src/cohorts/index.ts';
import { privateHistogram, privateMean } from '../../src/dp/index.ts';
import { mean, sum } from '../../src/encoding/index.ts';
import { PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from '../../src/index.ts';
import { foreign, withoutMemory } from '../support/bytes.ts';
import { registeredUsers } from '../support/registered-users.ts';
import { rejection } from '../support/errors.ts';
import { Session, sumOf } from '../support/session.ts';

const IDS = [1, 2, 3];

const classes = runInNewContext('({ Int32Array, BigInt64Array })') as {
  Int32Array: Int32ArrayConstructor;
  BigInt64Array: BigInt64ArrayConstructor;
};
const foreignInts = (vector: Int32Array): Int32Array => classes.Int32Array.from(vector);
const foreignBigInts = (vector: BigInt64Array): BigInt64Array => classes.BigInt64Array.from(vector);

describe('bytes of another realm', () => {
  it('are keys, contexts, vectors and messages like any others, in all rounds', async () => {
    const { keys } = registeredUsers(IDS);
    const publicKeys = new PublicKeysWrapper(IDS.map((id) => [id, foreign(keys.get(id)![0])]));
    const options = { session: foreign(Uint8Array.of(7)), bits: 40 };
    const server = new ServerWrapper(2, 2, { ...options, publicKeys });
    const users = IDS.map((id) => {
      const [pk, sk] = keys.get(id)!;
      const vec = foreignBigInts(BigInt64Array.of(BigInt(id), -5n));
      return new UserWrapper(id, 2, foreign(pk), foreign(sk), vec, publicKeys, options);
    });
    let messages = new Map(IDS.map((id) => [id, round0Msg()]));
    for (;;) {
      for (const user of users) server.recv(user.id, foreign(await user.round(foreign(messages.get(user.id)!))));
      const output = await server.round();
      if (output.isMessages()) messages = output.getMessages();
      else {
        expect(sumOf(output)).to.deep.equal([6n, -15n]);
        return;
      }
    }
  });

  it('are seeds and randomness of encodings, and sums to decode', () => {
    const random = (length: number): Uint8Array => foreign(new Uint8Array(length));
    const floats = mean({ maxUsers: 3, length: 1, rounding: 'correlated', random });
    const { vector } = floats.encode([0.5], undefined, { slot: 0, seed: foreign(Uint8Array.of(1)) });
    expect(floats.decode(foreignInts(vector as Int32Array), { users: 1 }).mean[0]).to.be.closeTo(0.5, 1e-5);
    const wide = sum({ maxUsers: 3, length: 1, min: -(2n ** 40n), max: 2n ** 40n });
    const encoded = wide.encode([123n]).vector as BigInt64Array;
    expect(wide.decode(foreignBigInts(encoded), { users: 1 }).sum).to.deep.equal(BigInt64Array.of(123n));
  });

  it('are seeds of cohorts, and their sums are added', () => {
    const sessions = [{ count: 1, users: 3, threshold: 2 }];
    const cohorts = assignCohorts({ userIds: IDS, sessions, seed: foreign(new Uint8Array(32)) });
    const run = new CohortSum(cohorts, { session: foreign(Uint8Array.of(1)), vecLen: 2 });
    const { session } = run.cohort(0).options;
    run.record(session, { included: IDS, vector: foreignInts(Int32Array.of(5, -6)) });
    expect(run.total()).to.deep.equal(BigInt64Array.of(5n, -6n));
  });
});

describe('a message without memory', () => {
  for (const [index, kind] of ['whose buffer was transferred', 'whose buffer was cut'].entries()) {
    it(`${kind} is a mistake of the caller, and costs neither side its session`, async () => {
      const session = await new Session({ ids: IDS, threshold: 2 }).before(1);
      const gone = withoutMemory()[index]!;
      for (const id of IDS) {
        const error: unknown = await session
          .user(id)
          .round(gone)
          .catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(TypeError);
        expect(() => session.server.recv(id, gone)).to.throw(TypeError, 'input:');
      }
      session.expectSum(await session.finish(), IDS);
    });
  }

  it('is no vector and no data either', () => {
    const { keys, pki } = registeredUsers(IDS);
    const [pk, sk] = keys.get(1)!;
    for (const gone of withoutMemory()) {
      for (const options of [{}, { vecLen: 3 }]) {
        expect(() => new UserWrapper(1, 2, pk, sk, gone, pki, options)).to.throw(TypeError, 'vec:');
      }
      const user = new UserWrapper(1, 2, pk, sk, null, pki, { vecLen: 3 });
      expect(() => user.setVector(gone)).to.throw(TypeError, 'vec:');
      const data = { shape: [3], data: gone };
      expect(() => mean({ maxUsers: 3, length: 3 }).encode(gone)).to.throw(TypeError, 'data:');
      expect(() => mean({ maxUsers: 3, shapes: { a: [3] } }).encode({ a: data })).to.throw(TypeError, 'data.a.data:');
      const terms = { maxUsers: 3, threshold: 3, noiseMultiplier: 1 };
      expect(() => privateMean({ ...terms, length: 3, l2Clip: 1 }).encode(gone)).to.throw(TypeError, 'data:');
      expect(() => privateHistogram({ ...terms, bins: 3 }).encode({ counts: gone })).to.throw(TypeError, 'data.counts:');
    }
  });

  it('is told from an empty one, which is no message', async () => {
    const session = new Session({ ids: IDS, threshold: 2 });
    expect((await rejection(session.user(1).round(new Uint8Array()))).code).to.equal('ERR_SECAGG_DECODE');
  });

  it('is no key, seed or context either', () => {
    for (const gone of withoutMemory()) {
      expect(() => new PublicKeysWrapper([[1, gone]])).to.throw(TypeError, 'pk:');
      expect(() => new ServerWrapper(2, 2, { session: gone })).to.throw(TypeError, 'options.session:');
    }
  });
});
