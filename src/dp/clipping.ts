// Limits the L2 norm of a user's vector, as a whole or tensor by tensor.
import { visitValues } from '../encoding/blocks.ts';
import { magnitude, memberName } from '../encoding/checks.ts';
import { EncodingError } from '../encoding/encoding-error.ts';
import type { Layout } from '../encoding/tensors.ts';
import { checkObject } from '../leaves/checks.ts';

/** The largest L2 norm of all values of a user, or one for each name at the top of `shapes`. */
export type L2Clip = number | Readonly<Record<string, number>>;

/** A range of the vector and the largest L2 norm of a user's values in it. */
interface Group {
  readonly length: number;
  readonly clip: number;
}

/** A user's values within the clips. */
export interface ClippedValues {
  /** In the order of the vector, followed by zeros. */
  readonly values: Float64Array;
  /** For each clip whether the values were within it already. */
  readonly within: readonly boolean[];
}

/** The clips of a plan, in the order of the vector. */
export class Clipping {
  /** The largest L2 norm of a clipped vector: the root of the sum of the squares of all clips. */
  readonly norm: number;
  /** The names of the clips, in the order of the vector; null if there is one for all values. */
  readonly names: readonly string[] | null;
  /** For the session tag. */
  readonly description: unknown;
  readonly #layout: Layout;
  readonly #groups: readonly Group[];

  /** @throws TypeError, RangeError that name the clip. */
  constructor(l2Clip: L2Clip, layout: Layout) {
    this.#layout = layout;
    this.#groups = groupsOf(l2Clip, layout);
    this.names = typeof l2Clip === 'number' ? null : (layout.groups ?? []).map(([name]) => name);
    this.norm = Math.sqrt(this.#groups.reduce((sum, { clip }) => sum + clip ** 2, 0));
    this.description = this.#groups.map(({ clip }) => clip);
  }

  /**
   * A user's values, clipped, at the beginning of a vector of `length` components.
   *
   * @throws EncodingError `ERR_SECAGG_VALUE` for a value that is NaN or infinite; TypeError, RangeError that name the element.
   */
  clip(data: unknown, path: readonly string[], length: number): ClippedValues {
    const values = new Float64Array(length);
    visitValues(this.#layout.arrays(data, path), (part, name, from, position) => {
      for (let i = 0; i < part.length; i++)
        if (!Number.isFinite(part[i])) throw notFinite(`${name}[${from + i}]`, from + i, part[i] ?? 0);
      values.set(part, position);
    });
    let start = 0;
    const within = this.#groups.map((group) => {
      const end = start + group.length;
      const isWithin = !shorten(values.subarray(start, end), group.clip);
      start = end;
      return isWithin;
    });
    return { values, within };
  }
}

function groupsOf(l2Clip: unknown, layout: Layout): Group[] {
  if (typeof l2Clip !== 'object') return [{ length: layout.length, clip: magnitude(l2Clip, 'l2Clip') }];
  const clips = checkObject(l2Clip, 'l2Clip');
  const { groups } = layout;
  if (groups === null) throw new TypeError('l2Clip: expected a number, as the plan has one flat array, got an object');
  for (const name of Object.keys(clips)) {
    if (!groups.some(([known]) => known === name)) throw new TypeError(`${memberName('l2Clip', name)}: not in the plan`);
  }
  return groups.map(([name, length]) => {
    if (!Object.hasOwn(clips, name)) throw new TypeError(`${memberName('l2Clip', name)}: missing`);
    return { length, clip: magnitude(clips[name], memberName('l2Clip', name)) };
  });
}

/** Scales values whose L2 norm is above `clip` down to it. They are divided by their largest first, so that no square overflows. */
function shorten(values: Float64Array, clip: number): boolean {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return false;
  let squares = 0;
  for (const value of values) squares += (value / largest) ** 2;
  const norm = Math.sqrt(squares);
  if (largest * norm <= clip) return false;
  // `largest · norm` may be infinite.
  const factor = clip / norm;
  for (let i = 0; i < values.length; i++) values[i] = ((values[i] ?? 0) / largest) * factor;
  return true;
}

function notFinite(element: string, index: number, value: number): EncodingError {
  return new EncodingError('ERR_SECAGG_VALUE', `expected a finite number, got ${value}`, { element, index, value });
}
