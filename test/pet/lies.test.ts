// Participants, coordinators and strangers that do not follow the PET protocol. The names of the weaknesses are those of xaynet.
import { ed25519 } from '@noble/curves/ed25519.js';
import { expect } from 'chai';
import { genKeypair } from '../../src/index.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { concat, hex, utf8 } from '../../src/leaves/bytes.ts';
import type { SecAggErrorCode } from '../../src/leaves/errors.ts';
import {
  Aggregation,
  decodeParameters,
  deriveMask,
  maskModel,
  MaskObject,
  PetCoordinator,
  PetParticipant,
  type MaskConfigPair,
  type PetClient,
  type PetCoordinatorOptions,
  type PetParticipantEvent,
} from '../../src/pet/index.ts';
import { ofNoble } from '../../src/pet/masking/mask-keystream.ts';
import { groupOf } from '../../src/pet/masking/orders.ts';
import { coordinatorDocument } from '../../src/pet/coordinator-state.ts';
import { isDrawn, isEligible, signTask } from '../../src/pet/parameters.ts';
import { MessageOpener, sealMessage, type Message, type Tag } from '../../src/pet/wire/message.ts';
import { encodePart } from '../../src/pet/wire/parts.ts';
import {
  decodeSum2,
  decodeUpdate,
  encodeSum,
  encodeSum2,
  encodeUpdate,
  type UpdatePayload,
} from '../../src/pet/wire/payloads.ts';
import { decodeSeeds, decodeSums, encodeParameters, encodeSeeds, encodeSums } from '../../src/pet/wire/views.ts';
import { boxOpener, sealBox } from '../../src/crypto/sealed-box.ts';
import { generateKeyPair } from '../../src/crypto/agree.ts';
import { platform } from '#platform';
import { rejected, refused } from '../support/errors.ts';
import { littleEndian, sha512 } from '../support/ed25519.ts';
import { withPlatform } from '../support/injected.ts';
import { configOf } from './crate-vectors.ts';
import { clientOf, meanOf, memberOf, network, ONE, run, settings, type Member, type Weighted } from './worlds.ts';

interface Network {
  readonly coordinator: PetCoordinator;
  readonly members: Member[];
}

const withTask = (members: readonly Member[], task: 'sum' | 'update'): Member[] =>
  members.filter(({ participant }) => participant.task === task);

/** What a member sends, without its seal. */
async function sealedBy(
  { signSecretKey, participant }: Member,
  coordinator: PetCoordinator,
  tag: Tag,
  payload: Uint8Array,
): Promise<Uint8Array> {
  const { coordinatorKey } = decodeParameters(coordinator.parameters());
  const message = { participantKey: participant.publicKey, tag, isPart: false, payload };
  return sealMessage(message, { signSecretKey, coordinatorKey, random: systemRandom });
}

async function signatures(
  { signSecretKey }: Member,
  coordinator: PetCoordinator,
): Promise<{ sum: Uint8Array; update: Uint8Array }> {
  const { seed } = decodeParameters(coordinator.parameters());
  return { sum: await signTask(signSecretKey, seed, 'sum'), update: await signTask(signSecretKey, seed, 'update') };
}

/** Refused with a code, and nothing has changed but the count of refusals. */
async function refusedByCoordinator(coordinator: PetCoordinator, code: SecAggErrorCode, message: Uint8Array): Promise<void> {
  const before = coordinator.serializeState();
  const { rejected: count, discarded } = coordinator.progress();
  await rejected(code, coordinator.receive(message));
  const after = coordinator.progress();
  expect(after.rejected + after.discarded).to.equal(count + discarded + 1);
  const withoutCounts = (state: string): string => state.replace(/"counts":\{[^}]*\}|"elapsed":[^,}]*/g, '');
  expect(withoutCounts(coordinator.serializeState())).to.equal(withoutCounts(before));
}

async function afterSums(
  count = 16,
  options: Partial<PetCoordinatorOptions> = {},
  modelOf?: (index: number) => Weighted,
): Promise<Network> {
  const { coordinator, members } = await network(count, options, modelOf);
  for (const member of withTask(members, 'sum')) await run(member);
  await coordinator.close();
  return { coordinator, members };
}

