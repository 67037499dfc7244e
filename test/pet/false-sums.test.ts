// Participants whose messages are well formed, and whose masks and models are not what they should be. The names of the weaknesses are those
// of xaynet.
import { expect } from 'chai';
import { platform } from '#platform';
import { systemRandom } from '../../src/crypto/random.ts';
import { boxOpener, sealBox } from '../../src/crypto/sealed-box.ts';
import { hex } from '../../src/leaves/bytes.ts';
import { Aggregation, deriveMask, maskModel, MaskObject, type PetCoordinator } from '../../src/pet/index.ts';
import { groupOf } from '../../src/pet/masking/orders.ts';
import { majorityOf } from '../../src/pet/round.ts';
import { decodeSum2, decodeUpdate, encodeSum2 } from '../../src/pet/wire/payloads.ts';
import { decodeSums } from '../../src/pet/wire/views.ts';
import { refused } from '../support/errors.ts';
import { messageOf, refusedByCoordinator, sealedBy, signatures, updateOf } from './forged-messages.ts';
import { afterSums, afterUpdates, meanOf, network, ONE, run, type Member } from './worlds.ts';

/** The same element for each number of a model, and 0 for its weight. */
function objectOf(element: bigint, length: number): MaskObject {
  const { words } = groupOf(ONE.vect);
  const vect = Uint32Array.from({ length: length * words }, (_, i) =>
    Number((element >> BigInt(32 * (i % words))) & 0xffff_ffffn),
  );
  return new MaskObject(ONE, { vect, unit: new Uint32Array(words) });
}

describe('sum participants that lie', () => {
  const wrong = (): Promise<MaskObject> => deriveMask(systemRandom(32), 3, ONE);

  async function voteOf(member: Member, coordinator: PetCoordinator, mask: MaskObject): Promise<Uint8Array> {
    const { sumSignature } = await signatures(member, coordinator);
    return sealedBy(member, coordinator, { tag: 'sum2', payload: encodeSum2({ sumSignature, mask }) });
  }

  it('are outvoted', async () => {
    const { coordinator, updaters, summers } = await afterUpdates();
    await coordinator.receive(await voteOf(summers[0], coordinator, await wrong()));
    for (const member of summers.slice(1)) await run(member);
    expect((await coordinator.close()).model).to.deep.equal(meanOf(updaters, ONE));
  });

  it('make the round fail when they are as many as the honest ones, and the error says so', async () => {
    const { coordinator, summers } = await afterUpdates();
    await coordinator.receive(await voteOf(summers[0], coordinator, await wrong()));
    await run(summers[1]);
    const closed = await coordinator.close();
    expect(closed).to.include({ round: 2, phase: 'sum', model: null });
    expect(closed.error?.code).to.equal('ERR_SECAGG_PET_MASKS');
  });

  it('do not win with two votes over honest ones that all differ, because an update participant sealed another seed for each', async () => {
    const votes = (each: readonly number[]): { readonly votes: number }[] => each.map((count) => ({ votes: count }));
    refused('ERR_SECAGG_PET_MASKS', () => majorityOf(votes([1, 1, 1, 2, 1, 1])));
    refused('ERR_SECAGG_PET_MASKS', () => majorityOf(votes([3, 2, 1])));
    refused('ERR_SECAGG_PET_MASKS', () => majorityOf([]));
    expect(majorityOf(votes([1, 2, 6, 2]))).to.deep.equal({ votes: 6 });
    expect(majorityOf(votes([1]))).to.deep.equal({ votes: 1 });
    const { coordinator, summers } = await afterUpdates(20);
    const [one, other, honest] = summers;
    const same = await wrong();
    for (const liar of [one, other]) await coordinator.receive(await voteOf(liar, coordinator, same));
    await coordinator.receive(await voteOf(honest, coordinator, await wrong()));
    for (const member of summers.slice(3)) await coordinator.receive(await voteOf(member, coordinator, await wrong()));
    const { model, error } = await coordinator.close();
    expect(model).to.equal(null);
    expect(error?.code).to.equal(summers.length > 3 ? 'ERR_SECAGG_PET_MASKS' : 'ERR_SECAGG_PET_UNMASK');
  });

  it('that are the majority leave no model but an error, if they send a random mask', async () => {
    const { coordinator, summers } = await afterUpdates();
    await coordinator.receive(await voteOf(summers[0], coordinator, await wrong()));
    const { model, error } = await coordinator.close();
    expect(model).to.equal(null);
    expect(error?.code).to.equal('ERR_SECAGG_PET_UNMASK');
  });

  it('that are the majority move the mean unseen, if they add a shift to the sum of the masks: this is what remains possible', async () => {
    const half = { model: Float32Array.of(0.5, 0.5, 0.5), weight: 1 };
    const { coordinator, updaters, summers } = await afterUpdates(16, {}, () => half);
    const [liar] = summers;
    const { mask } = decodeSum2((await messageOf(liar, coordinator, 'sum2')).payload);
    // The mean is the rest over E = 10^10 and over as many weights of 1 as there are updates.
    const moved = new Aggregation(ONE, 3);
    moved.add(mask);
    moved.add(objectOf(BigInt(updaters.length) * 25n * 10n ** 8n, 3));
    await coordinator.receive(await voteOf(liar, coordinator, moved.total));
    const { model, error } = await coordinator.close();
    expect(error).to.equal(null);
    expect(model).to.deep.equal(Float32Array.of(0.25, 0.25, 0.25));
  });

  it('cannot vote twice, nor can somebody who was drawn but did not come in the sum phase', async () => {
    const { coordinator, summers, updaters } = await network(20);
    const [late, voter, ...others] = summers;
    for (const members of [[voter, ...others], updaters]) {
      for (const member of members) await run(member);
      await coordinator.close();
    }
    const mask = await wrong();
    await coordinator.receive(await voteOf(voter, coordinator, mask));
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_REPEATED', await voteOf(voter, coordinator, mask));
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_PARTICIPANTS', await voteOf(late, coordinator, mask));
    expect(coordinator.seeds(late.participant.publicKey)).to.equal(null);
  });

  it('together with the coordinator learn each model (X1): this is the trust model, and no other promise is made', async () => {
    const { coordinator, summers, updaters } = await afterSums();
    const [[summer], [updater]] = [summers, updaters];
    const saved = JSON.parse(summer.participant.save()) as { state: { keys: { ephemeralSecretKey: string } } };
    const secretKey = Uint8Array.from(Buffer.from(saved.state.keys.ephemeralSecretKey, 'base64'));
    const publicKey = await platform.x25519(secretKey).publicKey;
    const { maskedModel, seeds } = decodeUpdate((await messageOf(updater, coordinator, 'update')).payload);
    const seed = await boxOpener({ secretKey, publicKey })(seeds.get(hex(summer.participant.publicKey))!);
    const alone = new Aggregation(ONE, 3);
    alone.add(maskedModel);
    expect(alone.unmask(await deriveMask(seed!, 3, ONE))).to.deep.equal(meanOf([updater], ONE));
  });
});

