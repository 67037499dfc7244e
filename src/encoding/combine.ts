// Several encodings in one vector, for one session and in one ring that is wide enough for all of them.
import { checkNames, checkObject, kindOf } from '../leaves/checks.ts';
import { context, exactNames, memberName } from './checks.ts';
import { combinedNoise } from './combined-noise.ts';
import { Encoding } from './encoding.ts';
import {
  layoutOf,
  nameOf,
  type ErrorTerms,
  type PlacedStatistic,
  type Placement,
  type Reading,
  type Statistic,
  type Weights,
} from './statistic.ts';

/** Options of a combination. */
export interface CombineOptions {
  /** Application context: task, model version, cohort. All parties must agree on it. Default empty. */
  readonly session?: string;
  /**
   * Names of the parts whose exact sums everybody may know. Beside a part with noise each exact part must be named: no privacy is left
   * of a user whose data is in an exact sum too.
   */
  readonly public?: readonly string[];
}

/** An encoding of whatever data. */
export type AnyEncoding = Encoding<unknown, unknown, unknown>;
/** The data that a combination encodes: one value for each encoding, under its name. */
export type CombinedData<Encodings> = {
  readonly [Name in keyof Encodings]: Encodings[Name] extends Encoding<infer Data, unknown, unknown> ? Data : never;
};
/** The results that a combination decodes to: one for each encoding, under its name. */
export type CombinedResult<Encodings> = {
  readonly [Name in keyof Encodings]: Encodings[Name] extends Encoding<never, infer Result, unknown> ? Result : never;
};
/** The error bounds of a combination: one for each encoding, under its name. */
export type CombinedBound<Encodings> = {
  readonly [Name in keyof Encodings]: Encodings[Name] extends Encoding<never, unknown, infer Bound> ? Bound : never;
};

interface Member {
  readonly name: string;
  readonly statistic: Statistic<unknown, unknown, unknown>;
}
interface PlacedMember extends Member {
  readonly placement: Placement;
  readonly placed: PlacedStatistic<unknown, unknown, unknown>;
}

/**
 * Puts several encodings into one vector.
 *
 * The ring is the widest that any of them needs. Means use the bits that they do not need as precision, exact sums cannot;
 * `layout` tells how many bits are wasted. Data, results and error bounds are objects with the names of the encodings. Weights and
 * total weights are such objects too, or one number for all encodings that are weighted. A user that lacks the data of one
 * encoding gives it `null`, with the weight 0 if it is weighted.
 *
 * @throws TypeError, RangeError that name the encoding, also if there is none, or if they differ in `maxUsers`.
 * @example
 * ```js
 * import { combine, mean, sum, weightedMean } from 'secagg/encoding';
 *
 * const maxUsers = 100;
 * const training = combine({
 *   update: weightedMean({ maxUsers, length: 2 }),
 *   loss: mean({ maxUsers, length: 1, type: 'float64' }),
 *   hits: sum({ maxUsers, length: 1, min: 0, max: 1000 }),
 * });
 * const { vector } = training.encode({ update: [0.5, -0.5], loss: [0.125], hits: [42] }, 60);
 * const { update, hits } = training.decode(vector, { users: 1 });
 * console.log(update.totalWeight, hits.sum[0]); // prints: 60 42
 * console.log(training.layout.map(({ name, wastedBits }) => `${name} wastes ${wastedBits}`).join(', '));
 * // prints: hits wastes 12, loss wastes 0, update wastes 0
 * ```
 */
