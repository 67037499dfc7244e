// Encodings in whole sessions: the sum of the protocol is decoded, and parties with other plans are noticed.
import { expect } from 'chai';
import { combine, mean, sum, weightedMean, type Encoding } from '../../src/encoding/index.ts';
import { refused, rejected } from '../support/errors.ts';
import { Session } from '../support/session.ts';
import { clip, farthest } from './plain.ts';

const ids = [11, 5, 7, 2 ** 40, 3, 90];
const dataOf = (i: number): Float64Array =>
  Float64Array.from({ length: 50 }, (_, j) => 5 * Math.sin(i * 50 + j) + (j === 3 ? 9 : 0));
const weightOf = (i: number): number => [1, 1000, 17.5, 300, 2, 64][i]!;

/** Plays a session in which some drop out; gives the sum and how many are in it. */
async function play(
  encoding: Encoding<never, unknown, unknown>,
  vectorOf: (index: number) => Int32Array | BigInt64Array,
): Promise<{ sum: Int32Array | BigInt64Array; included: readonly number[] }> {
  const { vecLen, options } = encoding;
  const session = new Session({ ids, threshold: 4, vecLen, options, vectorOf });
  await session.finish([[], [ids[1]!], [], [ids[4]!], []]);
  return { sum: session.server.output()!.getVector(), included: session.server.progress().included! };
}

