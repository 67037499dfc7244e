// Messages, sealed boxes, eligibility and views, against those of xaynet-core itself.
import { expect } from 'chai';
import fc from 'fast-check';
import { publicKeyOf } from '../../src/crypto/agree.ts';
import { boxOpener, sealBox } from '../../src/crypto/sealed-box.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { DecodeError } from '../../src/leaves/errors.ts';
import { deriveMask } from '../../src/pet/masking/derive-mask.ts';
import { MaskObject } from '../../src/pet/masking/mask-object.ts';
import { isDrawn, signTask } from '../../src/pet/parameters.ts';
import { MessageOpener, sealMessage, signMessage, type Message, type Tag } from '../../src/pet/wire/message.ts';
import { Assembly, decodePart, encodePart } from '../../src/pet/wire/parts.ts';
import { decodeSum, decodeSum2, decodeUpdate, encodeSum, encodeSum2, encodeUpdate } from '../../src/pet/wire/payloads.ts';
import {
  decodeModel,
  decodeParameters,
  decodeSeeds,
  decodeSums,
  encodeModel,
  encodeParameters,
  encodeSeeds,
  encodeSums,
} from '../../src/pet/wire/views.ts';
import { platform } from '#platform';
import { refused, rejected, rejection } from '../support/errors.ts';
import { fromHex, toHex } from '../support/vectors.ts';
import { CASES } from '../fuzz/cases.ts';
import { configOf, crateVectors } from './crate-vectors.ts';

const { messages, eligibility, sealed, views } = crateVectors;
const field = (name: string): Uint8Array => fromHex(messages[name]!);
const CONFIG = { vect: configOf('Prime F32 B0 M3'), unit: configOf('Prime F32 B0 M3') };

const signSecretKey = field('signSeed');
const participantKey = platform.ed25519PublicKey(signSecretKey);
const coordinator: { readonly secretKey: Uint8Array; publicKey: Uint8Array } = {
  secretKey: field('coordinatorSecretKey'),
  publicKey: new Uint8Array(),
};

describe('messages of xaynet-core', () => {
  before(async () => (coordinator.publicKey = await publicKeyOf(coordinator.secretKey)));

  const signed = async (tag: Tag, payload: Uint8Array, isPart = false): Promise<string> => {
    const message = { participantKey, tag, isPart, payload };
    return toHex(await signMessage(message, { signSecretKey, coordinatorKey: coordinator.publicKey }));
  };
  const payloadOf = (name: string): Uint8Array => field(name).subarray(136);

  it('are those that are made here of the same keys, seeds and masks', async () => {
    const sumSignature = await signTask(signSecretKey, field('roundSeed'), 'sum');
    const updateSignature = await signTask(signSecretKey, field('roundSeed'), 'update');
    const mask = await deriveMask(field('maskSeed'), 3, CONFIG);
    const seeds = new Map([[messages.sumParticipant!, field('sealedSeed')]]);
    expect(await signed('sum', encodeSum({ sumSignature, ephemeralKey: field('ephemeralKey') }))).to.equal(messages.sum);
    const update = { sumSignature, updateSignature, maskedModel: mask, seeds };
    expect(await signed('update', encodeUpdate(update))).to.equal(messages.update);
    expect(await signed('sum2', encodeSum2({ sumSignature, mask }))).to.equal(messages.sum2);
  });

  it('are read, and written again as they were', () => {
    expect(encodeSum(decodeSum(payloadOf('sum')))).to.deep.equal(payloadOf('sum'));
    expect(encodeUpdate(decodeUpdate(payloadOf('update')))).to.deep.equal(payloadOf('update'));
    expect(encodeSum2(decodeSum2(payloadOf('sum2')))).to.deep.equal(payloadOf('sum2'));
    expect(encodePart(decodePart(payloadOf('lastChunk')))).to.deep.equal(payloadOf('lastChunk'));
    expect(decodePart(payloadOf('lastChunk'))).to.include({ number: 258, messageId: 772, isLast: true });
    expect(decodePart(payloadOf('middleChunk'))).to.include({ number: 1, messageId: 65_535, isLast: false });
  });

  it('have parts that are those made here', async () => {
    expect(await signed('update', payloadOf('lastChunk'), true)).to.equal(messages.lastChunk);
    expect(await signed('sum2', payloadOf('middleChunk'), true)).to.equal(messages.middleChunk);
  });

  it('are opened by the coordinator that they are sealed for', async () => {
    const message: Message = { participantKey, tag: 'sum', isPart: false, payload: payloadOf('sum') };
    const box = await sealMessage(message, { signSecretKey, coordinatorKey: coordinator.publicKey, random: systemRandom });
    expect(box.length).to.equal(field('sum').length + 48);
    expect(await new MessageOpener(coordinator).open(box, 'sum')).to.deep.equal(message);
  });

  for (const name of ['sum', 'update', 'sum2'] as const) {
    it(`${name}: bytes that are cut, longer or changed are no payload, or another one that is written as it was read`, () => {
      const decode = { sum: decodeSum, update: decodeUpdate, sum2: decodeSum2 }[name];
      const encode = { sum: encodeSum, update: encodeUpdate, sum2: encodeSum2 }[name] as (payload: unknown) => Uint8Array;
      const bytes = payloadOf(name);
      for (let end = 0; end < bytes.length; end++)
        expect(() => decode(bytes.subarray(0, end)), String(end)).to.throw(DecodeError);
      expect(() => decode(Uint8Array.of(...bytes, 0))).to.throw(DecodeError);
      for (let i = 0; i < bytes.length; i++) {
        for (const bit of [1, 0x80]) {
          const changed = bytes.slice();
          changed[i] = bytes[i]! ^ bit;
          let read: unknown;
          try {
            read = decode(changed);
          } catch (error) {
            expect(error).to.be.instanceOf(DecodeError);
            continue;
          }
          expect(encode(read)).to.deep.equal(changed);
        }
      }
    });
  }
});