describe('update participants that lie', () => {
  it('set the mean alone, beyond what one model within the bound could do: nobody sees a single model', async () => {
    const nothing = { model: new Float32Array(3), weight: 1 };
    const { coordinator, summers, updaters } = await afterSums(16, {}, () => nothing);
    const [liar, ...honest] = updaters;
    const seed = systemRandom(32);
    const { masked } = await maskModel(new Float32Array(3), { config: ONE, length: 3, unsafeRandom: () => seed.slice() });
    // A model of zeros is A·E in each number, and a sum of k models is at most 2·k·A·E: with k·A·E more, each number of the mean is A.
    const { addShift, decimals } = groupOf(ONE.vect);
    const maskedModel = new Aggregation(ONE, 3);
    maskedModel.add(masked);
    maskedModel.add(objectOf(BigInt(updaters.length) * addShift * 10n ** BigInt(decimals), 3));
    const seeds = new Map<string, Uint8Array>();
    for (const [participant, key] of decodeSums(coordinator.sums()!)) {
      seeds.set(participant, (await sealBox(key, seed, systemRandom))!);
    }
    await coordinator.receive(await updateOf(liar, coordinator, { maskedModel: maskedModel.total, seeds }));
    for (const member of honest) await run(member);
    await coordinator.close();
    for (const member of summers) await run(member);
    const { model, error } = await coordinator.close();
    expect(error).to.equal(null);
    expect(model).to.deep.equal(new Float32Array(3).fill(Number(addShift)));
  });
});

describe('update participants whose weights add up to nothing', () => {
  it('make the round fail (X6): nothing is divided by zero', async () => {
    const zero = { model: Float32Array.of(1, 1, 1), weight: 0 };
    const { coordinator, summers } = await afterUpdates(16, {}, () => zero);
    for (const member of summers) await run(member);
    const { model, error } = await coordinator.close();
    expect(model).to.equal(null);
    expect(error?.code).to.equal('ERR_SECAGG_PET_ZERO_WEIGHT');
  });
});
