// Rounds of PET in PostgreSQL: several processes hear, close and end them, and what was accepted survives whatever is killed.
import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { genKeypair } from '../../src/index.ts';
import { MemoryAgentStore } from '../../src/agent/index.ts';
import { StoreError } from '../../src/leaves/errors.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import {
  decodeParameters,
  maskModel,
  PetAgent,
  PetParticipant,
  PetService,
  type PetClient,
  type PetError,
  type PetRounds,
  type PetServiceEvent,
} from '../../src/pet/index.ts';
import { signTask } from '../../src/pet/parameters.ts';
import { sealMessage, type Tag } from '../../src/pet/wire/message.ts';
import { encodeUpdate } from '../../src/pet/wire/payloads.ts';
import { decodeSums } from '../../src/pet/wire/views.ts';
import { PostgresPetCoordinator, type PostgresPetOptions, type PostgresPool } from '../../src/postgres/index.ts';
import { meanOf, memberOf, ONE, run, settings, type Member } from '../pet/worlds.ts';
import { rejected } from '../support/errors.ts';
import { overheard, testDatabase, type TestDatabase } from './support.ts';

/** Reaches the processes in turn, as a load balancer does. */
function balanced(processes: readonly PetRounds[]): PetClient {
  let turn = 0;
  const next = (): PetRounds => processes[turn++ % processes.length]!;
  return {
    parameters: async () => next().parameters(),
    sums: async () => next().sums(),
    seeds: async (key) => next().seeds(key),
    send: (message) => next().receive(message),
  };
}

