// What does secagg/encoding cost, and what does it lose? Measures the speed for 2^20 floats, and the error of the weighted mean against
// bits, users and spread of weights, beside Flower's formula on the same data.
import type { Bench } from './bench.ts';
import { check, measure, type Case, type Errors } from './encoding/error.ts';
import { measureSpeed, type Speed } from './encoding/speed.ts';
import { blocks, table, whole } from './markdown.ts';

export interface EncodingFigures {
  readonly length: number;
  readonly speed: readonly Speed[];
  readonly byBits: readonly Errors[];
  readonly byUsers: readonly Errors[];
  readonly bySpread: readonly Errors[];
}

export const encoding: Bench<EncodingFigures> = {
  question: 'What do encodings cost, and what do they lose?',

  measure(quick) {
    const length = quick ? 2 ** 17 : 2 ** 20;
    // Values that are encoded in each case; the noise of an error is about 1/√(2 · values/users).
    const values = quick ? 2 ** 19 : 2 ** 22;
    const bits = quick ? [16, 32] : [12, 14, 16, 20, 24, 28, 30, 32];
    const users = quick ? [10, 100] : [3, 10, 30, 100, 300, 1000];
    const spreads = quick ? [1, 1000] : [1, 10, 100, 1000];
    const run = (cases: readonly Case[]): Errors[] =>
      cases.map((each) => {
        const errors = measure(each, Math.ceil(values / each.users));
        check(errors);
        return errors;
      });
    return Promise.resolve({
      length,
      speed: measureSpeed(length, quick ? 5 : 30),
      byBits: run([1, 1000].flatMap((spread) => bits.map((each) => ({ bits: each, users: 100, spread })))),
      byUsers: run([16, 32].flatMap((bits) => users.map((each) => ({ bits, users: each, spread: 100 })))),
      bySpread: run([14, 24].flatMap((bits) => spreads.map((spread) => ({ bits, users: 100, spread })))),
    });
  },

  describe: ({ length, speed, byBits, byUsers, bySpread }) =>
    blocks(
      `### ${whole(length)} floats`,
      table(
        ['', 'ms'],
        speed.map(({ what, ms }) => [what, ms]),
      ),
      '### Root mean square error of the weighted mean of values in ±8',
      'Flower at its default range 2^22, and at the largest that fits; a gain is its best error over ours. Nowhere is ours worse beyond the noise and what `bench/encoding/error.ts` says.',
      table(
        [
          'bits',
          'users',
          'weights to 1000 from',
          'Flower 2^22',
          'Flower best',
          'stochastic',
          'correlated',
          'nearest',
          'gain',
          'correlated',
        ],
        [...byBits, ...byUsers, ...bySpread].map((errors) => {
          const { bits, users, spread, flower, flowerBest, stochastic, correlated, nearest } = errors;
          const errorsOf = [flower, flowerBest, stochastic, correlated, nearest].map((each) => each?.toExponential(2) ?? null);
          const gains = [stochastic, correlated].map((each) => (flowerBest === null ? null : flowerBest / each));
          return [bits, users, 1000 / spread, ...errorsOf, ...gains];
        }),
      ),
    ),
};