async function afterUpdates(
  count = 16,
  modelOf?: (index: number) => Weighted,
): Promise<Network & { readonly updaters: Member[]; readonly summers: Member[] }> {
  const { coordinator, members } = await afterSums(count, {}, modelOf);
  const updaters = withTask(members, 'update');
  for (const member of updaters) await run(member);
  await coordinator.close();
  return { coordinator, members, updaters, summers: withTask(members, 'sum') };
}

/** What a member sends next, as the coordinator opens it; the coordinator does not hear it. */
async function messageOf(
  { participant, signSecretKey, model, weight }: Member,
  coordinator: PetCoordinator,
  tag: Tag,
  changes: Partial<PetClient> = {},
): Promise<Message> {
  const sent: Uint8Array[] = [];
  const send = (message: Uint8Array): Promise<unknown> => Promise.resolve(sent.push(message));
  const client = { ...clientOf(coordinator), send, ...changes };
  const models = { load: () => Promise.resolve({ model, weight }) };
  await run({ participant: PetParticipant.restore(participant.save(), { signSecretKey, client, models }) });
  return new MessageOpener(coordinatorDocument.parse(coordinator.serializeState())).open(sent[0]!, tag);
}

/** The same element for each number of a model, and 0 for its weight. */
function objectOf(element: bigint, length: number): MaskObject {
  const { words } = groupOf(ONE.vect);
  const vect = Uint32Array.from({ length: length * words }, (_, i) =>
    Number((element >> BigInt(32 * (i % words))) & 0xffff_ffffn),
  );
  return new MaskObject(ONE, { vect, unit: new Uint32Array(words) });
}

/** An update that the coordinator would accept, with changes. */
async function updateOf(
  member: Member,
  coordinator: PetCoordinator,
  changes: Partial<UpdatePayload> = {},
  config = ONE,
): Promise<Uint8Array> {
  const { sum: sumSignature, update: updateSignature } = await signatures(member, coordinator);
  const length = 3;
  const { masked } = await maskModel(Float32Array.of(0.1, 0.2, 0.3), { config, length });
  const payload = { sumSignature, updateSignature, maskedModel: masked, seeds: sealedFor(coordinator), ...changes };
  return sealedBy(member, coordinator, 'update', encodeUpdate(payload));
}

/** A box of 80 bytes for each sum participant. */
function sealedFor(coordinator: PetCoordinator): Map<string, Uint8Array> {
  const state = JSON.parse(coordinator.serializeState()) as { readonly sums: readonly [string, string][] };
  return new Map(state.sums.map(([participant]) => [participant, systemRandom(80)]));
}

/** A valid signature of the sum task, with nonces that are tried until it is as somebody wants it. RFC 8032 has one signature only. */
async function anotherSignature(
  secretKey: Uint8Array,
  seed: Uint8Array,
  isWanted: (signature: Uint8Array) => boolean,
): Promise<Uint8Array> {
  const { Point } = ed25519;
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(secretKey);
  const message = concat([seed, utf8('sum')]);
  let signature = await signTask(secretKey, seed, 'sum');
  for (let nonce = 2n; !isWanted(signature); nonce++) {
    const r = Point.BASE.multiply(nonce).toBytes();
    const k = Point.Fn.create(littleEndian(sha512(concat([r, pointBytes, message]))));
    signature = concat([r, Point.Fn.toBytes(Point.Fn.create(nonce + k * scalar))]);
  }
  return signature;
}

