// The report of a simulation as tables for people.
import { number, percent, plural, table } from '../table.ts';
import { FAULTS } from './faults.ts';
import { ROUNDS, type Loss } from './losses.ts';
import type { BytesReport, Report, SessionReport } from './report.ts';

type Rows = readonly (readonly string[])[];

export function reportText(report: Report): string {
  const sections = [overview(report), users(report), server(report), work(report)];
  return `${sections
    .filter((rows) => rows.length > 0)
    .map(table)
    .join('\n\n')}\n`;
}

function overview(report: Report): Rows {
  const { request, seed, runs, sums } = report;
  const sessions = sums.flatMap(({ sessions }) => sessions);
  const lost = sessions.flatMap(({ lost }) => lost);
  const ousted = sessions.flatMap(({ ousted }) => ousted);
  return [
    ['users', number(request.users)],
    ['vector', `${plural(request.vecLen, 'component')} of ${plural(request.bits, 'bit')}`],
    ['graph', graphText(report, sums[0]?.sessions ?? [])],
    ['seed', `${seed}${runs > 1 ? `, ${number(runs)} times` : ''}`],
    ['lost', lossText(lost)],
    ...faultLines(report),
    ...refusedLine('refused by servers', report.refused.byServer),
    ...refusedLine('refused by users', report.refused.byUsers),
    ...(ousted.length === 0 ? [] : [['out by an error', counted(ousted.map(({ by, code }) => `${code} of a ${by}`))]]),
    ...sumLines(report, sessions),
    ['time', `${(report.milliseconds / 1000).toFixed(1)} s`],
    ['memory', `${number(Math.round(report.memory / 1e6))} MB at most`],
  ];
}

function graphText({ kind, graph }: Report, sessions: readonly SessionReport[]): string {
  const thresholds = `threshold ${spread(sessions.map(({ threshold }) => threshold))}`;
  if (kind === 'cohorts') {
    return `complete, ${plural(sessions.length, 'cohort')} of ${spread(sessions.map(({ users }) => users))} users, ${thresholds}`;
  }
  if (graph === 'complete') return `complete, ${thresholds}`;
  return `sparse graph, ${plural(graph.neighbors, 'neighbor')} each, ${number(graph.shareThreshold)} of them open a secret, ${thresholds}`;
}

function lossText(lost: readonly Loss[]): string {
  if (lost.length === 0) return 'nobody';
  const rounds = Array.from({ length: ROUNDS }, (_, round) => number(lost.filter((loss) => loss.round === round).length));
  const ways = (['misled', 'lies'] as const).flatMap((how) => {
    const count = lost.filter((loss) => loss.how === how).length;
    return count === 0 ? [] : [`${number(count)} ${how === 'lies' ? 'by lying' : 'misled'}`];
  });
  return [`${number(lost.length)}, by round ${rounds.join(' ')}`, ...ways].join(', ');
}

function faultLines({ faults, faultsPlayed }: Report): string[][] {
  if (faults === 0) return [];
  const lines = Object.entries(FAULTS).map(([fault, what]) => `${number(faultsPlayed[fault] ?? 0)} ${what}`);
  return lines.map((line, i) => [i === 0 ? `faults, ${percent(faults)}` : '', line]);
}

function refusedLine(name: string, codes: Record<string, number>): string[][] {
  const entries = Object.entries(codes).sort(([, a], [, b]) => b - a);
  return entries.map(([code, count], i) => [i === 0 ? name : '', `${number(count)} ${code}`]);
}

/** Each different text after the number of times that it occurs. */
function counted(texts: readonly string[]): string {
  const different = [...new Set(texts)];
  return different.map((text) => `${number(texts.filter((other) => other === text).length)} ${text}`).join(', ');
}

function sumLines({ sums, request }: Report, sessions: readonly SessionReport[]): string[][] {
  const wrong = sessions.flatMap(({ wrong }) => wrong);
  const errors = sessions.flatMap(({ error }) => error ?? []);
  const summed = `over ${spread(sums.map(({ users }) => users))} users, equal to the plain sum in ${plural(request.vecLen, 'component')}`;
  if (wrong.length > 0) return wrong.map((what) => ['WRONG', what]);
  if (errors.length === 0) return [['sum', summed]];
  return [
    ['no sum', `${number(errors.length)} of ${plural(sessions.length, 'session')}: ${counted(errors.map(({ code }) => code))}`],
    ...(sums.some(({ sha256 }) => sha256 !== null) ? [['sum of the others', summed]] : []),
  ];
}

function users({ user: { rounds }, runs }: Report): Rows {
  const head = (direction: string): string[] => [direction, 'at most', 'predicted'];
  const cells = ({ mean, most, predicted }: BytesReport): string[] => [
    number(Math.round(mean)),
    number(most),
    predicted === null ? '-' : number(predicted),
  ];
  const total = (of: (round: (typeof rounds)[number]) => BytesReport): BytesReport => ({
    mean: rounds.reduce((sum, round) => sum + of(round).mean, 0),
    most: rounds.reduce((sum, round) => sum + of(round).most, 0),
    predicted: rounds.reduce<number | null>((sum, round) => add(sum, of(round).predicted), 0),
  });
  const milliseconds = rounds.reduce((sum, round) => sum + round.milliseconds, 0);
  return [
    ['bytes of a user', 'answers', ...head('sends'), ...head('receives'), 'ms, median'],
    ...rounds.map(({ answers, up, down, milliseconds }, round) => [
      `round ${round}`,
      number(Math.round(answers / runs)),
      ...cells(up),
      ...cells(down),
      milliseconds.toFixed(2),
    ]),
    ['all rounds', '', ...cells(total(({ up }) => up)), ...cells(total(({ down }) => down)), milliseconds.toFixed(2)],
  ];
}

function server({ server: { rounds } }: Report): Rows {
  const sum = (of: (round: (typeof rounds)[number]) => number): number => rounds.reduce((total, round) => total + of(round), 0);
  const cells = (...numbers: readonly number[]): string[] => numbers.map((n) => number(Math.round(n)));
  return [
    ['server, all sessions', 'heard', 'bytes', 'ms', 'sent', 'bytes', 'ms to close'],
    ...rounds.map((of, round) => [
      `round ${round}`,
      ...cells(of.heard, of.bytesHeard, of.millisecondsHearing, of.sent, of.bytesSent, of.millisecondsClosing),
    ]),
    [
      'all rounds',
      ...cells(
        sum(({ heard }) => heard),
        sum(({ bytesHeard }) => bytesHeard),
        sum(({ millisecondsHearing }) => millisecondsHearing),
        sum(({ sent }) => sent),
        sum(({ bytesSent }) => bytesSent),
        sum(({ millisecondsClosing }) => millisecondsClosing),
      ),
    ],
  ];
}

function work({ server: { masks, agreements, predicted } }: Report): Rows {
  const row = (what: string, measured: number, name: 'masks' | 'agreements'): string[] => [
    what,
    number(Math.round(measured)),
    ...(predicted === null ? [] : [predicted.undisturbed[name], predicted.disturbed[name]].map(number)),
  ];
  return [
    ['work of the server', 'done', ...(predicted === null ? [] : ['without dropouts', 'all lost in round 2'])],
    row('masks removed', masks, 'masks'),
    row('X25519 agreements', agreements, 'agreements'),
  ];
}

const add = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);

/** One number, or the least and the largest of several. */
function spread(numbers: readonly number[]): string {
  const least = Math.min(...numbers);
  const most = Math.max(...numbers);
  return least === most ? number(least) : `${number(least)} to ${number(most)}`;
}