describe('the opener of messages', () => {
  const payload = new Uint8Array(96).fill(7);
  const message: Message = { participantKey, tag: 'sum', isPart: false, payload };
  const sealedBytes = async (bytes: Uint8Array): Promise<Uint8Array> =>
    (await sealBox(coordinator.publicKey, bytes, systemRandom))!;
  const openCode = async (bytes: Uint8Array, tag: Tag = 'sum'): Promise<string> =>
    (await rejection(new MessageOpener(coordinator).open(await sealedBytes(bytes), tag))).code;
  const signedBytes = (): Promise<Uint8Array> => signMessage(message, { signSecretKey, coordinatorKey: coordinator.publicKey });

  it('refuses each changed byte of a signed message', async () => {
    const bytes = await signedBytes();
    for (let i = 0; i < bytes.length; i += 5) {
      const changed = bytes.slice();
      changed[i] = bytes[i]! ^ 1;
      expect(await openCode(changed), String(i)).to.match(/^ERR_SECAGG_(DECODE|SIGNATURE|PET_ROUND|PET_PHASE)$/);
    }
  });

  it('refuses bytes behind the length that is signed, which the crate would take', async () => {
    expect(await openCode(Uint8Array.of(...(await signedBytes()), 1))).to.equal('ERR_SECAGG_DECODE');
  });

  it('refuses a message of another phase before it looks at the signature', async () => {
    expect(await openCode(await signedBytes(), 'update')).to.equal('ERR_SECAGG_PET_PHASE');
  });

  it('refuses a message that another coordinator has opened and sealed again', async () => {
    const other = await publicKeyOf(systemRandom(32));
    const bytes = await signMessage(message, { signSecretKey, coordinatorKey: other });
    expect(await openCode(bytes)).to.equal('ERR_SECAGG_PET_ROUND');
  });

  it('refuses a message in the name of somebody else', async () => {
    const bytes = await signMessage(message, { signSecretKey: systemRandom(32), coordinatorKey: coordinator.publicKey });
    expect(await openCode(bytes)).to.equal('ERR_SECAGG_SIGNATURE');
  });

  it('refuses whatever is not sealed for it', async () => {
    for (const length of [0, 47, 48, 300]) {
      await rejected('ERR_SECAGG_DECODE', new MessageOpener(coordinator).open(systemRandom(length), 'sum'));
    }
    const smallOrder = Uint8Array.of(...new Uint8Array(32), ...systemRandom(100));
    await rejected('ERR_SECAGG_DECODE', new MessageOpener(coordinator).open(smallOrder, 'sum'));
  });

  it('seals nothing for a key of small order, with which everybody could open it', async () => {
    const envelope = { signSecretKey, coordinatorKey: new Uint8Array(32), random: systemRandom };
    await rejected('ERR_SECAGG_PET_PARAMETERS', sealMessage(message, envelope));
  });
});

describe('sealed boxes of libsodium', () => {
  it('are opened, and those that are made here too', async () => {
    const keys = { publicKey: fromHex(sealed.publicKey), secretKey: fromHex(sealed.secretKey) };
    const open = boxOpener(keys);
    for (const { plaintext, sealed: box } of sealed.boxes) {
      expect(toHex((await open(fromHex(box)))!)).to.equal(plaintext);
      const own = await sealBox(keys.publicKey, fromHex(plaintext), systemRandom);
      expect(toHex((await open(own!))!)).to.equal(plaintext);
      own![own!.length - 1]! ^= 1;
      expect(await open(own!)).to.equal(null);
    }
  });
});

describe('eligibility', () => {
  it('is decided as the crate decides it', () => {
    for (const { signature, eligible } of eligibility.cases) {
      const found = eligibility.thresholds.map((threshold) => (isDrawn(fromHex(signature), threshold) ? '1' : '0'));
      expect(found.join('')).to.equal(eligible);
    }
  });

  it('is never there for a probability that is none, and always for more than 1', () => {
    expect([-1, NaN, -Infinity].map((probability) => isDrawn(new Uint8Array(64), probability))).to.deep.equal([
      false,
      false,
      false,
    ]);
    expect(isDrawn(new Uint8Array(64), 1.5)).to.equal(true);
  });
});

