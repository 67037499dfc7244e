// Who is enrolled in an attempt, and the sessions that follow: one of all, or one for each cohort of a draw.
import { CLOCK_SKEW } from '../service/clock.ts';
import { randomOrder } from '../cohorts/order.ts';
import { systemRandom } from '../crypto/random.ts';
import { SecAggError } from '../leaves/errors.ts';
import { at } from '../leaves/lists.ts';
import type { Certificate } from '../service/certificate.ts';
import { cohortPlan, drawnAttempt } from '../service/attempt-plan.ts';
import { attemptSession, requireValid } from '../service/certified-users.ts';
import { drawCohorts, enrollable, enrolmentBytes, readEnrolment } from '../service/enrolment.ts';
import type { RevocationList } from '../service/revocation-list.ts';
import { rosterOf, type Roster } from '../service/roster.ts';
import { leastEnrolled, mostEnrolled, type Task, type TaskDefinition } from '../service/task.ts';
import type { Window } from '../service/window.ts';
import type { CoordinatorContext } from './context.ts';
import { pauseInTraining } from './reply.ts';
import type { Attempt, NewSession, RunInAttempt, RunRecord, SessionRecord } from './run-record.ts';

/** Seconds that a certificate must have left, at most: participants renew it before. */
const MOST_LEFT = 3600;

/** How an attempt begins. */
type Enrolled =
  /** With one session. */
  | { readonly attempt: Attempt; readonly sessions: readonly NewSession[]; readonly enrolment?: undefined }
  /** With a draw, of so many. */
  | { readonly attempt: Attempt; readonly enrolment: Uint8Array; readonly users: number }
  /** Not at all: the certificates of these participants hold no more, and without them there are too few. */
  | { readonly gone: readonly number[] };

/** Training ends. @returns null if no list of revocations is there. */
export async function closeEnrolment(
  context: CoordinatorContext,
  task: Task,
  run: RunRecord,
  now: number,
): Promise<Enrolled | null> {
  const revocations = await context.revocationsOf(task);
  if (revocations === null) return null;
  const excluded = new Set(run.excluded);
  const ready = (await context.store.participants(run))
    .filter(({ status, certificate }) => status === 'ready' && !excluded.has(certificate.id))
    .map(({ certificate }) => certificate);
  const valid = validOf(ready, revocations, context.now(), task.definition);
  if (valid.length < leastEnrolled(task.definition)) {
    const kept = new Set(valid.map(({ id }) => id));
    return { gone: ready.flatMap(({ id }) => (kept.has(id) ? [] : [id])) };
  }
  const number = (run.attempt?.number ?? 0) + 1;
  const about = { task: task.digest, announcement: run.announcement, attempt: number };
  if (task.definition.group.cohorts === null) {
    const roster = rosterOf(valid, revocations);
    const name = attemptSession({ ...about, roster });
    const attempt: Attempt = { number, name, seedAt: null, sessions: 1 };
    return { attempt, sessions: [newSession(run, attempt, { index: 0, name, roster, draw: null }, now)] };
  }
  const users = enrollable(task, valid.length);
  const ids = valid.map(({ id }) => id);
  const userIds = sample(ids, users).sort((a, b) => a - b);
  const seedAt = context.now() + secondsToSeed(context, task.definition, task.definition.group.cohorts.seed) + 1;
  const attempt: Attempt = { number, name: drawnAttempt(task, about), seedAt, sessions: 0 };
  return { attempt, enrolment: enrolmentBytes({ seedAt, userIds }), users };
}

/**
 * Seconds to the seed of a draw. Participants accept a list of who is enrolled before the seed is known only, and they hear of it when they come
 * back: on a busy service that may be later than the task's `min`. But the seed must come within the window.
 */
function secondsToSeed(context: CoordinatorContext, definition: TaskDefinition, { min, max }: Window): number {
  const back = context.backWithin(pauseInTraining(definition), mostEnrolled(definition)) / 1000;
  return Math.max(min, Math.min(Math.ceil(min + back), Math.floor(max / 2)));
}

/** Some of them, at random: not every number of participants can be divided into cohorts. */
function sample(ids: readonly number[], count: number): number[] {
  const word = (): number => new DataView(systemRandom(4).buffer).getUint32(0);
  return Array.from(randomOrder(ids.length, word).subarray(0, count), (rank) => at(ids, rank));
}

/**
 * The certificates that hold now, and still hold when the last participant looks at them: a participant that comes with one that is about
 * to end would make all others refuse the roster.
 */
function validOf(
  certificates: readonly Certificate[],
  revocations: RevocationList,
  now: number,
  definition: TaskDefinition,
): Certificate[] {
  const revoked = new Set(revocations.serials);
  const until = now + secondsToRoster(definition);
  return certificates.filter((certificate) => {
    try {
      requireValid(certificate, { now, clockSkew: CLOCK_SKEW }, revoked);
      return certificate.validUntil > until;
    } catch (error) {
      if (error instanceof SecAggError) return false;
      throw error;
    }
  });
}

/** Seconds after which all have the certificates that they look at who take part at all; on a sparse graph they look in round 1, too. */
function secondsToRoster({ group: { cohorts, graph }, windows: { round } }: TaskDefinition): number {
  const draw = cohorts === null ? 0 : cohorts.seed.max + cohorts.seed.grace;
  return Math.min(draw + (graph === null ? 1 : 2) * (round.max + round.grace), MOST_LEFT);
}

/** The seed of the draw that a run waits for; null if it is not there yet, or if nothing is drawn. */
export async function seedOfDraw(context: CoordinatorContext, { stage, attempt }: RunRecord): Promise<Uint8Array | null> {
  const seedAt = attempt?.seedAt ?? null;
  if (stage !== 'draw' || seedAt === null || context.now() < seedAt) return null;
  return context.seeds.of(seedAt);
}

/** The sessions of the cohorts. @returns null if no list of revocations is there, or if another process was faster. */
export async function drawSessions(
  context: CoordinatorContext,
  run: RunInAttempt,
  seed: Uint8Array,
  now: number,
): Promise<readonly NewSession[] | null> {
  const task = context.taskOf(run.task);
  const [enrolment, revocations] = [await context.store.enrolment(run), await context.revocationsOf(task)];
  if (enrolment === null || revocations === null) return null;
  const cohorts = drawCohorts(task, readEnrolment(enrolment), seed);
  const byId = new Map((await context.store.participants(run)).map(({ certificate }) => [certificate.id, certificate]));
  const { announcement } = run;
  const { number, name } = run.attempt;
  const base = task.planFor(name);
  return Array.from({ length: cohorts.count }, (_, index) => {
    const { userIds } = cohorts.cohort(index, { session: name });
    const members = userIds.map((id) => byId.get(id)).filter((certificate) => certificate !== undefined);
    const roster = rosterOf(members, revocations);
    const draw = { enrolment: cohorts.enrolmentDigest, seed, index };
    const about = { task: task.digest, announcement, attempt: number, roster };
    return newSession(run, run.attempt, { index, name: cohortPlan(base, about, draw).name, roster, draw }, now);
  });
}

function newSession(
  { task, run }: RunRecord,
  { number: attempt }: Attempt,
  { roster, ...session }: Pick<SessionRecord, 'index' | 'name' | 'draw'> & { readonly roster: Roster },
  since: number,
): NewSession {
  const { users, certificates, bytes } = roster;
  const fresh = { revision: 0, round: 0, since, extended: false, end: null };
  return {
    record: { task, run, attempt, ...session, users, ...fresh },
    members: certificates.map(({ id }) => id),
    roster: bytes,
  };
}
