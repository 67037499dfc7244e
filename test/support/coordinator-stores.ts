// What every store of a coordinator must do, as tests that each store runs.
import { expect } from 'chai';
import type { Certificate } from '../../src/service/certificate.ts';
import type { Registrar } from '../../src/service/registrar.ts';
import type { RunEnding, RunRecord, NewSession, SessionRecord } from '../../src/coordinator/run-record.ts';
import type { CoordinatorStore } from '../../src/coordinator/store.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { authorities, certified } from './service.ts';

const TASK = 'a'.repeat(64);
const id = (value: number): UserId => value as UserId;

function newRun(run: number, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    task: TASK,
    run,
    revision: 0,
    source: '',
    announcement: Uint8Array.of(1, 2, run),
    stage: 'check-in',
    since: 12.5,
    extended: false,
    attempt: null,
    excluded: [],
    end: null,
    ...changes,
  };
}

/** @param fresh a store with nothing in it. */
export function describeStore(fresh: () => Promise<CoordinatorStore>): void {
  let store: CoordinatorStore;
  const certificates: Certificate[] = [];
  let registrar: Registrar;
  /** Of the first participant, with a new key. */
  let renewed: Certificate;
  const certificate = (index: number): Certificate => certificates[index]!;
  const next = async (run: RunRecord, changes: Partial<RunRecord>): Promise<RunRecord> => {
    const record = { ...run, ...changes, revision: run.revision + 1 };
    expect(await store.replaceRun(record)).to.equal(true);
    return record;
  };

  const end = async (run: RunRecord, ending: Partial<RunEnding> = {}): Promise<RunRecord> => {
    const failed = { at: 1, code: 'ERR', included: [], cohorts: [], sum: null, noiseSeed: null };
    const ended = await store.endRun(run, { ...failed, ...ending });
    if (ended === null) throw new Error('the run was not ended');
    return ended;
  };
  /** Ends a run with a sum. @returns its staleness. */
  const finish = async (run: RunRecord): Promise<number | undefined> => {
    const sum = { code: null, included: [id(1)], cohorts: [1], sum: Int32Array.of(1), noiseSeed: new Uint8Array(32) };
    return (await end(run, sum)).end?.staleness;
  };

  before(async () => {
    ({ registrar } = authorities());
    for (let each = 0; each < 4; each++) certificates.push((await certified(registrar, each)).certificate);
    renewed = (await certified(registrar, 0)).certificate;
  });
  beforeEach(async () => (store = await fresh()));

  it('gives back a run as it was given, with its attempt and its sum', async () => {
    const run = newRun(1, { source: 'steps' });
    expect(await store.createRun(run)).to.equal(true);
    expect(await store.run(run)).to.deep.equal(run);
    expect(await store.openRun(TASK, 'steps')).to.deep.equal(run);
    const attempt = { number: 1, name: 'b'.repeat(64), seedAt: 77, sessions: 2 };
    const going = await next(run, { stage: 'session', since: 1e6 + 0.25, extended: true, attempt, excluded: [id(7)] });
    expect(await store.run(run)).to.deep.equal(going);
    for (const [number, sum] of [
      [2, Int32Array.of(-1, 2 ** 31 - 1, -(2 ** 31))],
      [3, BigInt64Array.of(-1n, 2n ** 63n - 1n)],
    ] as const) {
      const ending = { at: 5e6, code: null, included: [1, 2 ** 40], cohorts: [1, 1], sum, noiseSeed: new Uint8Array(32).fill(7) };
      const other = newRun(number, { source: `source ${number}` });
      await store.createRun(other);
      const last = await next(other, { stage: 'session', attempt });
      const ended = await end({ ...last, excluded: [id(9)] }, ending);
      expect(ended).to.deep.equal({
        ...{ ...last, excluded: [id(9)], revision: 2, stage: 'finished' },
        end: { ...ending, staleness: 0 },
      });
      expect(await store.run(other)).to.deep.equal(ended);
    }
  });

  it('takes one run a source at a time, and numbers that rise within a task', async () => {
    expect(await store.createRun(newRun(5))).to.equal(true);
    expect(await store.createRun(newRun(6)), 'the source has an open run').to.equal(false);
    expect(await store.createRun(newRun(6, { source: 'other' }))).to.equal(true);
    expect(await store.createRun(newRun(6, { source: 'third' })), 'a number again').to.equal(false);
    expect(await store.createRun(newRun(4, { source: 'third' })), 'a lower number').to.equal(false);
    expect(await store.createRun(newRun(1, { task: 'c'.repeat(64) }))).to.equal(true);
    expect((await store.openRuns()).map(({ run }) => run).sort()).to.deep.equal([1, 5, 6]);
    await end(newRun(5));
    expect(await store.createRun(newRun(5)), 'the number of a run that has ended').to.equal(false);
    expect(await store.createRun(newRun(7))).to.equal(true);
  });

  it('replaces a run by its next revision only', async () => {
    const run = newRun(1);
    await store.createRun(run);
    expect(await store.replaceRun({ ...run, since: 1 })).to.equal(false);
    expect(await store.replaceRun({ ...run, since: 1, revision: 2 })).to.equal(false);
    const both = await Promise.all([1, 2].map((since) => store.replaceRun({ ...run, since, revision: 1 })));
    expect(both.filter(Boolean)).to.have.lengthOf(1);
    expect(await store.replaceRun(newRun(2, { revision: 1 })), 'no such run').to.equal(false);
  });

  it('ends a run once, and counts for its staleness the sums of its task since it was opened', async () => {
    const of = (run: number, task = TASK): RunRecord => newRun(run, { source: `source ${run}`, task });
    const [first, second, third, fourth] = [of(1), of(2), of(3), of(4)];
    const elsewhere = of(1, 'c'.repeat(64));
    for (const run of [first, second, third, elsewhere]) expect(await store.createRun(run)).to.equal(true);
    await finish(elsewhere); // of another task
    await end(third); // without a sum
    expect(await finish(second), 'nothing has ended before').to.equal(0);
    expect(await store.createRun(fourth)).to.equal(true);
    expect(await finish(first), 'the second run has ended since').to.equal(1);
    expect(await finish(fourth), 'the first run has ended since, the second one before').to.equal(1);
    expect((await store.run(first))?.end?.staleness).to.equal(1);

    const racing = newRun(5);
    await store.createRun(racing);
    const ending = { at: 1, code: null, included: [], cohorts: [], sum: Int32Array.of(1), noiseSeed: new Uint8Array(32) };
    const ended = await Promise.all([1, 2, 3].map(() => store.endRun(racing, ending)));
    expect(ended.filter((run) => run !== null)).to.have.lengthOf(1);
    expect(await store.endRun(racing, ending), 'of an earlier revision').to.equal(null);
    expect(await store.endRun(of(77), ending), 'no such run').to.equal(null);
    const last = newRun(6);
    await store.createRun(last);
    expect(await finish(last), 'whoever lost the race has counted nothing').to.equal(0);
  });

  it('lets runs of one task be created and ended at once, each of which is counted', async () => {
    const runs = [1, 2, 3, 4].map((run) => newRun(run, { source: `source ${run % 2}` }));
    for (const run of runs.slice(0, 2)) await store.createRun(run);
    const [one, two] = await Promise.all([
      ...runs.slice(0, 2).map(finish),
      ...runs.slice(2).map((run) => store.createRun(run)), // refused, if it comes before its source is free
    ]);
    expect([one, two].sort()).to.deep.equal([0, 1]);
  });

  it('enters those who check in while there is room and check-in goes on', async () => {
    const run = newRun(1);
    await store.createRun(run);
    expect(await store.checkIn(run, certificate(0), 2)).to.deep.equal({
      certificate: certificate(0),
      status: 'checked-in',
      session: null,
      refused: 0,
    });
    expect(await store.checkIn(run, certificate(0), 2), 'again').to.deep.equal({
      certificate: certificate(0),
      status: 'checked-in',
      session: null,
      refused: 0,
    });
    const racing = await Promise.all([1, 2, 3].map((index) => store.checkIn(run, certificate(index), 2)));
    expect(racing.filter((entered) => entered !== null)).to.have.lengthOf(1);
    expect(await store.counts(run)).to.deep.equal({ checkedIn: 2, selected: 2, ready: 0 });
    await store.setLeft(run, certificate(0), 0);
    expect(await store.counts(run)).to.deep.equal({ checkedIn: 1, selected: 1, ready: 0 });
    expect(await store.checkIn(run, certificate(0), 2), 'back again').to.deep.include({ status: 'checked-in' });
    expect(await store.checkIn(run, renewed, 2), 'with a new key, although it is full').to.deep.include({ certificate: renewed });
    expect(await store.checkIn(run, certificate(0), 2), 'with the old key').to.deep.include({ certificate: renewed });
    await next(run, { stage: 'training' });
    await store.setLeft(run, renewed, 0);
    expect(await store.checkIn(run, certificate(0), 2), 'after check-in').to.equal(null);
    expect(await store.participant(run, id(0))).to.deep.include({ status: 'left' });
    expect(await store.participant(run, id(77))).to.equal(null);
  });

  it('lets a participant with a new key take its own place after check-in, unless it has been ready or in a session with the old one', async () => {
    const run = newRun(1);
    await store.createRun(run);
    for (const index of [0, 1, 2]) await store.checkIn(run, certificate(index), 3);
    let present = await next(run, { stage: 'training' });
    const stranger = certificate(3);
    expect(await store.checkIn(run, stranger, 9), 'somebody else').to.equal(null);
    expect(await store.checkIn(run, renewed, 3), 'it is full').to.deep.include({ certificate: renewed, status: 'checked-in' });
    expect(await store.counts(run)).to.deep.equal({ checkedIn: 3, selected: 3, ready: 0 });
    expect(await store.checkIn(run, certificate(0), 3), 'with the old key').to.deep.include({ certificate: renewed });
    expect(await store.setReady(run, certificate(0)), 'with the old key').to.equal(false);
    for (const attempt of [0, 1]) await store.setLeft(run, certificate(0), attempt);
    expect(await store.participant(run, id(0))).to.deep.include({ status: 'checked-in', refused: 0 });
    expect(await store.setReady(run, renewed)).to.equal(true);
    const newest = (await certified(registrar, 0)).certificate;
    expect(await store.checkIn(run, newest, 3), 'it is ready').to.equal(null);
    const record: SessionRecord = {
      ...{ task: TASK, run: 1, index: 0, revision: 0, attempt: 1, name: 'a'.repeat(64), round: 0, since: 5, extended: false },
      ...{ draw: null, users: 1, end: null },
    };
    present = { ...present, stage: 'session', revision: present.revision + 1 };
    await store.replaceRun(present, { sessions: [{ record, members: [0], roster: Uint8Array.of(1) }] });
    const second = (await certified(registrar, 1)).certificate;
    expect(await store.checkIn(run, second, 3), 'an attempt goes on').to.equal(null);
    await next(present, { stage: 'training' });
    expect(await store.checkIn(run, newest, 3), 'it was in a session').to.equal(null);
    expect(await store.checkIn(run, second, 3), 'it was in none').to.deep.include({ certificate: second });
    expect((await store.participants(run)).map(({ certificate: each }) => each.serial)).to.deep.equal(
      [renewed, second, certificate(2)].map(({ serial }) => serial),
    );
  });

  it('lets those be ready who checked in, while inputs are loaded, and lets nobody be ready without saying so again', async () => {
    const run = newRun(1);
    await store.createRun(run);
    for (const index of [0, 1, 2]) await store.checkIn(run, certificate(index), 3);
    expect(await store.setReady(run, certificate(0)), 'too early').to.equal(false);
    const training = await next(run, { stage: 'training' });
    for (const index of [0, 1]) expect(await store.setReady(run, certificate(index))).to.equal(true);
    expect(await store.setReady(run, certificate(0)), 'again').to.equal(true);
    expect(await store.setReady(run, certificate(3)), 'a stranger').to.equal(false);
    await store.setLeft(run, certificate(1), 0);
    expect(await store.setReady(run, certificate(1)), 'it has left').to.equal(false);
    expect((await store.participants(run)).map(({ status }) => status)).to.deep.equal(['ready', 'left', 'checked-in']);
    const session = await next(training, { stage: 'session' });
    expect(await store.setReady(run, certificate(2)), 'too late').to.equal(false);
    expect(await store.setReady(run, certificate(0)), 'it was ready').to.equal(true);
    const again = await next(session, { stage: 'training', excluded: [id(2)] });
    expect(await store.counts(run)).to.deep.equal({ checkedIn: 2, selected: 1, ready: 0 });
    await store.setReady(run, certificate(0));
    await store.setReady(run, certificate(2));
    expect(await store.counts(run)).to.deep.equal({ checkedIn: 2, selected: 0, ready: 1 });
    await next(again, { excluded: [id(0), id(2)] });
    expect(await store.counts(run)).to.deep.equal({ checkedIn: 2, selected: 0, ready: 0 });
  });

  it('has the sessions of an attempt, each of which is replaced by its next revision, and those of the next attempt after them', async () => {
    const run = newRun(1);
    await store.createRun(run);
    for (const index of [0, 1, 2, 3]) await store.checkIn(run, certificate(index), 4);
    expect(await store.enrolment(run)).to.equal(null);
    expect(await store.session({ ...run, index: 0 })).to.equal(null);
    const drawing = { ...run, stage: 'draw' as const, revision: 1 };
    expect(await store.replaceRun(drawing, { enrolment: Uint8Array.of(1, 2, 3) })).to.equal(true);
    expect(await store.enrolment(run)).to.deep.equal(Uint8Array.of(1, 2, 3));
    const of = (attempt: number, index: number, members: number[], run = 1): NewSession => ({
      record: record(attempt, index, members.length, run),
      members,
      roster: Uint8Array.of(9, index, attempt),
    });
    const record = (attempt: number, index: number, users: number, run: number): SessionRecord => ({
      ...{ task: TASK, run, index, revision: 0, attempt, name: `${index}`.repeat(64), round: 0, since: 5.25, extended: false },
      draw: { enrolment: new Uint8Array(32).fill(1), seed: new Uint8Array(32).fill(2), index },
      ...{ users, end: null },
    });
    const sessions = [of(1, 0, [0, 2]), of(1, 1, [1])];
    const going = { ...drawing, stage: 'session' as const, revision: 2 };
    expect(await store.replaceRun(going, { sessions })).to.equal(true);
    expect(await store.replaceRun(going, { sessions: [] }), 'another process was faster').to.equal(false);
    expect(await store.session({ ...run, index: 1 })).to.deep.equal(sessions[1]!.record);
    expect(await store.roster({ ...run, index: 1, attempt: 1 })).to.deep.equal(Uint8Array.of(9, 1, 1));
    expect(await store.roster({ ...run, index: 1, attempt: 2 }), 'of another attempt').to.equal(null);
    expect(await store.certificate({ ...run, index: 0 })).to.equal(null);
    expect(await store.openSessions(run)).to.deep.equal([0, 1]);
    expect((await store.participants(run)).map(({ session }) => session)).to.deep.equal([0, 1, 0, null]);
    await store.setLeft(run, certificate(2), 0);
    await store.setLeft(run, certificate(3), 0);
    await store.setLeft(run, certificate(1), 1);
    const left = (attempt: number, index: number): Promise<readonly number[]> =>
      store.left({ task: TASK, run: 1, attempt, index });
    expect([await left(1, 0), await left(1, 1)]).to.deep.equal([[id(2)], [id(1)]]);
    expect([await left(2, 0), await left(2, 1)], 'of a later attempt').to.deep.equal([[id(2)], []]);
    const sessionEnd = { code: null, included: [0, 2], out: [1], sum: Int32Array.of(-5, 7) };
    const ended = { ...sessions[0]!.record, revision: 1, round: 4, end: sessionEnd };
    const racing = await Promise.all([1, 2].map(() => store.replaceSession(ended, 'tëxt')));
    expect(racing.filter(Boolean)).to.have.lengthOf(1);
    expect(await store.session({ ...run, index: 0 })).to.deep.equal(ended);
    expect(await store.replaceSession({ ...ended, revision: 2 })).to.equal(true);
    expect(await store.certificate({ ...run, index: 0 }), 'it stays').to.equal('tëxt');
    expect(await store.replaceSession({ ...ended, revision: 4 }), 'not the next revision').to.equal(false);
    expect(await store.replaceSession({ ...ended, revision: 3, attempt: 2 }), 'of another attempt').to.equal(false);
    expect(await store.openSessions(run)).to.deep.equal([1]);
    await end(going, { at: 1000 });
    expect(await store.session({ ...run, index: 0 }), 'its sum is dropped').to.deep.equal({
      ...ended,
      revision: 2,
      end: { ...sessionEnd, sum: null },
    });
    await store.forgetRuns(TASK, 1000);
    expect(await store.session({ ...run, index: 0 })).to.equal(null);

    const second = newRun(2);
    await store.createRun(second);
    for (const index of [0, 1]) await store.checkIn(second, certificate(index), 4);
    await store.replaceRun(
      { ...second, revision: 1 },
      {
        sessions: [of(1, 0, [0], 2), of(1, 1, [1], 2)],
      },
    );
    await store.replaceRun({ ...second, revision: 2 }, { sessions: [of(2, 0, [1], 2)] });
    expect(await store.openSessions(second)).to.deep.equal([0]);
    expect((await store.session({ ...second, index: 0 }))?.attempt).to.equal(2);
    expect((await store.participants(second)).map(({ session }) => session)).to.deep.equal([null, 0]);
  });

  it('keeps the revocation list of each registrar that has the highest number', async () => {
    const [registrar, other] = ['d'.repeat(64), 'e'.repeat(64)];
    expect(await store.revocationList(registrar, -1)).to.equal(null);
    await store.raiseRevocationList(registrar, 4, Uint8Array.of(4));
    expect(await store.revocationList(registrar, -1)).to.deep.equal(Uint8Array.of(4));
    expect(await store.revocationList(registrar, 3)).to.deep.equal(Uint8Array.of(4));
    expect(await store.revocationList(registrar, 4), 'it is known').to.equal(null);
    await store.raiseRevocationList(registrar, 3, Uint8Array.of(3));
    await store.raiseRevocationList(registrar, 4, Uint8Array.of(40));
    expect(await store.revocationList(registrar, -1), 'an older one, and another of the same number').to.deep.equal(
      Uint8Array.of(4),
    );
    await Promise.all([5, 7, 6].map((number) => store.raiseRevocationList(registrar, number, Uint8Array.of(number))));
    expect(await store.revocationList(registrar, 4)).to.deep.equal(Uint8Array.of(7));
    expect(await store.revocationList(other, -1), 'of another registrar').to.equal(null);
  });

  it('notes requests with rising numbers, and forgets them with their epoch', async () => {
    const request = (sequence: number): { sequence: number; digest: Uint8Array } => ({
      sequence,
      digest: Uint8Array.of(sequence),
    });
    expect(await store.lastRequest(TASK, 'sender 1')).to.equal(null);
    expect(await store.noteRequest(TASK, 'sender 1', request(5), 3)).to.equal(null);
    expect(await store.noteRequest(TASK, 'sender 1', request(4), 3), 'a replay').to.deep.include(request(5));
    expect(await store.noteRequest(TASK, 'sender 1', request(5), 3), 'the same again').to.deep.include(request(5));
    expect(await store.noteRequest(TASK, 'sender 2', request(1), 4)).to.equal(null);
    expect(await store.noteRequest(TASK, 'sender 1', request(6), 3)).to.equal(null);
    const racing = await Promise.all([7, 7, 7].map((sequence) => store.noteRequest(TASK, 'sender 1', request(sequence), 3)));
    expect(racing.filter((last) => last === null)).to.have.lengthOf(1);
    await store.forgetRequests(4);
    expect(await store.lastRequest(TASK, 'sender 1')).to.equal(null);
    expect(await store.lastRequest(TASK, 'sender 2')).to.deep.include(request(1));
  });

  it('forgets runs that ended long ago, with their participants, and never their numbers', async () => {
    const run = newRun(1);
    await store.createRun(run);
    await store.checkIn(run, certificate(0), 3);
    await end(run, { at: 1000 });
    await store.createRun(newRun(2));
    await store.forgetRuns(TASK, 999);
    expect(await store.run(run)).not.to.equal(null);
    await store.forgetRuns(TASK, 1000);
    expect(await store.run(run)).to.equal(null);
    expect(await store.participant(run, id(0))).to.equal(null);
    expect(await store.run(newRun(2)), 'it goes on').not.to.equal(null);
    await end(newRun(2), { at: 2000 });
    await store.forgetRuns(TASK, 9999);
    expect(await store.createRun(newRun(2)), 'its number is used').to.equal(false);
    expect(await store.createRun(newRun(2, { source: 'other' })), 'whatever its source').to.equal(false);
  });
}
