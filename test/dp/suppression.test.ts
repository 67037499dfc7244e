// Small groups that are left out of a private histogram.
import { expect } from 'chai';
import { privateHistogram, suppressSmallGroups } from '../../src/dp/index.ts';
import { histogram } from '../../src/encoding/index.ts';
import { seeded } from './seeded.ts';
import { sumOf } from './sums.ts';

const noised = { counts: Float64Array.of(40, 19.9, 20, -3, 29), noise: { standardDeviation: 3 } };

describe('small groups of a private histogram', () => {
  it('are left out by their counts with noise', () => {
    expect(suppressSmallGroups(noised, { least: 20 })).to.deep.equal({ counts: [40, null, 20, null, 29], suppressed: 2 });
    expect(suppressSmallGroups(noised, { least: 20, margin: 3 })).to.deep.equal({
      counts: [40, null, null, null, 29],
      suppressed: 3,
    });
    expect([...noised.counts]).to.deep.equal([40, 19.9, 20, -3, 29]);
  });

  it('are shown as seldom as the margin says', () => {
    const terms = { maxUsers: 20, threshold: 14, noiseMultiplier: 8, unsafeRandom: seeded('margin'), session: 'groups' };
    const plan = privateHistogram({ ...terms, bins: 20_000, maxBins: 1 });
    const vectors = Array.from({ length: 14 }, () => plan.encode(null).vector);
    const empty = plan.decode(sumOf(vectors, plan.bits), { users: 14 });
    const shown = (margin: number): number => 20_000 - suppressSmallGroups(empty, { least: 0, margin }).suppressed;
    // A normal variable exceeds 2 standard deviations in 2.275 % of all cases: five standard deviations of 455 draws.
    expect(shown(2)).to.be.closeTo(455, 5 * Math.sqrt(455));
    expect(shown(3)).to.be.closeTo(27, 5 * Math.sqrt(27));
  });

  it('of an exact histogram are not left out: which ones are would tell about users', () => {
    const plan = histogram({ maxUsers: 3, bins: 4 });
    const exact = plan.decode(plan.encode({ indices: [1] }).vector, { users: 1 });
    expect(() => suppressSmallGroups(exact as never, { least: 2 })).to.throw(TypeError, 'noise');
    expect(() => suppressSmallGroups({ ...noised, noise: { standardDeviation: 0 } }, { least: 2 })).to.throw(TypeError, 'noise');
  });

  it('need a size, and options that are known', () => {
    expect(() => suppressSmallGroups(noised, {} as never)).to.throw(TypeError, 'least');
    expect(() => suppressSmallGroups(noised, { least: -1 })).to.throw(RangeError, 'least');
    expect(() => suppressSmallGroups(noised, { least: 5, margin: NaN })).to.throw(RangeError, 'margin');
    expect(() => suppressSmallGroups(noised, { least: 5, most: 9 } as never)).to.throw(TypeError, 'most');
  });
});
