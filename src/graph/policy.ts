// Which sessions a party's policy accepts: the conditions on threshold and U1 that follow from its adversary and from the graph.
// [BIK+17] theorems 6.3 to 6.5 for the complete graph; sparse-bounds.ts for the sparse graph.
import { UsageError } from '../leaves/errors.ts';
import type { Parameters, Policy, SparseGraph } from '../session/parameters.ts';
import { sparseGraphBears, sparseColludersBorne } from './sparse-bounds.ts';

/**
 * Most users of U1 for which the threshold is at or above the policy's floor; 0 if there is no such number.
 *
 * On the complete graph: against a server that lies, two different views would each need t answers, and n honest and corrupt
 * users give at most n + c of them, so that 2t > n + c rules two views out ([BIK+17] theorem 6.5 and its proof). Against one that
 * follows the protocol, c colluders must not hold t shares: t > c (theorem 6.3). On a sparse graph `checkReachable` has made sure
 * that the bounds hold for every number of users up to `maxUsers`.
 */
export function largestDirectory({ threshold, graph }: Parameters, policy: Policy): number {
  const { adversary, colluders, maxUsers } = policy;
  if (graph !== 'complete') return maxUsers;
  const allowed = adversary === 'semi-honest' ? (threshold > colluders ? maxUsers : 0) : 2 * threshold - colluders - 1;
  return Math.max(0, Math.min(allowed, maxUsers));
}

/**
 * Refuses parameters with which no session of this party is safe, or none can be.
 *
 * @throws RangeError that names the argument; UsageError ERR_SECAGG_UNSAFE if the graph does not bear the adversary.
 */
export function checkReachable(parameters: Parameters, policy: Policy): void {
  const { threshold, graph } = parameters;
  if (threshold > policy.maxUsers) {
    throw new RangeError(
      `threshold: expected at most maxUsers, ${policy.maxUsers}, got ${threshold}; maxUsers is by default the number of registered keys`,
    );
  }
  if (graph !== 'complete') checkSparse({ threshold, graph }, policy);
  if (largestDirectory(parameters, policy) < threshold) {
    throw new RangeError(`threshold: expected more than the ${policy.colluders} colluders, got ${threshold}`);
  }
  checkMinHonest(threshold, policy);
}

/** No sum over fewer than `threshold` users is ever unmasked, and all but the colluders among these are honest. */
function checkMinHonest(threshold: number, { colluders, minHonest }: Policy): void {
  const honest = threshold - colluders;
  if (honest >= minHonest) return;
  throw new UsageError(
    'ERR_SECAGG_UNSAFE',
    `options.minHonest: a sum over ${threshold} users, ${colluders} of whom may be colluders, holds at least ${honest} honest users; ` +
      `expected at least ${minHonest}`,
  );
}

function checkSparse({ threshold, graph }: { readonly threshold: number; readonly graph: SparseGraph }, policy: Policy): void {
  if (policy.adversary === 'malicious') {
    throw new UsageError(
      'ERR_SECAGG_UNSAFE',
      'options.graph: a malicious server draws the sparse graph so that users that work with it are all neighbors of another user; ' +
        "use the complete graph, cohorts, or an adversary 'semi-malicious' or 'semi-honest'",
    );
  }
  if (sparseGraphBears({ threshold, graph, ...policy })) return;
  const { neighbors, shareThreshold } = graph;
  throw new UsageError(
    'ERR_SECAGG_UNSAFE',
    `options.graph: ${neighbors} neighbors and a shareThreshold of ${shareThreshold} do not protect ` +
      `${threshold} to ${policy.maxUsers} users with ${policy.colluders} colluders from a ` +
      `${policy.adversary} server, except with a probability of 2^-${policy.security}; plan() of secagg/planner finds numbers that do`,
  );
}

/**
 * How many users may work with the server, or lie, without ending the guarantees. On the complete graph the largest c with 2t > n + c against a
 * server that lies, with t > c against one that follows the protocol; on a sparse graph as many as its bounds allow.
 */
export function colludersBorne({ threshold, graph }: Parameters, policy: Policy, users: number): number {
  if (graph !== 'complete') return sparseColludersBorne({ threshold, graph, ...policy });
  return policy.adversary === 'semi-honest' ? threshold - 1 : 2 * threshold - users - 1;
}
