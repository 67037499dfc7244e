// One aggregate of each kind with all its options, the same plan made by hand, and data of two users for it.
import {
  combine,
  fixedPoint,
  histogram,
  mean,
  sum,
  weightedMean,
  type AnyEncoding,
  type RandomSource,
} from '../../src/encoding/index.ts';
import {
  privateHistogram,
  privateMean,
  privateMoments,
  privateQuantiles,
  privateSum,
  privateWeightedMean,
} from '../../src/dp/index.ts';
import type { EncodedAggregate } from '../../src/service/aggregate-kinds.ts';
import type { EncodeTerms } from '../../src/service/aggregate-plan.ts';

export const MAX_USERS = 6;
export const SESSION = 'week 7';

type Data = readonly [data: unknown, given?: EncodeTerms];

export interface Example {
  readonly aggregate: EncodedAggregate;
  /** The plan as a program makes it. */
  readonly direct: (random: RandomSource) => AnyEncoding;
  readonly data: readonly [Data, Data];
}

const maxUsers = MAX_USERS;
const session = SESSION;
const SHAPES = { kernel: [2, 1], deep: { bias: [1], none: [0] } } as const;
const tensors = (first: number): object => ({
  kernel: { shape: [2, 1], data: [first, -0.5] },
  deep: { bias: { shape: [1], data: [0.25] }, none: { shape: [0], data: [] } },
});
const place = (slot: number): EncodeTerms => ({ place: { slot, seed: SESSION } });

/** All options of privacy. A target and a multiplier exclude each other. */
const TERMS = {
  threshold: 4,
  colluders: 1,
  adversary: 'malicious',
  security: 50,
  mechanism: 'skellam',
  adjacency: 'replace-one',
  sampler: 'exact',
  noiseFrom: 'users',
  bits: 40,
  wrapProbability: 1e-6,
} as const;
const TARGET = { epsilon: 4, delta: 1e-5, releases: 2 } as const;

