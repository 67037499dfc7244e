// Whole runs over cohorts: sessions with dropouts, one that fails, restarts at every step; and servers that lie about who is
// in which cohort.
import { expect } from 'chai';
import { assignCohorts, CohortSum, type AssignmentTerms, type Cohort, type CohortSessions } from '../../src/cohorts/index.ts';
import {
  ProtocolError,
  PublicKeysWrapper,
  round0Msg,
  ServerWrapper,
  ThresholdError,
  UserWrapper,
  type SecAggErrorCode,
} from '../../src/index.ts';
import type { Round } from '../../src/session/notation.ts';
import { encodeUserMessage } from '../../src/wire/envelope.ts';
import { registeredUsers, type RegisteredUsers } from '../support/registered-users.ts';
import { refused, rejected } from '../support/errors.ts';
import { bodyOf, signatureOf, tagOf } from '../support/forge.ts';
import { Session, type Silent } from '../support/session.ts';

const VEC_LEN = 3;
const registry = registeredUsers(Array.from({ length: 60 }, (_, i) => 7 * i * i + 5));
const sessions: CohortSessions[] = [{ count: 5, users: 12, threshold: 9, options: { bits: 24, colluders: 5 } }];
const terms: AssignmentTerms = { userIds: registry.ids, sessions, seed: new Uint8Array(32).fill(42) };
const vectorOf = (id: number): number[] => [1, id % 1000, -registry.ids.indexOf(id)];

/** The keys of some users only, as the application gives them to the users of one cohort. */
const keysOf = (ids: readonly number[]): RegisteredUsers => ({
  ids,
  keys: registry.keys,
  pki: new PublicKeysWrapper(ids.map((id) => [id, registry.keys.get(id)![0]])),
});

interface Given {
  readonly knowing?: readonly number[];
  readonly serverKnowsKeys?: boolean;
}

/** One session of one cohort, each user as its own assignment has it. */
function sessionOf({ userIds, threshold, options }: Cohort, { knowing = userIds, serverKnowsKeys = true }: Given = {}): Session {
  const registered = keysOf(knowing);
  return new Session({
    ids: userIds,
    registered,
    threshold,
    vecLen: VEC_LEN,
    options,
    serverKnowsKeys,
    vectorOf: (_, id) => vectorOf(id),
  });
}

/** The same parties in new processes. */
function restart(session: Session): void {
  session.server = ServerWrapper.fromState(session.server.serializeState());
  for (const [id, user] of session.users) session.users.set(id, UserWrapper.fromState(user.serializeState()));
}

/** What the users of some vectors add up to. */
const plainSum = (ids: readonly number[]): bigint[] =>
  Array.from({ length: VEC_LEN }, (_, i) => ids.reduce((sum, id) => sum + BigInt(vectorOf(id)[i]!), 0n));

