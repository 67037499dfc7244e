// Neighbors and thresholds of sparse graphs: published values of Google's finder, our exact ones beside them, conditions
// recomputed with fractions of bigints.
import { expect } from 'chai';
import fc from 'fast-check';
import { lnDisconnected, lnLimit } from '../../src/graph/sparse-bounds.ts';
import { quantile } from '../../src/graph/hypergeometric.ts';
import { semiHonestGraph, semiMaliciousGraph, type SparseDemand } from '../../src/planner/sparse.ts';
import { clearlyWithin, log2, upperTail } from './exact.ts';
import { googleGraph, type GoogleModel } from './google-finder.ts';

/** k / t, from the least to the most. */
const found = (k: number, least: number, most: number): string => `${k} / ${least}..${most}`;
const countOf = (rate: number, users: number): number => Math.floor(rate * users + 1e-9);

/** U1 has all users, as in the published calculations. */
function demand(users: number, corrupt: number, dropout: number, correctness = 20): SparseDemand {
  const [c, d] = [countOf(corrupt, users), countOf(dropout, users)];
  return { users, least: users, corrupt: c, dropped: d, security: 40, correctness };
}

// graph_parameter_finder_test.cc of federated-compute, lines 148 to 330: rates, model, and k/t by number of users.
const SIZES = [100, 1000, 10_000, 100_000, 1_000_000];
const PUBLISHED: readonly (readonly [number, number, GoogleModel, string])[] = [
  [0.05, 0.05, 'curious', '12/6 30/17 34/20 36/21 38/22'],
  [0.05, 0.33, 'curious', '28/6 72/24 86/29 96/32 102/34'],
  [0.33, 0.05, 'curious', '34/29 78/60 92/70 - 110/83'],
  [0.33, 0.33, 'curious', '68/34 286/150 422/221 480/251 518/270'],
  [0.45, 0.45, 'curious', '92/46 822/417 3494/1771 - 6240/3156'],
  [0.05, 0.05, 'semi-malicious', '16/11 52/37 62/44 68/48 74/52'],
  [0.05, 0.33, 'semi-malicious', '72/39 398/223 746/420 - 970/545'],
  [0.33, 0.05, 'semi-malicious', '42/37 132/109 178/146 - 212/173'],
  [0.3, 0.3, 'semi-malicious', '- 872/584 - - 11136/7454'],
];

// Corrupt and dropout, users, then k/t: ours against a semi-honest server at correctness 20 and 30, Google's 'curious',
// ours with Google's semi-malicious condition 2t > k + c + 1, Google's 'semi-malicious'.
const TABLE = [
  '0.05 0.05 | 100 | 12 / 6..7 | 12 / 6..7 | 12 / 6 | 18 / 13..13 | 16 / 11',
  '0.05 0.05 | 300 | 24 / 14..14 | 26 / 14..14 | 24 / 14 | 40 / 29..29 | 38 / 27',
  '0.05 0.05 | 1000 | 30 / 17..18 | 34 / 18..19 | 30 / 17 | 52 / 37..37 | 52 / 37',
  '0.05 0.05 | 3000 | 32 / 19..19 | 36 / 20..20 | 32 / 19 | 60 / 43..43 | 58 / 41',
  '0.05 0.05 | 10000 | 34 / 20..20 | 38 / 21..21 | 34 / 20 | 62 / 44..44 | 62 / 44',
  '0.05 0.05 | 100000 | 36 / 21..21 | 40 / 22..22 | 36 / 21 | 72 / 51..51 | 68 / 48',
  '0.05 0.05 | 1000000 | 38 / 22..22 | 44 / 24..24 | 38 / 22 | 78 / 55..55 | 74 / 52',
  '0.1 0.1 | 100 | 22 / 11..12 | 22 / 11..12 | 22 / 11 | 32 / 22..22 | 32 / 22',
  '0.1 0.1 | 300 | 36 / 21..21 | 42 / 22..23 | 36 / 21 | 70 / 49..49 | 66 / 46',
  '0.1 0.1 | 1000 | 48 / 27..28 | 52 / 28..28 | 48 / 27 | 100 / 70..70 | 96 / 67',
  '0.1 0.1 | 3000 | 52 / 29..30 | 58 / 31..31 | 50 / 29 | 114 / 80..80 | 112 / 78',
  '0.1 0.1 | 10000 | 54 / 31..31 | 60 / 32..32 | 54 / 31 | 122 / 85..85 | 122 / 85',
  '0.1 0.1 | 100000 | 58 / 33..33 | 66 / 35..35 | 58 / 33 | 138 / 96..96 | 134 / 93',
  '0.1 0.1 | 1000000 | 64 / 36..36 | 70 / 37..37 | 64 / 36 | 150 / 104..104 | 146 / 101',
  '0.2 0.2 | 100 | 40 / 21..21 | 42 / 21..22 | 40 / 21 | 62 / 42..42 | 62 / 42',
  '0.2 0.2 | 300 | 74 / 41..41 | 80 / 42..42 | 74 / 41 | 164 / 112..112 | 160 / 109',
  '0.2 0.2 | 1000 | 98 / 54..54 | 112 / 59..59 | 98 / 54 | 306 / 209..209 | 302 / 206',
  '0.2 0.2 | 3000 | 114 / 62..63 | 126 / 66..66 | 114 / 62 | 412 / 281..281 | 408 / 278',
  '0.2 0.2 | 10000 | 122 / 67..67 | 136 / 71..71 | 122 / 67 | 486 / 331..331 | 482 / 328',
  '0.2 0.2 | 100000 | 134 / 73..73 | 150 / 78..78 | 134 / 73 | 556 / 378..378 | 552 / 375',
  '0.2 0.2 | 1000000 | 144 / 78..78 | 160 / 83..83 | 144 / 78 | 604 / 410..410 | 600 / 407',
  '1/3 1/3 | 100 | 68 / 34..35 | 68 / 34..35 | 68 / 34 | — | —',
  '1/3 1/3 | 300 | 166 / 87..88 | 174 / 89..89 | 164 / 86 | — | —',
  '1/3 1/3 | 1000 | 294 / 154..155 | 318 / 163..163 | 292 / 154 | — | —',
  '1/3 1/3 | 3000 | 384 / 201..201 | 428 / 219..219 | 384 / 201 | — | —',
  '1/3 1/3 | 10000 | 442 / 231..231 | 498 / 255..255 | 442 / 231 | — | —',
  '1/3 1/3 | 100000 | 498 / 260..260 | 558 / 285..285 | 498 / 260 | — | —',
  '1/3 1/3 | 1000000 | 538 / 280..280 | 600 / 306..306 | 538 / 280 | — | —',
];

