// Sessions in PostgreSQL with stand-ins for their users, and several processes that hear them.
import { expect } from 'chai';
import pg from 'pg';
import { PostgresSessions, type PostgresPool } from '../../src/postgres/index.ts';
import type { Round } from '../../src/session/notation.ts';
import { StandIns, type StandInsSetup } from '../support/stand-ins.ts';
import { beside, bytesFor, testDatabase, type TestDatabase } from './support.ts';

/** A small session. */
export const SETUP = { threshold: 3, vecLen: 4, users: 4 };

/** A session and its users. */
export interface Playing {
  readonly id: string;
  readonly users: StandIns;
}

/** What `recv` is given. */
export type Message = readonly [id: string, user: number, bytes: Uint8Array];

export class StandInSessions {
  readonly database: TestDatabase;
  /** The schema, as statements name it. */
  readonly quoted: string;
  /** A process that works. */
  readonly sessions: PostgresSessions;

  static async start(): Promise<StandInSessions> {
    const started = new StandInSessions(await testDatabase());
    await started.sessions.migrate();
    return started;
  }

  private constructor(database: TestDatabase) {
    this.database = database;
    this.quoted = pg.escapeIdentifier(database.schema);
    this.sessions = new PostgresSessions(database.pool, { schema: database.schema });
  }

  end(): Promise<void> {
    return this.database.end();
  }

  /** One more process, which has looked at the version of the schema. */
  async another(pool: PostgresPool = this.database.pool, timeout = 30_000): Promise<PostgresSessions> {
    const process = new PostgresSessions(pool, { schema: this.database.schema, timeout });
    await process.sweep();
    return process;
  }

  async create(setup: StandInsSetup = SETUP): Promise<Playing> {
    const { threshold, vecLen, users, graph } = setup;
    // For one on a sparse graph, an adversary that admits one.
    const options = graph === undefined ? {} : { graph, adversary: 'semi-honest' as const, maxUsers: users, security: 40 };
    const id = await this.sessions.create({ threshold, vecLen, options });
    return { id, users: new StandIns(setup) };
  }

  /** A session whose next round is this one. */
  async playedTo(round: Round, setup: StandInsSetup = SETUP): Promise<Playing> {
    const playing = await this.create(setup);
    for (const before of [0, 1, 2, 3] as const) if (before < round) await this.close(playing, before);
    return playing;
  }

  /** Several of them. */
  all(count: number, round: Round, setup: StandInsSetup = SETUP): Promise<Playing[]> {
    return Promise.all(Array.from({ length: count }, () => this.playedTo(round, setup)));
  }

  /** The messages of all users in a round, once the round before is closed. */
  async answers({ id, users }: Playing, round: Round): Promise<Message[]> {
    const message = (i: number): Promise<Uint8Array> => bytesFor(this.sessions, id, users.ids[i]!);
    if (round === 1) for (const i of users.ids.keys()) users.see(i, await message(i));
    const own = round < 2 ? null : await message(0);
    return Promise.all(users.ids.map(async (user, i): Promise<Message> => [id, user, await users.answer(round, i, own)]));
  }

  /** The message of the first user. */
  async first(playing: Playing, round: Round): Promise<Message> {
    return (await this.answers(playing, round))[0]!;
  }

  /** The messages of all users of several sessions in a round. */
  async answersOfAll(all: readonly Playing[], round: Round): Promise<Message[]> {
    return (await Promise.all(all.map((playing) => this.answers(playing, round)))).flat();
  }

  async close(playing: Playing, round: Round): Promise<void> {
    for (const message of await this.answers(playing, round)) await this.sessions.recv(...message);
    await this.sessions.round(playing.id, round);
  }

  async expectSum({ id, users }: Playing): Promise<void> {
    const sum = (await this.sessions.result(id))!;
    expect(sum).to.deep.equal(new Int32Array(sum.length).fill(users.sumOf([...users.ids.keys()])));
  }

  /** Runs `work` while another transaction holds the rows of these sessions. */
  whileHeld(all: readonly Playing[], work: () => Promise<void>): Promise<void> {
    const ids = all.map(({ id }) => id);
    const lock = `select 1 from ${this.quoted}.sessions where session_id = any ($1) for update`;
    return beside(this.database.pool, [[lock, [ids]]], work);
  }
}
