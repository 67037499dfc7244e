// Whatever bytes come: a SecAggError with a code or a result, never another exception, a hang or a changed state; and
// whatever one user sends, the others get their sum.
import { expect } from 'chai';
import fc from 'fast-check';
import { SecAggError, ServerWrapper, StateError, UserWrapper } from '../../src/index.ts';
import { membersOf } from '../../src/leaves/members.ts';
import { positionAt } from '../../src/leaves/positions.ts';
import { resolveParameters } from '../../src/session/parameters.ts';
import type { Round } from '../../src/session/notation.ts';
import { decodeFields } from '../../src/wire/msgpack.ts';
import { decodeAdvertiseKeys } from '../../src/wire/r0-advertise-keys.ts';
import { decodeDirectory, decodeShareKeys } from '../../src/wire/r1-share-keys.ts';
import { decodeMaskedInput, decodeShares } from '../../src/wire/r2-masked-input.ts';
import { decodeSurvivors, decodeView } from '../../src/wire/r3-consistency-check.ts';
import { decodeSignatures, decodeUnmask } from '../../src/wire/r4-unmasking.ts';
import { bodyOf, userMessage } from '../support/forge.ts';
import { Session } from '../support/session.ts';
import { CASES, TIMEOUT } from './cases.ts';
import { mutation } from './mutations.ts';

const IDS = [9, 2, 30, 300];
const FUZZED = 30;

/** One session, stopped in every round: its users have answered, and the server has heard nobody. */
interface Stop {
  readonly round: Round;
  readonly session: Session;
  readonly server: string;
  /** The fuzzed user before it answered, and what it was given. */
  readonly user: string;
  readonly toUser: Uint8Array;
  /** All users after they answered. */
  readonly users: ReadonlyMap<number, string>;
  readonly answers: ReadonlyMap<number, Uint8Array>;
}

async function stops(): Promise<Stop[]> {
  const session = new Session({ ids: IDS, threshold: 3, vecLen: 6, options: { bits: 11 } });
  const all: Stop[] = [];
  for (const round of [0, 1, 2, 3, 4] as Round[]) {
    const [server, user] = [session.server.serializeState(), session.user(FUZZED).serializeState()];
    const toUser = session.messages.get(FUZZED)!;
    const answers = await session.answers();
    const users = new Map(IDS.map((id) => [id, session.user(id).serializeState()]));
    all.push({ round, session, server, user, toUser, users, answers });
    session.deliver(answers);
    await session.close();
  }
  return all;
}

/** Runs something that may end in a SecAggError, and in no other error. */
function total(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof SecAggError)) throw error;
    expect(error.code).to.match(/^ERR_SECAGG_/);
    expect(error.message.length).to.be.below(300);
  }
}

