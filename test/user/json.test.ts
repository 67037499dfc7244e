// The state of a user as JSON: what is not exactly one of this role and version, whole and consistent, is a StateError, and
// nothing of it is recovered. Every field of every phase is left out, doubled, and given other values.
import { expect } from 'chai';
import { round0Msg, StateError, UserWrapper } from '../../src/index.ts';
import { refused } from '../support/errors.ts';
import { wronglyRecovered } from '../support/json.ts';
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
/** Changes that give another valid state: each is listed with why it has to be admitted. */
const ADMITTED: readonly RegExp[] = [
  // A longer or shorter text of the application's context, of an error or of bytes of any length is one as good.
  /^\.state \.error \.message "/,
  /^\.state \.error \.round \d → null$/,
  /^\.context \.publicKeys \[/, // one registered user less or more
  /^\.context \.policy \.maxUsers/,
  /^\.context \.parameters \.session/,
  /^\.input "[^"]*" → null$/, // an input that is still to come
  /^\.state \.holdings \[\d\] \.shares \{.*→ null$/, // a deal that could not be used
  // After an error little is left that the rest could be held against.
  /^\.answered \["/,
  /^\.state \.error \.round null → 0$/,
];

const CONTRADICTIONS: readonly Contradiction[] = [
  ['a threshold of one: the server could ask for a sum of one', EVERY_ROUND, (json) => (json.context.parameters.threshold = 1)],
  ['a ring of no bits', EVERY_ROUND, (json) => (json.context.parameters.bits = 0)],
  ['no users at all allowed', EVERY_ROUND, (json) => (json.context.policy.maxUsers = 0)],
  ['more colluders than users can be', EVERY_ROUND, (json) => (json.context.policy.colluders = 65_536)],
  [
    'its own key not registered',
    EVERY_ROUND,
    ({ context }) => (context.publicKeys = context.publicKeys.filter(([id]) => id !== 8)),
  ],
  [
    'no public keys once round 1 is answered: others could be given, under the same masks',
    [2, 3, 4],
    (json) => Object.assign(json.context, { publicKeys: null }),
  ],
  [
    'public keys, and a digest of what they must be once they come',
    EVERY_ROUND,
    (json) => Object.assign(json.context, { roster: base64(...new Uint8Array(32)) }),
  ],
  ['an input of another length', [0, 1, 2], (json) => (json.input = base64(1, 2, 3, 4, 5, 6))],
  [
    'the input, after it was masked: the masks are known to the others by then',
    [3, 4],
    (json) => (json.input = base64(...new Uint8Array(10))),
  ],
  ['a round answered less, which could be answered again', [2, 3, 4], ({ answered }) => answered.pop()],
  ['a round answered more', [1, 2, 3, 4], ({ answered }) => answered.push(answered[0]!)],
  ['peers in another order: shares dealt to, and revealed for, the wrong users', [2, 3, 4], ({ state }) => swap(state.peers)],
  ['a peer twice', [2], ({ state }) => (state.peers[2] = state.peers[1]!)],
  ['a peer twice, later', [3, 4], ({ state }) => (state.peers[2] = state.peers[1]!)],
  ['a peer less', [2, 3, 4], ({ state }) => state.peers.pop()],
  ['another place among its peers', [2, 3, 4], ({ state }) => (state.position = 0)],
  ['a place beyond all users', [2, 3, 4], ({ state }) => (state.position = 4)],
  ['more users than peers', [2, 3, 4], ({ state }) => (state.users = 5)],
  ['no share of its own secret, as on a sparse graph', [2, 3, 4], ({ state }) => (state.ownShare = null)],
  ['itself among its peers', [3, 4], ({ state }) => (state.peers[1] = 8)],
  [
    'somebody else in its own place in U2',
    [3],
    ({ state }) => {
      state.u2 = base64(0b1101);
      state.holdings.push({ ...state.holdings[1]!, position: 3 });
    },
  ],
  ['somebody in U3 who is not in U2', [4], ({ state }) => (state.u3 = base64(0b1111))],
  ['a position beyond the directory in U3', [4], ({ state }) => (state.u3 = base64(0b1_0111))],
  ['a share of somebody who is not in U2', [3, 4], ({ state }) => (state.holdings[1]!.position = 3)],
  ['shares of two users exchanged', [3, 4], ({ state }) => swap(state.holdings)],
  ['a secret key of somebody else', EVERY_ROUND, ({ state }) => (state.signSecretKey = base64(...new Uint8Array(32).fill(7)))],
  [
    'a participant whose key is not registered',
    [2, 3, 4],
    ({ context }) => (context.publicKeys = context.publicKeys.filter(([id]) => id !== 15)),
  ],
  ['more participants than it would have accepted', [2, 3, 4], (json) => (json.context.policy.maxUsers = 3)],
  ['more participants than its threshold bears', [2, 3, 4], (json) => (json.context.parameters.threshold = 2)],
  ['fewer participants than the threshold', [2, 3, 4], (json) => (json.context.parameters.threshold = 5)],
  ['fewer users in U2 than the threshold', [3, 4], (json) => (json.context.parameters.threshold = 4)],
  ['fewer users in U3 than the threshold, to have a smaller sum unmasked', [4], ({ state }) => (state.u3 = base64(0b0011))],
  [
    'itself not in U3',
    [4],
    (json) => {
      json.state.u3 = base64(0b0101);
      json.context.parameters.threshold = 2;
      json.context.policy.adversary = 'semi-honest';
    },
  ],
];

const recovered = (text: string): string => UserWrapper.fromState(text).serializeState();

/** User 8 before round 0, before round 1 and after it has given up, without public keys and with a digest of what they must be. */
async function unkeyedStates(): Promise<{ readonly users: readonly string[]; readonly revisions: readonly number[] }> {
  const session = new Session({ ids: [4, 8, 15], threshold: 2, vecLen: 5 });
  const [signPk, signSk] = session.registered.keys.get(8)!;
  const own = { id: 8, signPk, signSk, vec: [1, 2, 3, 4, 5], othersSignPks: null, maxUsers: 3 };
  const user = UserWrapper.fromDescriptor(session.server.describe(), own);
  const users = [user.serializeState()];
  await user.round(round0Msg());
  users.push(user.serializeState());
  user.abandon();
  users.push(user.serializeState());
  return { users, revisions: [0, 1, 2] };
}

describe('the state of a user', () => {
  let states: readonly string[];
  let others: readonly string[];
  before(async () => {
    const saved = await statesOfEveryPhase();
    [states, others] = [saved.users, saved.servers];
  });

  it('is what it was once it is recovered', () => {
    for (const state of states) expect(recovered(state)).to.equal(state);
  });

  it('is refused if it names a field twice, or has a revision that its changes do not explain', () => {
    for (const state of states) {
      const { revision } = JSON.parse(state) as { revision: number };
      refused('ERR_SECAGG_STATE', () => recovered(state.replace('{', `{"revision":${revision},`)));
      // Two revisions more may be those of an input and of public keys that came later.
      for (const other of [revision + 3, Number.MAX_SAFE_INTEGER]) {
        refused('ERR_SECAGG_STATE', () => recovered(state.replace(`"revision":${revision}`, `"revision":${other}`)));
      }
    }
  });

  it('is refused with an answer of another round: the server would be sent that one again', async () => {
    const { users } = await statesByRound();
    const outputs = users.map((state) => (JSON.parse(state) as { output: string | null }).output);
    for (const round of [2, 3, 4]) {
      const state = users[round]!.replace(outputs[round]!, outputs[round - 1]!);
      refused('ERR_SECAGG_STATE', () => recovered(state));
    }
  });

  it('is refused under the id of another user, also once it is finished', () => {
    for (const state of states) {
      const json = JSON.parse(state) as { context: { userId: number; publicKeys: [number, string][] }; output: string | null };
      if (json.output === null) continue;
      const other = json.context.publicKeys.find(([id]) => id !== json.context.userId)!;
      json.context.userId = other[0];
      refused('ERR_SECAGG_STATE', () => recovered(JSON.stringify(json)));
    }
  });

  it('is refused if it was changed: no field can be missing, extra, of another type or of another length', function () {
    this.timeout(60_000);
    const { tried, wrong } = wronglyRecovered(states, recovered, ADMITTED);
    expect(wrong).to.deep.equal([]);
    expect(tried).to.be.greaterThan(1000);
  });

  it('is refused if it waits for its public keys and was changed', async () => {
    const { users, revisions } = await unkeyedStates();
    for (const state of users) expect(recovered(state)).to.equal(state);
    const admitted = [...ADMITTED, /^\.context \.roster "[^ ]* → null$/];
    const { tried, wrong } = wronglyRecovered(users, recovered, admitted);
    expect(wrong).to.deep.equal([]);
    expect(tried).to.be.greaterThan(300);
    // A vector may have come later, but no public keys have.
    for (const [i, revision] of revisions.entries()) {
      const [one, two] = [1, 2].map((more) => users[i]!.replace(`"revision":${revision}`, `"revision":${revision + more}`));
      expect(recovered(one!)).to.equal(one);
      refused('ERR_SECAGG_STATE', () => recovered(two!), StateError);
    }
  });

  it('is refused if it has failed after round 1 and has no public keys', () => {
    const failed = states.find((state) => state.includes('"phase":"failed"'))!;
    const json = JSON.parse(failed) as EditableState;
    expect(json.answered).to.have.length(2);
    Object.assign(json.context, { publicKeys: null });
    refused('ERR_SECAGG_STATE', () => recovered(JSON.stringify(json)), StateError);
  });

  it('is refused with its own code if it is of the other role, or of another version', () => {
    for (const other of others) refused('ERR_SECAGG_STATE_ROLE', () => UserWrapper.fromState(other), StateError);
    for (const state of states) {
      const changed = state.replace('"version":2', '"version":1');
      refused('ERR_SECAGG_STATE_VERSION', () => UserWrapper.fromState(changed), StateError);
    }
  });

  it('is refused if it is no JSON, or not one object', () => {
    for (const text of ['', 'x', '{', 'null', '1', '[]', '"a"', `${states[0]!}x`, states[0]!.slice(0, -1)]) {
      refused('ERR_SECAGG_STATE', () => UserWrapper.fromState(text), StateError);
    }
    for (const value of [undefined, null, 5, {}, new Uint8Array(3)]) {
      expect(() => UserWrapper.fromState(value as never)).to.throw(TypeError);
    }
  });

  it('leaves the user that should have recovered it as it was, if it is refused', () => {
    const user = UserWrapper.fromState(states[2]!);
    expect(() => user.recoverState(states[3]!.replace('"threshold":3', '"threshold":"3"'))).to.throw(StateError);
    expect(user.serializeState()).to.equal(states[2]);
  });

  it('is refused if it spells an id in another way: zero with a sign', () => {
    const session = new Session({ ids: [0, 1, 2], threshold: 2 });
    const state = session.user(0).serializeState();
    expect(state).to.include('"userId":0,');
    refused('ERR_SECAGG_STATE', () => UserWrapper.fromState(state.replace('"userId":0,', '"userId":-0,')), StateError);
  });

  it('is refused if it has failed and holds an input, or a revision that does not count the error', () => {
    const failed = states.find((state) => state.includes('"phase":"failed"'))!;
    const { revision } = JSON.parse(failed) as { revision: number };
    // Two revisions more may be those of an input and of public keys that came later, one less leaves none for the error.
    for (const [other, isTaken] of [
      [revision + 2, true],
      [revision + 3, false],
      [revision - 1, false],
    ] as const) {
      const changed = failed.replace(`"revision":${revision}`, `"revision":${other}`);
      if (isTaken) expect(recovered(changed)).to.equal(changed);
      else refused('ERR_SECAGG_STATE', () => recovered(changed), StateError);
    }
    const { parameters } = (JSON.parse(failed) as EditableState).context;
    const input = base64(...new Uint8Array(parameters.vecLen * 4));
    refused('ERR_SECAGG_STATE', () => recovered(failed.replace('"input":null', `"input":"${input}"`)), StateError);
  });

  it('is refused if it has no key of the user itself, also once nothing is left to sign', () => {
    for (const state of states) {
      const json = JSON.parse(state) as EditableState & { context: { userId: number } };
      const { publicKeys, userId } = json.context;
      json.context.publicKeys = publicKeys.filter(([id]) => id !== userId);
      refused('ERR_SECAGG_STATE', () => recovered(JSON.stringify(json)), StateError);
    }
  });

  it('never shows in the error: no secret of it is quoted', () => {
    let tried = 0;
    for (const state of states) {
      const secrets = [...state.matchAll(/"([A-Za-z0-9+/]{43}=)"/g)].map(([, secret]) => secret!);
      for (const cut of [state.slice(0, -2), state.replaceAll('=', ''), state.replace('"phase"', '"fase"')]) {
        const error = refused('ERR_SECAGG_STATE', () => UserWrapper.fromState(cut));
        const shown = `${error.message} ${String(error.cause)}`;
        for (const secret of secrets) expect(shown.includes(secret.slice(0, 10))).to.equal(false);
        tried += secrets.length;
      }
    }
    expect(tried).to.be.greaterThan(50);
  });
});

describe('the state of a user that contradicts itself', () => {
  let states: readonly string[];
  before(async () => (states = (await statesByRound()).users));

  for (const [what, rounds, change] of CONTRADICTIONS) {
    it(`is refused: ${what}`, () => {
      for (const round of rounds) {
        const json = JSON.parse(states[round]!) as EditableState;
        UserWrapper.fromState(JSON.stringify(json));
        change(json);
        const error = refused('ERR_SECAGG_STATE', () => UserWrapper.fromState(JSON.stringify(json)), StateError);
        expect(error.message).not.to.match(/[A-Za-z0-9+/]{20}/);
      }
    });
  }

  it('is refused if it is of the last user and names a place after it, or exchanges those before it', async () => {
    const session = await new Session({ ids: [4, 8, 15, 16], threshold: 3 }).before(2);
    const state = session.user(16).serializeState();
    for (const change of [(json: EditableState) => (json.state.position = 4), (json: EditableState) => swap(json.state.peers)]) {
      const json = JSON.parse(state) as EditableState;
      expect(json.state.position).to.equal(3);
      change(json);
      refused('ERR_SECAGG_STATE', () => UserWrapper.fromState(JSON.stringify(json)), StateError);
    }
  });

  it('is refused on a sparse graph: a neighbor in two places, a share of its own secret, or holdings in another order', async () => {
    const session = await sparseSession(9, { neighbors: 4, shareThreshold: 3 }, { threshold: 6 }).before(2);
    const dealt = session.user(10).serializeState();
    await session.round();
    const masked = session.user(10).serializeState();
    const refusedAfter = (state: string, change: (json: EditableState) => void): void => {
      const json = JSON.parse(state) as EditableState;
      UserWrapper.fromState(JSON.stringify(json));
      change(json);
      refused('ERR_SECAGG_STATE', () => UserWrapper.fromState(JSON.stringify(json)), StateError);
    };
    for (const state of [dealt, masked]) {
      refusedAfter(state, (json) => (json.state.peers[1] = json.state.peers[0]!));
      refusedAfter(state, (json) => (json.state.ownShare = base64(...new Uint8Array(32))));
      refusedAfter(state, (json) => json.state.peers.pop());
    }
    refusedAfter(masked, (json) => (json.state.peers[1] = 10)); // itself
    refusedAfter(masked, (json) => swap(json.state.holdings));
    refusedAfter(masked, (json) => json.state.holdings.pop());
  });
});