export const EXAMPLES: readonly Example[] = [
  {
    aggregate: { kind: 'sum', length: 2, min: -3, max: 10 },
    direct: () => sum({ maxUsers, session, length: 2, min: -3, max: 10 }),
    data: [[[1, 2]], [[-3, 11]]],
  },
  {
    aggregate: { kind: 'sum', shapes: SHAPES, min: '-9007199254740993', max: '9007199254740993' },
    direct: () => sum({ maxUsers, session, shapes: SHAPES, min: -9007199254740993n, max: 9007199254740993n }),
    data: [
      [
        {
          kernel: { shape: [2, 1], data: [9007199254740993n, 1n] },
          deep: { bias: { shape: [1], data: [-1n] }, none: { shape: [0], data: [] } },
        },
      ],
      [null],
    ],
  },
  {
    aggregate: { kind: 'fixedPoint', length: 2, clippingRange: 4, type: 'float64', rounding: 'nearest', fractionBits: 10 },
    direct: (random) =>
      fixedPoint({
        ...{ maxUsers, session, random, length: 2, clippingRange: 4, type: 'float64', rounding: 'nearest' },
        fractionBits: 10,
      } as const),
    data: [[[0.5, 1.25]], [[-9, 0.001]]],
  },
  {
    aggregate: {
      kind: 'mean',
      ...{ shapes: SHAPES, clippingRange: 2, type: 'float64', rounding: 'correlated', quantizationRange: 1024 },
    },
    direct: (random) =>
      mean({
        ...{ maxUsers, session, random, shapes: SHAPES, clippingRange: 2, type: 'float64', rounding: 'correlated' },
        quantizationRange: 1024,
      } as const),
    data: [
      [tensors(0.3), place(0)],
      [tensors(0.7), place(5)],
    ],
  },
  {
    aggregate: {
      kind: 'weightedMean',
      ...{ length: 1, clippingRange: 2, type: 'float32', rounding: 'stochastic', quantizationRange: 1024, maxWeight: 20 },
    },
    direct: (random) =>
      weightedMean({
        ...{ maxUsers, session, random, length: 1, clippingRange: 2, type: 'float32', rounding: 'stochastic' },
        ...{ quantizationRange: 1024, maxWeight: 20 },
      } as const),
    data: [
      [[0.3], { weight: 20 }],
      [[NaN], { weight: 0 }],
    ],
  },
  {
    aggregate: { kind: 'histogram', bins: 3, maxCount: 2 },
    direct: () => histogram({ maxUsers, session, bins: 3, maxCount: 2 }),
    data: [[{ indices: [0, 2, 2, 2] }], [null]],
  },
  {
    aggregate: {
      kind: 'privateSum',
      ...{ ...TERMS, target: TARGET, length: 4, l2Clip: 2, type: 'float64', flatten: 'none', measureClipping: true },
    },
    direct: (unsafeRandom) =>
      privateSum({
        ...{ ...TERMS, maxUsers, session, unsafeRandom, target: TARGET, length: 4 },
        ...{ l2Clip: 2, type: 'float64', flatten: 'none', measureClipping: true },
      } as const),
    data: [[[1, 0, 0, 1]], [null]],
  },
  {
    aggregate: {
      kind: 'privateMean',
      ...{ ...TERMS, noiseMultiplier: 0.5, shapes: SHAPES, l2Clip: { kernel: 1, deep: 2 }, type: 'float32' },
      ...{ flatten: 'hadamard', measureClipping: true },
    },
    direct: (unsafeRandom) =>
      privateMean({
        ...{ ...TERMS, maxUsers, session, unsafeRandom, noiseMultiplier: 0.5, shapes: SHAPES },
        ...{ l2Clip: { kernel: 1, deep: 2 }, type: 'float32', flatten: 'hadamard', measureClipping: true },
      } as const),
    data: [[tensors(0.3)], [tensors(8)]],
  },
  {
    aggregate: {
      kind: 'privateWeightedMean',
      ...{ ...TERMS, adversary: 'semi-honest', target: TARGET, length: 2, l2Clip: 1, type: 'float64', flatten: 'hadamard' },
      ...{ measureClipping: false, maxWeight: 10, graph: { neighbors: 2, shareThreshold: 2 } },
    },
    direct: (unsafeRandom) =>
      privateWeightedMean({
        ...{ ...TERMS, adversary: 'semi-honest', maxUsers, session, unsafeRandom, target: TARGET, length: 2, l2Clip: 1 },
        ...{ type: 'float64', flatten: 'hadamard', measureClipping: false, maxWeight: 10 },
        graph: { neighbors: 2, shareThreshold: 2 },
      } as const),
    data: [
      [[0.5, 0.5], { weight: 10 }],
      [[0.5, -0.5], { weight: 9 }],
    ],
  },
  {
    aggregate: {
      kind: 'privateHistogram',
      ...{ ...TERMS, noiseFrom: 'server', noiseMultiplier: 2, bins: 5, maxCount: 3, maxBins: 2, maxEvents: 4 },
    },
    direct: (unsafeRandom) =>
      privateHistogram({
        ...{ ...TERMS, noiseFrom: 'server', maxUsers, session, unsafeRandom, noiseMultiplier: 2 },
        ...{ bins: 5, maxCount: 3, maxBins: 2, maxEvents: 4 },
      }),
    data: [[{ counts: [1, 1, 1, 0, 9] }], [null]],
  },
  {
    aggregate: { kind: 'privateQuantiles', ...TERMS, noiseMultiplier: 2, edges: [0, 10, 20.5, 30], probabilities: [0.25, 0.5] },
    direct: (unsafeRandom) =>
      privateQuantiles({
        ...{ ...TERMS, maxUsers, session, unsafeRandom, noiseMultiplier: 2 },
        ...{ edges: [0, 10, 20.5, 30], probabilities: [0.25, 0.5] },
      }),
    data: [[12], [null]],
  },
  {
    aggregate: { kind: 'privateMoments', ...TERMS, target: TARGET, lower: -2, upper: 120 },
    direct: (unsafeRandom) =>
      privateMoments({ ...TERMS, maxUsers, session, unsafeRandom, target: TARGET, lower: -2, upper: 120 }),
    data: [[34], [null]],
  },
  {
    aggregate: {
      kind: 'combine',
      parts: {
        noisy: { kind: 'privateMean', threshold: 4, noiseMultiplier: 1, length: 2, l2Clip: 1 },
        inner: { kind: 'combine', parts: { hits: { kind: 'sum', length: 1, min: 0, max: 5 } } },
        open: { kind: 'weightedMean', length: 1 },
      },
      public: ['open', 'inner'],
    },
    direct: (random) =>
      combine(
        {
          open: weightedMean({ maxUsers, random, length: 1 }),
          inner: combine({ hits: sum({ maxUsers, length: 1, min: 0, max: 5 }) }),
          noisy: privateMean({ maxUsers, unsafeRandom: random, threshold: 4, noiseMultiplier: 1, length: 2, l2Clip: 1 }),
        },
        { session, public: ['inner', 'open'] },
      ),
    data: [
      [{ noisy: [0.5, 0.5], inner: { hits: [3] }, open: [1] }, { weight: 3 }],
      [{ noisy: null, inner: { hits: [2] }, open: [5] }, { weight: { open: 1 } }],
    ],
  },
];
