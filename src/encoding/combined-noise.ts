// The noise of a combination: which of its sums carry noise, which are exact and no secret, and what session all of them need.
import { kindOf } from '../leaves/checks.ts';
import { memberName } from './checks.ts';
import { EncodingError } from './encoding-error.ts';
import type { Noise, NoisedPart, Statistic } from './statistic.ts';

interface Member {
  readonly name: string;
  readonly statistic: Pick<Statistic<unknown, unknown, unknown>, 'noise'>;
}

/**
 * @param publicNames names of the parts that the plan says to be public.
 * @returns null if no part carries noise.
 * @throws EncodingError `ERR_SECAGG_EXACT_PART`; TypeError, RangeError that name the option or the part.
 */
export function combinedNoise(members: readonly Member[], publicNames: unknown): Noise | null {
  if (!Array.isArray(publicNames)) throw new TypeError(`public: expected an array of names, got ${kindOf(publicNames)}`);
  const named = new Set<unknown>(publicNames);
  const noised = members.flatMap(({ name, statistic: { noise } }) => (noise === null ? [] : [{ name, noise }]));
  for (const name of named) requireExact(name, members);
  const [first] = noised;
  if (first === undefined) {
    if (named.size > 0) throw new RangeError('public: expected no names, as no part carries noise');
    return null;
  }
  const exact = members.filter(({ statistic }) => statistic.noise === null);
  for (const { name } of exact) {
    if (named.has(name)) continue;
    throw new EncodingError(
      'ERR_SECAGG_EXACT_PART',
      'an exact sum beside a sum with noise leaves a user no privacy; add noise to it, or name it in `public`',
      { element: memberName('encodings', name), value: name },
    );
  }
  const common = commonOf(first.noise);
  for (const { name, noise } of noised) {
    const own = commonOf(noise);
    if (own === common) continue;
    const others = `${common} as ${memberName('encodings', first.name)} has`;
    throw new RangeError(`${memberName('encodings', name)}: expected a plan with ${others}, got ${own}`);
  }
  return {
    session: first.noise.session,
    agreed: first.noise.agreed,
    parts: noised.flatMap(({ name, noise }) => noise.parts.map((part) => prefixed(name, part))),
    publicParts: [
      ...exact.map(({ name }) => name),
      ...noised.flatMap(({ name, noise }) => noise.publicParts.map((part) => `${name}.${part}`)),
    ],
  };
}

const commonOf = ({ session, agreed }: Noise): string => JSON.stringify({ ...session, ...agreed });

const prefixed = (name: string, { path, release }: NoisedPart): NoisedPart => ({ path: [name, ...path], release });

function requireExact(name: unknown, members: readonly Member[]): void {
  if (typeof name !== 'string') throw new TypeError(`public: expected names, got ${kindOf(name)}`);
  const member = members.find((known) => known.name === name);
  if (member === undefined) throw new RangeError('public: expected names of encodings, got another');
  if (member.statistic.noise !== null) throw new RangeError(`public: ${memberName('encodings', name)} carries noise`);
}
