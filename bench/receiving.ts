// How fast does a server take masked inputs? Measured beside SHA-256 of the same bytes, which each input needs once. Each session has
// a process of its own, because in some processes adding takes up to twice as long as in others, presumably because of where the sum
// and the kernel are in physical memory.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.ts';
import { blocks, table, whole } from './markdown.ts';
import { median } from './statistics.ts';

/** GB/s of message bytes. */
export interface Rate {
  readonly bits: number;
  readonly bytes: number;
  readonly recv: number;
  readonly sha256: number;
}

export interface ReceivingFigures {
  readonly users: number;
  readonly vecLen: number;
  readonly processes: number;
  readonly rates: readonly Rate[];
}

const PROGRAM = fileURLToPath(new URL('receiving/session-process.ts', import.meta.url));

export const receiving: Bench<ReceivingFigures> = {
  question: 'How fast does a server take masked inputs?',

  measure(quick) {
    const [users, vecLen, processes] = quick ? [6, 2 ** 17, 1] : [24, 2 ** 20, 7];
    const rates = [16, 20, 32, 33, 64].map((bits): Rate => {
      const each = Array.from({ length: processes }, () => rateOfOne(users, vecLen, bits));
      const middle = (of: 'recv' | 'sha256'): number => median(each.map((rate) => rate[of]));
      return { bits, bytes: each[0]?.bytes ?? NaN, recv: middle('recv'), sha256: middle('sha256') };
    });
    return Promise.resolve({ users, vecLen, processes, rates });
  },

  describe: ({ users, vecLen, processes, rates }) =>
    blocks(
      `\`recv\` of ${whole(vecLen)} components, one message after the other: medians of ${whole(processes)} processes, and of ${whole(users)} messages in each.`,
      table(
        ['bits', 'MB', 'recv, GB/s', 'SHA-256 alone, GB/s', 'recv, ms'],
        rates.map(({ bits, bytes, recv, sha256 }) => [bits, bytes / 1e6, recv, sha256, bytes / 1e6 / recv]),
      ),
    ),
};

function rateOfOne(users: number, vecLen: number, bits: number): Rate {
  const args = [...process.execArgv, PROGRAM, ...[users, vecLen, bits].map(String)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Rate;
}
