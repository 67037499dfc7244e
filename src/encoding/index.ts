/**
 * Turns floats, weights, counts and histograms into the integer vectors of the protocol, and their sum into the answer.
 * Pure functions, which know nothing of the rounds.
 *
 * @packageDocumentation
 * @module secagg/encoding
 */
export type { RandomSource } from '../crypto/random.ts';
export {
  combine,
  type AnyEncoding,
  type CombineOptions,
  type CombinedBound,
  type CombinedData,
  type CombinedResult,
} from './combine.ts';
export type { Encoded, Encoding, EncodingOptions, Place } from './encoding.ts';
export { EncodingError, type EncodingErrorDetails, type Limits } from './encoding-error.ts';
export { fixedPoint, type FixedPointPlan, type Sum } from './fixed-point.ts';
export type { FloatArrayOf, FloatPlan, FloatType, MeanPlan } from './floats.ts';
export { histogram, type Histogram, type HistogramData, type HistogramPlan } from './histogram.ts';
export { mean, type Mean } from './mean.ts';
export type { ErrorBound, ErrorTerms, LayoutEntry, NoiseSession, SumTerms, Weights } from './statistic.ts';
export type { Rounding, RoundingOptions } from './rounding.ts';
export { sum, type InputOf, type OutputOf, type SumPlan } from './sum.ts';
export type { Dimensions, Shape, Shapes, Tensor, Tensors, ValuesOf } from './tensors.ts';
export { weightedMean, type WeightedMean, type WeightedMeanPlan } from './weighted-mean.ts';
