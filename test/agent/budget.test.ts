// The privacy budget of a participant, which may change while its ledger goes on.
import { expect } from 'chai';
import type { AgentContext } from '../../src/agent/context.ts';
import type { PrivacyBudget } from '../../src/agent/floors.ts';
import { ledgerOf, requireBudget } from '../../src/agent/limits.ts';
import { epsilonAtOrder } from '../../src/dp/accounting/conversion.ts';
import { Ledger } from '../../src/dp/ledger/ledger.ts';
import type { PrivacyTarget } from '../../src/dp/mechanism.ts';
import { genKeypair } from '../../src/index.ts';
import type { Aggregate } from '../../src/service/aggregate.ts';
import type { Task } from '../../src/service/task.ts';
import { refused } from '../support/errors.ts';
import { authorities, floorsFor, taskOf } from '../support/service.ts';

describe('what a participant may spend of privacy', () => {
  const parties = authorities();
  const task = taskOf(parties, {
    aggregate: { kind: 'privateSum', length: 1, l2Clip: 1, threshold: 4, colluders: 1, noiseMultiplier: 30 },
  });
  const cost = task.shape.cost!;
  const large = { epsilon: 20, delta: 1e-6, adjacency: cost.adjacency };
  const contextOf = (budget: PrivacyBudget | null, ledger: Ledger | null, of: Task = task): AgentContext =>
    ({
      ...{ task: of, floors: { ...floorsFor(parties, genKeypair()[0]), privacy: budget } },
      memory: { state: { ledger: ledger === null ? null : new TextEncoder().encode(ledger.serializeState()) } },
    }) as unknown as AgentContext;
  const spent = new Ledger(large);
  spent.reserve({ id: 'a run', ...cost });

  it('is its floor also if that was lowered after it had spent more', () => {
    const { order, divergence } = spent.spent();
    const enoughFor = (releases: number): PrivacyBudget => {
      const epsilon = epsilonAtOrder(order, releases * divergence.charged, 0.9 * large.delta);
      return { ...large, epsilon };
    };
    requireBudget(contextOf(large, spent));
    requireBudget(contextOf(enoughFor(2.1), spent));
    refused('ERR_SECAGG_FLOOR', () => requireBudget(contextOf(enoughFor(1.9), spent)));
    refused('ERR_SECAGG_FLOOR', () => requireBudget(contextOf(enoughFor(0.5), spent)));
  });

  it('is not more because its floor was raised after the ledger had begun', () => {
    const small = new Ledger({ ...large, epsilon: 1 });
    for (let i = 0; !small.wouldExceed(cost); i++) small.reserve({ id: `run ${i}`, ...cost });
    requireBudget(contextOf(large, new Ledger(large)));
    refused('ERR_SECAGG_FLOOR', () => requireBudget(contextOf(large, small)));
  });

  it('is of one adjacency', () => {
    const other = new Ledger({ ...large, adjacency: cost.adjacency === 'zero-out' ? 'replace-one' : 'zero-out' });
    refused('ERR_SECAGG_FLOOR', () => requireBudget(contextOf(large, other)));
  });

  /** In how many runs of a task a participant with this budget takes part. */
  function participations(of: Task, budget: PrivacyBudget, most: number): number {
    let ledger: Ledger | null = null;
    for (let run = 0; run < most; run++) {
      try {
        requireBudget(contextOf(budget, ledger, of));
      } catch (error) {
        refused('ERR_SECAGG_FLOOR', () => {
          throw error;
        });
        return run;
      }
      const state: Uint8Array | null = ledger === null ? null : new TextEncoder().encode(ledger.serializeState());
      ledger = ledgerOf(budget, of.shape, state);
      ledger.reserve({ id: `run ${run}`, ...of.shape.cost! });
    }
    return most;
  }

  const group = { threshold: 4, colluders: 1 };
  const aggregates: Readonly<Record<string, (target: PrivacyTarget) => Aggregate>> = {
    'a sum': (target) => ({ kind: 'privateSum', length: 1000, l2Clip: 1, ...group, target }),
    'a sum with Skellam noise': (target) => ({
      kind: 'privateSum',
      length: 50,
      l2Clip: 1,
      mechanism: 'skellam',
      ...group,
      target,
    }),
    'a histogram': (target) => ({
      ...{ kind: 'privateHistogram', bins: 20, maxBins: 1, ...group, target },
    }),
  };
  // A histogram of one release has the noise that its loss distribution asks for: by its curve it would not fit.
  for (const [name, aggregate] of Object.entries(aggregates)) {
    for (const releases of [1, 2, 10]) {
      it(`is enough for all of ${releases} planned releases of ${name}, if it is the target itself, and for no more`, () => {
        const target = { epsilon: 8, delta: 1e-6, releases };
        const planned = taskOf(parties, { aggregate: aggregate(target) });
        const { adjacency } = planned.shape.cost!;
        expect(participations(planned, { epsilon: 8, delta: 1e-6, adjacency }, releases + 1)).to.equal(releases);
        expect(participations(planned, { epsilon: 7, delta: 1e-6, adjacency }, releases + 1)).to.be.below(releases);
      });
    }
  }

  it('is little less if its δ alone is halved: what samplers add to δ is far below both', () => {
    const target = { epsilon: 8, delta: 1e-6, releases: 10 };
    const planned = taskOf(parties, { aggregate: aggregates['a sum']!(target) });
    const cost = planned.shape.cost!;
    const budget = { epsilon: 8, delta: 1e-6, adjacency: cost.adjacency };
    const ledger = ledgerOf(budget, planned.shape, null);
    for (let run = 0; run < 7; run++) ledger.reserve({ id: `run ${run}`, ...cost });
    const lower = { ...budget, delta: budget.delta / 2 };
    requireBudget(contextOf(lower, ledger, planned));
    ledger.reserve({ id: 'run 7', ...cost });
    ledger.reserve({ id: 'run 8', ...cost });
    refused('ERR_SECAGG_FLOOR', () => requireBudget(contextOf(lower, ledger, planned)));
    requireBudget(contextOf(budget, ledger, planned));
  });
});
