// The entry point `secagg/encoding`: turns floats, weights, counts and histograms into the integer vectors of the protocol, and
// their sum into means, sums and histograms. Pure functions, which know nothing of the rounds.
export { combine } from './combine.ts';
export { EncodingError, type Encoded, type Encoding, type EncodingOptions, type Place } from './encoding.ts';
export { fixedPoint, type FixedPointPlan, type Sum } from './fixed-point.ts';
export type { FloatPlan, FloatType, MeanPlan } from './floats.ts';
export { histogram, type Histogram, type HistogramData, type HistogramPlan } from './histogram.ts';
export { mean, type Mean } from './mean.ts';
export type { ErrorBound, ErrorTerms, LayoutEntry, SumTerms, Weights } from './statistic.ts';
export type { Rounding } from './rounding.ts';
export { sum, type SumPlan } from './sum.ts';
export type { Shape, Shapes, Tensor, Tensors } from './tensors.ts';
export { weightedMean, type WeightedMean, type WeightedMeanPlan } from './weighted-mean.ts';