describe('a run over five cohorts of twelve users', function () {
  this.timeout(60_000);

  /** Places of the users in their cohort that fall silent, by round. */
  const DROPOUTS: readonly (readonly Silent[])[] = [
    [],
    [[0], [1], [2]],
    [[], [], [3, 4, 5]],
    [[], [], [], [0, 1, 2], []],
    [[11], [], [10], [], [9]],
  ];

  it('with dropouts in every round and a restart at every step: the total is the plain sum over those in it', async () => {
    const dispatched = new CohortSum(assignCohorts(terms), { session: 'run 1', vecLen: VEC_LEN });
    let state = dispatched.serializeState();
    const silent = (index: number, round: number, { userIds }: Cohort): number[] =>
      (DROPOUTS[index]?.[round] ?? []).map((place) => userIds[place]!);
    for (const index of dispatched.progress().open.toReversed()) {
      const cohort = CohortSum.fromState(state).cohort(index);
      const session = sessionOf(cohort);
      for (let round = 0; round < 5; round++) {
        restart(session);
        session.deliver(await session.answers(silent(index, round, cohort)));
        restart(session);
        await session.close();
      }
      restart(session);
      const run = CohortSum.fromState(state);
      const result = { included: session.server.progress().included!, vector: session.server.output()!.getVector() };
      run.record(cohort.options.session, result);
      state = run.serializeState();
      // The acknowledgement got lost; it is told again, to another process.
      const again = CohortSum.fromState(state);
      again.record(cohort.options.session, result);
      expect(again.serializeState()).to.equal(state);
    }
    const run = CohortSum.fromState(state);
    const { done, included } = run.progress();
    expect(done).to.deep.equal([0, 1, 2, 3, 4]);
    expect(included).to.have.length(60 - 3 - 3 - 2);
    expect([...run.total()]).to.deep.equal(plainSum(included));
    for (const [index, rounds] of DROPOUTS.entries()) {
      const { userIds } = run.cohort(index);
      for (const [place, id] of userIds.entries()) {
        expect(included.includes(id)).to.equal(!rounds.slice(0, 3).flat().includes(place));
      }
    }
  });

  it('of which one falls below its threshold: the others add up without it, or with it after a second session', async () => {
    const run = new CohortSum(assignCohorts(terms), { session: 'run 1', vecLen: VEC_LEN });
    for (const index of run.progress().open) {
      const cohort = run.cohort(index);
      const session = sessionOf(cohort);
      if (index !== 3) {
        await session.finish();
      } else {
        // Four users are away too long to deal their shares; nobody has sent an input.
        await session.before(1);
        session.deliver(await session.answers(cohort.userIds.slice(0, 4)));
        const { code } = await rejected('ERR_SECAGG_THRESHOLD', session.close(), ThresholdError);
        run.fail(cohort.options.session, code);
        continue;
      }
      const { included } = session.server.progress();
      run.record(cohort.options.session, { included: included!, vector: session.server.output()!.getVector() });
    }
    const without = registry.ids.filter((id) => run.cohorts.indexOf(id) !== 3).sort((a, b) => a - b);
    expect(run.progress().included).to.deep.equal(without);
    expect([...run.total()]).to.deep.equal(plainSum(without));

    const cohort = run.retry(3);
    const session = sessionOf(cohort);
    await session.finish();
    run.record(cohort.options.session, { included: cohort.userIds, vector: session.server.output()!.getVector() });
    expect([...run.total()]).to.deep.equal(plainSum(registry.ids));
  });
});

