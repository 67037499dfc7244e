// The report of a simulation: the object that --json prints.
import { createHash } from 'node:crypto';
import type { Graph } from '../../index.ts';
import type { GraphKind, ResolvedRequest, ServerWork } from '../../planner/index.ts';
import { increase, type Ousted } from './findings.ts';
import type { Loss } from './losses.ts';
import { median, type Tally } from './measures.ts';
import type { Scenario } from './scenario.ts';
import type { SimulationOptions, SimulationResult, SimulatedRun, SimulatedSession } from './simulation.ts';

/** Bytes of one user in one round, in one direction; `predicted` is for a user that stays to the end. */
export interface BytesReport {
  readonly mean: number;
  readonly most: number;
  /** Null if there is no prediction. */
  readonly predicted: number | null;
}

interface UserRoundReport {
  /** Answers of all users in all runs. */
  readonly answers: number;
  readonly up: BytesReport;
  readonly down: BytesReport;
  /** Median of all answers. */
  readonly milliseconds: number;
}

/** All users and sessions of a run together: the mean of the runs. */
interface ServerRoundReport {
  readonly heard: number;
  readonly bytesHeard: number;
  readonly millisecondsHearing: number;
  readonly sent: number;
  readonly bytesSent: number;
  readonly millisecondsClosing: number;
}

export interface SessionReport {
  readonly users: number;
  readonly threshold: number;
  /** Why it has no sum; null if it has one. */
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly included: readonly number[] | null;
  readonly lost: readonly Loss[];
  readonly named: readonly number[];
  readonly ousted: readonly Ousted[];
  /** What must never happen, in words; empty if all is well. */
  readonly wrong: readonly string[];
}

interface RunReport {
  /** Users in the sum. */
  readonly users: number;
  /** Digest of the components, little-endian in 4 or 8 bytes each; null if no session has a sum. */
  readonly sha256: string | null;
  readonly sessions: readonly SessionReport[];
}

export interface Report extends SimulationOptions {
  readonly request: ResolvedRequest;
  readonly kind: GraphKind;
  readonly graph: Graph;
  readonly sums: readonly RunReport[];
  /** How often each fault happened. */
  readonly faultsPlayed: Record<string, number>;
  /** Messages that were refused, by the error's code. */
  readonly refused: { readonly byServer: Record<string, number>; readonly byUsers: Record<string, number> };
  readonly user: { readonly rounds: readonly UserRoundReport[] };
  readonly server: {
    readonly rounds: readonly ServerRoundReport[];
    readonly masks: number;
    readonly agreements: number;
    readonly predicted: { readonly undisturbed: ServerWork; readonly disturbed: ServerWork } | null;
  };
  readonly milliseconds: number;
  /** Most memory that the process has used, in bytes. */
  readonly memory: number;
}

export function reportOf(scenario: Scenario, options: SimulationOptions, result: SimulationResult, milliseconds: number): Report {
  const { request, kind, graph, predicted } = scenario;
  const { runs, measures } = result;
  const aRun = (total: number): number => total / options.runs;
  const findings = runs.flatMap(({ sessions }) => sessions.map(({ findings }) => findings));
  return {
    ...options,
    request,
    kind,
    graph,
    sums: runs.map(runReport),
    faultsPlayed: together(findings.map(({ faults }) => faults)),
    refused: {
      byServer: Object.fromEntries(measures.refused),
      byUsers: together(findings.map(({ refusedByUsers }) => refusedByUsers)),
    },
    user: {
      rounds: measures.users.map(({ up, down, milliseconds }, round) => ({
        answers: up.count,
        up: bytesOf(up, predicted.user.rounds[round]?.up),
        down: bytesOf(down, predicted.user.rounds[round]?.down),
        milliseconds: median(milliseconds),
      })),
    },
    server: {
      rounds: measures.server.map(({ heard, bytesHeard, hearing, sent, bytesSent, closing }) => ({
        heard: aRun(heard),
        bytesHeard: aRun(bytesHeard),
        millisecondsHearing: aRun(hearing),
        sent: aRun(sent),
        bytesSent: aRun(bytesSent),
        millisecondsClosing: aRun(closing),
      })),
      masks: aRun(measures.masks),
      agreements: aRun(measures.agreements),
      predicted: predicted.server,
    },
    milliseconds,
    memory: process.resourceUsage().maxRSS * 1024,
  };
}

/** 0 if every session gave its sum, 1 if one ended without, 3 if anything was wrong. */
export function exitCodeOf({ sums }: Pick<Report, 'sums'>): 0 | 1 | 3 {
  const sessions = sums.flatMap(({ sessions }) => sessions);
  if (sessions.some(({ wrong }) => wrong.length > 0)) return 3;
  return sessions.some(({ error }) => error !== null) ? 1 : 0;
}

function runReport({ sessions, sum }: SimulatedRun): RunReport {
  const users = sessions.reduce((total, { sum, included }) => total + (sum === null ? 0 : (included?.length ?? 0)), 0);
  const bytes = sum === null ? null : new Uint8Array(sum.buffer, sum.byteOffset, sum.byteLength);
  const sha256 = bytes === null ? null : createHash('sha256').update(bytes).digest('hex');
  return { users, sha256, sessions: sessions.map(sessionReport) };
}

function sessionReport({ users, threshold, error, included, losses, named, findings }: SimulatedSession): SessionReport {
  return {
    users,
    threshold,
    error: error === null ? null : { code: error.code, message: error.message },
    included,
    lost: losses,
    named,
    ousted: findings.ousted,
    wrong: findings.wrong,
  };
}

function bytesOf({ mean, most }: Tally, predicted: number | undefined): BytesReport {
  return { mean, most, predicted: predicted ?? null };
}

/** The counts of several sessions added up. */
function together(counts: readonly ReadonlyMap<string, number>[]): Record<string, number> {
  const total = new Map<string, number>();
  for (const map of counts) for (const [key, count] of map) increase(total, key, count);
  return Object.fromEntries(total);
}
