// Weaknesses of xaynet, by the numbers X1 to X14: those that the protocol has, which stay, and those of its programs, which are not here.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { generateKeyPair } from '../../src/crypto/agree.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { boxOpener } from '../../src/crypto/sealed-box.ts';
import { hex } from '../../src/leaves/bytes.ts';
import {
  Aggregation,
  decodeParameters,
  deriveMask,
  maskModel,
  PetCoordinator,
  PetParticipant,
  type PetClient,
} from '../../src/pet/index.ts';
import { MessageOpener, sealMessage } from '../../src/pet/wire/message.ts';
import { decodeUpdate, encodeUpdate } from '../../src/pet/wire/payloads.ts';
import { signTask } from '../../src/pet/parameters.ts';
import { encodeParameters, encodeSums } from '../../src/pet/wire/views.ts';
import { rejected } from '../support/errors.ts';
import { clientOf, meanOf, memberOf, network, ONE, run, settings, type Member } from './worlds.ts';

const drawn = (members: readonly Member[], task: 'sum' | 'update'): Member[] =>
  members.filter(({ participant }) => participant.task === task);

const reduced = (state: string): string => state.replace(/"counts":\{[^}]*\}|"elapsed":[^,}]*/g, '');

describe('the weaknesses of xaynet', () => {
  it('whoever can change the parameters on their way reads the model (X3): nothing vouches for them, so they go over TLS', async () => {
    const { members } = await network(16);
    const [victim] = drawn(members, 'update') as [Member];
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
    const { coordinator, members } = await network(16);
    for (const member of drawn(members, 'sum')) await run(member);
    await coordinator.close();
    const updates = drawn(members, 'update');
    for (const member of updates.slice(0, 2)) await run(member);
    const recovered = await PetCoordinator.recoverState(coordinator.serializeState(), settings);
    expect(recovered.progress()).to.include({ phase: 'update', accepted: 2 });
    const client = clientOf(recovered);
    const afterwards = async (member: Member): Promise<void> => {
      const { signSecretKey, participant } = member;
      const models = { load: () => Promise.resolve(member) };
      await run({ participant: PetParticipant.restore(participant.save(), { signSecretKey, client, models }) });
    };
    for (const member of updates.slice(2)) await afterwards(member);
    await recovered.close();
    for (const member of members) if (!updates.includes(member)) await afterwards(member);
    expect((await recovered.close()).model).to.deep.equal(meanOf(updates, ONE));
  });

  it('the seeds of an update are there if its model is in the sum, and only then (X9)', async () => {
    const { coordinator, members } = await network(16);
    const sums = drawn(members, 'sum');
    for (const member of sums) await run(member);
    await coordinator.close();
    const [member] = drawn(members, 'update') as [Member];
    const { signSecretKey, participant } = member;
    const { seed, coordinatorKey } = decodeParameters(coordinator.parameters());
    const sumSignature = await signTask(signSecretKey, seed, 'sum');
    const updateSignature = await signTask(signSecretKey, seed, 'update');
    const known = sums.map((each): [string, Uint8Array] => [hex(each.participant.publicKey), systemRandom(80)]);
    const before = reduced(coordinator.serializeState());
    const send = async (length: number, seeds: ReadonlyMap<string, Uint8Array>): Promise<unknown> => {
      const { masked: maskedModel } = await maskModel(new Float32Array(length), { config: ONE, length });
      const payload = encodeUpdate({ sumSignature, updateSignature, maskedModel, seeds });
      const message = { participantKey: participant.publicKey, tag: 'update' as const, isPart: false, payload };
      return coordinator.receive(await sealMessage(message, { signSecretKey, coordinatorKey, random: systemRandom }));
    };
    // Right seeds and a wrong model; a right model and wrong seeds.
    await rejected('ERR_SECAGG_PET_MISMATCH', send(2, new Map(known)));
    await rejected('ERR_SECAGG_PET_PARTICIPANTS', send(3, new Map(known.slice(1))));
    expect(reduced(coordinator.serializeState())).to.equal(before);
    await send(3, new Map(known));
    const state = JSON.parse(coordinator.serializeState()) as { readonly seeds: readonly unknown[]; readonly total: string };
    expect(state.seeds).to.have.lengthOf(1);
    expect(before).not.to.contain(state.total);
  });

  it('each have a test', () => {
    const read = (name: string): string => readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8');
    const titles = ['lies.test.ts', 'service.test.ts', 'weaknesses.test.ts'].flatMap((name) =>
      [...read(name).matchAll(/\bit\('([^']*)'/g)].map(([, title]) => title!),
    );
    const numbers = titles.flatMap((title) => [...title.matchAll(/\(X(\d+)\)/g)].map(([, number]) => Number(number)));
    expect([...new Set(numbers)].sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 14 }, (_, i) => i + 1));
  });
});
