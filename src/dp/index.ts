/**
 * Differential privacy for each user: sums, means, histograms, quantiles and moments with noise in integers that the users add themselves, receipts
 * that say what a sum has cost, and a ledger of what they cost together.
 *
 * @packageDocumentation
 * @module secagg/dp
 */
export type { Adjacency, Mechanism, PrivacyTarget, Sampler, SamplerError } from './mechanism.ts';
export type { PrivacyPlan } from './privacy-terms.ts';
export { PrivacyError } from './privacy-error.ts';
export type { L2Clip } from './clipping.ts';
export type { ClippingResult, MeasuredClipping, MeasuredPlan, VectorPlan } from './vector-plan.ts';
export { nextClip, type ClipUpdate } from './next-clip.ts';
export type { PrivateErrorBound, ResultNoise } from './private-part.ts';
export { privateSum, type PrivateSum } from './private-sum.ts';
export {
  privateMean,
  privateWeightedMean,
  type PrivateMean,
  type PrivateWeightedMean,
  type WeightedVectorPlan,
} from './private-mean.ts';
export { privateHistogram, type PrivateHistogram, type PrivateHistogramPlan } from './private-histogram.ts';
export { suppressSmallGroups, type SuppressedHistogram, type Suppression } from './suppression.ts';
export { privateQuantiles, type PrivateQuantiles, type PrivateQuantilesPlan } from './private-quantiles.ts';
export type { PrivateQuantile } from './quantiles.ts';
export { privateMoments, type PrivateMoments, type PrivateMomentsPlan } from './private-moments.ts';
export {
  costOf,
  receiptOf,
  worstCostOf,
  type AnyPrivateEncoding,
  type Receipt,
  type ReceiptSession,
  type ReceiptTerms,
} from './receipt.ts';
export { epsilonAt, verifyReceipt } from './receipt-check.ts';
export { budgetOf } from './plan-budget.ts';
export type { ReceiptPart } from './session-cost.ts';
export type { ComponentBounds } from './accounting/loss-distribution.ts';
export { composed, type Curve } from './accounting/curve.ts';
export { epsilonOf, type EpsilonAtOrder } from './accounting/conversion.ts';
export { Ledger, type Charged, type EpsilonDelta, type LedgerEntry, type LedgerProgress, type Spent } from './ledger/ledger.ts';
export type { LedgerOptions, LedgerTerms, Subject } from './ledger/terms.ts';
export type { ReleaseCost, Reservation, SettledCost } from './ledger/costs.ts';
export type { EntryStatus } from './ledger/entries.ts';
export type { Survivors } from './ledger/events.ts';