/** The condition of Google's semi-malicious class with exact tails; an owner may reveal its own share as well. */
function neverBoth({ users, corrupt, dropped, security, correctness }: SparseDemand): string {
  for (let k = 2; k < users; k += 2) {
    const marked = (count: number) => ({ population: users - 1, marked: count, draws: k });
    const c = quantile(marked(corrupt), lnLimit(security + 1, users));
    const least = Math.max(Math.floor((k + c + 1) / 2) + 1, 2);
    const most = k - quantile(marked(dropped), lnLimit(correctness, users));
    const together = { users, gone: corrupt + dropped };
    if (least <= most && lnDisconnected(together, k) <= lnLimit(security + 1, 1)) return found(k, least, most);
  }
  return '—';
}

const shown = (sparse: ReturnType<typeof semiHonestGraph>): string =>
  sparse === null ? '—' : found(sparse.neighbors, sparse.leastShareThreshold, sparse.mostShareThreshold);
const googles = (sparse: readonly [number, number] | null): string => (sparse === null ? '—' : sparse.join(' / '));

describe("Google's finder", () => {
  for (const [corrupt, dropout, model, values] of PUBLISHED) {
    it(`gives the published values at ${corrupt} corrupt, ${dropout} dropouts, ${model}`, function () {
      this.timeout(60_000);
      const found = values.split(' ').map((value, i) => {
        return value === '-' ? '-' : (googleGraph(SIZES[i]!, corrupt, dropout, model)?.join('/') ?? 'none');
      });
      expect(found.join(' ')).to.equal(values);
    });
  }

  it('gives two neighbors to ten users, and none to demands that cannot be met', () => {
    expect(googleGraph(10, 0.05, 0.05, 'curious')).to.deep.equal([2, 2]);
    for (const [users, corrupt, dropout, model] of [
      [0, 0.1, 0.1, 'curious'],
      [1000, 0.1, 1, 'curious'],
      [1000, 0.1, -1, 'curious'],
      [1000, 0.5, 0.5, 'curious'],
      [1000, 0.5, 0.5, 'semi-malicious'],
      [1000, 0.33, 0.33, 'semi-malicious'],
    ] as const) {
      expect(googleGraph(users, corrupt, dropout, model)).to.equal(null);
    }
  });
});

describe('sparse graphs', () => {
  for (const row of TABLE) {
    const [rates, users, ...columns] = row.split(' | ');
    const [corrupt, dropout] = rates!.split(' ').map((rate) => (rate === '1/3' ? 1 / 3 : Number(rate))) as [number, number];
    const n = Number(users);
    it(`have the reference's neighbors and thresholds at ${row.slice(0, 24)}`, function () {
      this.timeout(60_000);
      expect([
        shown(semiHonestGraph(demand(n, corrupt, dropout))),
        shown(semiHonestGraph(demand(n, corrupt, dropout, 30))),
        googles(googleGraph(n, corrupt, dropout, 'curious')),
        corrupt > 0.3 ? '—' : neverBoth(demand(n, corrupt, dropout)),
        googles(googleGraph(n, corrupt, dropout, 'semi-malicious')),
      ]).to.deep.equal(columns);
    });
  }

  it("have Google's neighbors, give or take four, at its published rates", () => {
    const ours = PUBLISHED.filter(([, , model]) => model === 'curious').flatMap(([corrupt, dropout, , values]) =>
      values.split(' ').flatMap((value, i) => {
        const sparse = semiHonestGraph(demand(SIZES[i]!, corrupt, dropout));
        return value === '-' ? [] : [sparse!.neighbors - Number(value.split('/')[0])];
      }),
    );
    expect(ours).to.have.length(23);
    for (const difference of ours) expect(Math.abs(difference)).to.be.at.most(4);
  });
});

