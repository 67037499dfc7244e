// One round of the PET protocol over HTTP: a coordinator and its participants on the loopback interface, in one process to keep the example short.
import assert from 'node:assert/strict';
import { once, setMaxListeners } from 'node:events';
import type { AddressInfo } from 'node:net';
import { genKeypair } from 'secagg';
import { MemoryAgentStore } from 'secagg/agent';
import { decodeModel, PetAgent, PetCoordinator, PetService } from 'secagg/pet';
import { petClient } from './client.ts';
import { petServer } from './http.ts';

const masks = { groupType: 'Prime', dataType: 'F32', boundType: 'B0', modelType: 'M3' } as const;
const time = { min: 1, max: 60 }; // seconds of each phase
const coordinator = await PetCoordinator.create({
  sumProbability: 0.3,
  updateProbability: 1,
  config: { vect: masks, unit: masks },
  modelLength: 2,
  sum: { time },
  update: { time },
  sum2: { time },
});
const ending = new AbortController();
const { signal } = ending;
setMaxListeners(0, signal);
const service = new PetService({
  coordinator,
  listener(event) {
    if (event.type === 'tick-failed') return;
    console.log(`round ${event.round}: the ${event.phase} phase is over, with ${event.accepted} messages`);
    if (event.type === 'round-ended' && event.error === null) ending.abort();
  },
});
const server = petServer(service).listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const models = { load: () => Promise.resolve({ model: Float32Array.of(0.5, -0.25) }) };
const participants = Array.from({ length: 40 }, () => {
  const state = { store: new MemoryAgentStore(), storeKey: crypto.getRandomValues(new Uint8Array(32)) };
  return new PetAgent({ signSecretKey: genKeypair()[1], client: petClient(url), models, pollInterval: 200, ...state });
});
await Promise.all([service.run({ signal }), ...participants.map((participant) => participant.run({ signal }))]);

const shown = await fetch(`${url}/model`);
const mean = decodeModel(new Uint8Array(await shown.arrayBuffer()), 'F32');
assert.deepEqual(mean, Float32Array.of(0.5, -0.25));
console.log('the mean is', mean);
server.close();
