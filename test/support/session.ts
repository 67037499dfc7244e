// A whole session in one process, through bytes only, with every message in the hands of the test.
import { expect } from 'chai';
import {
  round0Msg,
  ServerWrapper,
  UserWrapper,
  type InputVector,
  type ServerOptions,
  type ServerOutputWrapper,
  type SessionOptions,
  type UserOptions,
} from '../../src/index.ts';
import { registeredUsers, type RegisteredUsers } from './registered-users.ts';

export interface Setup {
  readonly ids: readonly number[];
  readonly threshold: number;
  readonly vecLen: number;
  readonly options: SessionOptions;
  /** Of the users only, and of the server only. */
  readonly userOptions: UserOptions;
  readonly serverOptions: ServerOptions;
  /** Whether the server is given the users' public keys. */
  readonly serverKnowsKeys: boolean;
  /** By default 2^i at every component for the i-th id, so that the sum shows exactly who is in it. */
  readonly vectorOf: (index: number, id: number) => InputVector | null;
  readonly registered: RegisteredUsers;
}

/** Speakers left out in one round. */
export type Silent = readonly number[];

export class Session {
  readonly setup: Setup;
  readonly registered: RegisteredUsers;
  readonly users: Map<number, UserWrapper>;
  server: ServerWrapper;
  /** What each user is to be given next. */
  messages: Map<number, Uint8Array>;

  constructor(given: Partial<Setup> = {}) {
    const ids = given.ids ?? given.registered?.ids ?? [0, 1, 2, 3];
    const vecLen = given.vecLen ?? 3;
    this.setup = {
      threshold: Math.floor((2 * ids.length) / 3) + 1,
      options: {},
      userOptions: {},
      serverOptions: {},
      serverKnowsKeys: true,
      vectorOf: (index) => new Array<number>(vecLen).fill(2 ** index),
      registered: given.registered ?? registeredUsers(ids),
      ...given,
      ids,
      vecLen,
    };
    const { threshold, options, userOptions, serverOptions, serverKnowsKeys, vectorOf, registered } = this.setup;
    this.registered = registered;
    this.users = new Map(
      ids.map((id, index) => {
        const [pk, sk] = registered.keys.get(id)!;
        return [
          id,
          new UserWrapper(id, threshold, pk, sk, vectorOf(index, id), registered.pki, { vecLen, ...options, ...userOptions }),
        ];
      }),
    );
    this.server = new ServerWrapper(threshold, vecLen, {
      ...options,
      ...(serverKnowsKeys ? { publicKeys: registered.pki } : {}),
      ...serverOptions,
    });
    this.messages = new Map(ids.map((id) => [id, round0Msg()]));
  }

  user(id: number): UserWrapper {
    return this.users.get(id)!;
  }

  /** What the users that were sent something answer, but for the silent ones. */
  async answers(silent: Silent = []): Promise<Map<number, Uint8Array>> {
    const answers = new Map<number, Uint8Array>();
    for (const [id, message] of this.messages) {
      if (!silent.includes(id)) answers.set(id, await this.user(id).round(message));
    }
    return answers;
  }

  deliver(answers: ReadonlyMap<number, Uint8Array>): void {
    for (const [id, answer] of answers) this.server.recv(id, answer);
  }

  async close(): Promise<ServerOutputWrapper> {
    const output = await this.server.round();
    this.messages = output.isMessages() ? output.getMessages() : new Map<number, Uint8Array>();
    return output;
  }

  /** One whole round. */
  async round(silent: Silent = []): Promise<ServerOutputWrapper> {
    this.deliver(await this.answers(silent));
    return this.close();
  }

  /** Plays the rounds before `round`. */
  async before(round: number, silent: readonly Silent[] = []): Promise<this> {
    for (let r = 0; r < round; r++) await this.round(silent[r]);
    return this;
  }

  /** Plays what is left of a session and gives the sum. */
  async finish(silent: readonly Silent[] = []): Promise<bigint[]> {
    for (let r = this.server.progress().round!; r < 4; r++) await this.round(silent[r]);
    return sumOf(await this.round(silent[4]));
  }

  /** The plain sum of some users' inputs. */
  plainSum(ids: readonly number[]): bigint[] {
    const sum = new Array<bigint>(this.setup.vecLen).fill(0n);
    for (const id of ids) {
      const vec = this.setup.vectorOf(this.setup.ids.indexOf(id), id)!;
      for (let j = 0; j < sum.length; j++) sum[j]! += BigInt(vec[j]!);
    }
    return sum;
  }

  /** That the sum is there, and is that of exactly these users. */
  expectSum(sum: readonly bigint[], ids: readonly number[]): void {
    expect(sum).to.deep.equal(this.plainSum(ids));
    expect(this.server.progress().included).to.deep.equal([...ids].sort((a, b) => a - b));
  }
}

export function sumOf(output: ServerOutputWrapper): bigint[] {
  expect(output.isVector()).to.equal(true);
  return Array.from(output.getVector() as ArrayLike<number | bigint>, BigInt);
}
