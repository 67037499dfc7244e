// A coordinator that crashes, with a state of it that was written down. The names of the weaknesses are those of xaynet.
import { expect } from 'chai';
import { setImmediate } from 'node:timers/promises';
import { hex } from '../../src/leaves/bytes.ts';
import { decodeParameters, PetCoordinator, type Model } from '../../src/pet/index.ts';
import { coordinatorDocument } from '../../src/pet/coordinator-state.ts';
import { afterSums, clientOf, goOn, meanOf, ONE, run, settings, type Member } from './worlds.ts';

/** The mean that a state leads to, if nobody sends another model. */
async function meanAfter(state: string, summers: readonly Member[]): Promise<Model | null> {
  const coordinator = await PetCoordinator.recoverState(state, settings);
  await coordinator.close();
  for (const summer of summers) await goOn(summer, clientOf(coordinator));
  return (await coordinator.close()).model;
}

describe('a coordinator that crashes in the update phase', () => {
  it('goes on in the same round with the sum of the models that were accepted (X8)', async () => {
    const { coordinator, summers, updaters } = await afterSums();
    const [first, second, ...others] = updaters;
    for (const member of [first, second]) await run(member);
    const recovered = await PetCoordinator.recoverState(coordinator.serializeState(), settings);
    expect(recovered.progress()).to.include({ round: 1, phase: 'update', accepted: 2 });
    expect(decodeParameters(recovered.parameters())).to.deep.equal(decodeParameters(coordinator.parameters()));
    for (const member of others) await goOn(member, clientOf(recovered));
    expect(await meanAfter(recovered.serializeState(), summers)).to.deep.equal(meanOf(updaters, ONE));
  });

  it('has the seeds of an update and its model, or neither of them (X9), whenever its state was written down', async () => {
    const { coordinator, summers, updaters } = await afterSums();
    const states = new Map<number, string>();
    const ending = new AbortController();
    const sending = Promise.all(updaters.map(run)).finally(() => {
      ending.abort();
    });
    while (!ending.signal.aborted) {
      const state = coordinator.serializeState();
      states.set(coordinatorDocument.parse(state).seeds.size, state);
      await setImmediate();
    }
    await sending;
    states.set(updaters.length, coordinator.serializeState());
    for (const [size, state] of states) {
      if (size < 3) continue;
      const { seeds } = coordinatorDocument.parse(state);
      const heard = updaters.filter(({ participant }) => seeds.has(hex(participant.publicKey)));
      // The order of addition does not matter: the sum is one of integers.
      expect(await meanAfter(state, summers)).to.deep.equal(meanOf(heard, ONE));
    }
  });
});
