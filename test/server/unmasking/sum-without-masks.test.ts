// Removing the masks over the cores: the same sum from any number of threads, the event loop free, and called off at will.
import { platform } from '#platform';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { generateKeyPair } from '../../../src/crypto/agree.ts';
import { systemRandom } from '../../../src/crypto/random.ts';
import { userId } from '../../../src/leaves/ids.ts';
import { allPositions } from '../../../src/leaves/positions.ts';
import { Pace } from '../../../src/masking/pace.ts';
import { countMasks, removeMasks, type Unmasking } from '../../../src/server/unmasking/masks.ts';
import { sumWithoutMasks, type UnmaskingProgress, type UnmaskingWork } from '../../../src/server/unmasking/sum-without-masks.ts';

/** Users that all dealt, some of which sent no input: the masks of a sum, as the server knows them in round 4. */
async function masksOf(survivors: number, dropped: number, bits: number): Promise<Unmasking> {
  const users = await Promise.all(
    allPositions(survivors + dropped).map(async (position) => ({
      position,
      userId: userId(10 * position, 'id'),
      ...(await generateKeyPair(systemRandom)),
    })),
  );
  const staying = users.slice(0, survivors);
  return {
    bits,
    view2: systemRandom(32),
    survivors: staying.map(({ position, userId, publicKey }) => ({
      position,
      userId,
      maskKey: publicKey,
      selfMaskSeed: systemRandom(32),
    })),
    dropped: users.slice(survivors).map(({ position, userId, secretKey }) => ({
      position,
      userId,
      maskSecretKey: secretKey,
      neighbors: staying.map((user) => user.position),
    })),
  };
}

const quiet: Omit<UnmaskingWork, 'threads'> = { worker: null, signal: undefined, onProgress: () => undefined };

describe('unmasking', () => {
  it('gives the same sum whatever the ranges that it is cut into', async () => {
    for (const bits of [8, 16, 31, 64]) {
      const unmasking = await masksOf(5, 3, bits);
      expect(countMasks(unmasking)).to.equal(20);
      const sum = systemRandom(8 * 999);
      const whole = await sumWithoutMasks(unmasking, sum, { ...quiet, threads: 0 });
      for (const cuts of [
        [0, 20],
        [0, 5, 20],
        [0, 1, 4, 6, 10, 11, 19, 20],
      ]) {
        const acc = Uint8Array.from(sum);
        for (const [i, to] of cuts.slice(1).entries()) await removeMasks(unmasking, { from: cuts[i]!, to }, acc, new Pace());
        expect(acc).to.deep.equal(whole);
      }
    }
  });

  describe('of many masks', function () {
    this.timeout(60_000);
    let unmasking: Unmasking;
    let sum: Uint8Array;
    before(async () => {
      unmasking = await masksOf(12, 12, 32); // 156 masks
      sum = systemRandom(2 ** 23);
    });

    it('on the caller’s thread gives way to the event loop, and tells how far it is', async () => {
      const told: UnmaskingProgress[] = [];
      let turns = 0;
      const timer = setInterval(() => turns++, 20);
      try {
        await sumWithoutMasks(unmasking, sum, { ...quiet, threads: 0, onProgress: (p) => told.push(p) });
      } finally {
        clearInterval(timer);
      }
      expect(turns).to.be.greaterThan(3);
      expect(told.at(-1)).to.deep.equal({ done: 156, total: 156, threads: 0 });
    });

    for (const threads of [0, 2]) {
      it(`with ${threads} threads ends with the signal's reason if it is called off`, async () => {
        const controller = new AbortController();
        const reason = new Error('enough');
        const before = Uint8Array.from(sum);
        const onProgress = (): void => controller.abort(reason);
        const outcome = sumWithoutMasks(unmasking, sum, { ...quiet, threads, signal: controller.signal, onProgress });
        expect(await outcome.catch((error: unknown) => error)).to.equal(reason);
        expect(sum).to.deep.equal(before);
      });
    }

    it('goes on in the caller’s thread if no other one can be started', async () => {
      const told: number[] = [];
      const work = { ...quiet, threads: 2, onProgress: ({ threads }: UnmaskingProgress) => told.push(threads) };
      const engine = { ...platform };
      let asked = 0;
      const run = (): Promise<never> => Promise.reject(new Error(`no thread ${++asked}`));
      Object.assign(platform, { threads: { available: 2, find: () => Promise.resolve(run) } });
      try {
        const outcome = await sumWithoutMasks(unmasking, sum, work);
        expect(outcome).to.deep.equal(await sumWithoutMasks(unmasking, sum, { ...quiet, threads: 0 }));
      } finally {
        Object.assign(platform, engine);
      }
      expect(asked).to.equal(2);
      expect(told.at(-1)).to.equal(0);
    });
  });

  it('in threads of the built package gives the exact sum, leaves the event loop free, and changes nothing if it is aborted', async function () {
    this.timeout(120_000);
    const program = fileURLToPath(new URL('./threads-program.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
    });
    const { exact, aborted, unchanged, last, latest } = JSON.parse(stdout) as Record<string, unknown>;
    expect({ exact, aborted, unchanged }).to.deep.equal({ exact: true, aborted: 'enough', unchanged: true });
    expect(last).to.deep.equal({ type: 'unmasking', done: 310, total: 310, threads: 2 });
    expect(latest).to.be.below(100);
  });
});
