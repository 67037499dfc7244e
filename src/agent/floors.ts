// What a participant asks of every run, whatever task and run say. None of it has a default: nobody takes part by accident on terms
// that somebody else chose.
import { Ledger } from '../dp/ledger/ledger.ts';
import type { Adjacency } from '../dp/mechanism.ts';
import { copyOf, equalBytes } from '../leaves/bytes.ts';
import { checkBoolean, checkBytes, checkInteger, checkNames, checkNumber, checkOneOf } from '../leaves/checks.ts';
import { ADVERSARIES, type Adversary } from '../session/parameters.ts';
import type { SignPublicKey } from '../crypto/sign.ts';
import type { Announcement } from '../service/announcement.ts';
import type { CohortSessions } from '../cohorts/enrolment.ts';
import { authorityDigest, checkAuthority, type Authority } from '../service/certificate.ts';
import { lnExposed } from '../service/enrolment.ts';
import { isDrawn, sparseFault } from '../service/group.ts';
import { ServiceError } from '../service/service-error.ts';
import type { Task, TaskDefinition } from '../service/task.ts';

/** What a participant may lose in privacy, over all its participations. */
export interface PrivacyBudget {
  /** The ε of the budget. */
  readonly epsilon: number;
  /** The δ of the budget. */
  readonly delta: number;
  /** What counts as a neighbor: plans of another adjacency are refused. */
  readonly adjacency: Adjacency;
}

/**
 * A participant's floors. A run below any of them is refused: the participant is told, and the coordinator gets no input.
 *
 * There is none for clips and encodings. Both are in the task, whose digest the participant has agreed to, so nobody can choose them for a
 * run. With a budget ({@link Floors.privacy}) they cost no privacy: noise is calibrated to the clip and to what rounding adds to it, so that a
 * larger clip brings more noise, and a smaller one costs accuracy only. Without a budget the server learns the exact sum of the encoded
 * inputs, and no bound on a clip hides an input in it: the other inputs do ({@link Floors.group}).
 */
export interface Floors {
  /** Who must be in a session. */
  readonly group: {
    /** Least users in a sum that are honest: threshold less colluders. */
    readonly minHonest: number;
    /** Least participants of a session, which is a cohort where there are cohorts. */
    readonly minEnrolled: number;
    /** Least threshold of a session. */
    readonly minThreshold: number;
    /** Most participants of a session: more cost more. */
    readonly maxUsers: number;
  };
  /** What a session must withstand. */
  readonly adversary: {
    /** The weakest adversary that the session must withstand; `'malicious'` is the strongest. */
    readonly model: Adversary;
    /** Least number of participants that may work with the server. */
    readonly minColluders: number;
    /** Least part of a session's participants that may work with the server, in [0, 1); with cohorts, of those who are enrolled. */
    readonly minColludingFraction: number;
    /**
     * What may be left to chance: in tasks with cohorts, who is in which, and on a sparse graph, who is whose neighbor. In all its
     * participations together, the chance that a session withstands less than the task says is at most 2^−security; 0 to 200. It is counted over
     * as many draws as all participations (`repetition.maxParticipations`) have attempts; the participant takes part in no more.
     * With cohorts it is assumed that `minColludingFraction` of those who are enrolled are corrupt. Null: tasks with cohorts or a sparse
     * graph are refused.
     */
    readonly security: number | null;
  };
  /** Whose signatures count, and for how long. */
  readonly keys: {
    /** The coordinator's public key, 32 bytes. */
    readonly coordinator: SignPublicKey;
    /** Who certifies participants. */
    readonly registrar: Authority;
    /** Whose announcements count, 32 bytes. */
    readonly publisher: SignPublicKey;
    /** How old the list of revoked certificates may be, in seconds. */
    readonly maxRevocationAge: number;
    /** How old certificates may be, in seconds. */
    readonly maxCertificateAge: number;
  };
  /** How often the participant takes part. */
  readonly repetition: {
    /** Least seconds between two participations with this data source. */
    readonly minInterval: number;
    /** Most participations in the task with this data source, as long as the store lives. */
    readonly maxParticipations: number;
  };
  /**
   * The budget of all participations in the task together, for aggregates to which users add noise. As many fit as it allows: if it is the
   * target of the task, all the releases that the target was made for. The store's ledger keeps the budget
   * that it began with: a lower one counts at once, with all that was spent before, and a higher one does not. A run is refused then if its
   * server sees exact sums: without noise, with noise that the server adds, or with parts that are said to be public. Null: inputs need no noise, and a run
   * with noise is accepted too.
   */
  readonly privacy: PrivacyBudget | null;
  /** Most bytes of a payload. */
  readonly maxPayloadBytes: number;
  /** Whether a task of a development set-up is accepted, in which one process plays the parties that must not be one. */
  readonly acceptDevelopment: boolean;
}

