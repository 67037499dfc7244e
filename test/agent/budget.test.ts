// The privacy budget of a participant, which may change while its ledger goes on.
import type { AgentContext } from '../../src/agent/context.ts';
import type { PrivacyBudget } from '../../src/agent/floors.ts';
import { requireBudget } from '../../src/agent/limits.ts';
import { epsilonAtOrder } from '../../src/dp/accounting/conversion.ts';
import { Ledger } from '../../src/dp/ledger/ledger.ts';
import { genKeypair } from '../../src/index.ts';
import { refused } from '../support/errors.ts';
import { authorities, floorsFor, taskOf } from '../support/service.ts';

describe('what a participant may spend of privacy', () => {
  const parties = authorities();
  const task = taskOf(parties, {
    aggregate: { kind: 'privateSum', length: 1, l2Clip: 1, threshold: 4, colluders: 1, noiseMultiplier: 30 },
  });
  const cost = task.shape.cost!;
  const large = { epsilon: 20, delta: 1e-6, adjacency: cost.adjacency };
  const contextOf = (budget: PrivacyBudget | null, ledger: Ledger | null): AgentContext =>
    ({
      ...{ task, floors: { ...floorsFor(parties, genKeypair()[0]), privacy: budget } },
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
});