describe('participants that lie', () => {
  it('cannot replay a message of an earlier round, nor one of an earlier phase', async () => {
    const { coordinator, members } = await network(16);
    const [member] = withTask(members, 'sum') as [Member];
    const { sum } = await signatures(member, coordinator);
    const message = await sealedBy(
      member,
      coordinator,
      'sum',
      encodeSum({ sumSignature: sum, ephemeralKey: (await generateKeyPair(systemRandom)).publicKey }),
    );
    await coordinator.receive(message);
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_REPEATED', message);
    await coordinator.close();
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_PHASE', message);
    await coordinator.abandon();
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_DECODE', message);
  });

  it('cannot take a task for which they were not drawn, nor both', async () => {
    const { coordinator, members } = await network(16);
    const [summer] = withTask(members, 'sum') as [Member];
    const [updater] = withTask(members, 'update') as [Member];
    const ephemeralKey = (await generateKeyPair(systemRandom)).publicKey;
    const own = await signatures(updater, coordinator);
    const others = await signatures(summer, coordinator);
    for (const sumSignature of [own.sum, own.update, others.sum]) {
      const message = await sealedBy(updater, coordinator, 'sum', encodeSum({ sumSignature, ephemeralKey }));
      await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_TASK', message);
    }
    for (const member of withTask(members, 'sum')) await run(member);
    await coordinator.close();
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_TASK', await updateOf(summer, coordinator));
    await refusedByCoordinator(
      coordinator,
      'ERR_SECAGG_PET_TASK',
      await updateOf(updater, coordinator, { updateSignature: own.sum }),
    );
  });

  it('cannot take both tasks with a signature that does not show the first one', async () => {
    const { coordinator, members } = await afterSums(16, { updateProbability: 1 });
    const [summer] = withTask(members, 'sum') as [Member];
    const [updater] = withTask(members, 'update') as [Member];
    const { seed, sumProbability } = decodeParameters(coordinator.parameters());
    let junk = systemRandom(64);
    while (isDrawn(junk, sumProbability)) junk = systemRandom(64);
    for (const member of [summer, updater]) {
      const message = await updateOf(member, coordinator, { sumSignature: junk });
      await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_TASK', message);
    }
    // Nor with another valid signature, which everybody can make for itself.
    const sumSignature = await anotherSignature(summer.signSecretKey, seed, (made) => !isDrawn(made, sumProbability));
    const message = await updateOf(summer, coordinator, { sumSignature });
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_TASK', message);
    expect(await coordinator.receive(await updateOf(updater, coordinator))).to.equal('accepted');
  });

  it('cannot leave a sum participant without a seed, nor name one that is none', async () => {
    const { coordinator, members } = await afterSums();
    const [member] = withTask(members, 'update') as [Member];
    const seeds = sealedFor(coordinator);
    const fewer = new Map([...seeds].slice(1));
    const unknown = hex(systemRandom(32));
    for (const wrong of [fewer, new Map([...fewer, [unknown, systemRandom(80)]])]) {
      await refusedByCoordinator(
        coordinator,
        'ERR_SECAGG_PET_PARTICIPANTS',
        await updateOf(member, coordinator, { seeds: wrong }),
      );
    }
    // One entry more is longer than a message may be.
    const more = new Map([...seeds, [unknown, systemRandom(80)]]);
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_DECODE', await updateOf(member, coordinator, { seeds: more }));
  });

  it('cannot add a model of another configuration or length: silent mismatches', async () => {
    const { coordinator, members } = await afterSums();
    const [member] = withTask(members, 'update') as [Member];
    const other: MaskConfigPair = { ...ONE, unit: configOf('Integer F32 B0 M3') };
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_MISMATCH', await updateOf(member, coordinator, {}, other));
    const { masked } = await maskModel(Float32Array.of(1, 1), { config: ONE, length: 2 });
    await refusedByCoordinator(
      coordinator,
      'ERR_SECAGG_PET_MISMATCH',
      await updateOf(member, coordinator, { maskedModel: masked }),
    );
  });

  it('cannot send more bytes than a message of the phase may have', async () => {
    const { coordinator } = await afterSums();
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_DECODE', new Uint8Array(100_000));
  });

  it('cannot take part with an ephemeral key that everybody can open', async () => {
    const { coordinator, members } = await network(16);
    const [member] = withTask(members, 'sum') as [Member];
    const { sum: sumSignature } = await signatures(member, coordinator);
    const message = await sealedBy(member, coordinator, 'sum', encodeSum({ sumSignature, ephemeralKey: new Uint8Array(32) }));
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_PARTICIPANTS', message);
  });

  it('cannot fill the memory with messages that never end (X10), nor with parts of one byte', async () => {
    // Room for two messages with one part of 200 bytes and what it takes to keep them.
    const { coordinator, members } = await afterSums(16, { maxPendingBytes: 2 * (1024 + 128 + 200) });
    const { coordinatorKey } = decodeParameters(coordinator.parameters());
    const updaters = withTask(members, 'update') as [Member, Member, Member];
    const part = async (member: Member, number: number, length = 200): Promise<Uint8Array> => {
      const { sum, update } = await signatures(member, coordinator);
      const data = concat([sum, update, systemRandom(4000)]).slice(0, length);
      const payload = encodePart({ number, messageId: 1, isLast: false, data });
      const message = { participantKey: member.participant.publicKey, tag: 'update' as const, isPart: true, payload };
      const { signSecretKey } = member;
      return sealMessage(message, { signSecretKey, coordinatorKey, random: systemRandom });
    };
    const [first, second, third] = updaters;
    for (const length of [1, 127]) await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_PART', await part(first, 0, length));
    expect(await coordinator.receive(await part(first, 0))).to.equal('incomplete');
    expect(await coordinator.receive(await part(second, 0))).to.equal('incomplete');
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_PENDING', await part(third, 0));
    // More bytes than the message may have. The parts before are forgotten too.
    const most = 112 * withTask(members, 'sum').length;
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_PART', await part(second, 1, most));
    expect(await coordinator.receive(await part(third, 0))).to.equal('incomplete');
  });

  it('are drawn at will if they make signatures until one draws them (X1): nobody can tell', async () => {
    const { coordinator } = await network(16);
    const parameters = { ...decodeParameters(coordinator.parameters()), sumProbability: 0.02 };
    const [publicKey, secretKey] = genKeypair();
    const isWanted = (made: Uint8Array): boolean => isDrawn(made, parameters.sumProbability);
    const signature = await anotherSignature(secretKey, parameters.seed, isWanted);
    expect(await isEligible(parameters, 'sum', { publicKey, signature })).to.equal(true);
  });
});