const MOST = Number.MAX_SAFE_INTEGER;
/** Bits of security that a session on a sparse graph has at most. */
const MOST_SECURITY = 200;

/** A checked copy. @throws TypeError, RangeError that name the floor. */
export function checkFloors(floors: Floors): Floors {
  const name = 'options.floors';
  checkNames(floors, name, ['group', 'adversary', 'keys', 'repetition', 'privacy', 'maxPayloadBytes', 'acceptDevelopment']);
  const { group, adversary, keys, repetition, privacy } = floors;
  checkNames(group, `${name}.group`, ['minHonest', 'minEnrolled', 'minThreshold', 'maxUsers']);
  checkNames(adversary, `${name}.adversary`, ['model', 'minColluders', 'minColludingFraction', 'security']);
  checkNames(keys, `${name}.keys`, ['coordinator', 'registrar', 'publisher', 'maxRevocationAge', 'maxCertificateAge']);
  checkNames(repetition, `${name}.repetition`, ['minInterval', 'maxParticipations']);
  return {
    group: {
      minHonest: checkInteger(group.minHonest, `${name}.group.minHonest`, 1, MOST),
      minEnrolled: checkInteger(group.minEnrolled, `${name}.group.minEnrolled`, 1, MOST),
      minThreshold: checkInteger(group.minThreshold, `${name}.group.minThreshold`, 2, MOST),
      maxUsers: checkInteger(group.maxUsers, `${name}.group.maxUsers`, 2, MOST),
    },
    adversary: {
      model: checkOneOf(adversary.model, `${name}.adversary.model`, ADVERSARIES),
      minColluders: checkInteger(adversary.minColluders, `${name}.adversary.minColluders`, 0, MOST),
      minColludingFraction: checkNumber(adversary.minColludingFraction, `${name}.adversary.minColludingFraction`, 0, 1),
      security:
        adversary.security === null ? null : checkNumber(adversary.security, `${name}.adversary.security`, 0, MOST_SECURITY),
    },
    keys: {
      coordinator: copyOf(checkBytes(keys.coordinator, `${name}.keys.coordinator`)),
      registrar: checkAuthority(keys.registrar, `${name}.keys.registrar`),
      publisher: copyOf(checkBytes(keys.publisher, `${name}.keys.publisher`)),
      maxRevocationAge: checkInteger(keys.maxRevocationAge, `${name}.keys.maxRevocationAge`, 1, MOST),
      maxCertificateAge: checkInteger(keys.maxCertificateAge, `${name}.keys.maxCertificateAge`, 1, MOST),
    },
    repetition: {
      minInterval: checkInteger(repetition.minInterval, `${name}.repetition.minInterval`, 0, MOST),
      maxParticipations: checkInteger(repetition.maxParticipations, `${name}.repetition.maxParticipations`, 1, MOST),
    },
    privacy: privacy === null ? null : checkBudget(privacy),
    maxPayloadBytes: checkInteger(floors.maxPayloadBytes, `${name}.maxPayloadBytes`, 0, MOST),
    acceptDevelopment: checkBoolean(floors.acceptDevelopment, `${name}.acceptDevelopment`),
  };
}

