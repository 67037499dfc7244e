// Sessions in a real database, through three objects that share no memory, as if each were a process.
import { expect } from 'chai';
import pg from 'pg';
import { PostgresSessions } from '../../src/postgres/index.ts';
import { registeredUsers } from '../support/registered-users.ts';
import { Session, type Setup } from '../support/session.ts';
import { testDatabase, type TestDatabase } from './support.ts';

export const USERS = registeredUsers([1, 7, 2 ** 53 - 1, 40, 41]);
export const SETUP = { registered: USERS, threshold: 4, vecLen: 5 };
/** The id of no session. */
export const UNKNOWN = '00000000-0000-4000-8000-000000000000';

export class ThreeProcesses {
  readonly database: TestDatabase;
  /** The schema, as statements name it. */
  readonly quoted: string;
  readonly one: PostgresSessions;
  readonly two: PostgresSessions;
  readonly three: PostgresSessions;

  static async start(): Promise<ThreeProcesses> {
    const processes = new ThreeProcesses(await testDatabase());
    await processes.one.migrate();
    return processes;
  }

  private constructor(database: TestDatabase) {
    this.database = database;
    this.quoted = pg.escapeIdentifier(database.schema);
    this.one = this.another();
    this.two = this.another();
    this.three = this.another();
  }

  /** One more process. */
  another(options: { readonly threads?: number } = {}): PostgresSessions {
    return new PostgresSessions(this.database.pool, { schema: this.database.schema, ...options });
  }

  end(): Promise<void> {
    return this.database.end();
  }

  /** A session in memory, and its twin in the database. */
  async created(setup: Partial<Setup> = {}, expiresAt?: Date): Promise<[Session, string]> {
    const session = new Session({ ...SETUP, ...setup });
    const { threshold, vecLen, options, registered } = session.setup;
    const id = await this.one.create({
      threshold,
      vecLen,
      options: { ...options, publicKeys: registered.pki },
      ...(expiresAt ? { expiresAt } : {}),
    });
    return [session, id];
  }

  /** Gives each message to one process, to all three in turn. */
  async deliver(id: string, answers: ReadonlyMap<number, Uint8Array>): Promise<void> {
    const processes = [this.one, this.two, this.three];
    await Promise.all([...answers].map(([user, bytes], i) => processes[i % 3]!.recv(id, user, bytes)));
  }

  /** A session in memory and its twin in the database, both played up to this round. */
  async playedTo(round: number, setup: Partial<Setup> = {}): Promise<[Session, string]> {
    const [session, id] = await this.created(setup);
    for (let r = 0; r < round; r++) {
      const answers = await session.answers();
      await this.deliver(id, answers);
      session.deliver(answers);
      await this.two.round(id, r);
      await session.close();
    }
    return [session, id];
  }

  /** Closes round 2, whose answers the stored session has heard, and plays the rest of both. */
  async expectSameSum(session: Session, id: string, answers: ReadonlyMap<number, Uint8Array>): Promise<void> {
    session.deliver(answers);
    await this.one.round(id, 2);
    await session.close();
    for (const round of [3, 4]) {
      const next = await session.answers();
      await this.deliver(id, next);
      session.deliver(next);
      await session.close();
      await this.one.round(id, round);
    }
    expect(await this.one.result(id)).to.deep.equal(session.server.output()!.getVector());
  }

  /** @param round of messages; without it, of all rounds. */
  async rowsOf(table: string, id: string, round?: number): Promise<number> {
    const { rows } = await this.database.pool.query<{ n: string }>(
      `select count(*) as n from ${this.quoted}.${table} where session_id = $1 ${round === undefined ? '' : `and round = ${round}`}`,
      [id],
    );
    return Number(rows[0]!.n);
  }
}