describe('sum participants that lie', () => {
  const wrong = (): Promise<MaskObject> => deriveMask(systemRandom(32), 3, ONE);

  async function vote(member: Member, coordinator: PetCoordinator, mask: MaskObject): Promise<void> {
    const { sum: sumSignature } = await signatures(member, coordinator);
    await coordinator.receive(await sealedBy(member, coordinator, 'sum2', encodeSum2({ sumSignature, mask })));
  }

  it('are outvoted', async () => {
    const { coordinator, updaters, summers } = await afterUpdates();
    await vote(summers[0]!, coordinator, await wrong());
    for (const member of summers.slice(1)) await run(member);
    expect((await coordinator.close()).model).to.deep.equal(meanOf(updaters, ONE));
  });

  it('make the round fail when they are as many as the honest ones, and the error says so', async () => {
    const { coordinator, summers } = await afterUpdates();
    await vote(summers[0]!, coordinator, await wrong());
    await run(summers[1]!);
    const closed = await coordinator.close();
    expect(closed).to.include({ round: 2, phase: 'sum', model: null });
    expect(closed.error?.code).to.equal('ERR_SECAGG_PET_MASKS');
  });

  it('that are the majority leave no model but an error, if they send a random mask', async () => {
    const { coordinator, summers } = await afterUpdates();
    await vote(summers[0]!, coordinator, await wrong());
    const { model, error } = await coordinator.close();
    expect(model).to.equal(null);
    expect(error?.code).to.equal('ERR_SECAGG_PET_UNMASK');
  });

  it('that are the majority move the mean unseen, if they add a shift to the sum of the masks: this is what remains possible', async () => {
    const half = { model: Float32Array.of(0.5, 0.5, 0.5), weight: 1 };
    const { coordinator, updaters, summers } = await afterUpdates(16, () => half);
    const [liar] = summers as [Member];
    const { mask } = decodeSum2((await messageOf(liar, coordinator, 'sum2')).payload);
    // The mean is the rest over E = 10^10 and over as many weights of 1 as there are updates.
    const moved = new Aggregation(ONE, 3);
    moved.add(mask);
    moved.add(objectOf(BigInt(updaters.length) * 25n * 10n ** 8n, 3));
    await vote(liar, coordinator, moved.total);
    const { model, error } = await coordinator.close();
    expect(error).to.equal(null);
    expect(model).to.deep.equal(Float32Array.of(0.25, 0.25, 0.25));
  });

  it('cannot vote twice, nor can somebody who was drawn but did not come in the sum phase', async () => {
    const { coordinator, members } = await network(20);
    const [late, ...summers] = withTask(members, 'sum');
    for (const member of summers) await run(member);
    await coordinator.close();
    for (const member of withTask(members, 'update')) await run(member);
    await coordinator.close();
    const mask = await wrong();
    await vote(summers[0]!, coordinator, mask);
    const again = async (member: Member): Promise<Uint8Array> =>
      sealedBy(member, coordinator, 'sum2', encodeSum2({ sumSignature: (await signatures(member, coordinator)).sum, mask }));
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_REPEATED', await again(summers[0]!));
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_PARTICIPANTS', await again(late!));
    expect(coordinator.seeds(late!.participant.publicKey)).to.equal(null);
  });

  it('together with the coordinator learn each model (X1): this is the trust model, and no other promise is made', async () => {
    const { coordinator, members } = await network(16);
    const [summer] = withTask(members, 'sum') as [Member];
    await run(summer);
    const { ephemeralSecretKey } = (JSON.parse(summer.participant.save()) as { state: { keys: { ephemeralSecretKey: string } } })
      .state.keys;
    const secretKey = Uint8Array.from(Buffer.from(ephemeralSecretKey, 'base64'));
    const publicKey = await platform.x25519(secretKey).publicKey;
    for (const member of withTask(members, 'sum').slice(1)) await run(member);
    await coordinator.close();
    const [updater] = withTask(members, 'update') as [Member];
    const { maskedModel, seeds } = decodeUpdate((await messageOf(updater, coordinator, 'update')).payload);
    const seed = await boxOpener({ secretKey, publicKey })(seeds.get(hex(summer.participant.publicKey))!);
    const alone = new Aggregation(ONE, 3);
    alone.add(maskedModel);
    expect(alone.unmask(await deriveMask(seed!, 3, ONE))).to.deep.equal(meanOf([updater], ONE));
  });
});