function checkBudget(privacy: PrivacyBudget): PrivacyBudget {
  checkNames(privacy, 'options.floors.privacy', ['epsilon', 'delta', 'adjacency']);
  const { epsilon, delta, adjacency } = new Ledger(privacy).terms; // refuses what is no budget
  return { epsilon, delta, adjacency };
}

export function belowFloors(what: string): ServiceError {
  return new ServiceError('ERR_SECAGG_FLOOR', `below the participant's floors: ${what}`);
}

function requireFloor(holds: boolean, what: string): void {
  if (!holds) throw belowFloors(what);
}

/** What a task must keep. @throws ServiceError ERR_SECAGG_FLOOR that says which floor it is below. */
export function requireTask(floors: Floors, task: Task): void {
  const { group, adversary, keys, privacy } = floors;
  const { definition } = task;
  const { threshold, maxUsers, colluders } = definition.group;
  requireFloor(threshold - colluders >= group.minHonest, `${threshold - colluders} honest users in a sum`);
  requireFloor(threshold >= group.minThreshold, `a threshold of ${threshold}`);
  requireFloor(maxUsers <= group.maxUsers, `up to ${maxUsers} participants`);
  requireFloor(definition.minUsers >= group.minEnrolled, `sessions of ${definition.minUsers} participants`);
  // ADVERSARIES begins with the strongest.
  const isStrong = ADVERSARIES.indexOf(definition.group.adversary) <= ADVERSARIES.indexOf(adversary.model);
  requireFloor(isStrong, `a ${definition.group.adversary} server`);
  requireFloor(colluders >= adversary.minColluders, `${colluders} colluders`);
  requireFloor(colluders >= adversary.minColludingFraction * maxUsers, `${colluders} colluders of ${maxUsers} participants`);
  requireChance(floors, definition);
  requireFloor(equalBytes(definition.publisher, keys.publisher), 'another publisher');
  const isOurs = equalBytes(authorityDigest(definition.registrar), authorityDigest(keys.registrar));
  requireFloor(isOurs, 'another registrar or scope');
  requireFloor(floors.acceptDevelopment || !definition.development, 'a development set-up');
  const { cost, showsExactSums } = task.shape;
  requireFloor(privacy === null || cost !== null, 'no noise');
  requireFloor(
    privacy === null || !showsExactSums,
    'exact sums, which noise that is added later, or in other parts, does not hide',
  );
  // The budget counts with the chance that the task names, and the draw is only as good as the floor asks.
  const chance = 2 ** -(adversary.security ?? Infinity);
  const isCounted = !isDrawn(definition.group) || (cost?.failureProbability ?? 0) >= chance;
  requireFloor(privacy === null || isCounted, `a δ that counts with safer draws than a chance of ${chance}`);
  requireFloor(privacy === null || cost?.adjacency === privacy.adjacency, 'another adjacency');
}

/** What may be left to chance. A sparse graph is good for all sizes of a session, or for none. */
function requireChance(floors: Floors, definition: TaskDefinition): void {
  const { group } = definition;
  const { graph } = group;
  requireFloor(!isDrawn(group) || floors.adversary.security !== null, graph === null ? 'cohorts' : 'a sparse graph');
  if (graph === null) return;
  const security = securityOfSession(floors, definition);
  const fault =
    security > MOST_SECURITY ? `a security of ${security} in each session` : sparseFault({ ...group, graph }, security);
  requireFloor(fault === null, String(fault));
}

/** The security that each of a participant's sessions on a sparse graph has, so that all its draws together have that of the floor. */
export function securityOfSession(floors: Floors, definition: TaskDefinition): number {
  const bits = (floors.adversary.security ?? Infinity) + Math.log2(mostDraws(floors, definition));
  return Math.max(Math.ceil(bits), 1);
}

