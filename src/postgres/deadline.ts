// The longest time that a call waits for the database.

/** The waiting time is counted in this many steps. */
const STEPS = 8;

/** Thrown if nothing came in time. */
export class Late extends Error {}

/**
 * What a promise of the database resolves to.
 *
 * Only waiting counts: while the process computes, no answer can be read. So the time is counted in steps, and a step that
 * takes longer because the process computes counts as one. After the last step the process first reads what has arrived.
 *
 * @param milliseconds the longest time to wait.
 * @throws Late if the promise has not settled by then; it is ignored from then on.
 */
export async function inTime<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const wait = (steps: number): void => {
      if (steps < 0) reject(new Late(`nothing came within ${milliseconds} ms`));
      else timer = setTimeout(() => wait(steps - 1), steps === 0 ? 0 : milliseconds / STEPS);
    };
    wait(STEPS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