describe('views of xaynet', () => {
  it('are read, and written again as they were', () => {
    const parameters = decodeParameters(fromHex(views.parameters));
    expect(parameters).to.deep.include({ sumProbability: 0.01, updateProbability: 0.9, modelLength: 70_000 });
    expect(parameters.config).to.deep.equal({ vect: CONFIG.vect, unit: configOf('Power2 I64 Bmax M12') });
    expect(toHex(encodeParameters(parameters))).to.equal(views.parameters);
    expect(toHex(encodeSums(decodeSums(fromHex(views.sums))))).to.equal(views.sums);
    expect(toHex(encodeSeeds(decodeSeeds(fromHex(views.seeds))))).to.equal(views.seeds);
    expect([...decodeModel(fromHex(views.model), 'F64')]).to.deep.equal([0, 1 / 3, -3.5, 2 ** 63 / 10_000_000_019, 5]);
  });

  it('have models whose numbers are exactly those that were unmasked', () => {
    for (const model of [
      Float32Array.of(0, 0.1, -3.5, 1e-40, 3e38),
      Float64Array.of(0.1, -1e300, 5e-324, 2 ** 70),
      Int32Array.of(0, -7, 2 ** 31 - 1),
      BigInt64Array.of(-(2n ** 63n), 12n),
    ]) {
      const types = { Float32Array: 'F32', Float64Array: 'F64', Int32Array: 'I32', BigInt64Array: 'I64' } as const;
      const dataType = types[model[Symbol.toStringTag]];
      expect(decodeModel(encodeModel(model), dataType)).to.deep.equal(model);
    }
    for (const number of [NaN, Infinity, -Infinity]) expect(() => encodeModel(Float32Array.of(number))).to.throw(RangeError);
  });

  it('are refused when they are cut or longer, whatever they announce', () => {
    for (const [text, decode] of [
      [views.parameters, decodeParameters],
      [views.sums, decodeSums],
      [views.seeds, decodeSeeds],
      [views.model, (bytes: Uint8Array): unknown => decodeModel(bytes, 'F64')],
    ] as const) {
      const bytes = fromHex(text);
      for (let end = 0; end < bytes.length; end++) expect(() => decode(bytes.subarray(0, end))).to.throw(DecodeError);
      expect(() => decode(Uint8Array.of(...bytes, 0))).to.throw(DecodeError);
      const announced = bytes.slice();
      announced.fill(0xff, 0, 8);
      expect(() => decode(announced)).to.throw(DecodeError);
    }
  });
});

describe('decoders', () => {
  const decoders: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
    sum: decodeSum,
    update: decodeUpdate,
    sum2: decodeSum2,
    part: decodePart,
    parameters: decodeParameters,
    sums: decodeSums,
    seeds: decodeSeeds,
    model: (bytes) => decodeModel(bytes, 'I32'),
    'mask object': (bytes) => MaskObject.fromBytes(bytes),
  };
  const valid = ['sum', 'update', 'sum2', 'lastChunk'].map((name) => field(name).subarray(136));
  const samples = [...valid, ...Object.values(views).map(fromHex), valid[1]!.subarray(128)];
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
        fc.nat(400),
      )
      .map(([sample, changes, length]) => {
        const changed = sample.slice(0, length < 200 ? sample.length : length);
        for (const [at, value] of changes) if (at < changed.length) changed[at] = value;
        return changed;
      }),
  );

  for (const [name, decode] of Object.entries(decoders)) {
    it(`${name}: any bytes are a value or a DecodeError`, () => {
      fc.assert(
        fc.property(bytes, (input) => {
          try {
            decode(input);
          } catch (error) {
            expect(error).to.be.instanceOf(DecodeError);
          }
        }),
        { numRuns: CASES / 4 },
      );
    });
  }
});

describe('parts of a payload', () => {
  const part = (number: number, data: readonly number[], isLast = false): Parameters<Assembly['add']>[0] => ({
    number,
    messageId: 5,
    isLast,
    data: Uint8Array.from(data),
  });

  it('are the payload in any order, and a part that comes again changes nothing', () => {
    const assembly = new Assembly(5, 10);
    expect(assembly.add(part(2, [5], true))).to.equal(null);
    expect(assembly.add(part(0, [1, 2]))).to.equal(null);
    expect(assembly.add(part(0, [1, 2]))).to.equal(null);
    expect(assembly.add(part(1, [3, 4]))).to.deep.equal(Uint8Array.of(1, 2, 3, 4, 5));
  });

  it('that contradict each other are refused: other bytes, a part behind the last one, another last one, nothing', () => {
    for (const second of [part(1, [9]), part(2, [3]), part(0, [1], true), part(3, [3], true), part(0, [])]) {
      const assembly = new Assembly(5, 10);
      assembly.add(part(1, [4], true));
      refused('ERR_SECAGG_PET_PART', () => assembly.add(second));
      expect(assembly.add(part(0, [3]))).to.deep.equal(Uint8Array.of(3, 4));
    }
  });

  it('are refused when the payload would be longer than it may be', () => {
    const assembly = new Assembly(5, 3);
    assembly.add(part(0, [1, 2]));
    refused('ERR_SECAGG_PET_PART', () => assembly.add(part(1, [3, 4])));
  });
});