describe('a session of encoded vectors', () => {
  for (const [what, plan] of [
    ['in 32 bits or fewer', {}],
    ['in more than 32 bits', { quantizationRange: 2 ** 40 }],
    ['of few bits', { quantizationRange: 16 }],
    ['with correlated rounding', { rounding: 'correlated' }],
  ] as const) {
    it(`gives the weighted mean within the stated bound, ${what}, although users drop out`, async () => {
      const encoding = weightedMean({ maxUsers: ids.length, length: 50, type: 'float64', ...plan });
      const place = (slot: number) => ('rounding' in plan ? { slot, seed: encoding.options.session } : undefined);
      const { sum: total, included } = await play(encoding, (i) => encoding.encode(dataOf(i), weightOf(i), place(i)).vector);
      expect([...included]).to.have.members(ids.filter((_, i) => i !== 1));
      const users = included.length;
      const result = encoding.decode(total, { users });
      const who = included.map((id) => ids.indexOf(id));
      const totalWeight = who.reduce((weight, i) => weight + weightOf(i), 0);
      expect(result.totalWeight).to.equal(totalWeight);
      const exact = Float64Array.from({ length: 50 }, (_, j) =>
        who.reduce((x, i) => x + (weightOf(i) * clip(dataOf(i)[j]!, 8)) / totalWeight, 0),
      );
      expect(farthest(result.mean, exact)).to.be.at.most(encoding.errorBound({ users, totalWeight }).worst);
    });
  }

  it('gives every statistic of a combination its own', async () => {
    const maxUsers = ids.length;
    const encoding = combine({
      loss: mean({ maxUsers, length: 1 }),
      hits: sum({ maxUsers, length: 1, min: 0n, max: 2n ** 50n }),
    });
    const { sum: total, included } = await play(
      encoding,
      (i) => encoding.encode({ loss: [i], hits: [2n ** 40n + BigInt(i)] }).vector,
    );
    const { loss, hits } = encoding.decode(total, { users: included.length });
    const who = included.map((id) => ids.indexOf(id));
    expect(hits.sum[0]).to.equal(who.reduce((sum, i) => sum + 2n ** 40n + BigInt(i), 0n));
    expect(loss.mean[0]).to.be.closeTo(who.reduce((sum, i) => sum + i, 0) / who.length, 1e-6);
  });

  it('gives the mean of those with examples, and shows of the others nothing but masked vectors of the same length', async () => {
    const maxUsers = ids.length;
    const encoding = combine({
      model: weightedMean({ maxUsers, shapes: { kernel: [40], none: [0, 3] }, type: 'float64' }),
      head: weightedMean({ maxUsers, length: 2, type: 'float64' }),
      hits: sum({ maxUsers, length: 1, min: 0, max: 9 }),
    });
    // Users 0 and 5 have no examples, and nobody has the head.
    const weights = [0, 1000, 17.5, 300, 2, 0];
    const modelOf = (i: number) => ({
      kernel: { shape: [40], data: dataOf(i).subarray(10) },
      none: { shape: [0, 3], data: [] },
    });
    const vectors = ids.map((_, i) => {
      const model = i === 5 ? { ...modelOf(i), kernel: { shape: [40], data: new Float64Array(40).fill(NaN) } } : modelOf(i);
      const data = { model: i === 0 ? null : model, head: null, hits: i === 0 ? null : [i] };
      return encoding.encode(data, { model: weights[i]!, head: 0 }).vector;
    });
    const { offset: hits } = encoding.layout.find(({ name }) => name === 'hits')!; // whose zero is not the component 0
    expect([...vectors[0]!].filter((component, j) => component !== 0 && j !== hits)).to.deep.equal([]);
    const { vecLen, options } = encoding;
    const session = new Session({ ids, threshold: 4, vecLen, options, vectorOf: (i) => vectors[i]! });
    await session.before(2);
    const answers = await session.answers([ids[1]!]);
    // 2^40 is an id of more bytes than the others.
    const bodies = ids.filter((_, i) => i !== 1 && i !== 3).map((id) => answers.get(id)!);
    expect(new Set(bodies.map((body) => body.length)).size).to.equal(1);
    // Of the bytes of a mask, one in 256 is 0.
    for (const body of bodies) expect(body.filter((byte) => byte === 0).length / body.length).to.be.below(0.1);
    session.deliver(answers);
    await session.close();
    await session.finish();
    const included = session.server.progress().included!;
    const who = included.map((id) => ids.indexOf(id));
    expect([...who].sort()).to.deep.equal([0, 2, 3, 4, 5]);
    const result = encoding.decode(session.server.output()!.getVector(), { users: included.length });
    expect(result.model.totalWeight).to.equal(319.5);
    const exact = Float64Array.from({ length: 40 }, (_, j) =>
      [2, 3, 4].reduce((x, i) => x + (weights[i]! * clip(dataOf(i)[j + 10]!, 8)) / 319.5, 0),
    );
    const { worst } = encoding.errorBound({ users: included.length, totalWeight: { model: 319.5, head: 0 } }).model;
    expect(farthest(result.model.mean.kernel.data, exact)).to.be.at.most(worst);
    expect(result.model.mean.none).to.deep.equal({ shape: [0, 3], data: new Float64Array(0) });
    expect(result.head.totalWeight).to.equal(0);
    refused('ERR_SECAGG_ZERO_WEIGHT', () => result.head.mean);
    expect(result.hits.sum[0]).to.equal(14);
  });

  it('refuses the first message of a user with another clipping range or largest weight', async () => {
    const plan = { maxUsers: 4, length: 3 };
    const servers = weightedMean(plan);
    for (const users of [
      weightedMean({ ...plan, clippingRange: 4 }),
      weightedMean({ ...plan, maxWeight: 999 }),
      weightedMean({ ...plan, session: 'another model' }),
    ]) {
      expect([users.vecLen, users.bits]).to.deep.equal([servers.vecLen, servers.bits]);
      const session = new Session({
        vecLen: servers.vecLen,
        options: users.options,
        serverOptions: servers.options,
        vectorOf: () => users.encode([1, 2, 3], 10).vector,
      });
      const [first] = session.users.values();
      const answer = await first!.round(session.messages.get(first!.id)!);
      refused('ERR_SECAGG_SESSION', () => session.server.recv(first!.id, answer));
    }
    const honest = new Session({
      vecLen: servers.vecLen,
      options: servers.options,
      vectorOf: () => servers.encode([1, 2, 3], 1).vector,
    });
    await honest.round();
    const other = new Session({
      vecLen: servers.vecLen,
      options: weightedMean({ ...plan, clippingRange: 4 }).options,
      registered: honest.registered,
      vectorOf: () => servers.encode([1, 2, 3], 1).vector,
    });
    await other.answers();
    await rejected('ERR_SECAGG_SESSION', other.user(0).round(honest.messages.get(0)!));
  });

  it('has its sum refused by decode if a lying user made it larger than honest users can', async () => {
    const encoding = weightedMean({ maxUsers: 4, length: 3 });
    const lie = (index: number): Int32Array => {
      const vector = encoding.encode([1, 2, 3], 10).vector as Int32Array;
      if (index === 2) vector[encoding.vecLen - 1] = 2 ** 20; // a component may be as large, but not with so little weight
      return vector;
    };
    const session = new Session({ vecLen: encoding.vecLen, options: encoding.options, vectorOf: lie });
    await session.finish();
    const total = session.server.output()!.getVector();
    const error = refused('ERR_SECAGG_SUM_RANGE', () => encoding.decode(total, { users: 4 }));
    expect(error.message).to.match(/^sum\[2\]/);
  });
});
