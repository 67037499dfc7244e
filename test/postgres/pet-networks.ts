// Rounds of PET in PostgreSQL, each in a network of its own, with members that reach several processes.
import pg from 'pg';
import type { PetClient, PetRounds } from '../../src/pet/index.ts';
import { PostgresPetCoordinator, type PostgresPetOptions, type PostgresPool } from '../../src/postgres/index.ts';
import { memberOf, settings, type Member } from '../pet/worlds.ts';
import { testDatabase, type TestDatabase } from './support.ts';

/** Reaches the processes in turn, as a load balancer does; with messages, so that each process hears some of them. */
export function balanced(processes: readonly PetRounds[]): PetClient {
  const inTurn = (): (() => PetRounds) => {
    let turn = 0;
    return () => processes[turn++ % processes.length]!;
  };
  const [asked, told] = [inTurn(), inTurn()];
  return {
    parameters: async () => asked().parameters(),
    sums: async () => asked().sums(),
    seeds: async (key) => asked().seeds(key),
    send: (message) => told().receive(message),
  };
}

/** A round at its beginning, with at least three members of the sum task and four of the update task. */
export interface World {
  readonly processes: readonly [PostgresPetCoordinator, PostgresPetCoordinator, PostgresPetCoordinator];
  readonly sums: readonly Member[];
  readonly updates: readonly Member[];
}

export class PetNetworks {
  readonly database: TestDatabase;
  /** The schema, as statements name it. */
  readonly quoted: string;
  /** The network of the present test. */
  network = '';
  #networks = 0;

  static async start(): Promise<PetNetworks> {
    const networks = new PetNetworks(await testDatabase());
    await networks.coordinator().migrate();
    return networks;
  }

  private constructor(database: TestDatabase) {
    this.database = database;
    this.quoted = pg.escapeIdentifier(database.schema);
    this.next();
  }

  end(): Promise<void> {
    return this.database.end();
  }

  /** From now on, processes have another network. */
  next(): void {
    this.network = `network ${this.#networks++}`;
  }

  /** A process. */
  coordinator(options: Partial<PostgresPetOptions> = {}, pool: PostgresPool = this.database.pool): PostgresPetCoordinator {
    // The sum2 phase ends with the first mask, so that tests need not play all sum participants.
    const sum2 = { time: { min: 0, max: 3600 } };
    const { network } = this;
    return new PostgresPetCoordinator(pool, { network, schema: this.database.schema, ...settings, sum2, ...options });
  }

  async rows(table: string, condition = 'true'): Promise<number> {
    const text = `select count(*) from ${this.quoted}.${table} where ${condition}`;
    const { rows } = await this.database.pool.query<{ count: string }>(text);
    return Number(rows[0]!.count);
  }

  /** Rows of the present round. */
  async rowsOfRound(table: string): Promise<number> {
    const round = `select round_id from ${this.quoted}.pet_networks where network = '${this.network}'`;
    return this.rows(table, `round_id = (${round})`);
  }

  /** @param more options of each member. */
  async world(
    options: Partial<PostgresPetOptions> = {},
    count = 16,
    more: object = {},
    numberAt: (member: number, index: number) => number = (i, j) => Math.sin(i + j),
  ): Promise<World> {
    const processes = [this.coordinator(options), this.coordinator(options), this.coordinator(options)] as const;
    const length = options.modelLength ?? 3;
    const client = balanced(processes);
    for (;;) {
      const members = Array.from({ length: count }, (_, i) =>
        memberOf(client, { model: new Float32Array(length).map((__, j) => numberAt(i, j)), weight: 1 / (i + 1) }, more),
      );
      for (const { participant } of members) await participant.transition();
      const sums = members.filter(({ participant }) => participant.task === 'sum');
      const updates = members.filter(({ participant }) => participant.task === 'update');
      if (sums.length >= 3 && updates.length >= 4) return { processes, sums, updates };
      await processes[0].abandon();
    }
  }
}
