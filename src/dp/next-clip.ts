// The clip of the next run, from the part of the users that were within the last one.
import { magnitude } from '../encoding/checks.ts';
import { checkNames, checkNumber } from '../leaves/checks.ts';

/** What {@link nextClip} is told. */
export interface ClipUpdate {
  /** The clip of the last run. */
  readonly clip: number;
  /** The part of its users that were within, as decoded: with noise, so that it may be below 0 or above 1. */
  readonly withinClip: number;
  /** The part of the users that shall be within, 0 to 1. Default 0.5: the clip follows the median. */
  readonly target?: number;
  /** How fast the clip changes: by at most e^rate in a run. Default 0.2. */
  readonly rate?: number;
  /** The least clip. Default: none. */
  readonly least?: number;
  /** The largest clip. Default: none. */
  readonly most?: number;
}

const [LEAST, MOST] = [2 ** -400, 2 ** 512];

/**
 * The clip of the next run: clip · e^(−rate · (withinClip − target)), within its limits. If too many users are within, it falls; if too few
 * are, it rises.
 *
 * It is computed from a result with noise only, so that it costs no privacy. A user that sends `null` counts as half within and half not: with
 * the default `target` it does not move the clip.
 *
 * Source: Andrew, Thakkar, McMahan, Ramaswamy, arXiv 1905.03871, section 2.
 *
 * @throws TypeError, RangeError that name the option.
 * @example
 * ```js
 * import { nextClip } from 'secagg/dp';
 *
 * console.log(nextClip({ clip: 1, withinClip: 0.9 }).toFixed(3)); // prints: 0.923
 * console.log(nextClip({ clip: 1, withinClip: 0.1, most: 1.05 })); // prints: 1.05
 * ```
 */
export function nextClip(update: ClipUpdate): number {
  checkNames(update, 'update', ['clip', 'withinClip', 'target', 'rate', 'least', 'most']);
  const clip = magnitude(update.clip, 'clip');
  const withinClip = checkNumber(update.withinClip, 'withinClip', -Number.MAX_VALUE, Number.MAX_VALUE);
  const target = checkNumber(update.target ?? 0.5, 'target', 0, 1);
  const rate = checkNumber(update.rate ?? 0.2, 'rate', 0, 10);
  const least = magnitude(update.least ?? LEAST, 'least');
  const most = magnitude(update.most ?? MOST, 'most');
  if (least > most) throw new RangeError(`least: expected at most ${most}, got ${least}`);
  const fraction = Math.min(Math.max(withinClip, 0), 1);
  return Math.min(Math.max(clip * Math.exp(-rate * (fraction - target)), least), most);
}