const demandOf = (most: number): fc.Arbitrary<SparseDemand> =>
  fc
    .record({
      users: fc.integer({ min: 4, max: most }),
      corruptRate: fc.double({ min: 0, max: 0.3, noNaN: true }),
      dropout: fc.double({ min: 0, max: 0.3, noNaN: true }),
      security: fc.integer({ min: 1, max: 60 }),
      correctness: fc.integer({ min: 1, max: 40 }),
    })
    .map(({ users, corruptRate, dropout, ...bits }) => {
      const dropped = countOf(dropout, users);
      return { users, least: users - dropped, corrupt: countOf(corruptRate, users), dropped, ...bits };
    });

/** What the conditions ask of k, by fractions of bigints and one by one. */
function exactRing(demand: SparseDemand, model: 'semi-honest' | 'semi-malicious'): string {
  const { users, least, corrupt, dropped, security, correctness } = demand;
  const gone = Math.min(users, corrupt + dropped);
  for (let k = 2; k < least - 1; k += 2) {
    const corruptTail = (x: number) => upperTail(least - 1, Math.min(corrupt, least - 1), k, x);
    const droppedTail = (x: number) => upperTail(users - 1, dropped, k, x);
    let c = 0;
    while (!clearlyWithin(corruptTail(c + 1), users, model === 'semi-honest' ? security + 1 : security)) c++;
    let d = 0;
    while (!clearlyWithin(droppedTail(d + 1), users, correctness)) d++;
    const { numerator, denominator } = upperTail(users, gone, k, k);
    const connected = clearlyWithin(
      { numerator: numerator * BigInt(users - k - 1), denominator: denominator * 2n },
      users,
      security + 1,
    );
    const t = model === 'semi-honest' ? Math.max(c + 1, 2) : Math.ceil((2 * (k + c + 1)) / 3);
    if (t <= k - d && (connected || model === 'semi-malicious')) return found(k, t, k - d);
  }
  return '—';
}

describe('the search for the fewest neighbors', () => {
  for (const [model, find] of [
    ['semi-honest', semiHonestGraph],
    ['semi-malicious', semiMaliciousGraph],
  ] as const) {
    it(`finds the same as trying each number with exact fractions, ${model}`, function () {
      this.timeout(60_000);
      fc.assert(
        fc.property(demandOf(160), (demand) => {
          expect(shown(find(demand))).to.equal(exactRing(demand, model));
        }),
        { numRuns: 60 },
      );
    });

    it(`never asks for less if it must bear more, ${model}`, () => {
      fc.assert(
        fc.property(
          demandOf(200_000),
          fc.constantFrom('security', 'correctness', 'corrupt', 'dropped'),
          fc.integer({ min: 1, max: 20 }),
          (demand, name, more) => {
            const harder = { ...demand, [name]: demand[name as 'security'] + more };
            if (name === 'dropped') harder.least = Math.max(1, harder.least - more);
            const [before, after] = [find(demand), find(harder)];
            if (after === null) return;
            expect(before).not.to.equal(null);
            expect(after.neighbors).to.be.at.least(before!.neighbors);
            expect(after.leastShareThreshold).to.be.at.least(before!.leastShareThreshold);
          },
        ),
        { numRuns: 200 },
      );
    });
  }

  it('takes the stated bound on being disconnected', () => {
    const exact = log2(upperTail(300, 60, 20, 20)) + Math.log2((300 * 279) / 2);
    const ours = lnDisconnected({ users: 300, gone: 60 }, 20) / Math.LN2;
    expect(ours).to.be.closeTo(exact, 1e-10);
  });

  it('bounds from above how often a small sparse graph is disconnected, counted over all sets of users that may be gone', () => {
    for (const [users, k, gone] of [
      [9, 2, 3],
      [10, 4, 5],
      [12, 4, 6],
      [14, 6, 8],
    ] as const) {
      let apart = 0;
      let sets = 0;
      for (let mask = 0; mask < 2 ** users; mask++) {
        const left = Array.from({ length: users }, (_, i) => i).filter((i) => ((mask >> i) & 1) === 0);
        if (users - left.length !== gone) continue;
        sets++;
        const reached = new Set(left.slice(0, 1));
        for (const i of reached) {
          for (const j of left) if (Math.min((i - j + users) % users, (j - i + users) % users) <= k / 2) reached.add(j);
        }
        if (reached.size < left.length) apart++;
      }
      expect(apart).to.be.greaterThan(0);
      expect(Math.log(apart / sets)).to.be.at.most(lnDisconnected({ users, gone }, k) + 1e-12);
    }
  });
});