describe('update participants that lie', () => {
  it('move the mean as far as the numbers of one model reach, also without its weight: nobody sees a single model', async () => {
    const nothing = { model: new Float32Array(3), weight: 1 };
    const { coordinator, members } = await afterSums(16, {}, () => nothing);
    const [liar, ...honest] = withTask(members, 'update') as [Member, ...Member[]];
    const seed = systemRandom(32);
    const masked = async (weight: number): Promise<MaskObject> =>
      (await maskModel(Float32Array.of(1, 1, 1), { config: ONE, length: 3, weight, unsafeRandom: () => seed.slice() })).masked;
    const maskedModel = new MaskObject(ONE, {
      vect: (await masked(1)).elements.vect,
      unit: (await masked(0)).elements.unit,
    });
    const seeds = new Map<string, Uint8Array>();
    for (const [participant, key] of decodeSums(coordinator.sums()!)) {
      seeds.set(participant, (await sealBox(key, seed, systemRandom))!);
    }
    await coordinator.receive(await updateOf(liar, coordinator, { maskedModel, seeds }));
    for (const member of honest) await run(member);
    await coordinator.close();
    for (const member of withTask(members, 'sum')) await run(member);
    const { model, error } = await coordinator.close();
    expect(error).to.equal(null);
    expect(model).to.deep.equal(new Float32Array(3).fill(1 / honest.length));
  });
});

describe('update participants whose weights add up to nothing', () => {
  it('make the round fail (X6): nothing is divided by zero', async () => {
    const zero = { model: Float32Array.of(1, 1, 1), weight: 0 };
    const { coordinator, members } = await network(16, {}, () => zero);
    for (let phase = 0; phase < 2; phase++) {
      for (const member of members) await run(member);
      await coordinator.close();
    }
    for (const member of members) await run(member);
    const { model, error } = await coordinator.close();
    expect(model).to.equal(null);
    expect(error?.code).to.equal('ERR_SECAGG_PET_ZERO_WEIGHT');
  });
});

