// One round of the PET protocol over HTTP: a coordinator and its participants on the loopback interface, in one process to keep the example short.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { genKeypair } from 'secagg';
import { decodeModel, PetCoordinator, PetParticipant } from 'secagg/pet';
import { petClient, petServer, type PetService } from './http.ts';

const masks = { groupType: 'Prime', dataType: 'F32', boundType: 'B0', modelType: 'M3' } as const;
const coordinator = await PetCoordinator.create({
  sumProbability: 0.3,
  updateProbability: 1,
  config: { vect: masks, unit: masks },
  modelLength: 2,
});
const service: PetService = { coordinator, model: null };
const server = petServer(service).listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const models = { load: () => Promise.resolve({ model: Float32Array.of(0.5, -0.25) }) };
const participants = Array.from({ length: 40 }, () => {
  return new PetParticipant({ signSecretKey: genKeypair()[1], client: petClient(url), models });
});
while (service.model === null) {
  for (const participant of participants) while ((await participant.transition()) === 'complete');
  const { round, phase, accepted } = coordinator.progress();
  const { model } = await coordinator.close();
  service.model = model;
  console.log(`round ${round}: the ${phase} phase is over, with ${accepted} messages`);
}
const shown = await fetch(`${url}/model`);
const mean = decodeModel(new Uint8Array(await shown.arrayBuffer()), 'F32');
assert.deepEqual(mean, Float32Array.of(0.5, -0.25));
console.log('the mean is', mean);
server.close();
