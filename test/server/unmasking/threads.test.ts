// How the masks of a sum are divided among threads, and what becomes of the sum if a thread fails. The threads are functions of the test;
// sum-without-masks.test.ts has real ones.
import { platform } from '#platform';
import { expect } from 'chai';
import { userId } from '../../../src/leaves/ids.ts';
import { allPositions } from '../../../src/leaves/positions.ts';
import type { RunInThread } from '../../../src/platform/platform.ts';
import type { MaskRange, Unmasking } from '../../../src/server/unmasking/masks.ts';
import {
  rangesOf,
  sumWithout,
  sumWithoutMasks,
  type Task,
  type UnmaskingProgress,
  type UnmaskingWork,
} from '../../../src/server/unmasking/sum-without-masks.ts';
import { withPlatform } from '../../support/injected.ts';

/** The masks of so many survivors, and so many pairwise ones; only how many they are counts. */
function unmaskingOf(survivors: number, pairwise: number): Unmasking {
  const [first] = allPositions(1);
  const neighbors = Array.from({ length: pairwise }, () => first!);
  const key = new Uint8Array(32);
  return {
    bits: 8,
    view2: key,
    survivors: allPositions(survivors).map((position) => ({
      position,
      userId: userId(position, 'id'),
      maskKey: key,
      selfMaskSeed: new Uint8Array(32).fill(position),
    })),
    dropped: pairwise === 0 ? [] : [{ position: first!, userId: userId(1e6, 'id'), maskSecretKey: key, neighbors }],
  };
}

const quiet = { worker: null, signal: undefined, onProgress: () => undefined };
const turn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

/** A thread that "removes" a mask by adding 1 for it, after it has told of half of its masks. */
const counting: RunInThread = async (data, stop, onMessage) => {
  const { range, length } = data as Task;
  const all = range.to - range.from;
  onMessage({ done: 1, partial: null });
  await turn();
  if (stop.aborted) throw new Error('stopped');
  onMessage({ done: all - 1, partial: new Uint8Array(length).fill(all) });
};

/** What was done with an engine whose threads run this, and what the engine was asked for. */
async function inThreads(
  run: RunInThread | null,
  work: () => Promise<Uint8Array>,
): Promise<{ readonly outcome: unknown; readonly ranges: MaskRange[]; readonly asked: unknown[][] }> {
  const ranges: MaskRange[] = [];
  const asked: unknown[][] = [];
  const noting: RunInThread = (data, ...rest) => {
    ranges.push((data as Task).range);
    return run!(data, ...rest);
  };
  const find = (...given: unknown[]): Promise<RunInThread | null> => {
    asked.push(given);
    return Promise.resolve(run === null ? null : noting);
  };
  const outcome = await withPlatform({ threads: { available: 8, find } }, () => work().catch((error: unknown) => error));
  return { outcome, ranges, asked };
}

/** Masks of a sum of so many bytes, which are removed from one of them on. */
interface Share {
  readonly survivors?: number;
  readonly pairwise?: number;
  readonly length: number;
  readonly from?: number;
}

describe('the masks of a sum', () => {
  it('are cut into ranges of nearly equal size that have each mask once', () => {
    expect(rangesOf({ from: 3, to: 13 }, 4)).to.deep.equal([
      { from: 3, to: 5 },
      { from: 5, to: 8 },
      { from: 8, to: 10 },
      { from: 10, to: 13 },
    ]);
    expect(rangesOf({ from: 3, to: 13 }, 1)).to.deep.equal([{ from: 3, to: 13 }]);
  });

  for (const [what, { survivors = 0, pairwise = 0, length, from = 0 }, threads] of [
    ['300 masks of 4 MB take two threads, which is 150 ms for each', { survivors: 300, length: 4e6 }, 2],
    ['half of 600 masks of 4 MB take two threads', { survivors: 600, length: 4e6, from: 300 }, 2],
    ['9000 agreements take three threads', { pairwise: 9000, length: 8 }, 3],
    [
      '600 masks of 4 MB and 12,000 agreements take the most that the caller admits',
      { survivors: 600, pairwise: 12_000, length: 4e6 },
      8,
    ],
  ] as const satisfies readonly [string, Share, number][]) {
    it(what, async () => {
      const range = { from, to: survivors + pairwise };
      const total = range.to - from;
      const told: UnmaskingProgress[] = [];
      const work = { ...quiet, threads: 8, onProgress: (progress: UnmaskingProgress) => void told.push(progress) };
      const sum = new Uint8Array(length).fill(5);
      const { outcome, ranges, asked } = await inThreads(counting, () =>
        sumWithout(unmaskingOf(survivors, pairwise), range, sum, work),
      );
      expect(outcome).to.deep.equal(new Uint8Array(length).fill((5 + total) % 256));
      expect(sum.every((byte) => byte === 5)).to.equal(true);
      expect(ranges).to.deep.equal(rangesOf(range, threads));
      expect(told.at(-1)).to.deep.equal({ done: total, total, threads });
      const signs = { greeting: 'secagg-unmasking-worker/1', starter: 'secagg-unmasking-starter' };
      expect(asked).to.deep.equal([[null, signs]]);
    });
  }

  for (const [what, { survivors = 0, pairwise = 0, length }] of [
    ['299 masks of 4 MB', { survivors: 299, length: 4e6 }],
    ['5000 agreements and 5000 masks of survivors', { survivors: 5000, pairwise: 5000, length: 8 }],
  ] as const satisfies readonly [string, Share][]) {
    it(`${what} are not worth a thread`, async () => {
      const work = { ...quiet, threads: 8, signal: AbortSignal.abort('in the caller’s thread') };
      const given = await inThreads(counting, () =>
        sumWithoutMasks(unmaskingOf(survivors, pairwise), new Uint8Array(length), work),
      );
      expect(given).to.deep.equal({ outcome: 'in the caller’s thread', ranges: [], asked: [] });
    });
  }

  it('are told of now and then: after 50 ms, and at the end', async () => {
    const unmasking = unmaskingOf(1, 6100);
    const range = { from: 1, to: 6101 };
    const clock = { now: 0 };
    const told: unknown[] = [];
    const onProgress = ({ done }: UnmaskingProgress): void => void told.push([clock.now, done]);
    const run: RunInThread = (data, _, onMessage) => {
      const { range: own, length } = data as Task;
      // The first thread tells of a mask each 25 ms, the other one of all of its masks at the end.
      for (let i = 0; own.from === range.from && i < 10; i++) {
        clock.now += i === 5 ? 24 : 25;
        onMessage({ done: 1, partial: null });
      }
      const left = own.to - own.from - (own.from === range.from ? 10 : 0);
      onMessage({ done: left, partial: new Uint8Array(length) });
      return Promise.resolve();
    };
    performance.now = () => clock.now;
    try {
      await inThreads(run, () => sumWithout(unmasking, range, new Uint8Array(8), { ...quiet, threads: 2, onProgress }));
    } finally {
      Reflect.deleteProperty(performance, 'now');
    }
    // 25, 50; 75, 100; 125, 149, 174; 199, 224; 249
    expect(told).to.deep.equal([
      [50, 2],
      [100, 4],
      [174, 7],
      [224, 9],
      [249, 6100],
    ]);
  });
});