/**
 * What an enrolment must keep. Each attempt of each participation is one more draw, and one more try to get a bad one. Draws are counted
 * when they are accepted: a coordinator that ends runs before the participant has sent anything would have tries without end.
 *
 * @throws ServiceError ERR_SECAGG_FLOOR
 */
export function requireDraw(
  floors: Floors,
  task: Task,
  {
    enrolled,
    sessions,
    draws,
  }: { readonly enrolled: number; readonly sessions: readonly CohortSessions[]; readonly draws: number },
): void {
  const { definition } = task;
  const { adversary } = floors;
  const most = mostDraws(floors, definition);
  requireDrawsLeft(floors, task, { draws });
  const corrupt = Math.ceil(adversary.minColludingFraction * enrolled);
  const lnAny = lnExposed(sessions, enrolled, corrupt, definition.group.colluders) + Math.log(most);
  const bits = -lnAny / Math.LN2;
  requireFloor(
    bits >= (adversary.security ?? Infinity),
    `cohorts of which one is exposed with a chance of 2^−${bits.toFixed(1)}`,
  );
}

/** Each attempt of each participation is one draw. */
function mostDraws({ repetition }: Floors, { attempts }: TaskDefinition): number {
  return repetition.maxParticipations * attempts;
}

/** Whether one more attempt would be accepted. Whoever would refuse its draw is not enrolled, because it would cost the others the attempt. */
export function hasDrawsLeft(floors: Floors, { definition }: Task, { draws }: Pick<History, 'draws'>): boolean {
  return !isDrawn(definition.group) || draws < mostDraws(floors, definition);
}

/** @throws ServiceError ERR_SECAGG_FLOOR */
export function requireDrawsLeft(floors: Floors, task: Task, history: Pick<History, 'draws'>): void {
  requireFloor(hasDrawsLeft(floors, task, history), `more than ${mostDraws(floors, task.definition)} draws`);
}

/** What the participant has done so far, with this data source. */
export interface History {
  /** Number of the highest run that it was asked for; -1 for none. */
  readonly highestRun: number;
  /** Participations so far. */
  readonly participations: number;
  /** Seconds since 1970 of the last one; null for none. */
  readonly lastParticipation: number | null;
  /** Draws of cohorts or of sparse graphs that it has taken part in, also of attempts that came to nothing. */
  readonly draws: number;
  /** Number of the newest revocation list that it has seen. */
  readonly revocationNumber: number;
}

/** What a run must keep. @param now seconds since 1970. @throws ServiceError ERR_SECAGG_FLOOR */
export function requireRun(floors: Floors, announcement: Announcement, history: History, now: number): void {
  const { repetition, maxPayloadBytes } = floors;
  const { run, payload, expires } = announcement;
  requireFloor(run > history.highestRun, `run ${run} after run ${history.highestRun}`);
  requireFloor(expires > now, 'a run that has expired');
  requireFloor((payload?.length ?? 0) <= maxPayloadBytes, `a payload of ${payload?.length ?? 0} bytes`);
  requireParticipationsLeft(floors, history);
  const isLongAgo = secondsToRest(floors, history, now) <= 0;
  requireFloor(isLongAgo, `less than ${repetition.minInterval} seconds after the last participation`);
}

/** @throws ServiceError ERR_SECAGG_FLOOR */
export function requireParticipationsLeft({ repetition }: Floors, { participations }: Pick<History, 'participations'>): void {
  requireFloor(participations < repetition.maxParticipations, `more than ${repetition.maxParticipations} participations`);
}

/** Seconds for which no run is accepted, because the last participation was not long ago; not above 0 if there are none. */
export function secondsToRest(
  { repetition }: Floors,
  { lastParticipation }: Pick<History, 'lastParticipation'>,
  now: number,
): number {
  return lastParticipation === null ? 0 : lastParticipation + repetition.minInterval - now;
}
