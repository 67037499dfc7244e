// The form of each kind of aggregate in JSON: which fields it has, and of which types. The types make sure that these are all options of
// the plan and no others.
import type { FloatPlan, MeanPlan } from '../encoding/floats.ts';
import type { Dimensions, Shape, Shapes } from '../encoding/tensors.ts';
import type { L2Clip } from '../dp/clipping.ts';
import type { PrivacyTarget } from '../dp/mechanism.ts';
import type { PrivacyPlan } from '../dp/privacy-terms.ts';
import type { VectorPlan } from '../dp/vector-plan.ts';
import { require } from '../session/codec.ts';
import { ADVERSARIES, resolveParameters, type SparseGraph } from '../session/parameters.ts';
import {
  fields,
  flag,
  integer,
  list,
  members,
  number,
  object,
  oneOf,
  text,
  type Optional,
  type Reader,
} from './aggregate-fields.ts';
import type {
  Aggregate,
  CombinedAggregate,
  IntegersAggregate,
  OptionsOf,
  ScalarPlans,
  SumBounds,
  ValuePlans,
} from './aggregate-kinds.ts';

/** Most combinations inside of each other, and most names before a shape. */
const MOST_LEVELS = 16;

const shape: Reader<Shape> = list(integer);

const shapes = (level: number): Reader<Shapes> =>
  members((json, path) => {
    if (Array.isArray(json)) return shape(json, path);
    require(level < MOST_LEVELS, path, `at most ${MOST_LEVELS} levels`);
    return shapes(level + 1)(json, path);
  });

/** Reads the form of values and the other fields, in this order. */
function withDimensions<T>(rest: Reader<T>): Reader<Dimensions & T> {
  return (json, path) => {
    const { length, shapes: named, ...others } = object(json, path);
    const isFlat = Object.hasOwn(json as object, 'length');
    require(isFlat !== Object.hasOwn(json as object, 'shapes'), path, 'either length or shapes');
    const dimensions: Dimensions = isFlat
      ? { length: integer(length, `${path}.length`) }
      : { shapes: shapes(1)(named, `${path}.shapes`) };
    return { ...dimensions, ...rest(others, path) };
  };
}

const floatOptions: Optional<OptionsOf<FloatPlan>> = {
  clippingRange: number,
  type: oneOf('float32', 'float64'),
  rounding: oneOf('stochastic', 'correlated', 'nearest'),
};
const meanOptions: Optional<OptionsOf<MeanPlan>> = { ...floatOptions, quantizationRange: integer };

const graph: Reader<SparseGraph> = fields<SparseGraph>({ neighbors: integer, shareThreshold: integer }, {});
const target: Reader<PrivacyTarget> = fields<PrivacyTarget>({ epsilon: number, delta: number }, { releases: integer });

const privacyRequired = { threshold: integer };
const privacyOptions: Optional<OptionsOf<PrivacyPlan>> = {
  colluders: integer,
  adversary: oneOf(...ADVERSARIES),
  graph,
  security: integer,
  target,
  noiseMultiplier: number,
  mechanism: oneOf('discrete-gaussian', 'skellam'),
  adjacency: oneOf('zero-out', 'replace-one'),
  sampler: oneOf('constant-time', 'exact'),
  noiseFrom: oneOf('users', 'server'),
  bits: integer,
  wrapProbability: number,
};

const clips = members(number);
const l2Clip: Reader<L2Clip> = (json, path) => (typeof json === 'number' ? number(json, path) : clips(json, path));
const vectorRequired = { ...privacyRequired, l2Clip };
const vectorOptions: Optional<OptionsOf<VectorPlan>> = {
  ...privacyOptions,
  type: oneOf('float32', 'float64'),
  flatten: oneOf('hadamard', 'none'),
  measureClipping: flag,
};

const digits: Reader<string> = (json, path) => {
  const value = text(json, path);
  require(/^(0|-?[1-9]\d{0,18})$/.test(value), path, 'a number, or an integer in decimal digits');
  return value;
};