describe('sums at the edge of a group', () => {
  it('take one model fewer where the order is below 2·A·E·10^k + 1 (X14), so that no sum wraps', () => {
    const most = (name: string): number => groupOf(configOf(name)).maxModels;
    expect(['Integer I32 Bmax M3', 'Integer F64 Bmax M3', 'Prime F64 Bmax M6', 'Integer I64 Bmax M9'].map(most)).to.deep.equal([
      999, 999, 999_999, 999_999_999,
    ]);
    expect(['Integer F32 Bmax M3', 'Prime F32 B0 M3', 'Power2 F64 Bmax M12'].map(most)).to.deep.equal([1000, 1000, 10 ** 12]);
  });

  it('refuse the model that is one too many', async () => {
    const config = { vect: configOf('Power2 I32 B0 M3'), unit: configOf('Power2 I32 B0 M3') };
    const sum = new Aggregation(config, 1);
    const mask = await deriveMask(new Uint8Array(32), 1, config);
    for (let i = 0; i < 1000; i++) sum.add(mask);
    refused('ERR_SECAGG_PET_TOO_MANY', () => {
      sum.add(mask);
    });
    expect(sum.count).to.equal(1000);
  });

  it('know each mask configuration by its bytes (X13), and take no byte that they do not know for one that they know', async () => {
    const bytes = (await deriveMask(new Uint8Array(32), 1, ONE)).toBytes();
    // With the first value of any field the elements would be as long as these: nothing but the byte itself is wrong.
    for (const at of [0, 1, 2, 3]) {
      const known = [
        [0, 1, 2, 3],
        [0, 1, 2, 3],
        [0, 2, 4, 6, 255],
        [3, 6, 9, 12],
      ][at]!;
      for (let value = 0; value < 256; value++) {
        if (known.includes(value)) continue;
        const changed = bytes.slice();
        changed[at] = value;
        refused('ERR_SECAGG_DECODE', () => MaskObject.fromBytes(changed));
      }
    }
  });
});

describe('the sampler of masks', () => {
  it('takes 112.7 bytes of key stream a number at F32, B0 and M3, as the crate does (X4)', async () => {
    let taken = 0;
    const length = 20_000;
    const counting = {
      chacha20(key: Uint8Array) {
        const seed = key.slice();
        let at = 0;
        return {
          next(count: number) {
            taken += count;
            return ofNoble(seed, (at += count) - count, count);
          },
        };
      },
    };
    const mask = await withPlatform(counting, () => deriveMask(new Uint8Array(32), length, ONE));
    expect(mask.equals(await deriveMask(new Uint8Array(32), length, ONE))).to.equal(true);
    expect(taken / length).to.be.within(110, 122);
  });
});

