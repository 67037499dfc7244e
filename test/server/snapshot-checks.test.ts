// What no single field of a server's state shows: each field could be, and together they are no state that any session
// comes to.
import { expect } from 'chai';
import { ServerWrapper, StateError } from '../../src/index.ts';
import { refused } from '../support/errors.ts';
import {
  base64,
  EVERY_ROUND,
  statesByRound,
  statesOfEveryPhase,
  swap,
  type Contradiction,
  type EditableState,
} from '../support/saved-states.ts';
import { Session } from '../support/session.ts';
import { sparseSession } from '../support/sparse.ts';

/** Base64 of some bytes less. */
const shortened = (text: string, by: number): string => Buffer.from(text, 'base64').subarray(by).toString('base64');

/** User 15 out of the set of a round, and of all that follows from it. */
const withFewer =
  (set: 'u3' | 'u4', round: number) =>
  ({ state, received }: EditableState): void => {
    state[set] = base64(0b0011);
    received[round] = received[round]!.filter(([id]) => id !== 15);
    if (set === 'u4') state.signatures.pop();
  };

/** A set whose bytes are more than its users need. */
const longer =
  (set: 'u2' | 'u3' | 'u4') =>
  ({ state }: EditableState): void => {
    state[set] = base64(...Buffer.from(state[set], 'base64'), 0);
  };

