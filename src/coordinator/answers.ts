// What the coordinator says to a participant that it has admitted: one function for each kind of request.
import { equalBytes, utf8 } from '../leaves/bytes.ts';
import { SecAggError } from '../leaves/errors.ts';
import { messageSizes } from '../wire/message-sizes.ts';
import { readCheckIn } from '../service/check-in.ts';
import { NOWHERE } from '../service/exchange.ts';
import type { Certificate } from '../service/certificate.ts';
import type { RequestKind } from '../service/request.ts';
import { readWanted } from '../service/roster.ts';
import { ServiceError } from '../service/service-error.ts';
import { mostEnrolled, type Task } from '../service/task.ts';
import type { Admitted } from './admission.ts';
import type { CoordinatorContext } from './context.ts';
import type { Entry } from './entry.ts';
import { mayReplace, type Participant, type RunEnd, type RunKey, type RunRecord, type SessionRecord } from './run-record.ts';
import type { Rosters } from './rosters.ts';
import { IDLE, pauseIn, pauseInTraining, reply, SOON, wait, type Reply } from './reply.ts';
import type { RunWork } from './run-work.ts';
import { ensureSession } from './session-advance.ts';
import { uploadName, type Uploads } from './uploads.ts';

/** What answering needs beside the coordinator's parts. */
export interface Answering extends CoordinatorContext {
  readonly uploads: Uploads;
  readonly rosters: Rosters;
  readonly work: RunWork;
  readonly entry: Entry;
  /**
   * Notes a request that changes something.
   *
   * @returns false if it is the newest one again, which somebody may have recorded.
   * @throws ServiceError ERR_SECAGG_SEQUENCE if it is older than one that was noted.
   */
  note(admitted: Admitted): Promise<boolean>;
}

type Answer = (context: Answering, admitted: Admitted) => Promise<Reply>;

const ANSWERS: Readonly<Record<RequestKind, Answer>> = {
  hello: (_, { task }) => Promise.resolve(reply('task', NOWHERE, utf8(JSON.stringify(task)))),
  'check-in': checkIn,
  ready: markReady,
  next: (context, admitted) => standing(context, admitted),
  answer: take,
  outcome: (context, admitted) => standing(context, admitted),
  leave,
  certificates: (context, admitted) => standing(context, admitted),
};

/** What a participant asks without changing anything. */
export const READING: ReadonlySet<RequestKind> = new Set(['hello', 'next', 'outcome', 'certificates']);

/** @throws SecAggError that the participant is told. */
export function answerTo(context: Answering, admitted: Admitted): Promise<Reply> {
  return ANSWERS[admitted.request.kind](context, admitted);
}

/** The participant would like to take part in the next run about its data source. */
async function checkIn(context: Answering, admitted: Admitted): Promise<Reply> {
  const { task, certificate, request } = admitted;
  const { clientVersion, source } = readCheckIn(request.body);
  const run = await context.store.openRun(task.id, source);
  const known = run === null ? null : await context.store.participant(run, certificate.id);
  const isIn = run !== null && known !== null && (isPresent(known, certificate) || mayReplace(run, known, certificate));
  if (!isIn) context.entry.requireCurrent(task, clientVersion); // who is in a run goes on with it
  if (run === null) return wait(NOWHERE, IDLE);
  if (!isIn && (run.stage !== 'check-in' || !context.entry.isOpen(task))) return wait(NOWHERE, IDLE);
  const most = mostEnrolled(task.definition);
  const { checkedIn } = await context.store.counts(run);
  // Not noted: whoever comes too late costs nothing but this answer.
  if (!isIn && checkedIn >= most) return wait(NOWHERE, IDLE);
  const isNew = await context.note(admitted);
  if (isNew && (await context.store.checkIn(run, certificate, most)) === null) return wait(NOWHERE, IDLE);
  await context.work.goOn(context, run);
  return present(context, admitted, (await context.store.run(run)) ?? run);
}

