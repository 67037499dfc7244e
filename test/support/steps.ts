// A session played by the pure steps alone: those of users, and the rounds of the server, without wrappers, wire format and
// envelopes.
import { split } from '../../src/crypto/shamir.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import type { Members } from '../../src/leaves/members.ts';
import type { Position } from '../../src/leaves/positions.ts';
import { advertiseKeys, directoryExcerpts } from '../../src/server/r0-advertise-keys.ts';
import { sealedFor, shareKeys } from '../../src/server/r1-share-keys.ts';
import { maskedInput } from '../../src/server/r2-masked-input.ts';
import { consistencyCheck, signaturesFor } from '../../src/server/r3-consistency-check.ts';
import type * as Server from '../../src/server/state.ts';
import { advertisedBody } from '../../src/session/binding.ts';
import type * as Messages from '../../src/session/messages.ts';
import type { Round } from '../../src/session/notation.ts';
import { advertiseKeys as userAdvertiseKeys } from '../../src/user/r0-advertise-keys.ts';
import { shareKeys as userShareKeys } from '../../src/user/r1-share-keys.ts';
import { maskInput } from '../../src/user/r2-masked-input.ts';
import { checkConsistency } from '../../src/user/r3-consistency-check.ts';
import { revealShares } from '../../src/user/r4-unmasking.ts';
import type * as User from '../../src/user/state.ts';
import type { Step } from '../../src/user/step.ts';
import { closingWork, type Setup, StepSession } from './step-session.ts';

/** A session as a round begins: the users that take part in it, and the server before it has heard anybody. */
interface Moment<UserState extends User.UserState, ServerState extends Server.CollectingState> {
  readonly session: StepSession;
  readonly users: ReadonlyMap<UserId, UserState>;
  readonly server: ServerState;
}

export interface Moments {
  readonly 0: Moment<User.AwaitingStart, Server.CollectingKeys>;
  readonly 1: Moment<User.AwaitingDirectory, Server.CollectingDeals>;
  readonly 2: Moment<User.AwaitingSealedShares, Server.CollectingInputs>;
  readonly 3: Moment<User.AwaitingSurvivors, Server.CollectingSignatures>;
  readonly 4: Moment<User.AwaitingSignatures, Server.CollectingAnswers>;
}

type InDirectory = Moments[1 | 2 | 3 | 4];

export function positionOf({ server }: InDirectory, id: UserId): Position {
  return server.directory.positionOf(id)!;
}

export function idAt({ server }: InDirectory, position: number): UserId {
  return server.directory.userIdAt(server.directory.positions[position]!);
}

// What an honest server tells a user in each round.

export function excerptFor(moment: Moments[1], id: UserId): Messages.DirectoryExcerpt {
  return directoryExcerpts(moment.session.serverContext, moment.server)(positionOf(moment, id));
}

export function sharesFor(moment: Moments[2], id: UserId): Messages.SharesMessage {
  const sealed = sealedFor(moment.session.serverContext, moment.server, positionOf(moment, id));
  return { u2: moment.server.u2, receiver: id, sealed };
}

export function survivorsFor({ server }: Moments[3]): Members {
  return server.u3;
}

export function signersFor(moment: Moments[4], id: UserId): Messages.SignaturesMessage {
  return signaturesFor(moment.session.serverContext, moment.server, positionOf(moment, id));
}

// What an honest user does then, and what it tells the server.

interface Answer<State extends User.UserState, Message> {
  readonly step: Step<unknown, State>;
  readonly message: Message;
}

export async function keysOf(
  { session, users }: Moments[0],
  id: UserId,
): Promise<Answer<User.AwaitingDirectory, Omit<Messages.Advertisement, 'userId'>>> {
  const step = await userAdvertiseKeys(users.get(id)!, { random: session.random, split });
  return { step, message: { ...step.out, signature: await session.signed(0, id, advertisedBody(step.out)) } };
}

export async function dealOf(
  moment: Moments[1],
  id: UserId,
): Promise<Answer<User.AwaitingSealedShares, Messages.ShareKeysMessage>> {
  const { session, users } = moment;
  const dependencies = { random: session.random, split };
  const step = await userShareKeys(session.contextOf(id), users.get(id)!, excerptFor(moment, id), dependencies);
  return { step, message: step.out };
}

export async function inputOf(
  moment: Moments[2],
  id: UserId,
): Promise<Answer<User.AwaitingSurvivors, Messages.MaskedInputMessage>> {
  const { session, users } = moment;
  const step = await maskInput(session.contextOf(id), users.get(id)!, sharesFor(moment, id), session.givenInput(id));
  return { step, message: step.out };
}