const CONTRADICTIONS: readonly Contradiction[] = [
  ['more users than it would have accepted', [1, 2, 3, 4], (json) => (json.context.policy.maxUsers = 3)],
  ['fewer users than the threshold', [1, 2, 3, 4], (json) => (json.context.parameters.threshold = 5)],
  ['fewer users in U2 than the threshold', [2, 3, 4], (json) => (json.context.parameters.threshold = 4)],
  ['fewer users in U3 than the threshold', [3], withFewer('u3', 2)],
  ['fewer users in U4 than the threshold', [4], withFewer('u4', 3)],
  ['a threshold of one', EVERY_ROUND, (json) => (json.context.parameters.threshold = 1)],
  ['no users at all allowed', EVERY_ROUND, (json) => (json.context.policy.maxUsers = 0)],
  [
    'a key of one user as that of another too',
    [0],
    ({ state: { advertisements } }) => (advertisements[1]!.channelKey = advertisements[0]!.maskKey),
  ],
  [
    'two advertisements of one user',
    [0],
    ({ state, received }) => {
      state.advertisements[1]!.userId = 4;
      received[0]!.splice(1, 1);
    },
  ],
  ['a directory in another order: positions that are not those of the users', [1, 2, 3, 4], ({ state }) => swap(state.directory)],
  ['a message heard of somebody else than the state knows', [1], ({ received }) => (received[1]![0]![0] = 16)],
  ['a deal of nobody in the directory', [1], ({ state }) => (state.deals[0]![0] = 99)],
  ['a deal of the place after the last of the directory', [1], ({ state }) => (state.deals[1]![0] = 4)],
  ['an input of nobody in the directory', [2], ({ state }) => state.heard.push(99)],
  ['a signature of nobody in the directory', [3], ({ state }) => (state.signatures[0]![0] = 99)],
  ['an answer of nobody in the directory', [4], ({ state }) => (state.answers[0]![0] = 99)],
  ['a deal of somebody who is not in U2', [2], ({ state }) => (state.deals[0]![0] = 3)],
  ['commitments of somebody who is not in U2', [3, 4], ({ state }) => (state.commitments[0]![0] = 3)],
  ['a position beyond the directory in U2', [2, 3, 4], ({ state }) => (state.u2 = base64(0b1_0111))],
  ['a sum of another length', [2, 3, 4], ({ state }) => (state.sum = base64(1, 2, 3, 4, 5, 6))],
  ['shares of fewer owners than U2 has', [4], ({ state }) => (state.answers[0]![1].shares = base64(...new Uint8Array(64)))],
  ['a verdict that there is not', [4], ({ state }) => (state.answers[0]![1].verdicts = base64(0, 4, 0, 3))],
  ['no verdict about a user of U2', [4], ({ state }) => (state.answers[0]![1].verdicts = base64(0, 3, 0, 3))],
  ['a verdict about a user that is not in U2', [4], ({ state }) => (state.answers[0]![1].verdicts = base64(0, 0, 0, 0))],
  [
    'records for fewer users than the dealer has neighbors',
    [1, 2],
    ({ state }) => {
      const deal = state.deals[0]![1];
      deal.sealed = shortened(deal.sealed, 136);
    },
  ],
  [
    'no commitment to the share that a dealer keeps, as on a sparse graph',
    [1, 2],
    ({ state }) => (state.deals[0]![1].ownShareCommitment = null),
  ],
  [
    'no commitment to the share that a dealer kept, as on a sparse graph',
    [3, 4],
    ({ state }) => (state.commitments[0]![1].ownShareCommitment = null),
  ],
  [
    'commitments to fewer shares than the dealer has neighbors',
    [3, 4],
    ({ state }) => {
      const dealt = state.commitments[0]![1];
      dealt.shares = shortened(dealt.shares, 32);
    },
  ],
  ['a deal more than U2 has users', [2], ({ state }) => state.deals.push([3, state.deals[0]![1]])],
  ['commitments of one more than U2 has users', [3, 4], ({ state }) => state.commitments.push([3, state.commitments[0]![1]])],
  ['a signature more than U4 has users', [4], ({ state }) => state.signatures.push([3, state.signatures[0]![1]])],
  ['no commitments of a user of U2', [3, 4], ({ state }) => state.commitments.pop()],
  ['no deal of a user of U2', [2], ({ state }) => state.deals.pop()],
  ['an input of somebody who is not in U2', [2], ({ state }) => state.heard.push(3)],
  ['an input in the sum twice', [2], ({ state }) => state.heard.push(0)],
  ['somebody in U3 who is not in U2', [3, 4], ({ state }) => (state.u3 = base64(0b1111))],
  ['somebody in U4 who is not in U3', [4], ({ state }) => (state.u4 = base64(0b1111))],
  ['a signature of somebody who is not in U3', [3], ({ state }) => (state.signatures[0]![0] = 3)],
  ['a signature less than U4 has users', [4], ({ state }) => state.signatures.pop()],
  ['an answer of somebody who is not in U4', [4], ({ state }) => (state.answers[0]![0] = 3)],
  ['verdicts about more users than there are', [4], ({ state }) => (state.answers[0]![1].verdicts = base64(0, 0, 0, 3, 3))],
  ['U2 with a byte more, in which nobody is', [2, 3, 4], longer('u2')],
  ['U3 with a byte more, in which nobody is', [3, 4], longer('u3')],
  ['U4 with a byte more, in which nobody is', [4], longer('u4')],
  ['messages of four rounds', EVERY_ROUND, ({ received }) => received.pop()],
  ['messages of six rounds', EVERY_ROUND, ({ received }) => received.push([])],
  [
    'a user heard in a round after one in which it was silent',
    [2, 3, 4],
    ({ received }) => received[4]!.push([16, received[0]![0]![1]]),
  ],
  ['the message of a user forgotten', EVERY_ROUND, ({ received }) => received[0]!.splice(0, 1)],
];

interface Counted {
  revision: number;
}

const countOf = ({ received }: EditableState): number => received.reduce((sum, messages) => sum + messages.length, 0);

/** Recovers a state, and refuses it after a change. The revision follows the messages, so that it is not what tells. */
function refusedAfter(state: string, change: (json: EditableState & Counted) => void): void {
  const json = JSON.parse(state) as EditableState & Counted;
  ServerWrapper.fromState(JSON.stringify(json));
  const count = countOf(json);
  change(json);
  json.revision += countOf(json) - count;
  const error = refused('ERR_SECAGG_STATE', () => ServerWrapper.fromState(JSON.stringify(json)), StateError);
  expect(error.message).not.to.match(/[A-Za-z0-9+/]{20}/);
}

