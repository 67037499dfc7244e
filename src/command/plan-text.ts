// A plan as text for people.
import type { Plan } from '../planner/index.ts';
import { number, percent, plural, table } from './table.ts';

const power = (log2: number): string => `2^${log2.toFixed(1)}`;

export function planText(plan: Plan): string {
  const { request, user, server, bounds } = plan;
  const { work } = user;
  const lost = server.disturbed.dropouts;
  const sections: (readonly (readonly string[])[])[] = [
    [
      ['users', number(request.users)],
      ['dropouts', `${number(request.dropouts)} (${percent(request.dropout)})`],
      ['corrupt users', `${number(request.colluders)} (${percent(request.corrupt)})`],
      ['server', request.adversary],
      ['vector', `${plural(request.vecLen, 'component')} of ${plural(request.bits, 'bit')}`],
    ],
    [['graph', graphText(plan)], ...sessionLines(plan), ['each sum', `over ${number(plan.honest)} honest users or more`]],
    [
      ['what may go wrong', 'probability', 'at most'],
      ...(bounds.length === 0 ? [['nothing that is left to chance', '', '']] : []),
      ...bounds.map(({ event, log2, limit }) => [event, log2 === null ? '0' : power(log2), power(limit)]),
    ],
    [
      ['bytes of a user', 'sends', 'receives'],
      ...user.rounds.map(({ up, down }, round) => [`round ${round}`, number(up), number(down)]),
      ['all rounds', number(user.up), number(user.down)],
    ],
    [
      ['work', 'a user', 'server', `server, ${plural(lost, 'dropout')}`],
      ...(
        [
          ['masks of the whole vector', work.masks, 'masks'],
          ['X25519 agreements', work.agreements, 'agreements'],
          ['signatures made', work.signatures, null],
          ['signatures verified', work.verifications, 'verifications'],
          ['shares dealt; checked', work.shares, 'shares'],
          ['secrets reconstructed', 0, 'secrets'],
        ] as const
      ).map(([what, own, name]) => [
        what,
        number(own),
        ...[server.undisturbed, server.disturbed].map((of) => (name === null ? '0' : number(of[name]))),
      ]),
    ],
  ];
  return `${sections.map(table).join('\n\n')}\n`;
}

function graphText(plan: Plan): string {
  switch (plan.kind) {
    case 'complete':
      return 'complete';
    case 'cohorts':
      return `complete, in ${plural(
        plan.sessions.reduce((sum, { count }) => sum + count, 0),
        'cohort',
      )} drawn at random`;
    case 'sparse':
      return `sparse graph, ${plural(plan.graph.neighbors, 'neighbor')} each, ${range(plan.graph.shareThreshold, plan.shareThresholds)} of them open a secret`;
  }
}

function sessionLines(plan: Plan): string[][] {
  return plan.sessions.map(({ count, users, threshold, thresholds, options }) => [
    plan.kind === 'cohorts' ? plural(count, 'cohort') : 'threshold',
    plan.kind === 'cohorts'
      ? `of ${plural(users, 'user')}: threshold ${range(threshold, thresholds)}, up to ${plural(options.colluders, 'corrupt user')}`
      : range(threshold, thresholds),
  ]);
}

const range = (taken: number, { least, most }: { least: number; most: number }): string =>
  least === most ? number(taken) : `${number(taken)} (${number(least)} to ${number(most)} will do)`;
