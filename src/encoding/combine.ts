// Several encodings in one vector: one session, one ring that is wide enough for all.
import { checkNames, checkObject } from '../leaves/checks.ts';
import { context, exactNames } from './checks.ts';
import { Encoding } from './encoding.ts';
import { layoutOf, nameOf, type ErrorTerms, type Part, type PlacedPart, type Placement, type Weights } from './part.ts';

/** An encoding of whatever data. */
export type AnyEncoding = Encoding<unknown, unknown, unknown>;
/** The data that a combination encodes: one value for each encoding, under its name. */
export type PartsData<Parts> = {
  readonly [Name in keyof Parts]: Parts[Name] extends Encoding<infer Data, unknown, unknown> ? Data : never;
};
/** The results that a combination decodes to: one for each encoding, under its name. */
export type PartsResult<Parts> = {
  readonly [Name in keyof Parts]: Parts[Name] extends Encoding<never, infer Result, unknown> ? Result : never;
};
/** The error bounds of a combination: one for each encoding, under its name. */
export type PartsBound<Parts> = {
  readonly [Name in keyof Parts]: Parts[Name] extends Encoding<never, unknown, infer Bound> ? Bound : never;
};

interface Member {
  readonly name: string;
  readonly part: Part<unknown, unknown, unknown>;
}
interface PlacedMember extends Member {
  readonly placement: Placement;
  readonly placed: PlacedPart<unknown, unknown, unknown>;
}

/**
 * Puts several encodings into one vector.
 *
 * The ring is the widest that any of them needs. Means use what it has to spare as precision; what exact sums cannot use
 * is told by `layout`. Data, results and error bounds are objects with the names of the parts; so are weights and total
 * weights, where not one number serves all that are weighted.
 *
 * @throws TypeError, RangeError that name the part: none at all, other `maxUsers` than the rest.
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
 * console.log(training.layout.map(({ part, wastedBits }) => `${part} wastes ${wastedBits}`).join(', '));
 * // prints: hits wastes 12, loss wastes 0, update wastes 0
 * ```
 */
export function combine<const Parts extends Readonly<Record<string, AnyEncoding>>>(
  parts: Parts,
  options: { readonly session?: string } = {},
): Encoding<PartsData<Parts>, PartsResult<Parts>, PartsBound<Parts>> {
  checkNames(options, 'plan', ['session']);
  const session = context(options.session ?? '');
  const members = membersOf(parts);
  const [first] = members;
  if (first === undefined) throw new RangeError('parts: expected at least one encoding');
  const { maxUsers } = first.part;
  for (const { name, part } of members) {
    if (part.maxUsers === maxUsers) continue;
    throw new RangeError(`parts.${name}: expected ${maxUsers} maxUsers as parts.${first.name} has, got ${part.maxUsers}`);
  }
  return new Encoding({
    description: ['combine', { parts: members.map(({ name, part }) => [name, part.description]), session }],
    maxUsers,
    reach: members.reduce((most, { part }) => (part.reach > most ? part.reach : most), 0n),
    fillsRing: true,
    weighted: members.some(({ part }) => part.weighted),
    correlated: members.some(({ part }) => part.correlated),
    // Parts are known by name at run time only.
    place: (placement) => placeAll(members, placement) as PlacedPart<PartsData<Parts>, PartsResult<Parts>, PartsBound<Parts>>,
  });
}

/** In the order of their names, so that all parties agree however they wrote the parts. */
function membersOf(parts: unknown): Member[] {
  return Object.entries(checkObject(parts, 'parts'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, encoding]) => {
      if (!(encoding instanceof Encoding)) throw new TypeError(`parts.${name}: expected an encoding`);
      return { name, part: (encoding as AnyEncoding).part };
    });
}

function placeAll(members: readonly Member[], { bits, offset, path }: Placement): PlacedPart<unknown, unknown, unknown> {
  let length = 0;
  const placed = members.map(({ name, part }): PlacedMember => {
    const placement = { bits, offset: offset + length, path: [...path, name] };
    const member = { name, part, placement, placed: part.place(placement) };
    length += member.placed.length;
    return member;
  });
  const names = members.map(({ name }) => name);
  const weighted = members.filter(({ part }) => part.weighted).map(({ name }) => name);
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
      for (const { name, placed: part } of placed) clipped += part.write(values[name], { weight: weightOf(name), strata }, out);
      return clipped;
    },
    read: (sum, users) => byName(({ placed: part }) => part.read(sum, users)),
    errorBound({ users, cohorts, totalWeight }: ErrorTerms): unknown {
      const totalOf = weightsOf(totalWeight, 'totalWeight');
      return byName(({ name, placed: part }) => part.errorBound({ users, cohorts, totalWeight: totalOf(name) }));
    },
    layout: placed.flatMap((member) => layoutOf(member.part, member.placement, member.placed)),
  };
}
