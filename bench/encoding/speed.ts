// How long encoding and decoding of floats take, beside copying and adding as many floats in the same run.
import { weightedMean, type Rounding } from '../../src/encoding/index.ts';

export interface Speed {
  readonly what: string;
  readonly ms: number;
}

/** The least time of several runs, of which the first ones warm up. */
function least(runs: number, run: () => unknown): number {
  let ms = Infinity;
  for (let i = 0; i < runs; i++) {
    const started = performance.now();
    run();
    ms = Math.min(ms, performance.now() - started);
  }
  return ms;
}

export function measureSpeed(length: number, runs: number): Speed[] {
  const data = Float32Array.from({ length }, (_, i) => 7 * Math.sin(i));
  const acc = new Float32Array(length);
  const add = (): void => {
    for (let i = 0; i < length; i++) acc[i] = (acc[i] ?? NaN) + (data[i] ?? NaN);
  };
  const speeds = [
    { what: 'copy the floats', ms: least(runs, () => data.slice()) },
    { what: 'add the floats to others', ms: least(runs, add) },
  ];
  for (const [rounding, quantizationRange] of [
    ['nearest', 2 ** 22],
    ['stochastic', 2 ** 22],
    ['stochastic', 2 ** 40],
    ['correlated', 2 ** 22],
  ] as readonly (readonly [Rounding, number])[]) {
    const encoding = weightedMean({ maxUsers: 100, length, rounding, quantizationRange });
    const place = rounding === 'correlated' ? { slot: 42, seed: 'bench' } : undefined;
    const { vector } = encoding.encode(data, 500, place);
    const kind = `${encoding.bits} bits, ${rounding}`;
    speeds.push({ what: `encode, ${kind}`, ms: least(runs, () => encoding.encode(data, 500, place)) });
    if (rounding === 'stochastic') {
      speeds.push({
        what: `decode, ${encoding.bits} bits`,
        ms: least(runs, () => encoding.decode(vector, { users: 1 })),
      });
    }
  }
  return speeds;
}
