// Makes the encoding of an aggregate: calls the function of secagg/encoding or secagg/dp that its kind names.
import type { RandomSource } from '../crypto/random.ts';
import { privateHistogram } from '../dp/private-histogram.ts';
import { privateMean, privateWeightedMean } from '../dp/private-mean.ts';
import { privateMoments } from '../dp/private-moments.ts';
import { privateQuantiles } from '../dp/private-quantiles.ts';
import { privateSum } from '../dp/private-sum.ts';
import { combine, type AnyEncoding } from '../encoding/combine.ts';
import { fixedPoint } from '../encoding/fixed-point.ts';
import { histogram } from '../encoding/histogram.ts';
import { mean } from '../encoding/mean.ts';
import { sum } from '../encoding/sum.ts';
import { weightedMean } from '../encoding/weighted-mean.ts';
import type { CombinedAggregate, EncodedAggregate, SumAggregate } from './aggregate-kinds.ts';

/** What a session gives to each plan. */
export interface Given {
  readonly maxUsers: number;
  readonly session: string;
  readonly random: RandomSource;
}

/** @throws TypeError, RangeError that name the option; EncodingError, PrivacyError, as the function that makes the plan. */
export function encodingOf(aggregate: EncodedAggregate, { maxUsers, session, random }: Given): AnyEncoding {
  const exact = { maxUsers, session };
  const rounded = { maxUsers, session, random };
  const noised = { maxUsers, session, unsafeRandom: random };
  switch (aggregate.kind) {
    case 'sum':
      return sumOf(aggregate, exact);
    case 'fixedPoint':
      return fixedPoint({ ...optionsOf(aggregate), ...rounded });
    case 'mean':
      return mean({ ...optionsOf(aggregate), ...rounded });
    case 'weightedMean':
      return weightedMean({ ...optionsOf(aggregate), ...rounded });
    case 'histogram':
      return histogram({ ...optionsOf(aggregate), ...exact });
    case 'privateSum':
      return privateSum({ ...optionsOf(aggregate), ...noised });
    case 'privateMean':
      return privateMean({ ...optionsOf(aggregate), ...noised });
    case 'privateWeightedMean':
      return privateWeightedMean({ ...optionsOf(aggregate), ...noised });
    case 'privateHistogram':
      return privateHistogram({ ...optionsOf(aggregate), ...noised });
    case 'privateQuantiles':
      return privateQuantiles({ ...optionsOf(aggregate), ...noised });
    case 'privateMoments':
      return privateMoments({ ...optionsOf(aggregate), ...noised });
    case 'combine':
      return combined(aggregate, { maxUsers, session, random });
  }
}

/** Of each form of a plan by itself: a type with `length`, and one with `shapes`. */
type WithoutKind<Each> = Each extends unknown ? Omit<Each, 'kind'> : never;

function optionsOf<Each extends { readonly kind: string }>(each: Each): WithoutKind<Each> {
  return Object.fromEntries(Object.entries(each).filter(([name]) => name !== 'kind')) as WithoutKind<Each>;
}

function sumOf(aggregate: SumAggregate, exact: { readonly maxUsers: number; readonly session: string }): AnyEncoding {
  const { min, max, ...dimensions } = optionsOf(aggregate);
  return typeof max === 'string'
    ? sum({ ...dimensions, ...exact, min: BigInt(min), max: BigInt(max) })
    : sum({ ...dimensions, ...exact, min: Number(min), max });
}

/** The context is that of the whole: parts have none of their own. */
function combined({ parts, public: open }: CombinedAggregate, { session, ...given }: Given): AnyEncoding {
  const encodings = Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [name, encodingOf(part, { ...given, session: '' })]),
  );
  return combine(encodings, { session, ...(open !== undefined && { public: open }) });
}
