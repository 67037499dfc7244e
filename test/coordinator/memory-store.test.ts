// The store in memory, and its time.
import { expect } from 'chai';
import { MemoryCoordinatorStore } from '../../src/coordinator/memory-store.ts';
import { describeStore } from '../support/coordinator-stores.ts';
import { clockAt } from '../support/service.ts';

describe('a coordinator’s store in memory', () => {
  describeStore(() => Promise.resolve(new MemoryCoordinatorStore()));

  it('has a time that moves with its clock, by five seconds at most for each look, and never back', async () => {
    const clock = clockAt(1_000_000);
    const store = new MemoryCoordinatorStore(() => clock.now);
    expect(await store.heartbeat()).to.equal(0);
    for (const [moved, time] of [
      [300, 300],
      [4000, 4300],
      [60_000, 9300], // the process was down
      [-500_000, 9300], // somebody has set the clock
      [200, 9500],
    ] as const) {
      clock.now += moved;
      expect(await store.heartbeat()).to.equal(time);
    }
  });
});
