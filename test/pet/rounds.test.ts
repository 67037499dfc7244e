// Whole rounds of the PET protocol: the mean of the update participants' models, whatever else happens.
import { expect } from 'chai';
import fc from 'fast-check';
import { genKeypair } from '../../src/index.ts';
import { Aggregation } from '../../src/pet/masking/aggregation.ts';
import { deriveMask } from '../../src/pet/masking/derive-mask.ts';
import { BOUND_TYPES, DATA_TYPES, GROUP_TYPES, MODEL_TYPES, type MaskConfig } from '../../src/pet/masking/mask-config.ts';
import { maskModel } from '../../src/pet/masking/mask-model.ts';
import type { Model } from '../../src/pet/masking/model.ts';
import { PetCoordinator, PetParticipant, type PetParticipantEvent } from '../../src/pet/index.ts';
import { rejected, refused } from '../support/errors.ts';
import { configOf } from './crate-vectors.ts';
import { clientOf, meanOf, memberOf, network, ONE, run, settings, type Member } from './worlds.ts';

const config = fc.record<MaskConfig>({
  groupType: fc.constantFrom(...GROUP_TYPES),
  dataType: fc.constantFrom(...DATA_TYPES),
  boundType: fc.constantFrom(...BOUND_TYPES),
  modelType: fc.constantFrom(...MODEL_TYPES),
});

function arrayOf(dataType: MaskConfig['dataType'], length: number): fc.Arbitrary<Model> {
  const exactly = { minLength: length, maxLength: length };
  switch (dataType) {
    case 'F32':
      return fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), exactly).map((numbers) => Float32Array.from(numbers));
    case 'F64':
      return fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), exactly).map((numbers) => Float64Array.from(numbers));
    case 'I32':
      return fc.array(fc.integer(), exactly).map((numbers) => Int32Array.from(numbers));
    case 'I64':
      return fc
        .array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), exactly)
        .map((numbers) => BigInt64Array.from(numbers));
  }
}

