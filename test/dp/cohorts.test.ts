// Noise in cohorts: one plan for all of them, so that their sums can be added, and vectors that go into one session each.
import { expect } from 'chai';
import { assignCohorts, CohortSum } from '../../src/cohorts/index.ts';
import { combine } from '../../src/encoding/index.ts';
import { privateHistogram, privateMean, receiptOf, verifyReceipt } from '../../src/dp/index.ts';
import { round0Msg, ServerWrapper, UserWrapper } from '../../src/index.ts';
import { refused } from '../support/errors.ts';
import { registeredUsers } from '../support/registered-users.ts';

const IDS = [1, 2, 3, 4, 5, 6, 7, 8];
const LENGTH = 5;
const sessions = [{ count: 2, users: 4, threshold: 3, options: { bits: 20, colluders: 1 } }];
// So little noise that the mean shows whether the cohorts are decoded rightly.
const plan = privateMean({
  ...{ maxUsers: 4, threshold: 3, colluders: 1, security: 40, noiseMultiplier: 2 ** -8 },
  ...{ length: LENGTH, l2Clip: 100, session: 'week 7', bits: 20 },
});

/** Steps a unit of a count, from the noise in its result. */
const stepsOf = (counts: ReturnType<typeof privateHistogram>): number => {
  const [part] = receiptOf(counts, { included: [4], delta: 1e-6 }).parts;
  return Math.round(part!.standardDeviation / counts.decode(Int32Array.of(0, 0), { users: 4 }).noise.standardDeviation);
};