/** The participant's input is loaded. */
async function markReady(context: Answering, admitted: Admitted): Promise<Reply> {
  const { certificate } = admitted;
  const run = await runOf(context, admitted);
  if (run.end === null && !run.excluded.includes(certificate.id)) {
    const known = await requireParticipant(context, admitted, run);
    if (await context.note(admitted)) await context.store.setReady(run, known.certificate);
    await context.work.goOn(context, run);
  }
  return standing(context, admitted);
}

/** Where the run is, for this participant. */
async function standing(context: Answering, admitted: Admitted): Promise<Reply> {
  return present(context, admitted, await runOf(context, admitted));
}

async function runOf({ store }: Answering, { task, request: { place } }: Admitted): Promise<RunRecord> {
  const run = await store.run({ task: task.id, run: place.run });
  if (run === null) throw new ServiceError('ERR_SECAGG_RUN', 'there is no such run, or it is long over');
  return run;
}

async function present(context: Answering, admitted: Admitted, run: RunRecord): Promise<Reply> {
  const { task, certificate } = admitted;
  const { attempt } = run;
  const place = { run: run.run, attempt: attempt?.number ?? 0, round: 0 };
  if (run.end !== null) return reply('outcome', place, outcomeBody(run, run.end));
  const known = await requireParticipant(context, admitted, run);
  if (run.excluded.includes(certificate.id)) return wait(place, IDLE);
  const { windows } = task.definition;
  const most = mostEnrolled(task.definition);
  switch (run.stage) {
    case 'check-in':
      // Whoever waits for training to begin must not sleep through it.
      return wait(place, pauseIn(Math.min(windows.checkIn.min, 5 * windows.training.min)), most);
    case 'training':
      if (known.status === 'checked-in') return reply('run', place, run.announcement);
      return wait(place, pauseInTraining(task.definition), most);
    case 'draw': {
      // Who asks with `next` has the list; who is not in it is told, too, and waits for the next attempt.
      const enrolment = admitted.request.kind === 'ready' ? await context.store.enrolment(run) : null;
      if (enrolment !== null && known.status === 'ready') return reply('enrolled', place, enrolment);
      return wait(place, SOON + 1000 * Math.max((attempt?.seedAt ?? 0) - context.now(), 0), most);
    }
    case 'session': {
      const session = await sessionOf(context, run, known);
      if (session === null || session.attempt !== attempt?.number) return wait(place, IDLE, most);
      return inSession(context, admitted, session);
    }
    case 'finished':
    case 'failed':
      return wait(place, SOON);
  }
}

/** The participant of a run that asks: by id and key, for somebody may have a key that was replaced. */
async function participantOf({ store }: Answering, { certificate }: Admitted, run: RunKey): Promise<Participant | null> {
  const known = await store.participant(run, certificate.id);
  return known !== null && equalBytes(known.certificate.publicKey, certificate.publicKey) ? known : null;
}

function isPresent({ status, certificate: { publicKey } }: Participant, certificate: Certificate): boolean {
  return status !== 'left' && equalBytes(publicKey, certificate.publicKey);
}

async function requireParticipant(context: Answering, admitted: Admitted, run: RunKey): Promise<Participant> {
  const known = await participantOf(context, admitted, run);
  if (known !== null && known.status !== 'left') return known;
  throw new ServiceError('ERR_SECAGG_RUN', 'not a participant of this run');
}

/** The session that a participant is in, or was in last. */
async function sessionOf({ store }: Answering, run: RunRecord, known: Participant | null): Promise<SessionRecord | null> {
  const index = known?.session ?? null;
  return index === null ? null : store.session({ ...run, index });
}

/** How a run ended, for a participant. */
function outcomeBody({ run, attempt }: RunRecord, { code, included }: RunEnd): Uint8Array {
  const told = { kind: code === null ? 'finished' : 'failed', run, attempt: attempt?.number ?? 0 };
  return utf8(JSON.stringify(code === null ? { ...told, users: included.length } : { ...told, code }));
}