const world = fc.record({ vect: config, unit: config }).chain((pair) =>
  fc.record({
    pair: fc.constant(pair),
    models: fc.array(
      fc.record({ model: arrayOf(pair.vect.dataType, 4), weight: fc.double({ min: 1e-6, max: 1, noNaN: true }) }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
);

describe('masked models', () => {
  it('leave their weighted mean, to the last bit, in all configurations', async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ pair, models }) => {
        const sum = new Aggregation(pair, 4);
        const masks = new Aggregation(pair, 4);
        for (const { model, weight } of models) {
          const { seed, masked } = await maskModel(model, { config: pair, length: 4, weight });
          sum.add(masked);
          masks.add(await deriveMask(seed, 4, pair));
        }
        const expected = meanOf(models, pair);
        if (expected === null) refused('ERR_SECAGG_PET_UNMASK', () => sum.unmask(masks.total));
        else expect(sum.unmask(masks.total)).to.deep.equal(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('are refused with a number that is not finite, with another length, and as another kind of array', async () => {
    const options = { config: ONE, length: 2 };
    for (const bad of [NaN, Infinity, -Infinity]) {
      await rejected('ERR_SECAGG_PET_MODEL', maskModel(Float32Array.of(0, bad), options));
    }
    await rejected('ERR_SECAGG_PET_MODEL', maskModel(Float32Array.of(1), options));
    const error = await maskModel(Float64Array.of(1, 2), options).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(TypeError);
    for (const weight of [-1, NaN, 1.5]) {
      expect(await maskModel(Float32Array.of(1, 2), { ...options, weight }).catch((thrown: unknown) => thrown)).to.be.instanceOf(
        RangeError,
      );
    }
  });
});

describe('a round', () => {
  it('gives the mean of the update participants, and the next one has another key and seed', async () => {
    const { coordinator, members } = await network(16);
    for (let round = 1; round <= 2; round++) {
      expect(coordinator.progress()).to.include({ round, phase: 'sum' });
      const before = coordinator.parameters();
      for (const member of members) await run(member);
      const updaters = members.filter(({ participant }) => participant.task === 'update');
      const needed = coordinator.progress().enough && updaters.length >= 3;
      if (!needed) {
        await coordinator.abandon();
        continue;
      }
      await coordinator.close();
      for (const member of members) await run(member);
      await coordinator.close();
      for (const member of members) await run(member);
      const { model, error } = await coordinator.close();
      expect(error).to.equal(null);
      expect(model).to.deep.equal(meanOf(updaters, ONE));
      expect(coordinator.parameters()).not.to.deep.equal(before);
    }
  });

  it('goes on when all parties are saved and restored after each step, and messages go in parts', async () => {
    const { coordinator: first, members } = await network(12, { modelLength: 40 }, (i) => ({
      model: Float32Array.from({ length: 40 }, (_, j) => Math.sin(i + j)),
      weight: 0.5 + i / 100,
    }));
    let coordinator = first;
    const client = {
      parameters: () => Promise.resolve(coordinator.parameters()),
      sums: () => Promise.resolve(coordinator.sums()),
      seeds: (key: Uint8Array) => Promise.resolve(coordinator.seeds(key)),
      async send(message: Uint8Array): Promise<void> {
        expect(message.length).to.be.at.most(320);
        if ((await coordinator.receive(message)) === 'incomplete') incomplete++;
      },
    };
    let incomplete = 0;
    const step = async (member: Member): Promise<boolean> => {
      const { signSecretKey, model, weight } = member;
      const models = { load: () => Promise.resolve({ model, weight }) };
      const options = { signSecretKey, client, models, maxMessageBytes: 320 };
      member.participant = PetParticipant.restore(member.participant.save(), options);
      return (await member.participant.transition()) === 'complete';
    };
    let updaters: readonly Member[] = [];
    for (let phase = 0; phase < 3; phase++) {
      if (phase === 1) updaters = members.filter(({ participant }) => participant.task === 'update');
      for (const member of members) while (await step(member));
      const closed = await coordinator.close();
      if (phase === 2) expect(closed.model).to.deep.equal(meanOf(updaters, ONE));
      coordinator = await PetCoordinator.recoverState(coordinator.serializeState(), { ...settings, modelLength: 40 });
      expect(coordinator.progress()).to.include({ round: closed.round, phase: closed.phase });
    }
    expect(updaters.length).to.be.greaterThan(2);
    expect(incomplete).to.be.greaterThan(20);
  });

  it('gives the mean of those that were heard when others vanish in each phase', async () => {
    const { coordinator, members } = await network(20);
    const summers = members.filter(({ participant }) => participant.task === 'sum');
    const updaters = members.filter(({ participant }) => participant.task === 'update');
    for (const member of summers) await run(member);
    await coordinator.close();
    for (const member of updaters.slice(1)) await run(member);
    await coordinator.close();
    await run(summers[0]!);
    const { model } = await coordinator.close();
    expect(model).to.deep.equal(meanOf(updaters.slice(1), ONE));
  });

  it('cannot go on with too few messages, until more come or it is given up', async () => {
    const { coordinator, members } = await network(16);
    await rejected('ERR_SECAGG_PET_TOO_FEW', coordinator.close());
    for (const member of members) await run(member);
    await coordinator.close();
    const updaters = members.filter(({ participant }) => participant.task === 'update');
    for (const member of updaters.slice(0, 2)) await run(member);
    await rejected('ERR_SECAGG_PET_TOO_FEW', coordinator.close());
    await run(updaters[2]!);
    expect(coordinator.progress()).to.include({ phase: 'update', accepted: 3, enough: true, full: false });
    await coordinator.abandon();
    expect(coordinator.progress()).to.include({ round: 2, phase: 'sum', accepted: 0 });
    expect(coordinator.sums()).to.equal(null);
  });

  it('ends once, although two callers end it at the same time', async () => {
    const { coordinator, members } = await network(16);
    const updaters = members.filter(({ participant }) => participant.task === 'update');
    for (let phase = 0; phase < 3; phase++) {
      for (const member of members) await run(member);
      if (phase < 2) await coordinator.close();
    }
    const [first, second] = await Promise.allSettled([coordinator.close(), coordinator.close()]);
    expect(first.status === 'fulfilled' && first.value).to.deep.include({ round: 2, model: meanOf(updaters, ONE), error: null });
    expect(second.status === 'rejected' && (second.reason as object)).to.include({ code: 'ERR_SECAGG_PET_TOO_FEW' });
    expect(coordinator.progress().round).to.equal(2);
    await Promise.all([coordinator.abandon(), coordinator.abandon()]);
    expect(coordinator.progress().round).to.equal(4);
  });

  it('cannot be asked for with counts that no round can have, or with no time at all', async () => {
    const M3 = { min: 3, max: 1001 };
    for (const [bad, name] of [
      [{ update: { count: M3 } }, 'options.update.count'],
      [{ sum2: { count: { min: 2, max: 100 } } }, 'options.sum2.count'],
      [{ sum2: { count: { min: 1, max: 101 } } }, 'options.sum2.count'],
      [{ sum: { time: { min: 0, max: 0 } } }, 'options.sum.time.max'],
    ] as const) {
      const error = await PetCoordinator.create({ ...settings, ...bad }).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(RangeError);
      expect((error as Error).message).to.include(name);
    }
    const config = { vect: configOf('Prime F32 B0 M6'), unit: configOf('Prime F32 B0 M6') };
    await PetCoordinator.create({ ...settings, config, update: { count: M3 } });
  });

  it('takes no more messages than the application wants', async () => {
    const { coordinator, members } = await network(16, { sum: { count: { min: 1, max: 1 } } });
    const [first, second] = members.filter(({ participant }) => participant.task === 'sum');
    await run(first!);
    expect(coordinator.progress()).to.include({ accepted: 1, full: true });
    const events: PetParticipantEvent[] = [];
    const options = {
      signSecretKey: second!.signSecretKey,
      client: clientOf(coordinator),
      models: { load: () => expect.fail() },
    };
    const state = second!.participant.save();
    await run({ participant: PetParticipant.restore(state, { ...options, listener: (event) => events.push(event) }) });
    expect(coordinator.progress()).to.include({ accepted: 1, discarded: 1, rejected: 0 });
    expect(events.map((event) => event.type === 'refused' && [event.message, event.error.code])).to.deep.equal([
      ['sum', 'ERR_SECAGG_PET_FULL'],
    ]);
  });
});

describe('a participant', () => {
  it('waits while there is no round, no model and nothing to sum', async () => {
    const none = { parameters: () => Promise.resolve(null), sums: () => Promise.resolve(null) };
    const client = { ...none, seeds: () => Promise.resolve(null), send: () => Promise.resolve() };
    const models = { load: () => Promise.resolve(null) };
    const idle = new PetParticipant({ signSecretKey: genKeypair()[1], client, models });
    expect(await idle.transition()).to.equal('pending');
    expect(idle.task).to.equal(null);

    const { coordinator, members } = await network(16);
    for (const member of members) await run(member);
    await coordinator.close();
    const updater = members.find(({ participant }) => participant.task === 'update')!;
    const waiting = PetParticipant.restore(updater.participant.save(), {
      signSecretKey: updater.signSecretKey,
      client: clientOf(coordinator),
      models,
    });
    expect(await waiting.transition()).to.equal('pending');
    expect(waiting.task).to.equal('update');
  });

  it('is as it was when the transport fails, and sends the same part again', async () => {
    const { coordinator, members } = await network(16);
    const member = members.find(({ participant }) => participant.task === 'sum')!;
    let failures = 2;
    const client = clientOf(coordinator);
    const failing = {
      ...client,
      send: (message: Uint8Array<ArrayBuffer>) =>
        failures-- > 0 ? Promise.reject(new Error('no route')) : client.send(message, {}),
    };
    const options = { signSecretKey: member.signSecretKey, client: failing, models: { load: () => Promise.resolve(null) } };
    const participant = PetParticipant.restore(member.participant.save(), options);
    for (let i = 0; i < 2; i++) {
      const error = await participant.transition().catch((thrown: unknown) => thrown);
      expect((error as Error).message).to.equal('no route');
    }
    await run({ participant });
    expect(coordinator.progress().accepted).to.equal(1);
  });

  it('leaves a round that is over and enters the next one', async () => {
    const { coordinator, members } = await network(16);
    const events: PetParticipantEvent[] = [];
    const member = memberOf(clientOf(coordinator), members[0]!, { listener: (event: PetParticipantEvent) => events.push(event) });
    await member.participant.transition();
    await coordinator.abandon();
    await member.participant.transition();
    expect(events.map(({ type }) => type)).to.deep.equal(['round', 'round']);
  });

  it('takes one step at a time', async () => {
    const { members } = await network(16);
    const [{ participant }] = members as [Member];
    const first = participant.transition();
    await rejected('ERR_SECAGG_BUSY', participant.transition());
    await first;
  });

  it('is restored from its own state only', async () => {
    const { members, client } = await network(16);
    const state = members[0]!.participant.save();
    const models = { load: () => Promise.resolve(null) };
    const other = { signSecretKey: genKeypair()[1], client, models };
    refused('ERR_SECAGG_STATE', () => PetParticipant.restore(state, other));
    refused('ERR_SECAGG_STATE', () => PetParticipant.restore(state.replace('"next":0', '"next":-1').slice(1), other));
  });
});
