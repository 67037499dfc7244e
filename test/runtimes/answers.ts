// All that a runtime is asked for: short vectors in a wide ring, long ones, and floats.
import { mean, session } from './session.ts';
import { LONG, USERS, type Answers } from './sizes.ts';

export async function answers(): Promise<Answers> {
  const sum = await session(USERS, LONG, 20);
  const total = sum.reduce((all, component) => all + BigInt(component), 0n);
  return {
    short: await session(USERS, 5, 64),
    long: { length: sum.length, total: String(total), last: sum.slice(-1).join() },
    mean: await mean(USERS),
  };
}
