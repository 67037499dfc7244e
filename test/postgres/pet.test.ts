// Rounds of PET in PostgreSQL: several processes close and end them, and each mean is exact.
import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { genKeypair } from '../../src/index.ts';
import { MemoryAgentStore } from '../../src/agent/index.ts';
import { decodeParameters, PetAgent, PetService, type PetServiceEvent } from '../../src/pet/index.ts';
import { meanOf, ONE, run } from '../pet/worlds.ts';
import { rejected } from '../support/errors.ts';
import { balanced, PetNetworks } from './pet-networks.ts';

describe('rounds of PET in PostgreSQL', function () {
  this.timeout(120_000);
  let networks: PetNetworks;
  before(async () => {
    networks = await PetNetworks.start();
  });
  after(() => networks.end());
  beforeEach(() => networks.next());

  it('give the mean, to the last bit, of what three processes have heard at once', async () => {
    const { processes, sums, updates } = await networks.world();
    await Promise.all(sums.map(run));
    expect(await processes[0].progress()).to.include({ phase: 'sum', accepted: sums.length, due: 'close' });
    expect((await processes[1].advance())?.phase).to.equal('update');
    await Promise.all(updates.map(run));
    expect(await networks.rowsOfRound('pet_totals')).to.equal(3);
    expect((await processes[2].advance())?.phase).to.equal('sum2');
    await Promise.all(sums.map(run));
    expect(await networks.rowsOfRound('pet_masks')).to.equal(1);
    const closed = await processes[0].advance();
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
    const { processes, sums, updates } = await networks.world({ modelLength: length }, 16, {}, (i, j) => Math.sin(i + (j % 3)));
    await Promise.all(sums.map(run));
    await processes[0].advance();
    for (const member of updates.slice(0, 3)) await run(member);
    await processes[0].advance();
    await run(sums[0]!);
    const { model } = (await processes[0].advance())!;
    const beginnings = updates.slice(0, 3).map((member) => ({ ...member, model: member.model.slice(0, 3) }));
    const expected = meanOf(beginnings, ONE)!;
    expect(model).to.deep.equal(new Float32Array(length).map((_, j) => Number(expected[j % 3])));
  });

  it('leave nothing in the tables when they are over, except the last mean', async () => {
    const tables = [
      'pet_sums',
      'pet_updates',
      'pet_totals',
      'pet_votes',
      'pet_masks',
      'pet_messages',
      'pet_message_parts',
      'pet_ended_rounds',
    ];
    for (let i = 0; i < 2; i++) {
      const { processes, sums, updates } = await networks.world();
      for (const phase of [sums, updates, sums]) {
        await Promise.all(phase.map(run));
        await processes[0].advance();
      }
      await processes[1].advance();
      expect((await processes[1].model())?.model).to.deep.equal(meanOf(updates, ONE));
    }
    for (const table of tables) expect(await networks.rows(table), table).to.equal(0);
    const sets = await networks.rows(
      'chunks',
      `set_id in (select model_set from ${networks.quoted}.pet_networks where network = '${networks.network}')`,
    );
    expect(sets).to.equal(1);
    expect(
      await networks.rows(
        'chunks',
        `set_id not in (select model_set from ${networks.quoted}.pet_networks where model_set is not null)`,
      ),
    ).to.equal(0);
  });

  it('are closed by one process of several that find it due, and no message is lost or late', async () => {
    const { processes, sums, updates } = await networks.world();
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
    const { processes, sums } = await networks.world({ sum: { count: { min: 2, max: 9 }, time: { min: 0, max: 1 } } });
    const before = (await processes[0].progress()).round;
    await run(sums[0]!);
    await setTimeout(1100);
    const given = await Promise.all(processes.map((each) => each.advance()));
    expect(given.filter((each) => each !== null).map((each) => [each.ended.phase, each.error?.code])).to.deep.equal([
      ['sum', 'ERR_SECAGG_PET_TOO_FEW'],
    ]);
    expect(await processes[0].progress()).to.include({ round: before + 1, phase: 'sum', accepted: 0 });
  });

  it('are of the network that has these settings, and of no other', async () => {
    await networks.coordinator().parameters();
    await rejected('ERR_SECAGG_STATE', networks.coordinator({ modelLength: 4 }).parameters());
    await rejected('ERR_SECAGG_STATE', networks.coordinator({ sumProbability: 0.5 }).receive(new Uint8Array(300)));
    const other = networks.coordinator({ network: `other ${networks.network}`, modelLength: 4 });
    expect(decodeParameters(await other.parameters()).modelLength).to.equal(4);
  });

  it('are begun once, although several processes look first at the same time', async () => {
    const processes = Array.from({ length: 8 }, () => networks.coordinator());
    const shown = await Promise.all(processes.map((each) => each.parameters()));
    expect(new Set(shown.map((bytes) => bytes.join(' '))).size).to.equal(1);
  });

  it('go on by themselves, with services and agents, and give the mean of those who were heard', async () => {
    const time = { min: 1, max: 60 };
    const options = { sumProbability: 0.3, sum: { time }, update: { time }, sum2: { time } };
    const processes = [networks.coordinator(options), networks.coordinator(options)] as const;
    const ending = new AbortController();
    const ends: PetServiceEvent[] = [];
    const sent = new Map<string, Float32Array[]>();
    const key = async (): Promise<string> => decodeParameters(await processes[0].parameters()).coordinatorKey.join(' ');
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
    const last = await processes[0].model();
    const candidates = [...sent.values()].map((models) =>
      meanOf(
        models.map((model) => ({ model, weight: 1 })),
        ONE,
      ),
    );
    expect(candidates).to.deep.include(last?.model);
  });
});