describe('a coordinator that lies', () => {
  async function withClient(
    changes: Partial<PetClient>,
    task: 'sum' | 'update',
  ): Promise<{ participant: PetParticipant; events: PetParticipantEvent[] }> {
    const { coordinator, members } = await (task === 'sum' ? afterUpdates() : afterSums());
    const [member] = withTask(members, task) as [Member];
    const events: PetParticipantEvent[] = [];
    const client = { ...clientOf(coordinator), ...changes };
    const models = { load: () => Promise.resolve(member) };
    const options = {
      signSecretKey: member.signSecretKey,
      client,
      models,
      listener: (event: PetParticipantEvent) => events.push(event),
    };
    return { participant: PetParticipant.restore(member.participant.save(), options), events };
  }

  it('gets no model for nobody, nor for keys that everybody can open (X2)', async () => {
    const nobody = await withClient({ sums: () => Promise.resolve(encodeSums(new Map())) }, 'update');
    await rejected('ERR_SECAGG_PET_PARTICIPANTS', nobody.participant.transition());
    const smallOrder = encodeSums(new Map([[hex(systemRandom(32)), new Uint8Array(32)]]));
    const open = await withClient({ sums: () => Promise.resolve(smallOrder) }, 'update');
    await rejected('ERR_SECAGG_PET_PARTICIPANTS', open.participant.transition());
    const junk = await withClient({ sums: () => Promise.resolve(systemRandom(100)) }, 'update');
    await rejected('ERR_SECAGG_DECODE', junk.participant.transition());
    expect(open.participant.task).to.equal('update');
  });

  it('gets no mask for seeds that were not sealed for the sum participant, which gives the round up', async () => {
    for (const seeds of [
      encodeSeeds(new Map([[hex(systemRandom(32)), systemRandom(80)]])),
      encodeSeeds(
        new Map([
          [
            hex(systemRandom(32)),
            (await sealBox((await generateKeyPair(systemRandom)).publicKey, systemRandom(32), systemRandom))!,
          ],
        ]),
      ),
      systemRandom(50),
    ]) {
      const { participant, events } = await withClient({ seeds: () => Promise.resolve(seeds) }, 'sum');
      expect(await participant.transition()).to.equal('complete');
      expect(events.map(({ type }) => type)).to.deep.equal(['gave-up']);
      expect(await participant.transition()).to.equal('pending');
    }
  });

  it('learns a model without any partner, if it shows an honest sum participant the seeds of one victim only: this is the trust model', async () => {
    const { coordinator, members } = await afterSums();
    const [victim, ...others] = withTask(members, 'update') as [Member, ...Member[]];
    const { payload } = await messageOf(victim, coordinator, 'update');
    await coordinator.receive(await sealedBy(victim, coordinator, 'update', payload));
    for (const member of others) await run(member);
    const name = hex(victim.participant.publicKey);
    const [summer] = withTask(members, 'sum') as [Member];
    await coordinator.close();
    const all = decodeSeeds(coordinator.seeds(summer.participant.publicKey)!);
    const one = encodeSeeds(new Map([[name, all.get(name)!]]));
    const { mask } = decodeSum2((await messageOf(summer, coordinator, 'sum2', { seeds: () => Promise.resolve(one) })).payload);
    const alone = new Aggregation(ONE, 3);
    alone.add(decodeUpdate(payload).maskedModel);
    expect(alone.unmask(mask)).to.deep.equal(meanOf([victim], ONE));
  });

  it('gets no memory for models that are longer than the participant takes', async () => {
    const { coordinator } = await network(16);
    const parameters = { ...decodeParameters(coordinator.parameters()), modelLength: 2 ** 25 };
    const client = { ...clientOf(coordinator), parameters: () => Promise.resolve(encodeParameters(parameters)) };
    const { participant } = memberOf(client, { model: new Float32Array(3), weight: 1 });
    await rejected('ERR_SECAGG_PET_PARAMETERS', participant.transition());
  });

  it('begins a new round for a participant when it changes anything in the parameters', async () => {
    const { coordinator, members } = await network(16);
    const [member] = withTask(members, 'update') as [Member];
    const parameters = { ...decodeParameters(coordinator.parameters()), updateProbability: 0.95 };
    const client = { ...clientOf(coordinator), parameters: () => Promise.resolve(encodeParameters(parameters)) };
    const events: PetParticipantEvent[] = [];
    const options = { signSecretKey: member.signSecretKey, client, models: { load: () => Promise.resolve(null) } };
    const participant = PetParticipant.restore(member.participant.save(), {
      ...options,
      listener: (event) => events.push(event),
    });
    await participant.transition();
    expect(events.map(({ type }) => type)).to.deep.equal(['round']);
  });

  it('has no state that fits to other settings', async () => {
    const { coordinator } = await afterSums();
    const state = coordinator.serializeState();
    await rejected('ERR_SECAGG_STATE', PetCoordinator.recoverState(state, { ...settings, modelLength: 4 }));
    await rejected('ERR_SECAGG_STATE', PetCoordinator.recoverState(state.slice(1), settings));
    const other = JSON.parse(state) as { publicKey: string };
    other.publicKey = Buffer.from(systemRandom(32)).toString('base64');
    await rejected('ERR_SECAGG_STATE', PetCoordinator.recoverState(JSON.stringify(other), settings));
  });
});

describe('a network that lies', () => {
  it('opens messages if it shows parameters with a key of its own (X3): this is the trust model, and nothing that was so opened counts', async () => {
    const { coordinator, members } = await afterSums();
    const [updater] = withTask(members, 'update') as [Member];
    const own = await generateKeyPair(systemRandom);
    const honest = decodeParameters(coordinator.parameters());
    const shown = encodeParameters({ ...honest, coordinatorKey: own.publicKey });
    const sent: Uint8Array[] = [];
    const client: PetClient = {
      ...clientOf(coordinator),
      parameters: () => Promise.resolve(shown),
      send: (message) => Promise.resolve(sent.push(message)),
    };
    await run(memberOf(client, updater, { signSecretKey: updater.signSecretKey }));
    const [sealed] = sent as [Uint8Array];
    expect((await new MessageOpener(own).open(sealed, 'update')).participantKey).to.deep.equal(updater.participant.publicKey);
    const opened = (await boxOpener(own)(sealed))!;
    const again = (await sealBox(honest.coordinatorKey, opened, systemRandom))!;
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_ROUND', again);
  });
});
