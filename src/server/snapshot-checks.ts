// What no single field of a server's state shows: that its sets are over its directory, its maps over its sets, and all
// lengths those of its session. A state that was read, or merged with a part, is used only if it passes.
import { neighborhoodsOf } from '../graph/graph.ts';
import type { UserId } from '../leaves/ids.ts';
import { countMembers, hasMember, positions, type Members } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import { RECORD_BYTES, SHARE_BYTES, SHARE_COMMITMENT_BYTES } from '../leaves/sizes.ts';
import { require } from '../session/codec.ts';
import * as codecs from '../session/json.ts';
import type { Deal } from '../session/messages.ts';
import { ROUND_OF_PHASE } from '../session/notation.ts';
import { laneBytes, type Parameters, type Policy } from '../session/parameters.ts';
import type { Roster } from './roster.ts';
import { roundOf } from './rounds.ts';
import {
  VERDICT,
  type Answer,
  type CollectingAnswers,
  type CollectingInputs,
  type CollectingKeys,
  type CollectingSignatures,
  type CollectingState,
  type FiledDeal,
  type ServerSnapshot,
  type ServerState,
} from './state.ts';

/** Of an owner that is not in U2. */
const NO_VERDICT: number = VERDICT.none;

/** What no single field shows, of a whole state. @throws StateError. */
export function checkSnapshot(value: ServerSnapshot, path: string): void {
  codecs.requirePolicy(value.context.parameters, value.context.policy, `${path}.context`);
  checkState(value.state, value.context, `${path}.state`);
  checkReceived(value, `${path}.received`);
  checkRevision(value, `${path}.revision`);
}

/** One change for each message, one for each round that was closed, and one for an error. */
function checkRevision({ revision, received, state }: ServerSnapshot, path: string): void {
  const closed = revision - received.reduce((sum, messages) => sum + messages.size, 0);
  const fits = state.phase === 'failed' ? closed >= 1 && closed <= 5 : closed === ROUND_OF_PHASE[state.phase];
  require(fits, path, 'the number of changes');
}

/** Whoever was heard in a round has the digest of its message there, and nobody else has. */
function checkReceived({ received, state: value }: ServerSnapshot, path: string): void {
  require(received.length === 5, path, 'one map a round');
  const nested = received.every((messages, round) => {
    const before = received[round - 1];
    return before === undefined || [...messages.keys()].every((id) => before.has(id));
  });
  require(nested, path, 'U1 ⊇ U2 ⊇ U3 ⊇ U4 ⊇ U5');
  if (value.phase === 'failed') return;
  if (value.phase === 'finished') require(received[0]?.size === value.users, `${path}[0]`, 'the users of the directory');
  // Once the session is over, the state tells no more than who is in the sum.
  const told = value.phase === 'finished' ? [[2, value.included] as const] : heardSoFar(value).entries();
  for (const [round, ids] of told) {
    const messages = received[round];
    const same = messages?.size === ids.length && ids.every((id) => messages.has(id));
    require(same, `${path}[${round}]`, 'the users heard in that round');
  }
}

/** The users heard in each round so far. */
function heardSoFar(state: CollectingState): readonly (readonly UserId[])[] {
  const { number, heard } = roundOf(state);
  const earlier = 'directory' in state ? setsOf(state).map((set) => state.directory.userIds(set)) : [];
  return Array.from({ length: 5 }, (_, round) => (round === number ? heard(state) : (earlier[round] ?? [])));
}

/** U1, and those of U2, U3 and U4 that a state knows. */
function setsOf(state: Exclude<CollectingState, CollectingKeys>): readonly (readonly Position[])[] {
  const sets = ['u2' in state ? state.u2 : null, 'u3' in state ? state.u3 : null, 'u4' in state ? state.u4 : null];
  return [state.directory.positions, ...sets.flatMap((set) => (set === null ? [] : [positions(set)]))];
}

