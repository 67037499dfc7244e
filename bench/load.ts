// What does a service cost beside the protocol? Agents over HTTP, two coordinator processes, one PostgreSQL: requests, answers, CPU time and
// bytes. The baseline is the protocol's own: the bytes of its messages.
import type { Bench } from './bench.ts';
import { measureLoad, type LoadFigures } from './load/measure.ts';
import { blocks, short, table, whole } from './markdown.ts';

export type { LoadFigures };

export const load: Bench<LoadFigures> = {
  question: 'What does a service cost beside the protocol?',

  measure: (quick) =>
    measureLoad({
      ...(quick ? { users: 6, cohorts: 2, patience: 10 } : { users: 100, cohorts: 10, patience: 600 }),
      vecLen: 1000,
      killed: false,
    }),

  describe: (figures) =>
    blocks(
      `One run of ${whole(figures.users * figures.cohorts)} agents over HTTP, in ${figures.cohorts} cohorts of ${figures.users}, with ${whole(figures.vecLen)} components of 32 bits, against ${figures.processes} coordinator processes with one PostgreSQL. All agents are in one process, on the same machine.`,
      table(
        ['', ''],
        [
          ['from the opening of the run to its sum, s', figures.seconds],
          ['requests a second', figures.requests / figures.seconds],
          ['requests of a participant', figures.requests / (figures.users * figures.cohorts)],
          ['an answer of the coordinator, median, ms', figures.p50],
          ['the same, 95 of 100 are faster, ms', figures.p95],
          ['CPU time of a participant, ms', figures.participantCpu],
          ['CPU time of the coordinator for a participant, ms', (1000 * figures.serverCpu) / (figures.users * figures.cohorts)],
          ['bytes that a participant sends and receives', figures.bytes],
          ['of these the messages of the protocol', figures.protocolBytes],
        ],
      ),
      `A participant sends and receives ${short(figures.bytes / figures.protocolBytes)} times the bytes of the protocol. Beside its messages there are the certificates of the cohort, the list of all who are enrolled, and a certificate, a token and two signatures in each request.`,
    ),
};
