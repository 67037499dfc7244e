// Coordinators and networks that do not follow the PET protocol. The names of the weaknesses are those of xaynet.
import { expect } from 'chai';
import { generateKeyPair } from '../../src/crypto/agree.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { boxOpener, sealBox } from '../../src/crypto/sealed-box.ts';
import { hex } from '../../src/leaves/bytes.ts';
import {
  Aggregation,
  decodeParameters,
  PetCoordinator,
  PetParticipant,
  type PetClient,
  type PetParticipantEvent,
} from '../../src/pet/index.ts';
import { MessageOpener } from '../../src/pet/wire/message.ts';
import { decodeSum2, decodeUpdate } from '../../src/pet/wire/payloads.ts';
import { decodeSeeds, encodeParameters, encodeSeeds, encodeSums } from '../../src/pet/wire/views.ts';
import { rejected } from '../support/errors.ts';
import { messageOf, refusedByCoordinator, sealedBy } from './forged-messages.ts';
import { afterSums, afterUpdates, meanOf, memberOf, network, ONE, run, settings, type Member } from './worlds.ts';

describe('a coordinator that lies', () => {
  /** A participant, as it was, that goes on with another client, and what it tells. */
  function shown(
    { participant, signSecretKey, model, weight }: Member,
    client: PetClient,
  ): { readonly participant: PetParticipant; readonly events: string[] } {
    const events: string[] = [];
    const models = { load: () => Promise.resolve({ model, weight }) };
    const listener = ({ type }: PetParticipantEvent): void => void events.push(type);
    return { participant: PetParticipant.restore(participant.save(), { signSecretKey, client, models, listener }), events };
  }

  it('gets no model for nobody, nor for keys that everybody can open (X2)', async () => {
    const { client, updaters } = await afterSums();
    const smallOrder = new Map([[hex(systemRandom(32)), new Uint8Array(32)]]);
    for (const [code, sums] of [
      ['ERR_SECAGG_PET_PARTICIPANTS', encodeSums(new Map())],
      ['ERR_SECAGG_PET_PARTICIPANTS', encodeSums(smallOrder)],
      ['ERR_SECAGG_DECODE', systemRandom(100)],
    ] as const) {
      const { participant } = shown(updaters[0], { ...client, sums: () => Promise.resolve(sums) });
      await rejected(code, participant.transition());
      expect(participant.task).to.equal('update');
    }
  });

  it('gets no mask for seeds that were not sealed for the sum participant, which gives the round up', async () => {
    const { client, summers } = await afterUpdates();
    const { publicKey } = await generateKeyPair(systemRandom);
    const sealedForAnother = (await sealBox(publicKey, systemRandom(32), systemRandom))!;
    for (const seeds of [
      encodeSeeds(new Map([[hex(systemRandom(32)), systemRandom(80)]])),
      encodeSeeds(new Map([[hex(systemRandom(32)), sealedForAnother]])),
      systemRandom(50),
    ]) {
      const { participant, events } = shown(summers[0], { ...client, seeds: () => Promise.resolve(seeds) });
      expect(await participant.transition()).to.equal('complete');
      expect(events).to.deep.equal(['gave-up']);
      expect(await participant.transition()).to.equal('pending');
    }
  });

  it('learns a model without any partner, if it shows an honest sum participant the seeds of one victim only: this is the trust model', async () => {
    const { coordinator, summers, updaters } = await afterSums();
    const [[summer], [victim, ...others]] = [summers, updaters];
    const { payload } = await messageOf(victim, coordinator, 'update');
    await coordinator.receive(await sealedBy(victim, coordinator, { tag: 'update', payload }));
    for (const member of others) await run(member);
    const name = hex(victim.participant.publicKey);
    await coordinator.close();
    const all = decodeSeeds(coordinator.seeds(summer.participant.publicKey)!);
    const one = encodeSeeds(new Map([[name, all.get(name)!]]));
    const { mask } = decodeSum2((await messageOf(summer, coordinator, 'sum2', { seeds: () => Promise.resolve(one) })).payload);
    const alone = new Aggregation(ONE, 3);
    alone.add(decodeUpdate(payload).maskedModel);
    expect(alone.unmask(mask)).to.deep.equal(meanOf([victim], ONE));
  });

  it('gets no memory for models that are longer than the participant takes', async () => {
    const honest = await network();
    const parameters = { ...decodeParameters(honest.coordinator.parameters()), modelLength: 2 ** 25 };
    const client = { ...honest.client, parameters: () => Promise.resolve(encodeParameters(parameters)) };
    const { participant } = memberOf(client, { model: new Float32Array(3), weight: 1 });
    await rejected('ERR_SECAGG_PET_PARAMETERS', participant.transition());
  });

  it('begins a new round for a participant when it changes anything in the parameters', async () => {
    const { coordinator, client, updaters } = await network();
    const parameters = encodeParameters({ ...decodeParameters(coordinator.parameters()), updateProbability: 0.95 });
    const { participant, events } = shown(updaters[0], { ...client, parameters: () => Promise.resolve(parameters) });
    await participant.transition();
    expect(events).to.deep.equal(['round']);
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
    const {
      coordinator,
      client: honestClient,
      updaters: [updater],
    } = await afterSums();
    const own = await generateKeyPair(systemRandom);
    const honest = decodeParameters(coordinator.parameters());
    const shown = encodeParameters({ ...honest, coordinatorKey: own.publicKey });
    const sent: Uint8Array[] = [];
    const client: PetClient = {
      ...honestClient,
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