/** What no single field shows: that sets are over the directory, maps over their set, lengths the session's. */
function checkState(value: ServerState, { parameters, policy }: ServerSnapshot['context'], path: string): void {
  const check = { parameters, policy, path };
  switch (value.phase) {
    case 'advertise-keys':
      return;
    case 'share-keys':
      checkDirectory(value.directory, check);
      checkDeals(value.deals, value.directory, check);
      return;
    case 'masked-input':
      checkDirectory(value.directory, check);
      codecs.requireMembers({ u2: value.u2 }, value.directory.size, path);
      codecs.requireQuorum({ u2: value.u2 }, parameters, path);
      checkDeals(value.deals, value.directory, check);
      checkKeys(value.deals, value.u2, `${path}.deals`);
      require([...value.heard].every((position) => hasMember(value.u2, position)), `${path}.heard`, 'users of U2');
      checkSum(value.sum, check);
      return;
    case 'consistency-check':
      checkSurvivors(value, check);
      require(within(value.signatures, value.u3), `${path}.signatures`, 'users of U3');
      return;
    case 'unmasking':
      checkSurvivors(value, check);
      codecs.requireMembers({ u4: value.u4 }, value.directory.size, path);
      codecs.requireQuorum({ u4: value.u4 }, parameters, path);
      checkKeys(value.signatures, value.u4, `${path}.signatures`);
      checkAnswers(value, check);
      return;
    case 'finished':
      checkSum(value.sum, check);
      return;
    case 'failed':
      return;
  }
}

interface Check {
  readonly parameters: Parameters;
  readonly policy: Policy;
  readonly path: string;
}

function checkDirectory({ lines }: Roster, { parameters, policy, path }: Check): void {
  codecs.requireDirectorySize(lines.length, parameters, policy, `${path}.directory`);
  codecs.requireOrder(
    lines.map((line) => line.userId),
    parameters,
    `${path}.directory`,
  );
}

/** On the complete graph owners commit to a share that they keep, on a sparse graph they keep none. */
function keepsShare({ parameters }: Check): (dealt: { readonly ownShareCommitment: Uint8Array | null }) => boolean {
  return ({ ownShareCommitment }) => (ownShareCommitment !== null) === (parameters.graph === 'complete');
}

function checkDeals(dealt: CollectingInputs['deals'], { size }: Roster, check: Check): void {
  const length = neighborhoodsOf(check.parameters.graph, size).degree * RECORD_BYTES;
  const keeps = keepsShare(check);
  const fits = ([position, deal]: [Position, Deal | FiledDeal]): boolean =>
    position < size && 'sealed' in deal && deal.sealed.length === length && keeps(deal);
  require([...dealt].every(fits), `${check.path}.deals`, `records of ${length} bytes a user`);
}

function checkSurvivors(value: CollectingSignatures | CollectingAnswers, check: Check): void {
  const users = value.directory.size;
  const { path, parameters } = check;
  checkDirectory(value.directory, check);
  codecs.requireMembers({ u2: value.u2, u3: value.u3 }, users, path);
  codecs.requireQuorum({ u2: value.u2, u3: value.u3 }, parameters, path);
  checkKeys(value.commitments, value.u2, `${path}.commitments`);
  const length = neighborhoodsOf(parameters.graph, users).degree * 2 * SHARE_COMMITMENT_BYTES;
  const keeps = keepsShare(check);
  require([...value.commitments.values()].every(
    (dealt) => 'shares' in dealt && dealt.shares.length === length && keeps(dealt),
  ), `${path}.commitments`, `${length} bytes a user`);
  checkSum(value.sum, check);
}

function checkAnswers({ answers, directory, u2, u4 }: CollectingAnswers, { parameters, path }: Check): void {
  const graph = neighborhoodsOf(parameters.graph, directory.size);
  require(within(answers, u4), `${path}.answers`, 'users of U4');
  const fits = ([holder, { shares, verdicts }]: [Position, Answer]): boolean =>
    shares.length === graph.groupSize * SHARE_BYTES &&
    verdicts.length === graph.groupSize &&
    graph.holders(holder).every((owner, i) => (verdicts[i] === NO_VERDICT) === !hasMember(u2, owner)) &&
    verdicts.every((verdict) => verdict <= NO_VERDICT);
  require([...answers].every(fits), `${path}.answers`, `a verdict about each user of U2 whose shares its sender holds`);
}

function checkSum(sum: Uint8Array, { parameters, path }: Check): void {
  const length = parameters.vecLen * laneBytes(parameters.bits);
  require(sum.length === length, `${path}.sum`, `${length} bytes`);
}

function within(map: ReadonlyMap<number, unknown>, members: Members): boolean {
  return [...map.keys()].every((position) => hasMember(members, position));
}

/** Throws unless a map has exactly the users of a set. */
function checkKeys(map: ReadonlyMap<number, unknown>, members: Members, path: string): void {
  require(map.size === countMembers(members) &&
    positions(members).every((position) => map.has(position)), path, 'the users of the set');
}
