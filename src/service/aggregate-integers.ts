// The plan of vectors that the application encodes itself: they are checked as a user object checks them, and the sum is the result.
import { kindOf } from '../leaves/checks.ts';
import { ringOf } from '../masking/ring.ts';
import { lanesOf, vectorOf, type InputVector } from '../masking/vector.ts';
import type { IntegersAggregate } from './aggregate-kinds.ts';
import type { AggregatePlan, PlanTerms } from './aggregate-plan.ts';

export function integersPlan(aggregate: IntegersAggregate, terms: Omit<PlanTerms, 'random'>): AggregatePlan {
  const { vecLen, bits, modularInputs = false } = aggregate;
  const ring = ringOf(bits);
  return {
    vecLen,
    options: { ...terms, bits, ...(modularInputs && { modularInputs }) },
    threshold: null,
    takesWeight: false,
    takesPlace: false,
    addsNoise: false,
    showsExactSums: true,
    cost: null,
    worstEpsilon: () => 0,
    forCohort: (name) => integersPlan(aggregate, { ...terms, session: name }),
    encode(data) {
      const components = vectorLike(data, vecLen);
      const lanes = lanesOf(ring, components, vecLen, modularInputs ? 'modular' : { users: terms.maxUsers });
      const vector = vectorOf(ring, lanes);
      lanes.fill(0);
      return { vector, clipped: 0 };
    },
    decode(sum) {
      if (sum.length !== vecLen) throw new RangeError(`sum: expected ${vecLen} components, got ${sum.length}`);
      return { result: sum.slice(), receipt: null };
    },
  };
}

function vectorLike(data: unknown, vecLen: number): InputVector {
  if (!Array.isArray(data) && !(ArrayBuffer.isView(data) && 'length' in data)) {
    throw new TypeError(`data: expected an array or a typed array, got ${kindOf(data)}`);
  }
  const { length } = data as ArrayLike<unknown>;
  if (length !== vecLen) throw new RangeError(`data: expected ${vecLen} components, got ${length}`);
  return data as unknown as InputVector;
}
