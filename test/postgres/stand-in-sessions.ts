// Sessions in PostgreSQL with stand-ins for their users.
import { expect } from 'chai';
import type { PostgresSessions } from '../../src/postgres/index.ts';
import type { Round } from '../../src/session/notation.ts';
import { StandIns, type StandInsSetup } from '../support/stand-ins.ts';
import { bytesFor } from './support.ts';

/** A session and its users. */
export interface Playing {
  readonly id: string;
  readonly users: StandIns;
}

/** What `recv` is given. */
export type Message = readonly [id: string, user: number, bytes: Uint8Array];

export class StandInSessions {
  readonly #sessions: PostgresSessions;

  /** @param sessions a process that works. */
  constructor(sessions: PostgresSessions) {
    this.#sessions = sessions;
  }

  async create(setup: StandInsSetup): Promise<Playing> {
    const { threshold, vecLen, users, graph } = setup;
    // For one on a sparse graph, an adversary that admits one.
    const options = graph === undefined ? {} : { graph, adversary: 'semi-honest' as const, maxUsers: users, security: 40 };
    const id = await this.#sessions.create({ threshold, vecLen, options });
    return { id, users: new StandIns(setup) };
  }

  /** The messages of all users in a round, once the round before is closed. */
  async answers({ id, users }: Playing, round: Round): Promise<Message[]> {
    const message = (i: number): Promise<Uint8Array> => bytesFor(this.#sessions, id, users.ids[i]!);
    if (round === 1) for (const i of users.ids.keys()) users.see(i, await message(i));
    const own = round < 2 ? null : await message(0);
    return Promise.all(users.ids.map(async (user, i): Promise<Message> => [id, user, await users.answer(round, i, own)]));
  }

  async close(playing: Playing, round: Round): Promise<void> {
    for (const message of await this.answers(playing, round)) await this.#sessions.recv(...message);
    await this.#sessions.round(playing.id, round);
  }

  async expectSum({ id, users }: Playing): Promise<void> {
    const sum = (await this.#sessions.result(id))!;
    expect(sum).to.deep.equal(new Int32Array(sum.length).fill(users.sumOf([...users.ids.keys()])));
  }
}