describe('threads that fail', () => {
  // Agreements, which are taken for dear, and are made for nothing here.
  const unmasking = unmaskingOf(1, 6000);
  const agreeing = {
    x25519: () => ({ publicKey: new Uint8Array(32), agree: () => new Uint8Array(32).fill(7) }),
    x25519Peer: (publicKey: Uint8Array) => ({ publicKey }) as never,
  };
  const sum = Uint8Array.from({ length: 8 }, (_, i) => i);
  let expected: Uint8Array;
  before(async () => {
    expected = await withPlatform(agreeing, () => sumWithoutMasks(unmasking, sum, { ...quiet, threads: 0 }));
  });
  const unmasked = async (run: RunInThread | null, work: UnmaskingWork): Promise<unknown> =>
    withPlatform(agreeing, async () => (await inThreads(run, () => sumWithoutMasks(unmasking, sum, work))).outcome);

  it('that are not there, or end without their part of the sum, change nothing in it: the caller’s thread does all', async () => {
    const silent: RunInThread = () => Promise.resolve();
    const half: RunInThread = (data, ...rest) => ((data as Task).range.from === 0 ? counting(data, ...rest) : Promise.resolve());
    for (const run of [null, silent, half]) {
      const told: number[] = [];
      const work = { ...quiet, threads: 2, onProgress: ({ threads }: UnmaskingProgress) => void told.push(threads) };
      expect(await unmasked(run, work)).to.deep.equal(expected);
      expect(told.at(-1)).to.equal(0);
    }
  });

  it('take the others with them, and nothing goes on in the caller’s thread until all have ended', async () => {
    const happened: string[] = [];
    const run: RunInThread = async (data, stop) => {
      if ((data as Task).range.from === 0) throw new Error('out of memory');
      await new Promise((resolve) => stop.addEventListener('abort', resolve));
      for (let i = 0; i < 5; i++) await turn();
      happened.push('the other one has ended');
      throw new Error('stopped');
    };
    const noting = {
      hkdfSha256: (...given: Parameters<typeof platform.hkdfSha256>) => {
        if (happened.at(-1) !== 'masks are made') happened.push('masks are made');
        return engine.hkdfSha256(...given);
      },
    };
    const engine = { ...platform };
    expect(await withPlatform(noting, () => unmasked(run, { ...quiet, threads: 2 }))).to.deep.equal(expected);
    expect(happened).to.deep.equal(['the other one has ended', 'masks are made']);
  });

  it('because the caller called them off, are not replaced: no mask is made, and nothing listens to the signal', async () => {
    const listeners = new Set<() => void>();
    const signal = {
      aborted: false,
      reason: 'enough',
      addEventListener: (_: string, listener: () => void) => void listeners.add(listener),
      removeEventListener: (_: string, listener: () => void) => void listeners.delete(listener),
    };
    const run: RunInThread = async () => {
      signal.aborted = true;
      for (const listener of listeners) listener();
      await turn();
      throw new Error('stopped');
    };
    let made = 0;
    const hkdfSha256 = (): Uint8Array => {
      made++;
      return new Uint8Array(32);
    };
    const work = { ...quiet, threads: 2, signal };
    expect(await withPlatform({ hkdfSha256 }, () => unmasked(run, work))).to.equal('enough');
    expect([made, listeners.size]).to.deep.equal([0, 0]);
  });
});

describe('masks that others remove too', () => {
  it('are removed here if the others give none, and nothing is done here if they give the sum', async () => {
    const unmasking = unmaskingOf(3, 0);
    const sum = new Uint8Array(64);
    const done = { ...quiet, threads: 0 };
    const alone = await sumWithoutMasks(unmasking, sum, done);
    const share = (given: Uint8Array | null): UnmaskingWork => ({ ...done, share: () => Promise.resolve(given) });
    expect(await sumWithoutMasks(unmasking, sum, share(null))).to.deep.equal(alone);
    const others = new Uint8Array(64).fill(9);
    expect(await sumWithoutMasks(unmasking, sum, share(others))).to.equal(others);
  });
});