describe('a server that lies about cohorts', () => {
  const honest = assignCohorts(terms);
  const RUN = { session: 'run 1' };
  const [first, second] = [0, 1].map((index) => honest.cohort(index, RUN)) as [Cohort, Cohort];

  /** A message under the name of another session: all that a server can change in it. */
  const renamed = (session: Session, round: Round, sender: number, message: Uint8Array): Uint8Array =>
    encodeUserMessage(tagOf(session), { round, sender, body: bodyOf(message), signature: signatureOf(message) });

  /** Seats `guest`, whose message of round 0 is given, in the place of a user of a cohort; what its users say to that. */
  async function withGuest(session: Session, guest: number, message: Uint8Array, code: SecAggErrorCode): Promise<void> {
    const away = session.setup.ids[0]!;
    session.deliver(await session.answers([away]));
    session.server.recv(guest, message);
    const output = await session.close();
    expect([...output.getMessages().keys()]).to.include(guest);
    for (const [id, directory] of output.getMessages()) {
      if (id !== guest) await rejected(code, session.user(id).round(directory));
    }
  }

  it('moves a user to another cohort: the user does not know the session, and the cohort does not know the user', async () => {
    const guest = first.userIds[0]!;
    const own = sessionOf(first);
    const message = (await own.answers()).get(guest)!;
    refused('ERR_SECAGG_UNKNOWN_USER', () => sessionOf(second).server.recv(guest, message));
    const lying = sessionOf(second, { serverKnowsKeys: false });
    refused('ERR_SECAGG_SESSION', () => lying.server.recv(guest, message));
    // It speaks for the user as far as it can.
    await withGuest(lying, guest, renamed(lying, 0, guest, message), 'ERR_SECAGG_UNKNOWN_USER');
    const directory = lying.messages.get(guest)!;
    await rejected('ERR_SECAGG_SESSION', own.user(guest).round(directory));
  });

  it('moves a user where users know the keys of everybody: the signature is of another session', async () => {
    const guest = first.userIds[0]!;
    const message = (await sessionOf(first).answers()).get(guest)!;
    const lying = sessionOf(second, { serverKnowsKeys: false, knowing: registry.ids });
    await withGuest(lying, guest, renamed(lying, 0, guest, message), 'ERR_SECAGG_SIGNATURE');
  });

  it('lets a user that works with it sit down in two cohorts: the second one does not know it', async () => {
    const guest = first.userIds[0]!;
    const lying = sessionOf(second, { serverKnowsKeys: false });
    const [pk, sk] = registry.keys.get(guest)!;
    const { threshold, options } = second;
    const corrupt = new UserWrapper(guest, threshold, pk, sk, vectorOf(guest), registry.pki, options);
    await withGuest(lying, guest, await corrupt.round(round0Msg()), 'ERR_SECAGG_UNKNOWN_USER');
  });

  const others: [what: string, terms: AssignmentTerms, run: { session: string; attempt?: number }][] = [
    ['draws with a seed that it likes better', { ...terms, seed: new Uint8Array(32).fill(43) }, RUN],
    ['leaves a user out of the list, and takes in one of its own', { ...terms, userIds: [...registry.ids.slice(0, 59), 1] }, RUN],
    ['makes the cohorts smaller', { ...terms, sessions: [{ ...sessions[0]!, count: 10, users: 6, threshold: 6 }] }, RUN],
    ['replays the messages of an earlier run over the same cohorts', terms, { session: 'run 0' }],
    ['replays the messages of an earlier attempt', terms, { session: 'run 1', attempt: 1 }],
  ];
  for (const [what, lie, run] of others) {
    it(`${what}: users refuse its messages, and it theirs`, async () => {
      const user = registry.ids[3]!;
      const lying = assignCohorts(lie);
      const theirs = sessionOf(lying.cohort(lying.indexOf(user), run));
      const mine = sessionOf(honest.cohort(honest.indexOf(user), RUN));
      const message = (await mine.answers()).get(user)!;
      refused('ERR_SECAGG_SESSION', () => theirs.server.recv(user, message), ProtocolError);
      await theirs.before(1);
      await rejected('ERR_SECAGG_SESSION', mine.user(user).round(theirs.messages.get(user)!), ProtocolError);
    });
  }
});

describe('a server that calls a cohort failed although it has its sum', () => {
  const cohorts = assignCohorts(terms);
  const RUN = { session: 'run 1' };
  const cohort = cohorts.cohort(0, RUN);
  const again = cohorts.cohort(0, { ...RUN, attempt: 1 });
  const victim = cohort.userIds[5]!;

  it('gets nothing from users that send one input a run: too few take part again', async () => {
    const session = sessionOf(cohort);
    const away = cohort.userIds.slice(0, 3); // had not sent theirs
    const sum = await session.finish([[], [], away]);
    session.expectSum(sum, cohort.userIds.slice(3));
    const sentInputs = cohort.userIds.filter((id) => session.user(id).progress().round === 5);

    const retried = sessionOf(again);
    retried.deliver(await retried.answers(sentInputs));
    expect(retried.server.progress().heard).to.deep.equal(away);
    await rejected('ERR_SECAGG_THRESHOLD', retried.close(), ThresholdError);
  });

  it('gets the input of a user that it leaves out from users that send the same again: that is what the rule is for', async () => {
    const both = await sessionOf(cohort).finish();
    const without = await sessionOf(again).finish([[victim]]);
    expect(both.map((component, i) => component - without[i]!)).to.deep.equal(vectorOf(victim).map(BigInt));
  });
});
