// Encodings with cohorts: planned for one session, and decoded from the total over all cohorts.
import { expect } from 'chai';
import { assignCohorts, CohortSum } from '../../src/cohorts/index.ts';
import { combine, fixedPoint, histogram, mean, sum, weightedMean, type Encoding, type Place } from '../../src/encoding/index.ts';
import { addUp, clip, farthest, seeded, uniform, type Vector } from './plain.ts';

const SIZE = 6;
const COHORTS = 9;
const userIds = Array.from({ length: SIZE * COHORTS }, (_, i) => i);

/** The total over all users. The users of each cohort are added up in the plan's ring. */
function totalOf(
  encoding: Pick<Encoding<never, unknown, unknown>, 'bits' | 'vecLen' | 'options'>,
  vectorOf: (id: number, place: Place) => Vector,
): BigInt64Array {
  const { bits, vecLen, options } = encoding;
  const sessions = [{ count: COHORTS, users: SIZE, threshold: SIZE, options: { bits } }];
  const cohorts = assignCohorts({ userIds, sessions, seed: new Uint8Array(32).fill(1) });
  const run = new CohortSum(cohorts, { session: options.session, vecLen });
  for (const index of run.progress().open) {
    const cohort = run.cohort(index);
    const { session: seed } = cohort.options; // each cohort's own, or users of the same slot would err to the same side
    const vectors = cohort.userIds.map((id, slot) => vectorOf(id, { slot, seed }));
    run.record(seed, { included: cohort.userIds, vector: addUp(encoding, vectors) });
  }
  return run.total();
}

const terms = { users: userIds.length, cohorts: COHORTS };
const random = seeded(7);
const valuesOf = (id: number): Float64Array => Float64Array.from({ length: 40 }, (_, j) => 9 * Math.sin(id * 40 + j));
const weightOf = (id: number): number => (id % 7 === 0 ? 1000 : id + 0.5);

