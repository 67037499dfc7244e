// Privacy accounting gives what an independent implementation (test/reference/dp, decimal arithmetic from the papers) gives.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { leastVariance } from '../../src/dp/accounting/calibration.ts';
import { convolutionTau } from '../../src/dp/accounting/convolution.ts';
import { epsilonOf } from '../../src/dp/accounting/conversion.ts';
import { uncheckedCurve } from '../../src/dp/accounting/curve.ts';
import { uncheckedDivergence } from '../../src/dp/accounting/divergence.ts';
import { uncheckedEpsilon } from '../../src/dp/accounting/loss-distribution.ts';
import { Ledger } from '../../src/dp/ledger/ledger.ts';
import type { NoisedSum } from '../../src/dp/mechanism.ts';
import { exactDivergence } from '../dp/accounting/exact-divergence.ts';

const read = <T>(name: string): T[] => {
  return JSON.parse(readFileSync(new URL(`dp/${name}.json`, import.meta.url), 'utf8')) as T[];
};

const close = (value: number, expected: string, relative = 1e-12): void => {
  expect(Math.abs(value - Number(expected))).to.be.at.most(relative * Number(expected));
};

describe('privacy accounting beside the independent reference', () => {
  it('the reference gives the committed vectors', function () {
    this.timeout(120_000);
    if (spawnSync('python3', ['--version']).status !== 0) {
      this.test!.title += ' (skipped: no python3 here)';
      this.skip();
    }
    const script = fileURLToPath(new URL('../reference/dp/vectors.py', import.meta.url));
    execFileSync('python3', ['-B', script, '--check'], { stdio: ['ignore', 'ignore', 'inherit'] });
  });

  it('τ', () => {
    for (const { variance, noises, tau } of read<{ variance: number; noises: number; tau: string }>('tau')) {
      close(convolutionTau(variance, noises), tau);
    }
  });

  it('divergences at each order, and the ε that they give', () => {
    interface Case {
      readonly sum: NoisedSum;
      readonly orders: readonly number[];
      readonly values: readonly string[];
      readonly epsilons: Readonly<Record<string, string>>;
    }
    for (const { sum, orders, values, epsilons } of read<Case>('divergences')) {
      const divergence = uncheckedDivergence(sum);
      orders.forEach((order, i) => { close(divergence(order), values[i] ?? ''); });
      // The reference converts without the total variation.
      const curve = { ...uncheckedCurve(sum, orders), totalVariation: 0 };
      for (const [delta, epsilon] of Object.entries(epsilons)) close(epsilonOf(curve, Number(delta)).epsilon, epsilon, 1e-10);
    }
  });

  it('the least noise for a target', () => {
    interface Case {
      readonly sum: NoisedSum;
      readonly epsilon: number;
      readonly delta: number;
      readonly releases: number;
      readonly least: number;
    }
    for (const { sum, least, ...target } of read<Case>('calibrations')) {
      expect(leastVariance(sum, target).variance).to.equal(least);
    }
  });

  it('ε by loss distributions: exact for one component, above by little for several', () => {
    interface Case {
      readonly sum: NoisedSum;
      readonly shift: number;
      readonly components: number;
      readonly delta: number;
      readonly epsilon: string;
    }
    for (const { sum, shift, components, delta, epsilon } of read<Case>('loss-distributions')) {
      const found = uncheckedEpsilon(sum, { components, shift }, { releases: 1, delta });
      const slack = components === 1 ? 1e-6 : 3e-4;
      expect(found).to.be.within(Number(epsilon), Number(epsilon) * (1 + slack));
    }
  });

  it('exact divergences of scalars, which the bounds are above', () => {
    for (const { sum, shift, order, divergence } of read<{ sum: NoisedSum; shift: number; order: number; divergence: string }>('exact-divergences')) {
      close(exactDivergence(sum, [shift], order), divergence, 1e-9);
      expect(uncheckedDivergence(sum)(order)).to.be.at.least(Number(divergence) * (1 - 1e-12));
    }
  });

  it('Skellam noise of small and large variance: no exact divergence of one or two components is above the bound', () => {
    interface Grid {
      readonly orders: readonly number[];
      readonly sums: readonly { total: number; shift: readonly number[]; bounds: string; exact: string }[];
    }
    const { orders, sums } = JSON.parse(readFileSync(new URL('dp/skellam-divergences.json', import.meta.url), 'utf8')) as Grid;
    expect(sums.length * orders.length).to.equal(720);
    let nearest = 0;
    for (const { total, shift, bounds, exact } of sums) {
      const l1 = shift.reduce((sum, x) => sum + x, 0);
      const l2Squared = shift.reduce((sum, x) => sum + x * x, 0);
      const samplerError = { logRatio: 0, totalVariation: 0 };
      const noised = { mechanism: 'skellam', variance: total, noises: 1, dimensions: shift.length, l1, l2Squared, samplerError } as const;
      const [expected, values] = [bounds, exact].map((list) => list.split(' ').map(Number));
      orders.forEach((order, i) => {
        const bound = uncheckedDivergence(noised)(order);
        expect(bound).to.be.closeTo(expected![i]!, 1e-11 * bound);
        expect(values![i]).to.be.at.most(bound);
        nearest = Math.max(nearest, values![i]! / bound);
      });
    }
    expect(nearest).to.be.within(0.99, 1); // so near that a bound that is half a percent less would fail
  });

  it('the chain of a ledger, what is charged, and the order that is best for Gaussian noise', () => {
    interface Case {
      readonly state: object;
      readonly heads: readonly string[];
      readonly charged: number;
      readonly budget: number;
    }
    for (const { state, heads, charged, budget } of read<Case>('ledgers')) {
      const ledger = Ledger.fromState(JSON.stringify(state));
      const { epsilon, delta, adjacency, order } = ledger.terms;
      if (order !== 11.5) expect(new Ledger({ epsilon, delta, adjacency }).terms.order).to.equal(order);
      expect(ledger.progress().head).to.equal(heads.at(-1));
      for (const head of heads) expect(ledger.includes(head)).to.equal(true);
      const { divergence } = ledger.spent();
      expect(divergence.charged).to.be.closeTo(charged, 1e-12);
      expect(divergence.budget).to.be.closeTo(budget, 1e-12);
    }
  });
});