describe('fuzzing', function () {
  this.timeout(TIMEOUT);
  let all: Stop[];
  before(async () => {
    all = await stops();
  });

  it(`every decoder, ${CASES} cases each: a value or a DecodeError`, () => {
    const parameters = resolveParameters(3, 6, { bits: 11 });
    const u3 = membersOf([0, 3], 4);
    const graph = { neighbors: 2, shareThreshold: 2 };
    const bodies: readonly ((body: Uint8Array) => unknown)[] = [
      decodeAdvertiseKeys,
      (body) => decodeShareKeys(body, 'complete'),
      (body) => decodeShareKeys(body, graph),
      (body) => decodeMaskedInput(body, parameters),
      decodeView,
      (body) => decodeUnmask(body, { owners: [0, 1, 3].map((i) => positionAt(i, 4)), u3 }),
    ];
    const contents: readonly ((bytes: Uint8Array) => unknown)[] = [
      (bytes) => decodeFields(bytes, 'fuzz', { bytes: 10_000, listLength: 100 }),
      (bytes) => decodeDirectory(decodeFields(bytes, 'fuzz', { bytes: 10_000, listLength: 100 }).slice(3), 'complete'),
      (bytes) => decodeDirectory(decodeFields(bytes, 'fuzz', { bytes: 10_000, listLength: 100 }).slice(3), graph),
      (bytes) => decodeShares(decodeFields(bytes, 'fuzz', { bytes: 10_000, listLength: 100 }).slice(3), 4),
      (bytes) => decodeSurvivors(decodeFields(bytes, 'fuzz', { bytes: 10_000, listLength: 100 }).slice(3), 4),
      (bytes) => decodeSignatures(decodeFields(bytes, 'fuzz', { bytes: 10_000, listLength: 100 }).slice(3), 4),
    ];
    const messages = all.map(({ toUser }) => toUser);
    const valid = all.map(({ answers }) => bodyOf(answers.get(FUZZED)!));
    const runs = { numRuns: Math.ceil(CASES / 5) };
    fc.assert(
      fc.property(fc.nat({ max: 4 }), mutation, (which, change) => {
        const changed = change(messages[which]!, messages);
        for (const decoder of contents) total(() => decoder(changed));
        const body = change(valid[which]!, valid);
        for (const decoder of bodies) total(() => decoder(body));
      }),
      runs,
    );
  });

  for (const round of [0, 1, 2, 3, 4]) {
    it(`server.recv in round ${round}, ${CASES} cases: refused and unchanged, or taken; the others get their sum`, async () => {
      const stop = all[round]!;
      const { session, server: state, answers } = stop;
      const honest = answers.get(FUZZED)!;
      const others = [...answers.values(), ...all.map((stop) => stop.answers.get(FUZZED)!)];
      const server = ServerWrapper.fromState(state);
      for (const [id, answer] of answers) if (id !== FUZZED) server.recv(id, answer);
      let [before, taken] = [server.serializeState(), false];
      const deliver = (bytes: Uint8Array): void => {
        total(() => server.recv(FUZZED, bytes));
        const after = server.serializeState();
        if (after === before) return;
        expect(taken, 'a second message was taken').to.equal(false);
        [before, taken] = [after, true];
      };
      await fc.assert(
        fc.asyncProperty(mutation, fc.boolean(), async (change, signedAnew) => {
          if (!signedAnew) deliver(change(honest, others));
          else
            deliver(
              await userMessage(session, {
                round: round as Round,
                sender: FUZZED,
                body: change(bodyOf(honest), others.map(bodyOf)),
              }),
            );
        }),
        { numRuns: CASES },
      );
      await playOn(stop, server, taken);
    });

    it(`user.round in round ${round}, ${Math.ceil(CASES / 4)} cases: an answer, or the end of it`, async () => {
      const { user: state, toUser } = all[round]!;
      const others = all.map((stop) => stop.toUser);
      await fc.assert(
        fc.asyncProperty(mutation, async (change) => {
          const user = UserWrapper.fromState(state);
          const changed = change(toUser, others);
          const outcome = await user.round(changed).then(
            () => null,
            (error: unknown) => error,
          );
          if (outcome === null || (outcome as SecAggError).code === 'ERR_SECAGG_ANSWERED') return;
          if (!(outcome instanceof SecAggError)) throw outcome as Error;
          expect(user.progress().round).to.equal(null);
        }),
        { numRuns: Math.ceil(CASES / 4) },
      );
    });
  }

  it(`recovery of either role, ${CASES} cases: a state or a StateError`, () => {
    const states = all.flatMap(({ server, user }) => [server, user]);
    const spoilt = fc
      .tuple(
        fc.nat(),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.string({ maxLength: 5 }),
        fc.nat({ max: 8 }),
      )
      .map(([which, where, text, cut]) => {
        const state = states[which % states.length]!;
        const index = Math.floor(where * state.length);
        return state.slice(0, index) + text + state.slice(index + cut);
      });
    fc.assert(
      fc.property(spoilt, (text) => {
        for (const role of [UserWrapper, ServerWrapper]) {
          try {
            role.fromState(text);
          } catch (error) {
            expect(error).to.be.instanceOf(StateError);
          }
        }
      }),
      { numRuns: CASES },
    );
  });
});

/** The rest of the session, in which the fuzzed user says nothing more: the others get their sum. */
async function playOn({ session, round, users }: Stop, server: ServerWrapper, taken: boolean): Promise<void> {
  const rest = new Session(session.setup);
  rest.server = server;
  for (const [id, state] of users) rest.users.set(id, UserWrapper.fromState(state));
  const output = await rest.close();
  rest.messages.delete(FUZZED);
  // What is taken in round 1 may be shares that nobody can use: then the session ends in an error that says so.
  const outcome = output.isVector() ? Array.from(output.getVector() as Int32Array, BigInt) : await finish(rest);
  if (round === 1 && taken && outcome instanceof SecAggError) {
    expect(outcome.code).to.be.oneOf(['ERR_SECAGG_INCONSISTENT_DEAL', 'ERR_SECAGG_DISPUTED_DEAL']);
    return;
  }
  const included = round < 2 || (round === 2 && !taken) ? IDS.filter((id) => id !== FUZZED) : IDS;
  expect(server.progress().included).to.deep.equal([...included].sort((a, b) => a - b));
  // What is taken in round 2 is the input of the fuzzed user, whatever it is.
  if (!(round === 2 && taken)) rest.expectSum(outcome as bigint[], included);
}

async function finish(session: Session): Promise<bigint[] | SecAggError> {
  try {
    return await session.finish();
  } catch (error) {
    if (error instanceof SecAggError) return error;
    throw error;
  }
}
