// Which sessions on a sparse graph are refused by one of the conditions alone, so that none of them can be left out.
import { expect } from 'chai';
import {
  corruptNeighborsBorne,
  lnDisconnected,
  lnLimit,
  sparseColludersBorne,
  sparseGraphBears,
  type SparseSession,
} from '../../src/graph/sparse-bounds.ts';
import { choose, upperTail, within } from '../planner/exact.ts';

const session = (given: Partial<SparseSession>): SparseSession => ({
  graph: { neighbors: 60, shareThreshold: 48 },
  adversary: 'semi-honest',
  threshold: 600,
  maxUsers: 1000,
  colluders: 0,
  security: 40,
  ...given,
});

describe('a sparse graph', () => {
  it('with so few neighbors that honest survivors could fall apart is refused, although nobody is corrupt', () => {
    const graph = { neighbors: 20, shareThreshold: 11 };
    expect(sparseGraphBears(session({ graph, threshold: 400 }))).to.equal(false);
    // If none of the users may drop out, none of them can be cut off.
    expect(sparseGraphBears(session({ graph, threshold: 1000 }))).to.equal(true);
  });

  it('is refused if survivors could fall apart once users that work with the server are gone too', () => {
    expect(sparseGraphBears(session({ colluders: 0 }))).to.equal(true);
    expect(sparseGraphBears(session({ colluders: 150 }))).to.equal(false);
    // Against more dropouts without any colluder it is the same condition.
    expect(sparseGraphBears(session({ threshold: 450 }))).to.equal(false);
  });

  it('on which a user could be surrounded by corrupt neighbors is refused', () => {
    const graph = { neighbors: 60, shareThreshold: 20 };
    expect(sparseGraphBears(session({ graph, threshold: 1000, colluders: 10 }))).to.equal(true);
    expect(sparseGraphBears(session({ graph, threshold: 1000, colluders: 150 }))).to.equal(false);
  });

  it('is refused against a malicious server, whatever its numbers', () => {
    expect(sparseGraphBears(session({ adversary: 'malicious' }))).to.equal(false);
  });

  it('is refused exactly if a user could be surrounded, or survivors could fall apart, too often', () => {
    let accepted = 0;
    for (const adversary of ['semi-malicious', 'semi-honest'] as const) {
      for (const [neighbors, shareThreshold, threshold, security] of sizes()) {
        const graph = { neighbors, shareThreshold };
        for (let colluders = 0; colluders <= threshold; colluders++) {
          const given = { graph, adversary, threshold, maxUsers: 16, colluders, security };
          const bears = sparseGraphBears(given);
          expect(bears, JSON.stringify(given)).to.equal(bearsExactly(given));
          accepted += Number(bears);
        }
        const borne = sparseColludersBorne({ graph, adversary, threshold, maxUsers: 16, security });
        const bears = (colluders: number): boolean =>
          colluders >= 0 && bearsExactly({ graph, adversary, threshold, maxUsers: 16, colluders, security });
        expect([bears(borne), bears(borne + 1)]).to.deep.equal([borne >= 0, false]);
      }
    }
    expect(accepted).to.be.greaterThan(500);
  });

  it('bears as many corrupt neighbors as leave two views apart, or hold too few shares', () => {
    expect(corruptNeighborsBorne({ neighbors: 60, shareThreshold: 48 }, 'semi-honest')).to.equal(47);
    // 3 · 48 ≥ 2 · 60 + 2 · 11 + 2
    expect(corruptNeighborsBorne({ neighbors: 60, shareThreshold: 48 }, 'semi-malicious')).to.equal(11);
    expect(corruptNeighborsBorne({ neighbors: 4, shareThreshold: 3 }, 'semi-malicious')).to.equal(-1);
  });

  it('takes each probability as a little larger than the limit, so that rounding decides for the safe side', () => {
    expect(lnLimit(0, 1)).to.equal(-1e-9);
    expect(lnLimit(40, 1000)).to.be.closeTo(-40 * Math.log(2) - Math.log(1000), 2e-9);
  });

  it('is disconnected if two runs of half the neighbors are gone with users between them', () => {
    const probability = (users: number, gone: number, k: number): number => Math.exp(lnDisconnected({ users, gone }, k));
    expect(probability(10, 5, 4)).to.be.closeTo((25 * 5) / 210, 1e-12);
    expect(probability(10, 4, 4)).to.be.closeTo((25 * 1) / 210, 1e-12);
    expect(probability(6, 4, 4)).to.be.closeTo((3 * 1) / 15, 1e-12); // one user on one side
    expect(probability(10, 20, 4)).to.be.closeTo(25, 1e-12); // all are gone; a bound, not a probability
    expect(probability(10, 3, 4)).to.equal(0); // too few are gone
    expect(probability(5, 5, 4)).to.equal(0); // nobody is between
    expect(probability(4, 4, 4)).to.equal(0);
  });
});

/** Neighbors, share threshold, threshold and security of small sessions of 16 users. */
function* sizes(): Generator<readonly [number, number, number, number]> {
  for (const neighbors of [4, 6]) {
    for (let shareThreshold = 2; shareThreshold <= neighbors; shareThreshold++) {
      for (let threshold = neighbors + 1; threshold <= 16; threshold++) {
        for (const security of [1, 3, 6]) yield [neighbors, shareThreshold, threshold, security];
      }
    }
  }
}

/** The same decision in integers. docs/planner.md has the formulas. */
function bearsExactly({ graph, adversary, threshold, maxUsers, colluders, security }: SparseSession): boolean {
  const { neighbors: k, shareThreshold: s } = graph;
  if (colluders >= threshold) return false;
  const corrupt = (most: number): ReturnType<typeof upperTail> => upperTail(threshold - 1, colluders, k, most + 1);
  if (adversary === 'semi-malicious') {
    const most = Math.floor((3 * s - 2 * k - 2) / 2);
    return most >= 0 && within(corrupt(most), maxUsers, security);
  }
  const pairs = (maxUsers * (maxUsers - k - 1)) / 2;
  const gone = Math.min(maxUsers, colluders + maxUsers - threshold);
  const apart = { numerator: choose(gone, k), denominator: choose(maxUsers, k) };
  return within(corrupt(s - 1), maxUsers, security + 1) && within(apart, pairs, security + 1);
}
