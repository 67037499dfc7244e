// States of both roles in every phase, as text, for tests that change them.
import { Session } from './session.ts';

export interface SavedStates {
  readonly users: readonly string[];
  readonly servers: readonly string[];
}

const SETUP = { ids: [4, 8, 15, 16], threshold: 3, vecLen: 5 };

/** User 8 in each phase, and the server in each phase before and after it has heard user 8; both also after an error. */
export async function statesOfEveryPhase(): Promise<SavedStates> {
  const session = new Session({ ...SETUP, options: { bits: 12, session: 'strict' } });
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

/** In every round: user 8 before it answers, and the server after it has heard users 4 and 8. User 16 deals no shares. */
export async function statesByRound(): Promise<SavedStates> {
  const states: { users: string[]; servers: string[] } = { users: [], servers: [] };
  const session = new Session({ ...SETUP, options: { bits: 12 } });
  for (let round = 0; round <= 4; round++) {
    states.users.push(session.user(8).serializeState());
    const answers = await session.answers([[], [16]][round]);
    session.deliver(new Map([...answers].slice(0, 2)));
    states.servers.push(session.server.serializeState());
    session.deliver(answers);
    await session.close();
  }
  return states;
}

/** What tests of contradictions reach for; which of it there is depends on role and phase. */
export interface EditableState {
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
    signatures: [position: number, signature: string][];
    deals: [position: number, deal: { sealed: string; ownShareCommitment: string | null }][];
    commitments: [position: number, commitments: { shares: string; ownShareCommitment: string | null }][];
    included: number[];
    sum: string;
    heard: number[];
    answers: [position: number, answer: { shares: string; verdicts: string }][];
    holdings: { position: number }[];
  };
}

/** A field by itself that could be, so that the whole is no state that any session comes to; and in which rounds. */
export type Contradiction = readonly [what: string, rounds: readonly number[], change: (json: EditableState) => void];

export const EVERY_ROUND: readonly number[] = [0, 1, 2, 3, 4];

export const base64 = (...bytes: number[]): string => Buffer.from(bytes).toString('base64');

/** Swaps the first two elements. */
export function swap(list: unknown[]): void {
  list.unshift(...list.splice(1, 1));
}
