// The server's last step, alone: a state of round 4 as big as asked for, its masks removed on the own thread and on two and
// more, the event loop watched meanwhile. The masks are made here, so that no users have to be played.
import { platform } from '#platform';
import { userId } from '../../src/leaves/ids.ts';
import { allPositions } from '../../src/leaves/positions.ts';
import type { Unmasking } from '../../src/server/unmasking/masks.ts';
import { countMasks } from '../../src/server/unmasking/masks.ts';
import { sumWithoutMasks } from '../../src/server/unmasking/sum-without-masks.ts';
import { makeKeystream } from './cipher.ts';
import { median, timed } from '../statistics.ts';

/** Of the built package: worker threads cannot run TypeScript, and the sources have no worker beside them. */
const WORKER = new URL('../../dist/platform/secagg-unmasking-worker.js', import.meta.url).href;

export interface UnmaskingCost {
  readonly users: number;
  readonly vecLen: number;
  readonly dropped: number;
  readonly masks: number;
  /** Seconds of the bare cipher for as much key stream, on one thread. */
  readonly cipher: number;
  /** Seconds of bare X25519 for as many agreements, on one thread. */
  readonly agreements: number;
  /** Seconds on the caller's own. */
  readonly ownThread: number;
  /** Most worker threads that it was let have, and the seconds with them. */
  readonly threads: number;
  readonly manyThreads: number;
  /** The latest that a timer of 50 ms came, in ms. */
  readonly timerLate: number;
}

type Timed = 'cipher' | 'agreements' | 'ownThread' | 'manyThreads';

/** All four one after the other, so often: what they are beside each other is of the same minutes. */
const RUNS = 3;

export async function measureUnmasking(users: number, vecLen: number, dropped: number, threads: number): Promise<UnmaskingCost> {
  const unmasking = await roundFour(users, dropped);
  const masks = countMasks(unmasking);
  const sum = new Uint8Array(4 * vecLen);
  let timerLate = 0;
  const run = async (count: number): Promise<[sum: Uint8Array, seconds: number]> => {
    let due = performance.now() + 50;
    const tick = (): void => {
      timerLate = Math.max(timerLate, performance.now() - due);
      due = performance.now() + 50;
    };
    const timer = setInterval(tick, 50);
    const [unmasked, ms] = await timed(() =>
      sumWithoutMasks(unmasking, sum, { threads: count, worker: WORKER, signal: undefined, onProgress: () => undefined }),
    );
    tick(); // it may be due since long
    clearInterval(timer);
    return [unmasked, ms / 1000];
  };
  const seconds = { cipher: [], agreements: [], ownThread: [], manyThreads: [] } as Record<Timed, number[]>;
  for (let i = 0; i < RUNS; i++) {
    seconds.cipher.push(cipherSeconds(masks * sum.length));
    seconds.agreements.push(agreementSeconds(masks - unmasking.survivors.length));
    const [alone, ownThread] = await run(0);
    const [together, manyThreads] = await run(threads);
    if (Buffer.compare(alone, together) !== 0) throw new Error('threads do not give the same sum');
    seconds.ownThread.push(ownThread);
    seconds.manyThreads.push(manyThreads);
  }
  const times = {
    cipher: median(seconds.cipher),
    agreements: median(seconds.agreements),
    ownThread: median(seconds.ownThread),
    manyThreads: median(seconds.manyThreads),
  };
  return { users, vecLen, dropped, masks, ...times, threads, timerLate };
}

async function roundFour(users: number, dropped: number): Promise<Unmasking> {
  const all = await Promise.all(
    allPositions(users).map(async (position) => {
      const maskSecretKey = platform.randomBytes(32);
      return {
        position,
        userId: userId(position, 'position'),
        maskSecretKey,
        maskKey: await platform.x25519(maskSecretKey).publicKey,
      };
    }),
  );
  const survivors = all.slice(0, users - dropped);
  return {
    bits: 32,
    view2: platform.randomBytes(32),
    survivors: survivors.map(({ position, userId, maskKey }) => ({
      position,
      userId,
      maskKey,
      selfMaskSeed: platform.randomBytes(32),
    })),
    dropped: all.slice(users - dropped).map(({ position, userId, maskSecretKey }) => ({
      position,
      userId,
      maskSecretKey,
      neighbors: survivors.map((survivor) => survivor.position),
    })),
  };
}

/** From a sample of half a gigabyte. */
function cipherSeconds(bytes: number): number {
  const started = performance.now();
  makeKeystream(2 ** 29);
  return ((performance.now() - started) / 1000) * (bytes / 2 ** 29);
}

/** From a sample of a thousand. */
function agreementSeconds(count: number): number {
  const own = platform.x25519(platform.randomBytes(32));
  const peer = platform.x25519Peer(Uint8Array.of(9, ...new Uint8Array(31)));
  const started = performance.now();
  for (let i = 0; i < 1000; i++) void own.agree(peer);
  return (performance.now() - started) * 1e-6 * count;
}