describe('the total over cohorts', () => {
  for (const [what, plan] of [
    ['in 32 bits or fewer', {}],
    ['in more than 32 bits', { quantizationRange: 2 ** 45 }],
    ['of few bits', { quantizationRange: 8 }],
    ['with correlated rounding', { rounding: 'correlated' }],
  ] as const) {
    it(`gives the weighted mean within the stated bound, ${what}`, () => {
      const encoding = weightedMean({ maxUsers: SIZE, length: 40, type: 'float64', random, ...plan });
      const given = 'rounding' in plan;
      const total = totalOf(
        encoding,
        (id, place) => encoding.encode(valuesOf(id), weightOf(id), given ? place : undefined).vector,
      );
      const result = encoding.decode(total, terms);
      const totalWeight = userIds.reduce((weight, id) => weight + weightOf(id), 0);
      expect(result.totalWeight).to.equal(totalWeight);
      const exact = Float64Array.from({ length: 40 }, (_, j) =>
        userIds.reduce((x, id) => x + (weightOf(id) * clip(valuesOf(id)[j]!, 8)) / totalWeight, 0),
      );
      expect(farthest(result.mean, exact)).to.be.at.most(encoding.errorBound({ ...terms, totalWeight }).worst);
    });
  }

  it('is exact if each sum is, also if it needs more bits than the ring of a session', () => {
    const maxUsers = SIZE;
    const encoding = combine({
      counts: histogram({ maxUsers, bins: 3, maxCount: 50 }),
      wide: sum({ maxUsers, length: 1, min: -1_000_000_000, max: 1_000_000_000 }),
      grid: fixedPoint({ maxUsers, length: 1, fractionBits: 4, type: 'float64' }),
      plain: mean({ maxUsers, length: 1, type: 'float64' }),
    });
    const total = totalOf(
      encoding,
      (id) => encoding.encode({ counts: { counts: [id % 50, 0, 50] }, wide: [1e9 - id], grid: [id / 16], plain: [-8] }).vector,
    );
    const { counts, wide, grid, plain } = encoding.decode(total, terms);
    const add = (value: (id: number) => number): number => userIds.reduce((x, id) => x + value(id), 0);
    expect([...counts.counts]).to.deep.equal([add((id) => id % 50), 0, add(() => 50)]);
    expect(wide.sum[0]).to.equal(add((id) => 1e9 - id));
    expect(grid.sum[0]).to.equal(add((id) => id / 16));
    expect(plain.mean[0]).to.be.closeTo(-8, encoding.errorBound(terms).plain.worst);
    const bigints = sum({ maxUsers, length: 1, min: 0n, max: 2n ** 40n });
    expect(
      bigints.decode(
        totalOf(bigints, (id) => bigints.encode([2n ** 40n - BigInt(id)]).vector),
        terms,
      ).sum[0],
    ).to.equal(BigInt(SIZE * COHORTS) * 2n ** 40n - BigInt(add((id) => id)));
  });

  it('has the stated root mean square error, as cohorts round independently and users of a cohort together', () => {
    const draw = uniform(3);
    for (const rounding of ['stochastic', 'correlated'] as const) {
      const encoding = fixedPoint({ maxUsers: SIZE, length: 4096, fractionBits: 0, type: 'float64', rounding, random });
      const fractions = userIds.map(() => draw());
      const given = rounding === 'correlated';
      const total = totalOf(
        encoding,
        (id, place) => encoding.encode(new Float64Array(4096).fill(fractions[id]!), undefined, given ? place : undefined).vector,
      );
      const exact = fractions.reduce((a, b) => a + b, 0);
      const { sum: values } = encoding.decode(total, terms);
      const rms = Math.sqrt(values.reduce((square, x) => square + (x - exact) ** 2, 0) / 4096);
      const bound = encoding.errorBound(terms).rms;
      expect(rms).to.be.below(bound * 1.05);
      expect(rms).to.be.above(bound / 3);
    }
    const [few, all] = [1, COHORTS].map((cohorts) => {
      const plan = mean({ maxUsers: 1000, length: 1, rounding: 'correlated', type: 'float64' });
      return plan.errorBound({ users: 1000, cohorts }).rms;
    });
    expect(all! / few!).to.be.closeTo(Math.sqrt(3), 0.01); // 250 against 83 steps squared: n/4, as for independent users
  });

  it('is refused by name if it cannot be one', () => {
    const plan = mean({ maxUsers: SIZE, length: 2 });
    const wide = BigInt64Array.of(0n, 0n);
    expect(() => plan.decode(Int32Array.of(0, 0), terms)).to.throw(TypeError, /^sum: expected a BigInt64Array/);
    expect(() => plan.decode(wide, { users: 1 })).to.throw(TypeError, /^sum: expected an Int32Array/);
    expect(() => plan.decode(wide, { users: SIZE * COHORTS + 1, cohorts: COHORTS })).to.throw(RangeError, /^users/);
    expect(() => plan.errorBound({ users: SIZE * COHORTS + 1, cohorts: COHORTS })).to.throw(RangeError, /^users/);
    for (const cohorts of [0, 1.5, 2 ** 20 + 1])
      expect(() => plan.decode(wide, { users: 1, cohorts })).to.throw(RangeError, /^cohorts/);
    expect(() => plan.decode(BigInt64Array.of(2n ** 40n, 0n), terms)).to.throw(/^sum\[0\]/);
    // More than doubles, or 64 bits, can say.
    const doubles = sum({ maxUsers: SIZE, length: 1, min: 0, max: 2 ** 50 });
    expect(() => doubles.decode(BigInt64Array.of(0n), terms)).to.throw(RangeError, /^users: .* 2\^53/);
    const bigints = sum({ maxUsers: SIZE, length: 1, min: 0n, max: 2n ** 60n });
    expect(() => bigints.decode(BigInt64Array.of(0n), terms)).to.throw(RangeError, /^users: .* 2\^63/);
  });
});
