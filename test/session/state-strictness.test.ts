// Recovery is strict: a state that is not exactly one of this role and version, whole and consistent, is a StateError, and
// nothing of it is recovered. Every field of every phase of both roles is left out, doubled, and given other values.
import { expect } from 'chai';
import { ServerWrapper, StateError, UserWrapper } from '../../src/index.ts';
import { refused } from '../support/errors.ts';
import { mutations, type Json } from '../support/json.ts';
import { Session } from '../support/session.ts';

const IDS = [4, 8, 15, 16];

/** A state of a user and one of the server in every phase. */
async function allStates(): Promise<{ users: string[]; servers: string[] }> {
  const session = new Session({ ids: IDS, threshold: 3, vecLen: 5, options: { bits: 12, session: 'strict' } });
  const [users, servers] = [[session.user(8).serializeState()], [session.server.serializeState()]];
  for (let round = 0; round <= 4; round++) {
    const answers = await session.answers([[], [], [16]][round]);
    for (const [id, answer] of answers) {
      session.server.recv(id, answer);
      if (id === 8) servers.push(session.server.serializeState());
    }
    users.push(session.user(8).serializeState());
    await session.close();
    servers.push(session.server.serializeState());
  }
  const failed = await new Session({ threshold: 3 }).before(2);
  await failed
    .user(0)
    .round(new Uint8Array(1))
    .catch(() => undefined);
  await failed.server.round().catch(() => undefined);
  users.push(failed.user(0).serializeState());
  servers.push(failed.server.serializeState());
  return { users, servers };
}