describe('a private mean over cohorts', () => {
  const cohorts = assignCohorts({ userIds: IDS, sessions, seed: new Uint8Array(32).fill(5) });
  const run = new CohortSum(cohorts, { session: plan.options.session, vecLen: plan.vecLen });
  const registered = registeredUsers(IDS);
  const valuesOf = (id: number): number[] => Array.from({ length: LENGTH }, (_, i) => (id - 4) * (i + 1));

  it('is decoded from the total by the plan that all cohorts share, with a receipt', async () => {
    for (const index of run.progress().open) {
      const { userIds, threshold, options } = run.cohort(index);
      const own = plan.forCohort(options.session);
      expect(own.options).to.deep.equal({ ...plan.options, session: options.session });
      const server = new ServerWrapper(threshold, own.vecLen, own.options);
      const users = new Map(
        userIds.map((id) => {
          const { vector } = own.encode(valuesOf(id));
          return [id, new UserWrapper(id, threshold, ...registered.keys.get(id)!, vector, registered.pki, own.options)];
        }),
      );
      let messages = new Map(userIds.map((id) => [id, round0Msg()]));
      for (let round = 0; round < 5; round++) {
        for (const [id, message] of messages) server.recv(id, await users.get(id)!.round(message));
        const output = await server.round();
        if (output.isMessages()) messages = output.getMessages();
      }
      const output = server.output();
      if (output?.isVector() !== true) throw new Error('no sum');
      run.record(options.session, { included: userIds, vector: output.getVector() });
    }
    const { mean } = plan.decode(run.total(), { users: 8, cohorts: 2 });
    for (const [i, value] of mean.entries()) expect(value, `component ${i}`).to.be.closeTo(0.5 * (i + 1), 0.5);
    const receipt = receiptOf(plan, { included: [4, 4], delta: 1e-6 });
    expect(receipt.chance).to.equal(2 ** -40);
    verifyReceipt(receipt, plan);
  });

  it('takes no vector in another cohort than it was encoded for, nor one of the plan itself', () => {
    const [first, second] = [0, 1].map((index) => run.cohort(index));
    const own = plan.forCohort(first!.options.session);
    const join = (id: number, vector: ReturnType<typeof own.encode>['vector'], session: string): UserWrapper =>
      new UserWrapper(id, 3, ...registered.keys.get(id)!, vector, registered.pki, { ...own.options, session });
    const [id] = second!.userIds;
    refused('ERR_SECAGG_VECTOR_USED', () => join(id!, own.encode(valuesOf(1)).vector, second!.options.session));
    refused('ERR_SECAGG_VECTOR_USED', () => join(id!, plan.encode(valuesOf(1)).vector, second!.options.session));
    join(first!.userIds[0]!, own.encode(valuesOf(1)).vector, first!.options.session);
  });

  it('is decoded cohort by cohort if a trusted server adds the noise and users may lie: one receipt holds for all of them', () => {
    const trusted = {
      maxUsers: 4,
      threshold: 3,
      security: 40,
      noiseMultiplier: 1,
      noiseFrom: 'server',
      bins: 2,
      maxBins: 1,
    } as const;
    const counts = privateHistogram(trusted);
    const sums = [
      [3, 1],
      [2, 2],
    ].map((sum) => Int32Array.from(sum, (count) => count * stepsOf(counts)));
    const total = BigInt64Array.of(5n, 3n);
    expect(() => counts.decode(total, { users: 8, cohorts: 2 })).to.throw(TypeError, 'cohorts:');
    expect(() => combine({ counts }).decode(total, { users: 8, cohorts: 2 })).to.throw(TypeError, 'cohorts:');
    // The noise of each of 500 totals is that of two cohorts.
    const { standardDeviation } = counts.decode(sums[0]!, { users: 4 }).noise;
    const errors = Array.from({ length: 500 }, () => {
      const decoded = sums.map((sum) => counts.decode(sum, { users: 4 }).counts[0]!);
      return decoded[0]! + decoded[1]! - 5;
    });
    const variance = errors.reduce((squares, error) => squares + error ** 2, 0) / 500;
    expect(variance / (2 * standardDeviation ** 2)).to.be.within(0.6, 1.5);
    expect(counts.errorBound({ users: 8, cohorts: 2 }).ratioToTrusted).to.equal(Math.SQRT2);
    const receipt = receiptOf(counts, { included: [4, 4], delta: 1e-6 });
    expect(receipt.epsilon).to.equal(receiptOf(counts, { included: [4], delta: 1e-6 }).epsilon);
    verifyReceipt(receipt, counts);
  });

  it('takes the noise of a trusted server in its total, if no user lies', () => {
    const counts = privateHistogram({
      ...{ maxUsers: 4, threshold: 3, security: 40, noiseMultiplier: 2 ** -6, bins: 2, maxBins: 1 },
      ...{ noiseFrom: 'server', adversary: 'semi-honest' },
    });
    const total = BigInt64Array.from([5, 3], (count) => BigInt(count * stepsOf(counts)));
    const decoded = counts.decode(total, { users: 8, cohorts: 2 });
    expect(Array.from(decoded.counts, Math.round)).to.deep.equal([5, 3]);
    expect(counts.errorBound({ users: 8, cohorts: 2 }).ratioToTrusted).to.equal(1);
  });

  it('tells how much more noise it has than a trusted server would add: √(n/h), and √g of it for g cohorts', () => {
    const terms = {
      maxUsers: 40,
      threshold: 30,
      colluders: 5,
      length: 8,
      l2Clip: 1,
      noiseMultiplier: 4,
      flatten: 'none',
    } as const;
    const [ofUsers, trusted] = [privateMean(terms), privateMean({ ...terms, noiseFrom: 'server', adversary: 'semi-honest' })];
    for (const cohorts of [1, 2, 9]) {
      const sum = { users: 40 * cohorts, ...(cohorts > 1 && { cohorts }) };
      const { ratioToTrusted, rms } = ofUsers.errorBound(sum);
      expect(ratioToTrusted).to.be.closeTo(Math.sqrt(40 / 25) * Math.sqrt(cohorts), 1e-12);
      expect(rms / trusted.errorBound(sum).rms / ratioToTrusted).to.be.closeTo(1, 0.01);
    }
  });

  it('has a session by name', () => {
    expect(() => plan.forCohort('')).to.throw(RangeError, 'session:');
    expect(() => plan.forCohort(7 as never)).to.throw(TypeError, 'session:');
  });
});
