// How many bytes does a user send and receive? `messageSizes` computes it, and tests compare that with real messages.
import { messageSizes, type SparseGraph } from '../src/index.ts';
import { plan } from '../src/planner/index.ts';
import type { Bench } from './bench.ts';
import { blocks, short, table, whole } from './markdown.ts';

/** All bytes of a user, both ways, for an input of `inputBits` bits a component, in the narrowest ring that holds the sum. */
interface Expansion {
  readonly users: number;
  readonly vecLen: number;
  readonly inputBits: number;
  readonly bits: number;
  /** Null on the complete graph. */
  readonly neighbors: number | null;
  readonly down: readonly number[];
  readonly up: readonly number[];
  /** All bytes divided by those of the input. */
  readonly factor: number;
  /** The factor in the abstract of [BIK+17]; null if it has none for this size. */
  readonly paper: number | null;
}

export interface ByteFigures {
  readonly expansions: readonly Expansion[];
}

const CASES = [
  { users: 2 ** 7, vecLen: 2 ** 20, sparse: false, paper: null },
  { users: 2 ** 10, vecLen: 2 ** 20, sparse: false, paper: 1.73 },
  { users: 2 ** 10, vecLen: 2 ** 20, sparse: true, paper: null },
  { users: 2 ** 14, vecLen: 2 ** 24, sparse: false, paper: 1.98 },
  { users: 2 ** 14, vecLen: 2 ** 24, sparse: true, paper: null },
];

/** The sparse graph that the planner takes if the server follows the protocol, a tenth is lost and a twentieth is corrupt. */
function graphOf(users: number, vecLen: number): SparseGraph {
  const found = plan({ users, vecLen, dropout: 0.1, corrupt: 0.05, adversary: 'semi-honest', graph: 'sparse' });
  if (found.kind !== 'sparse') throw new Error('not a sparse graph');
  return found.graph;
}

export const bytes: Bench<ByteFigures> = {
  question: 'How many bytes does a user send and receive?',

  measure: () =>
    Promise.resolve({
      expansions: CASES.map(({ users, vecLen, sparse, paper }): Expansion => {
        const inputBits = 16;
        const bits = inputBits + Math.log2(users);
        const graph = sparse ? graphOf(users, vecLen) : 'complete';
        const { rounds, up, down } = messageSizes({ users, vecLen, bits, graph });
        const factor = (8 * (up + down)) / (inputBits * vecLen);
        const by = { down: rounds.map((round) => round.down), up: rounds.map((round) => round.up) };
        return { users, vecLen, inputBits, bits, neighbors: graph === 'complete' ? null : graph.neighbors, ...by, factor, paper };
      }),
    }),

  describe: ({ expansions }) =>
    blocks(
      ...expansions.map(({ users, vecLen, inputBits, bits, neighbors, down, up, factor, paper }) =>
        blocks(
          `### ${whole(users)} users × ${whole(vecLen)} components of ${inputBits} bits, added in ${bits}${neighbors === null ? '' : `, ${neighbors} neighbors each`}`,
          table(
            ['round', 'bytes down', 'bytes up'],
            down.map((each, round) => [round, each, up[round] ?? null]),
          ),
          `Together ${short(factor)} times the input; the vector alone is ${short(bits / inputBits)} times${paper === null ? '' : `, and ${paper} is what the paper’s abstract has`}.`,
        ),
      ),
    ),
};
