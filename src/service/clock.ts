// Time as people have it, for what lasts longer than a process: validity and age of documents.

/** Gives the milliseconds since 1970, as `Date.now`. */
export type Clock = () => number;

/** By how much the clock of the registrar may differ from that of anybody who looks at a certificate, in seconds. */
export const CLOCK_SKEW = 300;

/** Whole seconds since 1970. */
export function secondsOf(clock: Clock): number {
  return Math.floor(clock() / 1000);
}
