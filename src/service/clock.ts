// Time as people have it, for what lasts longer than a process: validity and age of documents.

/** Gives the milliseconds since 1970, as `Date.now`. */
export type Clock = () => number;

/** Whole seconds since 1970. */
export function secondsOf(clock: Clock): number {
  return Math.floor(clock() / 1000);
}
