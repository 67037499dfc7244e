// Receipts that come from elsewhere: computed again, and checked, before anything is concluded from them.
import { checkInteger, checkNumber, checkPositive, checkObject, checkOneOf, kindOf } from '../leaves/checks.ts';
import { MAX_USERS } from '../session/parameters.ts';
import { samplerErrorOf, standardDeviationOf } from './noise/noise.ts';
import { PrivacyError } from './privacy-error.ts';
import {
  assess,
  fewestNoises,
  leastNoises,
  receiptOf,
  sessionsOf,
  type AnyPrivateEncoding,
  type Facts,
  type Receipt,
} from './receipt.ts';
import { sessionEpsilon, type ReceiptPart } from './session-cost.ts';

/** The last digits of logarithms and powers depend on the engine that made the receipt. */
const ENGINES = 1e-9;

/**
 * ε of a release at another δ than the receipt's own.
 *
 * @throws RangeError unless δ is above 0 and below 1; PrivacyError ERR_SECAGG_PRIVACY_RECEIPT if what ε is computed from is not well formed.
 * @example
 * ```js
 * import { epsilonAt, privateMean, receiptOf } from 'secagg/dp';
 *
 * const terms = { maxUsers: 100, threshold: 67, colluders: 5, target: { epsilon: 1, delta: 1e-6 } };
 * const plan = privateMean({ ...terms, length: 10, l2Clip: 1, session: 'week 7' });
 * const receipt = receiptOf(plan, { included: [90] });
 * console.log(epsilonAt(receipt, 1e-9) > receipt.epsilon); // prints: true
 * ```
 */
export function epsilonAt(receipt: Receipt, delta: number): number {
  checkObject(receipt, 'receipt');
  checkPositive(delta, 'delta', 1);
  return refusing(() => {
    const facts = factsOf(receipt);
    return sessionEpsilon(facts, { noises: leastNoises(facts), fewest: fewestNoises(facts) }, delta).epsilon;
  });
}

/**
 * Computes a receipt again. The order of its names does not matter, as stores of JSON may change it, nor do the last digits of its numbers, which
 * depend on the engine.
 *
 * @param plan if it is given, the receipt must be one of this plan. Without it only the receipt's own numbers must agree.
 * @throws PrivacyError ERR_SECAGG_PRIVACY_RECEIPT if anything in the receipt differs.
 * @example
 * ```js
 * import { privateMean, receiptOf, verifyReceipt } from 'secagg/dp';
 *
 * const terms = { maxUsers: 100, threshold: 67, colluders: 5, target: { epsilon: 1, delta: 1e-6 } };
 * const plan = privateMean({ ...terms, length: 10, l2Clip: 1, session: 'week 7' });
 * const kept = JSON.stringify(receiptOf(plan, { included: [90] }));
 * verifyReceipt(JSON.parse(kept), plan);
 * try {
 *   verifyReceipt({ ...JSON.parse(kept), epsilon: 0.1 });
 * } catch (error) {
 *   console.log(error.code); // prints: ERR_SECAGG_PRIVACY_RECEIPT
 * }
 * ```
 */
export function verifyReceipt(receipt: Receipt, plan?: AnyPrivateEncoding): void {
  checkObject(receipt, 'receipt');
  const computed = refusing(() => {
    const facts = factsOf(receipt);
    if (plan === undefined) return assess(facts);
    return receiptOf(plan, { included: facts.sessions.map(({ users }) => users), delta: facts.delta });
  });
  const differing = Object.keys({ ...receipt, ...computed }).filter((name) => {
    const field = name as keyof Receipt;
    return !isSame(receipt[field], computed[field]);
  });
  if (differing.length === 0) return;
  throw new PrivacyError('ERR_SECAGG_PRIVACY_RECEIPT', `receipt: computed again it has other values of ${differing.join(', ')}`);
}

function refusing<T>(compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new PrivacyError('ERR_SECAGG_PRIVACY_RECEIPT', `receipt: ${error.message}`);
  }
}

/**
 * What ε is computed from, checked. Terms that no plan has would give any ε: colluders below zero more noises than users, no parts no cost.
 *
 * @throws TypeError, RangeError.
 */
function factsOf(receipt: Receipt): Facts {
  const { version, session, publicParts } = receipt;
  if ((version as number) !== 1) throw new RangeError('version: expected 1');
  const adjacency = checkOneOf(receipt.adjacency, 'adjacency', ['zero-out', 'replace-one']);
  const noiseFrom = checkOneOf(receipt.noiseFrom, 'noiseFrom', ['users', 'server']);
  const threshold = checkInteger(receipt.threshold, 'threshold', 2, MAX_USERS);
  const colluders = checkInteger(receipt.colluders, 'colluders', 0, threshold - 1);
  const chance = checkNumber(receipt.chance, 'chance', 0, 1);
  const delta = checkPositive(receipt.delta, 'delta', 1);
  // What is said of sums below the threshold does not hold for them.
  checkList(receipt.sessions, 'sessions');
  const included = receipt.sessions.map(({ users }, i) => checkInteger(users, `sessions[${i}].users`, threshold, MAX_USERS));
  const sessions = sessionsOf(included, { noiseFrom, colluders });
  checkList(receipt.parts, 'parts');
  const parts = receipt.parts.map(checkedPart);
  return { version, session, adjacency, noiseFrom, threshold, colluders, sessions, parts, publicParts, chance, delta };
}

/** A part whose noise is what its law and its sampler are. */
function checkedPart(part: ReceiptPart): ReceiptPart {
  const { mechanism, variance, sampler } = part;
  const law = { mechanism, variance };
  return { ...part, standardDeviation: standardDeviationOf(law), samplerError: samplerErrorOf(law, sampler) };
}

function checkList(list: unknown, name: string): void {
  if (!Array.isArray(list)) throw new TypeError(`${name}: expected a list, got ${kindOf(list)}`);
  if (list.length === 0) throw new RangeError(`${name}: expected at least one`);
  list.forEach((each, i) => checkObject(each, `${name}[${i}]`));
}

/** Whether two values of JSON are the same, except for the order of names and the last digits of numbers. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a === b || Math.abs(a - b) <= ENGINES * Math.abs(b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a, b] as [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => isSame(left[name], right[name]));
}
