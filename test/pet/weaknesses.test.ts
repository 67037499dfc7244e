// Weaknesses of xaynet, by the numbers X1 to X14: those that the protocol has, which stay, and those of its programs, which are not here.
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateKeyPair } from '../../src/crypto/agree.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { boxOpener } from '../../src/crypto/sealed-box.ts';
import { Aggregation, decodeParameters, deriveMask, maskModel, PetCoordinator, type PetClient } from '../../src/pet/index.ts';
import { MessageOpener } from '../../src/pet/wire/message.ts';
import { decodeUpdate } from '../../src/pet/wire/payloads.ts';
import { encodeParameters, encodeSums } from '../../src/pet/wire/views.ts';
import { lastingState, refusedByCoordinator, seedsFor, updateOf } from './forged-messages.ts';
import { afterSums, clientOf, goOn, meanOf, memberOf, network, ONE, run, settings } from './worlds.ts';

describe('the weaknesses of xaynet', () => {
  it('whoever can change the parameters on their way reads the model (X3): nothing vouches for them, so they go over TLS', async () => {
    const {
      updaters: [victim],
    } = await network();
    const [keys, ephemeral] = [await generateKeyPair(systemRandom), await generateKeyPair(systemRandom)];
    const parameters = encodeParameters({
      ...decodeParameters((await PetCoordinator.create(settings)).parameters()),
      coordinatorKey: keys.publicKey,
    });
    const sent: Uint8Array[] = [];
    const client: PetClient = {
      parameters: () => Promise.resolve(parameters),
      sums: () => Promise.resolve(encodeSums(new Map([['11'.repeat(32), ephemeral.publicKey]]))),
      seeds: () => Promise.resolve(null),
      send: (message) => Promise.resolve(sent.push(message)),
    };
    // Until the false seed draws somebody for the update task.
    let member = memberOf(client, victim);
    while ((await member.participant.transition(), member.participant.task !== 'update')) member = memberOf(client, victim);
    await run(member);
    const { payload } = await new MessageOpener(keys).open(sent[0]!, 'update');
    const { maskedModel, seeds } = decodeUpdate(payload);
    const seed = (await boxOpener(ephemeral)(seeds.get('11'.repeat(32))!))!;
    const alone = new Aggregation(ONE, 3);
    alone.add(maskedModel);
    expect(alone.unmask(await deriveMask(seed, 3, ONE))).to.deep.equal(meanOf([victim], ONE));
  });

  it('a model takes the memory of its numbers and a masked one of its words, without an object for each number (X5)', async () => {
    const length = 1000;
    const { masked } = await maskModel(new Float32Array(length).fill(0.5), { config: ONE, length });
    expect(masked.elements.vect).to.be.instanceOf(Uint32Array);
    expect(masked.elements.vect.byteLength).to.equal(8 * length);
    const sum = new Aggregation(ONE, length);
    const masks = new Aggregation(ONE, length);
    const { seed, masked: other } = await maskModel(new Float32Array(length).fill(0.25), { config: ONE, length });
    sum.add(other);
    masks.add(await deriveMask(seed, length, ONE));
    expect(sum.unmask(masks.total)).to.deep.equal(new Float32Array(length).fill(0.25));
  });

  it('a coordinator that crashes in the update phase goes on in it, with the models that it had accepted (X8)', async () => {
    const { coordinator, summers, updaters } = await afterSums();
    const [first, second, ...others] = updaters;
    for (const member of [first, second]) await run(member);
    const recovered = await PetCoordinator.recoverState(coordinator.serializeState(), settings);
    expect(recovered.progress()).to.include({ phase: 'update', accepted: 2 });
    for (const member of others) await goOn(member, clientOf(recovered));
    await recovered.close();
    for (const member of summers) await goOn(member, clientOf(recovered));
    expect((await recovered.close()).model).to.deep.equal(meanOf(updaters, ONE));
  });

  it('the seeds of an update are there if its model is in the sum, and only then (X9)', async () => {
    const { coordinator, updaters } = await afterSums();
    const seeds = await seedsFor(coordinator);
    const before = lastingState(coordinator);
    const { masked: maskedModel } = await maskModel(new Float32Array(2), { config: ONE, length: 2 });
    // Right seeds and a wrong model; a right model and wrong seeds.
    for (const [code, changes] of [
      ['ERR_SECAGG_PET_MISMATCH', { maskedModel }],
      ['ERR_SECAGG_PET_PARTICIPANTS', { seeds: new Map([...seeds].slice(1)) }],
    ] as const) {
      await refusedByCoordinator(coordinator, code, await updateOf(updaters[0], coordinator, { seeds, ...changes }));
    }
    await coordinator.receive(await updateOf(updaters[0], coordinator, { seeds }));
    const state = JSON.parse(coordinator.serializeState()) as { readonly seeds: readonly unknown[]; readonly total: string };
    expect(state.seeds).to.have.lengthOf(1);
    expect(before).not.to.contain(state.total);
  });

  it('each have a test', () => {
    const folder = fileURLToPath(new URL('.', import.meta.url));
    const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
    const titles = files.flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(/\bit\('([^']*)'/g)].map(([, title]) => title!),
    );
    const numbers = titles.flatMap((title) => [...title.matchAll(/\(X(\d+)\)/g)].map(([, number]) => Number(number)));
    expect([...new Set(numbers)].sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 14 }, (_, i) => i + 1));
  });
});
