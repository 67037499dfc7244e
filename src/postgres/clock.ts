// Times of the application for the database. The two clocks may differ, so what is sent is how long it is until then.
import { checkDate } from '../leaves/checks.ts';

/** A time that a statement is given by `secondsUntil`. */
export const timeIn = (parameter: string): string => `clock_timestamp() + ${parameter}::float8 * interval '1 second'`;

/** Seconds from now, by this process's clock; negative for the past. @throws TypeError, RangeError that name the argument. */
export function secondsUntil(date: unknown, name: string): number {
  const milliseconds = checkDate(date, name);
  // PostgreSQL's calendar begins later than that of Date.
  if (milliseconds < 0) throw new RangeError(`${name}: expected a time since 1970`);
  return (milliseconds - Date.now()) / 1000;
}