/** What a member of a session gets: the roster, or the server's message of the round that it waits for. */
async function inSession(context: Answering, { certificate, request, task }: Admitted, session: SessionRecord): Promise<Reply> {
  const { run, attempt, round, end, users, name } = session;
  const place = { run, attempt, round };
  const { windows, group } = task.definition;
  const pause = Math.min(Math.max(50 * windows.round.max, SOON), IDLE / 3);
  const { place: wanted } = request;
  if (request.kind === 'certificates' && wanted.attempt === attempt) {
    return reply('roster', place, await context.rosters.excerpt(session, wantedIds(task, request.body)));
  }
  if (end !== null) return wait(place, pause, users);
  if (wanted.attempt !== attempt) {
    const own = await (group.graph === null
      ? context.rosters.whole(session)
      : context.rosters.excerpt(session, [certificate.id]));
    return reply('roster', { ...place, round: 0 }, own);
  }
  if (wanted.round > round || wanted.round === 0) return wait(place, pause, users);
  const message = await whileOpen(context, session, () => context.host.message(name, certificate.id, wanted.round));
  return message === null ? wait(place, pause, users) : reply('message', { ...place, round: wanted.round }, message);
}

/**
 * What a session's host says.
 *
 * @returns null if the session has ended meanwhile: its host forgets it piece by piece, and then says anything.
 */
async function whileOpen<T>({ store }: Answering, session: SessionRecord, ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    const now = await store.session(session);
    if (now?.end === null && now.attempt === session.attempt) throw error;
    return null;
  }
}

/** Whose certificates a participant asks for: its own and those of its neighbors at most. */
function wantedIds({ definition: { group } }: Task, body: Uint8Array): number[] {
  const most = group.graph === null ? 0 : group.graph.neighbors + 1;
  return readWanted(body, most);
}

/** One part of the participant's answer in a protocol round. */
async function take(context: Answering, admitted: Admitted): Promise<Reply> {
  const { certificate, request, task } = admitted;
  const run = await runOf(context, admitted);
  const { place } = request;
  const session = await sessionOf(context, run, await participantOf(context, admitted, run));
  const isOpen = run.stage === 'session' && session?.end === null && session.attempt === run.attempt?.number;
  if (!isOpen || session.attempt !== place.attempt) throw attemptOver();
  await context.note(admitted);
  const part = context.uploads.add(uploadName(run, certificate.id), request, longestAnswer(task));
  if ('have' in part) {
    return { ...reply('accepted', place), have: { offset: part.have, total: request.total } };
  }
  const taken = await whileOpen(context, session, async () => {
    await ensureSession(context, task, run, session);
    await context.host.recv(session.name, certificate.id, part.whole);
    return true;
  });
  if (taken === null) throw attemptOver();
  context.work.goOnWithSession(context, run, session.index);
  return { ...reply('accepted', place), have: { offset: request.total, total: request.total } };
}

function attemptOver(): ServiceError {
  return new ServiceError('ERR_SECAGG_RUN', 'this attempt is over, or the participant is not in it');
}

/** Bytes of a participant's longest message, with the longest ids. */
function longestAnswer(task: Task): number {
  const { vecLen, options } = task.shape;
  const { maxUsers: users, bits, graph = 'complete' } = options;
  const { rounds } = messageSizes({ users, vecLen, bits, graph });
  return Math.max(...rounds.map(({ up }) => up)) + 64;
}

/**
 * The participant takes no further part: in the run, or in the attempt that it names. After its answer of round 2 its input is in the sum all
 * the same.
 */
async function leave(context: Answering, admitted: Admitted): Promise<Reply> {
  const { request } = admitted;
  const run = await runOf(context, admitted);
  if (run.end === null) {
    const known = await requireParticipant(context, admitted, run);
    await context.note(admitted);
    await context.store.setLeft(run, known.certificate, request.place.attempt);
    await context.work.goOn(context, run);
  }
  return reply('accepted', { ...NOWHERE, run: run.run });
}

/** The code that a participant is told. @throws what is no refusal. */
export function codeToTell(error: unknown): string {
  if (error instanceof SecAggError) return error.code;
  throw error;
}