/** Changes that give another valid state: each is listed with why it has to be admitted. */
const ADMITTED: readonly RegExp[] = [
  // A longer or shorter text of the application's context, of an error or of bytes of any length is one as good.
  /^\.state \.error \.message "/,
  /^\.state \.error \.round \d → null$/,
  /^\.context \.publicKeys \[/, // one registered user less or more
  /^\.context \.policy \.maxUsers/,
  /^\.context \.parameters \.session/,
  /^\.output "/,
  /^\.input "[^"]*" → null$/, // an input that is still to come
  /^\.state \.holdings \[\d\] \.shares \{.*→ null$/, // a deal that could not be used
  // After an error, and once the sum is known, little is left that the rest could be held against.
  /^\.answered \["/,
  /^\.state \.error \.round null → 0$/,
  /^\.received \[[14]\] \[\[/,
  /^\.dropped \[\{/,
];

describe('a state that was changed', () => {
  let states: { users: string[]; servers: string[] };
  before(async () => {
    states = await allStates();
  });

  for (const role of ['users', 'servers'] as const) {
    it(`of ${role}: no field can be missing, extra, of another type or of another length`, function () {
      this.timeout(60_000);
      let tried = 0;
      const admitted = new Set<string>();
      for (const state of states[role]) {
        const recover = (text: string): string =>
          (role === 'users' ? UserWrapper.fromState(text) : ServerWrapper.fromState(text)).serializeState();
        expect(recover(state)).to.equal(state);
        for (const [what, changed] of mutations(JSON.parse(state) as Json)) {
          tried++;
          const text = JSON.stringify(changed);
          let outcome: unknown;
          try {
            outcome = recover(text);
          } catch (error) {
            outcome = error;
          }
          if (outcome instanceof StateError) continue;
          if (ADMITTED.some((pattern) => pattern.test(what))) continue;
          admitted.add(
            `${what.replace(/"[^"]{30,}/g, '…').slice(0, 160)}: ${outcome instanceof Error ? String(outcome.stack) : 'recovered'}`,
          );
        }
      }
      expect([...admitted]).to.deep.equal([]);
      expect(tried).to.be.greaterThan(1000);
    });
  }

  /** What the changes below reach for; which of it there is depends on role and phase. */
  interface Editable {
    context: {
      parameters: { threshold: number; vecLen: number; bits: number };
      policy: { maxUsers: number; colluders: number; adversary: string };
      publicKeys: [id: number, key: string][];
    };
    input: string | null;
    answered: string[];
    received: [id: number, digest: string][][];
    state: {
      signSecretKey: string;
      advertisements: { userId: number; channelKey: string; maskKey: string }[];
      directory: { userId: number }[];
      users: number;
      position: number;
      peers: { userId: number }[] | number[];
      ownShare: string | null;
      u2: string;
      u3: string;
      u4: string;
      signatures: unknown[];
      deals: [position: number, deal: object][];
      commitments: [position: number, commitments: object][];
      sum: string;
      heard: number[];
      answers: [position: number, answer: { shares: string; verdicts: string }][];
      holdings: { position: number }[];
    };
  }
  const base64 = (...bytes: number[]): string => Buffer.from(bytes).toString('base64');
  /** Swaps the first two elements. */
  const swap = (list: unknown[]): void => {
    list.unshift(...list.splice(1, 1));
  };
  const everyPhase = [0, 1, 2, 3, 4];
  /** User 15 out of the set of a round, and of all that follows from it. */
  const withFewer =
    (set: 'u3' | 'u4', round: number) =>
    ({ state, received }: Editable): void => {
      state[set] = base64(0b0011);
      received[round] = received[round]!.filter(([id]) => id !== 15);
      if (set === 'u4') state.signatures.pop();
    };

  /** Every field by itself is one that could be; together they are no state that any session comes to. */
  const CONTRADICTIONS: readonly [
    role: 'users' | 'servers',
    what: string,
    rounds: readonly number[],
    change: (json: Editable) => void,
  ][] = [
    [
      'users',
      'a threshold of one: the server could ask for a sum of one',
      everyPhase,
      (json) => (json.context.parameters.threshold = 1),
    ],
    ['users', 'a ring of no bits', everyPhase, (json) => (json.context.parameters.bits = 0)],
    ['users', 'no users at all allowed', everyPhase, (json) => (json.context.policy.maxUsers = 0)],
    ['users', 'more colluders than users can be', everyPhase, (json) => (json.context.policy.colluders = 65_536)],
    [
      'users',
      'its own key not registered',
      everyPhase,
      ({ context }) => (context.publicKeys = context.publicKeys.filter(([id]) => id !== 8)),
    ],
    ['users', 'an input of another length', [0, 1, 2], (json) => (json.input = base64(1, 2, 3, 4, 5, 6))],
    [
      'users',
      'the input, after it was masked: the masks are known to the others by then',
      [3, 4],
      (json) => (json.input = base64(...new Uint8Array(10))),
    ],
    ['users', 'a round answered less, which could be answered again', [2, 3, 4], ({ answered }) => answered.pop()],
    ['users', 'a round answered more', [1, 2, 3, 4], ({ answered }) => answered.push(answered[0]!)],
    [
      'users',
      'peers in another order: shares dealt to, and revealed for, the wrong users',
      [2, 3, 4],
      ({ state }) => swap(state.peers),
    ],
    ['users', 'a peer twice', [2], ({ state }) => (state.peers[2] = state.peers[1]!)],
    ['users', 'a peer twice, later', [3, 4], ({ state }) => (state.peers[2] = state.peers[1]!)],
    ['users', 'a peer less', [2, 3, 4], ({ state }) => state.peers.pop()],
    ['users', 'another place among its peers', [2, 3, 4], ({ state }) => (state.position = 0)],
    ['users', 'a place beyond all users', [2, 3, 4], ({ state }) => (state.position = 4)],
    ['users', 'more users than peers', [2, 3, 4], ({ state }) => (state.users = 5)],
    ['users', 'no share of its own secret, as on a sparse graph', [2, 3, 4], ({ state }) => (state.ownShare = null)],
    ['users', 'itself among its peers', [3, 4], ({ state }) => (state.peers[1] = 8)],
    [
      'users',
      'somebody else in its own place in U2',
      [3],
      ({ state }) => {
        state.u2 = base64(0b1101);
        state.holdings.push({ ...state.holdings[1]!, position: 3 });
      },
    ],
    ['users', 'somebody in U3 who is not in U2', [4], ({ state }) => (state.u3 = base64(0b1111))],
    ['users', 'a position beyond the directory in U3', [4], ({ state }) => (state.u3 = base64(0b1_0111))],
    ['users', 'a share of somebody who is not in U2', [3, 4], ({ state }) => (state.holdings[1]!.position = 3)],
    ['users', 'shares of two users exchanged', [3, 4], ({ state }) => swap(state.holdings)],
    [
      'users',
      'a secret key of somebody else',
      everyPhase,
      ({ state }) => (state.signSecretKey = base64(...new Uint8Array(32).fill(7))),
    ],
    [
      'users',
      'a participant whose key is not registered',
      [2, 3, 4],
      ({ context }) => (context.publicKeys = context.publicKeys.filter(([id]) => id !== 15)),
    ],
    ['users', 'more participants than it would have accepted', [2, 3, 4], (json) => (json.context.policy.maxUsers = 3)],
    ['users', 'more participants than its threshold bears', [2, 3, 4], (json) => (json.context.parameters.threshold = 2)],
    ['users', 'fewer participants than the threshold', [2, 3, 4], (json) => (json.context.parameters.threshold = 5)],
    ['users', 'fewer users in U2 than the threshold', [3, 4], (json) => (json.context.parameters.threshold = 4)],
    [
      'users',
      'fewer users in U3 than the threshold, to have a smaller sum unmasked',
      [4],
      ({ state }) => (state.u3 = base64(0b0011)),
    ],
    [
      'users',
      'itself not in U3',
      [4],
      (json) => {
        json.state.u3 = base64(0b0101);
        json.context.parameters.threshold = 2;
        json.context.policy.adversary = 'semi-honest';
      },
    ],
    ['servers', 'more users than it would have accepted', [1, 2, 3, 4], (json) => (json.context.policy.maxUsers = 3)],
    ['servers', 'fewer users than the threshold', [1, 2, 3, 4], (json) => (json.context.parameters.threshold = 5)],
    ['servers', 'fewer users in U2 than the threshold', [2, 3, 4], (json) => (json.context.parameters.threshold = 4)],
    ['servers', 'fewer users in U3 than the threshold', [3], withFewer('u3', 2)],
    ['servers', 'fewer users in U4 than the threshold', [4], withFewer('u4', 3)],
    ['servers', 'a threshold of one', everyPhase, (json) => (json.context.parameters.threshold = 1)],
    ['servers', 'no users at all allowed', everyPhase, (json) => (json.context.policy.maxUsers = 0)],
    [
      'servers',
      'a key of one user as that of another too',
      [0],
      ({ state: { advertisements } }) => (advertisements[1]!.channelKey = advertisements[0]!.maskKey),
    ],
    [
      'servers',
      'two advertisements of one user',
      [0],
      ({ state, received }) => {
        state.advertisements[1]!.userId = 4;
        received[0]!.splice(1, 1);
      },
    ],
    [
      'servers',
      'a directory in another order: positions that are not those of the users',
      [1, 2, 3, 4],
      ({ state }) => swap(state.directory),
    ],
    ['servers', 'a message heard of somebody else than the state knows', [1], ({ received }) => (received[1]![0]![0] = 16)],
    ['servers', 'a deal of nobody in the directory', [1], ({ state }) => (state.deals[0]![0] = 99)],
    ['servers', 'a deal of somebody who is not in U2', [2], ({ state }) => (state.deals[0]![0] = 3)],
    ['servers', 'commitments of somebody who is not in U2', [3, 4], ({ state }) => (state.commitments[0]![0] = 3)],
    ['servers', 'a position beyond the directory in U2', [2, 3, 4], ({ state }) => (state.u2 = base64(0b1_0111))],
    ['servers', 'a sum of another length', [2, 3, 4], ({ state }) => (state.sum = base64(1, 2, 3, 4, 5, 6))],
    [
      'servers',
      'shares of fewer owners than U2 has',
      [4],
      ({ state }) => (state.answers[0]![1].shares = base64(...new Uint8Array(64))),
    ],
    ['servers', 'a verdict that there is not', [4], ({ state }) => (state.answers[0]![1].verdicts = base64(0, 4, 0, 3))],
    ['servers', 'no verdict about a user of U2', [4], ({ state }) => (state.answers[0]![1].verdicts = base64(0, 3, 0, 3))],
    [
      'servers',
      'a verdict about a user that is not in U2',
      [4],
      ({ state }) => (state.answers[0]![1].verdicts = base64(0, 0, 0, 0)),
    ],
  ];

  describe('so that it contradicts itself', () => {
    let own: { users: string[]; servers: string[] };
    /** In every phase: user 8, and the server after it has heard users 4 and 8. User 16 deals no shares. */
    before(async () => {
      own = { users: [], servers: [] };
      const session = new Session({ ids: IDS, threshold: 3, vecLen: 5, options: { bits: 12 } });
      for (let round = 0; round <= 4; round++) {
        own.users.push(session.user(8).serializeState());
        const answers = await session.answers([[], [16]][round]);
        session.deliver(new Map([...answers].slice(0, 2)));
        own.servers.push(session.server.serializeState());
        session.deliver(answers);
        await session.close();
      }
    });

    for (const [role, what, rounds, change] of CONTRADICTIONS) {
      it(`${role === 'users' ? 'a user' : 'a server'} with ${what}`, () => {
        const recover = (text: string): unknown =>
          role === 'users' ? UserWrapper.fromState(text) : ServerWrapper.fromState(text);
        for (const round of rounds) {
          const json = JSON.parse(own[role][round]!) as Editable;
          recover(JSON.stringify(json));
          change(json);
          const error = refused('ERR_SECAGG_STATE', () => recover(JSON.stringify(json)), StateError);
          expect(error.message).not.to.match(/[A-Za-z0-9+/]{20}/);
        }
      });
    }
  });

  it('of the other role, or of another version, is refused with its own code', () => {
    for (const [i, user] of states.users.entries()) {
      const server = states.servers[i]!;
      refused('ERR_SECAGG_STATE_ROLE', () => UserWrapper.fromState(server));
      refused('ERR_SECAGG_STATE_ROLE', () => ServerWrapper.fromState(user));
      refused('ERR_SECAGG_STATE_VERSION', () => UserWrapper.fromState(user.replace('"version":1', '"version":2')));
      refused('ERR_SECAGG_STATE_VERSION', () => ServerWrapper.fromState(server.replace('"version":1', '"version":0')));
    }
  });

  it('that spells an id in another way is refused: zero with a sign', () => {
    const session = new Session({ ids: [0, 1, 2], threshold: 2 });
    const state = session.user(0).serializeState();
    expect(state).to.include('"userId":0,');
    refused('ERR_SECAGG_STATE', () => UserWrapper.fromState(state.replace('"userId":0,', '"userId":-0,')), StateError);
  });

  it('that is no JSON, or not one object, is refused', () => {
    for (const text of ['', 'x', '{', 'null', '1', '[]', '"a"', `${states.users[0]!}x`, states.users[0]!.slice(0, -1)]) {
      refused('ERR_SECAGG_STATE', () => UserWrapper.fromState(text)).message.split('').length;
      refused('ERR_SECAGG_STATE', () => ServerWrapper.fromState(text));
    }
    for (const value of [undefined, null, 5, {}, new Uint8Array(3)]) {
      expect(() => UserWrapper.fromState(value as never)).to.throw(TypeError);
      expect(() => ServerWrapper.fromState(value as never)).to.throw(TypeError);
    }
  });

  it('leaves the object that should have recovered it as it was', () => {
    const [user, server] = [UserWrapper.fromState(states.users[2]!), ServerWrapper.fromState(states.servers[2]!)];
    const broken = (text: string): string => text.replace('"threshold":3', '"threshold":"3"');
    expect(() => user.recoverState(broken(states.users[3]!))).to.throw(StateError);
    expect(() => server.recoverState(broken(states.servers[3]!))).to.throw(StateError);
    expect(user.serializeState()).to.equal(states.users[2]);
    expect(server.serializeState()).to.equal(states.servers[2]);
  });

  it('never shows in the error: no secret of it is quoted', () => {
    for (const state of states.users) {
      const secrets = [...state.matchAll(/"([A-Za-z0-9+/]{43}=)"/g)].map(([, secret]) => secret!);
      for (const cut of [state.slice(0, -2), state.replaceAll('=', ''), state.replace('"phase"', '"fase"')]) {
        try {
          UserWrapper.fromState(cut);
        } catch (error) {
          const shown = `${(error as Error).message} ${String((error as Error).cause)}`;
          for (const secret of secrets) expect(shown.includes(secret.slice(0, 10))).to.equal(false);
        }
      }
    }
  });
});
