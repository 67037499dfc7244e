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

  it('the chain of a ledger, and what is charged', () => {
    interface Case {
      readonly state: object;
      readonly heads: readonly string[];
      readonly charged: number;
      readonly budget: number;
    }
    for (const { state, heads, charged, budget } of read<Case>('ledgers')) {
      const ledger = Ledger.fromState(JSON.stringify(state));
      expect(ledger.progress().head).to.equal(heads.at(-1));
      for (const head of heads) expect(ledger.includes(head)).to.equal(true);
      expect(ledger.spent().divergence).to.deep.equal({ charged, budget });
    }
  });
});