export async function viewOf(
  moment: Moments[3],
  id: UserId,
): Promise<Answer<User.AwaitingSignatures, Messages.ConsistencyMessage>> {
  const { session, users } = moment;
  const step = checkConsistency(session.contextOf(id), users.get(id)!, survivorsFor(moment));
  return { step, message: { view: step.out, signature: await session.signed(3, id, step.out) } };
}

export async function revealedBy(moment: Moments[4], id: UserId): Promise<Answer<User.Finished, Messages.UnmaskMessage>> {
  const { session, users } = moment;
  const step = await revealShares(session.contextOf(id), users.get(id)!, signersFor(moment, id));
  return { step, message: step.out };
}

/** Those of the users that are not silent, each with what it says. */
async function answers<UserState, A>(
  users: ReadonlyMap<UserId, UserState>,
  silent: readonly number[],
  answerOf: (id: UserId) => Promise<A>,
): Promise<Map<UserId, A>> {
  const said = new Map<UserId, A>();
  for (const id of users.keys()) if (!silent.includes(id)) said.set(id, await answerOf(id));
  return said;
}

/** The states that follow for those of the users that spoke. */
function next<State extends User.UserState>(said: ReadonlyMap<UserId, Answer<State, unknown>>): Map<UserId, State> {
  return new Map([...said].map(([id, { step }]) => [id, step.state]));
}

export function beginning(setup: Setup, seed?: string): Moments[0] {
  const session = new StepSession(setup, seed);
  const state = (id: UserId): User.AwaitingStart => ({
    phase: 'advertise-keys',
    signSecretKey: Uint8Array.from(session.secretKeys.get(id)!),
  });
  return {
    session,
    users: new Map(session.ids.map((id) => [id, state(id)])),
    server: { phase: 'advertise-keys', advertisements: new Map(), keys: new Set() },
  };
}

/** Who is silent in which round, by position in the directory from round 1 on, by id in round 0. */
export type Silence = readonly (readonly number[])[];

/** A session as a round begins. */
export async function momentAt<R extends Round>(
  round: R,
  setup: Setup,
  { silent = [], seed }: { readonly silent?: Silence; readonly seed?: string } = {},
): Promise<Moments[R]> {
  let moment: Moments[Round] = beginning(setup, seed);
  for (let r = 0; r < round; r++) moment = await following(moment, silent[r] ?? []);
  return moment as Moments[R];
}

async function following(moment: Moments[Round], quiet: readonly number[]): Promise<Moments[Round]> {
  const { session } = moment;
  const context = session.serverContext;
  const work = closingWork(session.random);
  const ids = 'directory' in moment.server ? quiet.map((position) => idAt(moment as InDirectory, position)) : quiet;
  switch (moment.server.phase) {
    case 'advertise-keys': {
      const now = moment as Moments[0];
      const said = await answers(now.users, ids, (id) => keysOf(now, id));
      for (const [id, { message }] of said) advertiseKeys.receive(context, now.server, id, message);
      const { state } = await advertiseKeys.close(context, now.server, work);
      return { session, users: next(said), server: state as Server.CollectingDeals };
    }
    case 'share-keys': {
      const now = moment as Moments[1];
      const said = await answers(now.users, ids, (id) => dealOf(now, id));
      for (const [id, { message }] of said) shareKeys.receive(context, now.server, positionOf(now, id), message);
      const { state } = await shareKeys.close(context, now.server, work);
      return { session, users: next(said), server: state as Server.CollectingInputs };
    }
    case 'masked-input': {
      const now = moment as Moments[2];
      const said = await answers(now.users, ids, (id) => inputOf(now, id));
      for (const [id, { message }] of said) maskedInput.receive(context, now.server, positionOf(now, id), message);
      const { state } = await maskedInput.close(context, now.server, work);
      return { session, users: next(said), server: state as Server.CollectingSignatures };
    }
    case 'consistency-check': {
      const now = moment as Moments[3];
      const said = await answers(now.users, ids, (id) => viewOf(now, id));
      for (const [id, { message }] of said) consistencyCheck.receive(context, now.server, positionOf(now, id), message);
      const { state } = await consistencyCheck.close(context, now.server, work);
      return { session, users: next(said), server: state as Server.CollectingAnswers };
    }
    case 'unmasking':
      throw new RangeError('round 4 is the last');
  }
}