const bounds: Reader<SumBounds> = (json, path) => {
  const isText = typeof object(json, path).max === 'string';
  const bound: Reader<never> = (isText ? digits : integer) as Reader<never>;
  return fields<SumBounds>({ min: bound, max: bound }, {})(json, path);
};

const VALUES: { readonly [Kind in keyof ValuePlans]: Reader<OptionsOf<ValuePlans[Kind]>> } = {
  fixedPoint: fields<OptionsOf<ValuePlans['fixedPoint']>>({}, { ...floatOptions, fractionBits: integer }),
  mean: fields<OptionsOf<MeanPlan>>({}, meanOptions),
  weightedMean: fields<OptionsOf<ValuePlans['weightedMean']>>({}, { ...meanOptions, maxWeight: number }),
  privateSum: fields<OptionsOf<VectorPlan>>(vectorRequired, vectorOptions),
  privateMean: fields<OptionsOf<VectorPlan>>(vectorRequired, vectorOptions),
  privateWeightedMean: fields<OptionsOf<ValuePlans['privateWeightedMean']>>(vectorRequired, {
    ...vectorOptions,
    maxWeight: number,
  }),
};

const SCALARS: { readonly [Kind in keyof ScalarPlans]: Reader<OptionsOf<ScalarPlans[Kind]>> } = {
  histogram: fields<OptionsOf<ScalarPlans['histogram']>>({ bins: integer }, { maxCount: integer }),
  privateHistogram: fields<OptionsOf<ScalarPlans['privateHistogram']>>(
    { ...privacyRequired, bins: integer },
    { ...privacyOptions, maxCount: integer, maxBins: integer, maxEvents: integer },
  ),
  privateQuantiles: fields<OptionsOf<ScalarPlans['privateQuantiles']>>(
    { ...privacyRequired, edges: list(number), probabilities: list(number) },
    privacyOptions,
  ),
  privateMoments: fields<OptionsOf<ScalarPlans['privateMoments']>>(
    { ...privacyRequired, lower: number, upper: number },
    privacyOptions,
  ),
};

const integers: Reader<Omit<IntegersAggregate, 'kind'>> = (json, path) => {
  const read = fields<Omit<IntegersAggregate, 'kind'>>({ vecLen: integer, bits: integer }, { modularInputs: flag })(json, path);
  try {
    resolveParameters(2, read.vecLen, { bits: read.bits });
  } catch (error) {
    require(false, path, error instanceof RangeError ? `vectors of a session: ${error.message}` : 'vectors of a session');
  }
  return read;
};

function combined(level: number): Reader<Omit<CombinedAggregate, 'kind'>> {
  const parts = members((json, path) => {
    require(level < MOST_LEVELS, path, `at most ${MOST_LEVELS} levels`);
    const part = aggregateAt(level + 1)(json, path);
    require(part.kind !== 'integers', path, 'a plan of secagg/encoding or secagg/dp');
    return part;
  });
  return fields<Omit<CombinedAggregate, 'kind'>>({ parts }, { public: list(text) });
}

function aggregateAt(level: number): Reader<Aggregate> {
  const readers: Readonly<Record<string, Reader<object>>> = {
    integers,
    sum: withDimensions(bounds),
    ...Object.fromEntries(Object.entries(VALUES).map(([kind, read]) => [kind, withDimensions(read as Reader<object>)])),
    ...SCALARS,
    combine: combined(level),
  };
  return (json, path) => {
    const { kind, ...options } = object(json, path);
    const known = oneOf(...Object.keys(readers))(kind, `${path}.kind`);
    // Each reader gives the options of its kind, which TypeScript cannot follow through the index.
    return { kind: known, ...readers[known]?.(options, path) } as unknown as Aggregate;
  };
}

const aggregate = aggregateAt(1);

/**
 * An aggregate of JSON that may come from anybody; a copy, with its fields in one order.
 *
 * @param json a parsed value, not the text.
 * @throws StateError ERR_SECAGG_STATE that names the field: one is missing, unknown or of the wrong type, or the kind is unknown.
 */
export function parseAggregate(json: unknown): Aggregate {
  return aggregate(json, 'aggregate');
}
