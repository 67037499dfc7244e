// Participants that do not follow the PET protocol: their messages are refused. The names of the weaknesses are those of xaynet.
import { ed25519 } from '@noble/curves/ed25519.js';
import { expect } from 'chai';
import { genKeypair } from '../../src/index.ts';
import { generateKeyPair } from '../../src/crypto/agree.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { concat, hex, utf8 } from '../../src/leaves/bytes.ts';
import { decodeParameters, maskModel, type MaskConfigPair, type PetCoordinator } from '../../src/pet/index.ts';
import { isDrawn, isEligible, signTask } from '../../src/pet/parameters.ts';
import { encodePart } from '../../src/pet/wire/parts.ts';
import { encodeSum, type SumPayload } from '../../src/pet/wire/payloads.ts';
import { littleEndian, sha512 } from '../support/ed25519.ts';
import { configOf } from './crate-vectors.ts';
import { refusedByCoordinator, sealedBy, seedsFor, signatures, updateOf } from './forged-messages.ts';
import { afterSums, network, ONE, run, type Member } from './worlds.ts';

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

/** A message of the sum task that would be accepted, with changes. */
async function sumOf(member: Member, coordinator: PetCoordinator, changes: Partial<SumPayload> = {}): Promise<Uint8Array> {
  const { sumSignature } = await signatures(member, coordinator);
  const { publicKey: ephemeralKey } = await generateKeyPair(systemRandom);
  return sealedBy(member, coordinator, { tag: 'sum', payload: encodeSum({ sumSignature, ephemeralKey, ...changes }) });
}

describe('participants that lie', () => {
  it('cannot replay a message of an earlier round, nor one of an earlier phase', async () => {
    const { coordinator, summers } = await network();
    const message = await sumOf(summers[0], coordinator);
    await coordinator.receive(message);
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_REPEATED', message);
    await coordinator.close();
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_PHASE', message);
    await coordinator.abandon();
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_DECODE', message);
  });

  it('cannot take a task for which they were not drawn, nor both', async () => {
    const { coordinator, summers, updaters } = await network();
    const [[summer], [updater]] = [summers, updaters];
    const own = await signatures(updater, coordinator);
    const others = await signatures(summer, coordinator);
    for (const sumSignature of [own.sumSignature, own.updateSignature, others.sumSignature]) {
      const message = await sumOf(updater, coordinator, { sumSignature });
      await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_TASK', message);
    }
    for (const member of summers) await run(member);
    await coordinator.close();
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_TASK', await updateOf(summer, coordinator));
    await refusedByCoordinator(
      coordinator,
      'ERR_SECAGG_PET_TASK',
      await updateOf(updater, coordinator, { updateSignature: own.sumSignature }),
    );
  });

  it('cannot take both tasks with a signature that does not show the first one', async () => {
    const { coordinator, summers, updaters } = await afterSums(16, { updateProbability: 1 });
    const [[summer], [updater]] = [summers, updaters];
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
    const { coordinator, updaters } = await afterSums();
    const [member] = updaters;
    const seeds = await seedsFor(coordinator);
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
    const { coordinator, updaters } = await afterSums();
    const [member] = updaters;
    const other: MaskConfigPair = { ...ONE, unit: configOf('Integer F32 B0 M3') };
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_MISMATCH', await updateOf(member, coordinator, {}, other));
    const { masked: maskedModel } = await maskModel(Float32Array.of(1, 1), { config: ONE, length: 2 });
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_MISMATCH', await updateOf(member, coordinator, { maskedModel }));
  });

  it('cannot send more bytes than a message of the phase may have', async () => {
    const { coordinator } = await afterSums();
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_DECODE', new Uint8Array(100_000));
  });

  it('cannot take part with an ephemeral key that everybody can open', async () => {
    const { coordinator, summers } = await network();
    const message = await sumOf(summers[0], coordinator, { ephemeralKey: new Uint8Array(32) });
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_PARTICIPANTS', message);
  });

  it('cannot fill the memory with messages that never end (X10), nor with parts of one byte', async () => {
    // Room for two messages with one part of 200 bytes and what it takes to keep them.
    const { coordinator, summers, updaters } = await afterSums(16, { maxPendingBytes: 2 * (1024 + 128 + 200) });
    const part = async (member: Member, number: number, length = 200): Promise<Uint8Array> => {
      const { sumSignature, updateSignature } = await signatures(member, coordinator);
      const data = concat([sumSignature, updateSignature, systemRandom(4000)]).slice(0, length);
      const payload = encodePart({ number, messageId: 1, isLast: false, data });
      return sealedBy(member, coordinator, { tag: 'update', payload, isPart: true });
    };
    const [first, second, third] = updaters;
    for (const length of [1, 127]) await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_PART', await part(first, 0, length));
    expect(await coordinator.receive(await part(first, 0))).to.equal('incomplete');
    expect(await coordinator.receive(await part(second, 0))).to.equal('incomplete');
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_PENDING', await part(third, 0));
    // More bytes than the message may have. The parts before are forgotten too.
    const most = 112 * summers.length;
    await refusedByCoordinator(coordinator, 'ERR_SECAGG_PET_PART', await part(second, 1, most));
    expect(await coordinator.receive(await part(third, 0))).to.equal('incomplete');
  });

  it('are drawn at will if they make signatures until one draws them (X1): nobody can tell', async () => {
    const { coordinator } = await network();
    const parameters = { ...decodeParameters(coordinator.parameters()), sumProbability: 0.02 };
    const [publicKey, secretKey] = genKeypair();
    const isWanted = (made: Uint8Array): boolean => isDrawn(made, parameters.sumProbability);
    const signature = await anotherSignature(secretKey, parameters.seed, isWanted);
    expect(await isEligible(parameters, 'sum', { publicKey, signature })).to.equal(true);
  });
});
