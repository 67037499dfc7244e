// The same sum by Prio3SumVec, in which each user speaks once, to two servers that must not collude.
import type { Bench } from './bench.ts';
import { blocks, table, whole, type Cell } from './markdown.ts';
import { measurePrio, type PrioFigures } from './peers/prio.ts';

export const prio: Bench<PrioFigures> = {
  question: 'What does the same sum cost with two servers?',

  measure: (quick) => (quick ? measurePrio(16, 1, false) : measurePrio(1000, 15, true)),

  describe({ components, bits, users, ours, crate, typescript }) {
    const crates = (of: (cost: Exclude<typeof crate, { readonly skipped: string }>) => Cell): Cell =>
      'skipped' in crate ? null : of(crate);
    return blocks(
      `Of one vector of ${whole(components)} components of ${bits} bits: medians, or means over a session of ${users} users on the complete graph in which all stay. With Prio, a user speaks once, each vector is proven to be in range, and two servers add up; if they collude they see every vector. With secagg a user takes five steps, and one server adds up that may collude with users.`,
      table(
        ['', 'secagg', 'skipped' in crate ? 'prio' : `prio ${crate.version}`, `@divviup/prio3 ${typescript.version}`],
        [
          ['the user, ms', ours.client, crates(({ client }) => client), typescript.client],
          ['all servers, ms', ours.servers, crates(({ servers }) => servers), null],
          ['bytes that the user sends and receives', ours.bytes, crates(({ bytes }) => bytes), typescript.bytes],
        ],
      ),
      'skipped' in crate ? `The crate prio was skipped: ${crate.skipped}.` : '',
    );
  },
};
