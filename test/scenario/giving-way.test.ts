// An application's own work while a user answers. Measured by processor time, because other programs may have the processor meanwhile.
import { expect } from 'chai';
import { Session } from '../support/session.ts';

const GOAL_MILLISECONDS = 50;

/** Milliseconds of processor time of this thread so far; in Node 20 of all threads, also of those that collect garbage beside it. */
function processorTime(): number {
  const { threadCpuUsage } = process as { readonly threadCpuUsage?: typeof process.cpuUsage };
  const { user, system } = threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
}

/** The most milliseconds of work between two turns of the event loop, until some work is done. */
async function longestWork(work: Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = processorTime();
  const look = (): void => {
    const now = processorTime();
    longest = Math.max(longest, now - last);
    last = now;
  };
  let turn: NodeJS.Immediate;
  const lookAgain = (): void => {
    look();
    turn = setImmediate(lookAgain);
  };
  turn = setImmediate(lookAgain);
  await work;
  clearImmediate(turn);
  look(); // what came after the last turn
  return longest;
}

describe('while a user masks 2^22 components', () => {
  for (const bits of [20, 32]) {
    it(`of ${bits} bits, no work of the application waits for ${GOAL_MILLISECONDS} ms`, async function () {
      this.timeout(60_000);
      const ids = Array.from({ length: 30 }, (_, id) => id);
      const session = await new Session({ ids, threshold: 20, vecLen: 2 ** 22, vectorOf: () => null, options: { bits } }).before(
        2,
      );
      const longest: number[] = [];
      for (const id of [0, 1, 2]) {
        const user = session.user(id);
        user.setVector(new Int32Array(2 ** 22).fill(id), { transfer: true });
        longest.push(await longestWork(user.round(session.messages.get(id)!)));
      }
      // The code of the first is not yet optimized, and garbage may be collected in any one.
      expect(longest.sort((a, b) => a - b)[1]).to.be.below(GOAL_MILLISECONDS);
    });
  }
});