export function combine<const Encodings extends Readonly<Record<string, AnyEncoding>>>(
  encodings: Encodings,
  options: CombineOptions = {},
): Encoding<CombinedData<Encodings>, CombinedResult<Encodings>, CombinedBound<Encodings>> {
  checkNames(options, 'plan', ['session', 'public']);
  const session = context(options.session ?? '');
  const members = membersOf(encodings);
  const [first] = members;
  if (first === undefined) throw new RangeError('encodings: expected at least one encoding, got none');
  const { maxUsers } = first.statistic;
  for (const { name, statistic } of members) {
    if (statistic.maxUsers === maxUsers) continue;
    throw new RangeError(
      `${memberName('encodings', name)}: expected ${maxUsers} maxUsers as ${memberName('encodings', first.name)} has, ` +
        `got ${statistic.maxUsers}`,
    );
  }
  const noise = combinedNoise(members, options.public ?? []);
  const publicParts = noise === null ? {} : { public: noise.publicParts };
  return new Encoding({
    // `parts` is hashed into the session's name, so that it stays as it is.
    description: [
      'combine',
      { parts: members.map(({ name, statistic }) => [name, statistic.description]), ...publicParts, session },
    ],
    maxUsers,
    span: members.reduce((most, { statistic }) => (statistic.span > most ? statistic.span : most), 0n),
    fillsRing: true,
    weighted: members.some(({ statistic }) => statistic.weighted),
    correlated: members.some(({ statistic }) => statistic.correlated),
    noise,
    // The names of the encodings are known at run time only.
    place: (placement) =>
      placeAll(members, placement) as PlacedStatistic<
        CombinedData<Encodings>,
        CombinedResult<Encodings>,
        CombinedBound<Encodings>
      >,
  });
}

/** The encodings in the order of their names, so that all parties agree however they wrote them. */
function membersOf(encodings: unknown): Member[] {
  return Object.entries(checkObject(encodings, 'encodings'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, encoding]) => {
      if (!(encoding instanceof Encoding)) {
        throw new TypeError(`${memberName('encodings', name)}: expected an encoding, got ${kindOf(encoding)}`);
      }
      return { name, statistic: (encoding as AnyEncoding).statistic };
    });
}

function placeAll(
  members: readonly Member[],
  { bits, digest, offset, path }: Placement,
): PlacedStatistic<unknown, unknown, unknown> {
  let length = 0;
  const placed = members.map(({ name, statistic }): PlacedMember => {
    const placement = { bits, digest, offset: offset + length, path: [...path, name] };
    const member = { name, statistic, placement, placed: statistic.place(placement) };
    length += member.placed.length;
    return member;
  });
  const names = members.map(({ name }) => name);
  const weighted = members.filter(({ statistic }) => statistic.weighted).map(({ name }) => name);
  const weightsOf = (given: Weights | undefined, root: string): ((name: string) => Weights | undefined) => {
    if (typeof given !== 'object') return (name) => (weighted.includes(name) ? given : undefined);
    exactNames(given, weighted, nameOf(root, path));
    return (name) => given[name];
  };
  const byName = (value: (member: PlacedMember) => unknown): unknown =>
    Object.fromEntries(placed.map((member) => [member.name, value(member)]));
  return {
    length,
    write(data, { weight, strata }, out): number {
      const values = exactNames(data, names, nameOf('data', path));
      const weightOf = weightsOf(weight, 'weight');
      let clipped = 0;
      for (const { name, placed: statistic } of placed) {
        clipped += statistic.write(values[name], { weight: weightOf(name), strata }, out);
      }
      return clipped;
    },
    read(sum, users, isTotal): Reading<unknown> {
      const readings = placed.map((member) => ({ name: member.name, ...member.placed.read(sum, users, isTotal) }));
      const result = Object.fromEntries(readings.map((reading) => [reading.name, reading.result]));
      // One part without weights must not cost the others.
      const [first] = readings;
      const nothing = first !== undefined && readings.every((reading) => reading.nothing !== null) ? first.nothing : null;
      return { result, nothing };
    },
    errorBound({ users, cohorts, totalWeight }: ErrorTerms): unknown {
      const totalOf = weightsOf(totalWeight, 'totalWeight');
      return byName(({ name, placed: statistic }) => statistic.errorBound({ users, cohorts, totalWeight: totalOf(name) }));
    },
    layout: placed.flatMap((member) => layoutOf(member.statistic, member.placement, member.placed)),
  };
}