describe('the state of a server that contradicts itself', () => {
  let states: readonly string[];
  before(async () => (states = (await statesByRound()).servers));

  for (const [what, rounds, change] of CONTRADICTIONS) {
    it(`is refused: ${what}`, () => {
      for (const round of rounds) refusedAfter(states[round]!, change);
    });
  }

  it('is refused once the sum is known: other users in it than were heard, or a sum of another length', async () => {
    const finished = (await statesOfEveryPhase()).servers.at(-2)!;
    refusedAfter(finished, ({ state }) => state.included.pop());
    refusedAfter(finished, ({ state }) => (state.included[0] = 16));
    refusedAfter(finished, ({ state }) => (state.sum = base64(1, 2, 3)));
    for (const users of [0, 3, 5]) refusedAfter(finished, ({ state }) => (state.users = users));
  });

  it('is refused if its revision is not the number of its changes', async () => {
    const { servers } = await statesOfEveryPhase();
    for (const state of servers.slice(0, -1)) {
      for (const change of [1, -1]) refusedAfter(state, (json) => (json.revision += change));
    }
    // After an error the round is not known any more: one to five rounds were closed, or tried to be.
    const failed = JSON.parse(servers.at(-1)!) as EditableState & Counted;
    const heard = countOf(failed);
    for (const closed of [1, 2, 3, 4, 5]) {
      expect(ServerWrapper.fromState(JSON.stringify({ ...failed, revision: heard + closed })).progress().round).to.equal(null);
    }
    for (const closed of [-1, 0, 6]) refusedAfter(servers.at(-1)!, (json) => (json.revision = heard + closed));
  });

  it('is recovered once the sum is known, although users of the sum were silent in the rounds after it', async () => {
    const session = new Session({ ids: [1, 2, 3, 4, 5], threshold: 2, options: { adversary: 'semi-honest' } });
    session.expectSum(await session.finish([[], [5], [], [4], [3]]), [1, 2, 3, 4]);
    const state = session.server.serializeState();
    expect(ServerWrapper.fromState(state).progress()).to.deep.include({
      included: [1, 2, 3, 4],
      dropped: [
        { userId: 5, round: 1, reason: 'no-shares' },
        { userId: 4, round: 3, reason: 'no-signature' },
        { userId: 3, round: 4, reason: 'no-answer' },
      ],
    });
    for (const round of [0, 5, 2.5]) {
      refusedAfter(state, (json) => ((json as unknown as { dropped: { round: number }[] }).dropped[2]!.round = round));
    }
    refusedAfter(state, ({ received }) => received[4]!.push(received[2]!.find(([id]) => id === 4)!));
    refusedAfter(state, (json) => (json.state.included = [1, 2, 3]));
  });

  it('is refused after an error: users heard in a round after one in which they were silent, or a round less', async () => {
    const failed = (await statesOfEveryPhase()).servers.at(-1)!;
    refusedAfter(failed, ({ received }) => received[2]!.push(received[1]!.pop()!));
    refusedAfter(failed, ({ received }) => received.pop());
    refusedAfter(failed, ({ received }) => received[4]!.push(received[0]![0]!));
  });

  it('is refused on a sparse graph: a user in two places, or a share that a dealer keeps', async () => {
    const session = await sparseSession(9, { neighbors: 4, shareThreshold: 3 }, { threshold: 6 }).before(1);
    session.deliver(await session.answers());
    const dealt = session.server.serializeState();
    await session.close();
    await session.round();
    for (const state of [dealt, session.server.serializeState()]) {
      refusedAfter(state, (json) => (json.state.directory[1] = json.state.directory[0]!));
    }
    refusedAfter(dealt, ({ state }) => (state.deals[0]![1].ownShareCommitment = base64(...new Uint8Array(16))));
    refusedAfter(session.server.serializeState(), ({ state }) => {
      state.commitments[0]![1].ownShareCommitment = base64(...new Uint8Array(16));
    });
  });
});