describe('rounds of PET in PostgreSQL', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let networks = 0;
  let network = '';

  before(async () => {
    database = await testDatabase();
    await coordinator({ network: 'first' }).migrate();
  });
  after(() => database.end());
  beforeEach(() => (network = `network ${networks++}`));

  function coordinator(options: Partial<PostgresPetOptions> = {}, pool: PostgresPool = database.pool): PostgresPetCoordinator {
    // The sum2 phase ends with the first mask, so that tests need not play all sum participants.
    const sum2 = { time: { min: 0, max: 3600 } };
    return new PostgresPetCoordinator(pool, { network, schema: database.schema, ...settings, sum2, ...options });
  }

  async function rows(table: string, condition = 'true'): Promise<number> {
    const schema = pg.escapeIdentifier(database.schema);
    const result = await database.pool.query<{ count: string }>(`select count(*) from ${schema}.${table} where ${condition}`);
    return Number(result.rows[0]!.count);
  }

  async function roundId(): Promise<string> {
    const schema = pg.escapeIdentifier(database.schema);
    const text = `select round_id from ${schema}.pet_networks where network = $1`;
    return (await database.pool.query<{ round_id: string }>(text, [network])).rows[0]!.round_id;
  }

  interface World {
    readonly processes: readonly PostgresPetCoordinator[];
    readonly members: readonly Member[];
    readonly sums: readonly Member[];
    readonly updates: readonly Member[];
  }

  /** A round at its beginning, with enough participants of both tasks. */
  async function world(
    options: Partial<PostgresPetOptions> = {},
    count = 16,
    more: object = {},
    numberAt: (member: number, index: number) => number = (i, j) => Math.sin(i + j),
  ): Promise<World> {
    const processes = Array.from({ length: 3 }, () => coordinator(options));
    const length = options.modelLength ?? 3;
    const client = balanced(processes);
    for (;;) {
      const members = Array.from({ length: count }, (_, i) =>
        memberOf(client, { model: new Float32Array(length).map((__, j) => numberAt(i, j)), weight: 1 / (i + 1) }, more),
      );
      for (const { participant } of members) await participant.transition();
      const sums = members.filter(({ participant }) => participant.task === 'sum');
      const updates = members.filter(({ participant }) => participant.task === 'update');
      if (sums.length >= 3 && updates.length >= 4) return { processes, members, sums, updates };
      await processes[0]!.abandon();
    }
  }

  it('give the mean, to the last bit, of what three processes have heard at once', async () => {
    const { processes, sums, updates } = await world();
    await Promise.all(sums.map(run));
    expect(await processes[0]!.progress()).to.include({ phase: 'sum', accepted: sums.length, due: 'close' });
    expect((await processes[1]!.advance())?.phase).to.equal('update');
    await Promise.all(updates.map(run));
    expect(await rows('pet_totals', `round_id = '${await roundId()}'`)).to.equal(3);
    expect((await processes[2]!.advance())?.phase).to.equal('sum2');
    await Promise.all(sums.map(run));
    expect(await rows('pet_masks', `round_id = '${await roundId()}'`)).to.equal(1);
    const closed = await processes[0]!.advance();
    expect(closed?.error).to.equal(null);
    expect(closed?.model).to.deep.equal(meanOf(updates, ONE));
    for (const each of processes) {
      expect(await each.model()).to.deep.equal({ round: closed!.ended.round, model: closed!.model });
      expect(await each.progress()).to.include({ round: closed!.round, phase: 'sum', accepted: 0 });
    }
  });

  it('have models that are longer than a chunk', async () => {
    const length = 750_000;
    // The models repeat themselves, so that the expected mean is that of their beginnings.
    const { processes, sums, updates } = await world({ modelLength: length }, 16, {}, (i, j) => Math.sin(i + (j % 3)));
    await Promise.all(sums.map(run));
    await processes[0]!.advance();
    for (const member of updates.slice(0, 3)) await run(member);
    await processes[0]!.advance();
    await run(sums[0]!);
    const { model } = (await processes[0]!.advance())!;
    const beginnings = updates.slice(0, 3).map((member) => ({ ...member, model: member.model.slice(0, 3) }));
    const expected = meanOf(beginnings, ONE)!;
    expect(model).to.deep.equal(new Float32Array(length).map((_, j) => Number(expected[j % 3])));
  });

  it('leave nothing in the tables when they are over, except the last mean', async () => {
    const tables = ['pet_sums', 'pet_updates', 'pet_totals', 'pet_votes', 'pet_masks', 'pet_message_parts', 'pet_ended_rounds'];
    for (let i = 0; i < 2; i++) {
      const { processes, sums, updates } = await world();
      for (const phase of [sums, updates, sums]) {
        await Promise.all(phase.map(run));
        await processes[0]!.advance();
      }
      await processes[1]!.advance();
      expect((await processes[1]!.model())?.model).to.deep.equal(meanOf(updates, ONE));
    }
    for (const table of tables) expect(await rows(table), table).to.equal(0);
    const schema = pg.escapeIdentifier(database.schema);
    const sets = await rows('chunks', `set_id in (select model_set from ${schema}.pet_networks where network = '${network}')`);
    expect(sets).to.equal(1);
    expect(
      await rows('chunks', `set_id not in (select model_set from ${schema}.pet_networks where model_set is not null)`),
    ).to.equal(0);
  });

  it('hear a message once, whichever processes it comes to at the same time', async () => {
    const { processes, sums, updates } = await world();
    const messages: Uint8Array[] = [];
    const recording: PetClient = {
      ...balanced(processes),
      send: (message) => Promise.resolve(messages.push(message)),
    };
    const copies = async (member: Member, phase: Tag): Promise<void> => {
      messages.length = 0;
      const { participant } = memberOf(recording, member, { signSecretKey: member.signSecretKey });
      await run({ participant });
      const before = (await processes[0]!.progress()).accepted;
      const outcomes = await Promise.allSettled([0, 1, 2, 0, 1, 2].map((i) => processes[i]!.receive(messages[0]!)));
      const codes = outcomes.map((outcome) =>
        outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as PetError).code,
      );
      expect(
        codes.filter((code) => code === 'accepted'),
        phase,
      ).to.have.lengthOf(1);
      expect(
        codes.filter((code) => code === 'ERR_SECAGG_PET_REPEATED'),
        phase,
      ).to.have.lengthOf(5);
      expect((await processes[0]!.progress()).accepted).to.equal(before + 1);
    };
    await copies(sums[0]!, 'sum');
    await run(sums[1]!);
    await processes[0]!.advance();
    for (const member of updates.slice(0, 3)) await copies(member, 'update');
    await processes[0]!.advance();
    await run(sums[1]!);
    expect((await processes[0]!.advance())?.model).to.deep.equal(meanOf(updates.slice(0, 3), ONE));
  });

  it('take no more messages than the counts say, whichever processes they come to at the same time', async () => {
    const { processes, sums, updates } = await world(
      { sum: { count: { min: 1, max: 2 } }, update: { count: { min: 3, max: 3 } } },
      24,
    );
    const take = async (members: readonly Member[]): Promise<void> => void (await Promise.all(members.map(run)));
    await take(sums);
    expect((await processes[0]!.progress()).accepted).to.equal(2);
    await processes[0]!.advance();
    await take(updates);
    expect(await processes[0]!.progress()).to.include({ accepted: 3, full: true });
    expect(await rows('pet_updates', `round_id = '${await roundId()}'`)).to.equal(3);
  });

  it('are closed by one process of several that find it due, and no message is lost or late', async () => {
    const { processes, sums, updates } = await world();
    await Promise.all(sums.map(run));
    const closed = await Promise.all(processes.map((each) => each.advance()));
    expect(closed.filter((each) => each !== null)).to.have.lengthOf(1);
    await Promise.all(updates.map(run));
    await Promise.all(processes.map((each) => each.advance()));
    await Promise.all(sums.map(run));
    const ended = (await Promise.all(processes.map((each) => each.advance()))).filter((each) => each !== null);
    expect(ended).to.have.lengthOf(1);
    expect(ended[0]!.model).to.deep.equal(meanOf(updates, ONE));
  });

  it('are given up when too few have come in time, and only if no message comes meanwhile', async () => {
    const { processes, sums } = await world({ sum: { count: { min: 2, max: 9 }, time: { min: 0, max: 1 } } });
    const before = (await processes[0]!.progress()).round;
    await run(sums[0]!);
    await setTimeout(1100);
    const given = await Promise.all(processes.map((each) => each.advance()));
    expect(given.filter((each) => each !== null).map((each) => [each.ended.phase, each.error?.code])).to.deep.equal([
      ['sum', 'ERR_SECAGG_PET_TOO_FEW'],
    ]);
    expect(await processes[0]!.progress()).to.include({ round: before + 1, phase: 'sum', accepted: 0 });
  });

  it('refuse a message of a phase that is over, of somebody who is not drawn, and of a lie about the sum participants', async () => {
    const { processes, sums, updates } = await world();
    const [first] = processes as [PostgresPetCoordinator];
    await run(sums[0]!);
    await run(sums[1]!);
    await first.advance();
    const member = updates[0]!;
    const parameters = decodeParameters(await first.parameters());
    const { masked } = await maskModel(Float32Array.of(1, 0, 0), { config: ONE, length: 3 });
    const known = decodeSums((await first.sums())!);
    const send = async (seeds: ReadonlyMap<string, Uint8Array>, signSecretKey = member.signSecretKey): Promise<unknown> => {
      const sumSignature = await signTask(signSecretKey, parameters.seed, 'sum');
      const updateSignature = await signTask(signSecretKey, parameters.seed, 'update');
      const payload = encodeUpdate({ sumSignature, updateSignature, maskedModel: masked, seeds });
      const { publicKey } = memberOf(balanced([first]), member, { signSecretKey }).participant;
      const message = { participantKey: publicKey, tag: 'update' as const, isPart: false, payload };
      const envelope = { signSecretKey, coordinatorKey: parameters.coordinatorKey, random: systemRandom };
      return first.receive(await sealMessage(message, envelope));
    };
    const all = new Map(Array.from(known, ([participant]) => [participant, systemRandom(80)]));
    const oneLess = new Map([...all].slice(1));
    await rejected('ERR_SECAGG_PET_PARTICIPANTS', send(oneLess));
    await rejected('ERR_SECAGG_PET_PARTICIPANTS', send(new Map([...oneLess, ['00'.repeat(32), systemRandom(80)]])));
    await rejected('ERR_SECAGG_PET_TASK', send(all, sums[0]!.signSecretKey));
    await rejected('ERR_SECAGG_PET_MISMATCH', sendOther());
    expect(await first.progress()).to.include({ accepted: 0, rejected: 4 });
    await send(all);
    await rejected('ERR_SECAGG_PET_REPEATED', send(all));
    expect(await first.progress()).to.include({ accepted: 1, rejected: 5 });

    async function sendOther(): Promise<unknown> {
      const sumSignature = await signTask(member.signSecretKey, parameters.seed, 'sum');
      const updateSignature = await signTask(member.signSecretKey, parameters.seed, 'update');
      const { masked: shorter } = await maskModel(Float32Array.of(1, 0), { config: ONE, length: 2 });
      const payload = encodeUpdate({ sumSignature, updateSignature, maskedModel: shorter, seeds: all });
      const message = { participantKey: member.participant.publicKey, tag: 'update' as const, isPart: false, payload };
      const envelope = { signSecretKey: member.signSecretKey, coordinatorKey: parameters.coordinatorKey, random: systemRandom };
      return first.receive(await sealMessage(message, envelope));
    }
  });

  it('put a message together whose parts come to several processes, after the first one in any order, and forget its parts then', async () => {
    const { processes, sums, updates } = await world({ modelLength: 40 }, 16, { maxMessageBytes: 320 });
    await Promise.all(sums.map(run));
    await processes[0]!.advance();
    const messages: Uint8Array[] = [];
    const recording: PetClient = { ...balanced(processes), send: (message) => Promise.resolve(messages.push(message)) };
    const { participant } = memberOf(recording, updates[0]!, {
      signSecretKey: updates[0]!.signSecretKey,
      maxMessageBytes: 320,
    });
    await run({ participant });
    expect(messages.length).to.be.greaterThan(5);
    const outcomes: string[] = [];
    const [firstPart, ...others] = messages as [Uint8Array, ...Uint8Array[]];
    await rejected('ERR_SECAGG_PET_PENDING', processes[0]!.receive(others[0]!));
    for (const [i, message] of [firstPart, ...others.toReversed()].entries()) {
      // Each comes twice.
      outcomes.push(await processes[i % 3]!.receive(message));
      if (i < messages.length - 1) await processes[(i + 1) % 3]!.receive(message);
    }
    expect(outcomes.at(-1)).to.equal('accepted');
    expect(new Set(outcomes.slice(0, -1))).to.deep.equal(new Set(['incomplete']));
    expect(await rows('pet_message_parts', `round_id = '${await roundId()}'`)).to.equal(0);
    expect(await rows('pet_networks', `network = '${network}' and pending_bytes = 0`)).to.equal(1);
    // Whoever was heard takes no room with the same message again.
    await rejected('ERR_SECAGG_PET_REPEATED', processes[1]!.receive(firstPart));
    await rejected('ERR_SECAGG_PET_PENDING', processes[2]!.receive(others[0]!));
    expect(await rows('pet_message_parts', `round_id = '${await roundId()}'`)).to.equal(0);
    expect(await rows('pet_networks', `network = '${network}' and pending_bytes = 0`)).to.equal(1);
    for (const member of updates.slice(1)) await run(member);
    await processes[0]!.advance();
    await Promise.all(sums.map(run));
    expect((await processes[0]!.advance())?.model).to.deep.equal(meanOf(updates, ONE));
  });

  it('have no room for parts without end (X10)', async () => {
    const { processes, sums, updates } = await world({ modelLength: 40, maxPendingBytes: 1500 }, 16, { maxMessageBytes: 320 });
    await run(sums[0]!);
    await processes[0]!.advance();
    const codes: string[] = [];
    const client: PetClient = {
      ...balanced(processes),
      async send(message) {
        await processes[0]!.receive(message).catch((error: unknown) => {
          codes.push((error as PetError).code);
          throw error;
        });
      },
    };
    await run(memberOf(client, updates[0]!, { signSecretKey: updates[0]!.signSecretKey, maxMessageBytes: 320 }));
    expect(codes).to.deep.equal(['ERR_SECAGG_PET_PENDING']);
    expect(await rows('pet_networks', `network = '${network}' and pending_bytes <= 1500`)).to.equal(1);
  });

  it('lose no message that was accepted, although every process dies after each statement that it may die at', async () => {
    const { sums, updates } = await world();
    /** A process whose connections break after so many statements: what was committed is there, and nobody knows what. */
    const dying = (statements: number): PostgresPetCoordinator => {
      let left = statements;
      return coordinator(
        {},
        overheard(database.pool, () => {
          if (left-- <= 0) throw new Error('the process is dead');
        }),
      );
    };
    const sendUntilHeard = async (member: Member): Promise<void> => {
      for (let statements = 1; ; statements++) {
        const process = dying(statements);
        const client: PetClient = { ...balanced([coordinator()]), send: (message) => process.receive(message) };
        const state = member.participant.save();
        const { signSecretKey } = member;
        member.participant = PetParticipant.restore(state, {
          signSecretKey,
          client,
          models: { load: () => Promise.resolve(member) },
        });
        try {
          await run(member);
          return;
        } catch (error) {
          expect(error).to.be.instanceOf(StoreError);
        }
      }
    };
    for (const phase of [sums, updates, sums]) {
      for (const member of phase) await sendUntilHeard(member);
      expect((await coordinator().progress()).accepted).to.equal(phase.length);
      let closed = null;
      for (let statements = 1; closed === null; statements++) {
        const { phase: before, round } = await coordinator().progress();
        await dying(statements)
          .advance()
          .catch((error: unknown) => expect(error).to.be.instanceOf(StoreError));
        const now = await coordinator().progress();
        closed = now.phase === before && now.round === round ? null : now;
      }
    }
    expect((await coordinator().model())?.model).to.deep.equal(meanOf(updates, ONE));
  });

  it('are of the network that has these settings, and of no other', async () => {
    await coordinator().parameters();
    await rejected('ERR_SECAGG_STATE', coordinator({ modelLength: 4 }).parameters());
    await rejected('ERR_SECAGG_STATE', coordinator({ sumProbability: 0.5 }).receive(new Uint8Array(300)));
    const other = coordinator({ network: `other ${network}`, modelLength: 4 });
    expect(decodeParameters(await other.parameters()).modelLength).to.equal(4);
  });

  it('are begun once, although several processes look first at the same time', async () => {
    const processes = Array.from({ length: 8 }, () => coordinator());
    const shown = await Promise.all(processes.map((each) => each.parameters()));
    expect(new Set(shown.map((bytes) => bytes.join(' '))).size).to.equal(1);
  });

  it('go on by themselves, with services and agents, and give the mean of those who were heard', async () => {
    const time = { min: 1, max: 60 };
    const options = { sumProbability: 0.3, sum: { time }, update: { time }, sum2: { time } };
    const processes = [coordinator(options), coordinator(options)];
    const ending = new AbortController();
    const ends: PetServiceEvent[] = [];
    const sent = new Map<string, Float32Array[]>();
    const key = async (): Promise<string> => decodeParameters(await processes[0]!.parameters()).coordinatorKey.join(' ');
    const services = processes.map(
      (each) =>
        new PetService({
          coordinator: each,
          listener(event) {
            if (event.type === 'round-ended' && event.error === null) {
              ends.push(event);
              ending.abort();
            }
          },
        }),
    );
    let now = await key();
    const agents = Array.from({ length: 12 }, (_, i) => {
      const model = Float32Array.of(i / 16, -1, 0.5);
      const client = balanced(processes);
      return new PetAgent({
        signSecretKey: genKeypair()[1],
        client: {
          ...client,
          async parameters(call) {
            const bytes = await client.parameters(call);
            now = decodeParameters(bytes!).coordinatorKey.join(' ');
            return bytes;
          },
        },
        models: { load: () => Promise.resolve({ model }) },
        store: new MemoryAgentStore(),
        storeKey: new Uint8Array(32),
        pollInterval: 100,
        listener(event) {
          if (event.type === 'sent' && event.message === 'update') sent.set(now, [...(sent.get(now) ?? []), model]);
        },
      });
    });
    const { signal } = ending;
    setMaxListeners(0, signal);
    await Promise.all([...services, ...agents].map((each) => each.run({ signal })));
    expect(ends).to.have.lengthOf(1);
    const last = await processes[0]!.model();
    const candidates = [...sent.values()].map((models) =>
      meanOf(
        models.map((model) => ({ model, weight: 1 })),
        ONE,
      ),
    );
    expect(candidates).to.deep.include(last?.model);
  });
});
