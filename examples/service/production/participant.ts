// A participant, on its user's device, in a folder of its own with a copy of task.json.
//   node --import tsx participant.ts <id> <URL of the server> <key that server.ts has printed> <URL of the registrar>
import { Agent } from 'secagg/agent';
import { FileAgentStore } from 'secagg/agent/file';
import { certificateRequest, Task } from 'secagg/service';
import { exchangeWith } from '../exchange.ts';
import { keypairIn, secretIn, textIn } from './files.ts';

const [id, server, serverKey = '', registrar] = process.argv.slice(2);
const task = Task.fromJSON(JSON.parse(textIn('task.json') ?? 'null'));
const keypair = keypairIn('participant.key');

/** A certificate is valid for a week. This one is renewed each day. */
let certified = { until: 0, certificate: new Uint8Array() };
async function certificate(): Promise<Uint8Array> {
  if (Date.now() < certified.until) return certified.certificate;
  const body = await certificateRequest(task.definition.registrar, Number(id), keypair);
  const headers = { authorization: `Bearer of ${id}` }; // the token of your sign-in
  const response = await fetch(`${registrar}/certificates`, { method: 'POST', headers, body });
  if (!response.ok) throw new Error(`certificate: status ${response.status}`);
  certified = { until: Date.now() + 86_400_000, certificate: new Uint8Array(await response.arrayBuffer()) };
  return certified.certificate;
}

const ending = new AbortController();
process.once('SIGTERM', () => ending.abort());
const agent = new Agent({
  task,
  id: Number(id),
  keypair,
  certificate,
  exchange: exchangeWith(`${server}/secagg`),
  inputs: { load: ({ run }) => Promise.resolve({ id: `night ${run}`, data: [400 + 10 * Number(id)] }) },
  store: new FileAgentStore('state'),
  storeKey: secretIn('store.key'), // better in the system's key store, if it has one
  // Floors are part of the application, and are reviewed with it. No server sends them.
  floors: {
    group: { minHonest: 2, minEnrolled: 3, minThreshold: 3, maxUsers: 100 },
    adversary: { model: 'malicious', minColluders: 1, minColludingFraction: 0.1, security: null },
    keys: {
      coordinator: new Uint8Array(Buffer.from(serverKey, 'hex')),
      registrar: task.definition.registrar,
      publisher: task.definition.publisher,
      maxRevocationAge: 86_400,
      maxCertificateAge: 8 * 86_400,
    },
    repetition: { minInterval: 20 * 3600, maxParticipations: 365 },
    privacy: null,
    maxPayloadBytes: 0,
    acceptDevelopment: false,
  },
  listener: (event) => {
    console.log(JSON.stringify(event));
    if (event.type === 'refused') console.error(event.message); // show it to the user
    if (event.type === 'input-refused') console.error(event.message); // mend the application
  },
});
await agent.run({ signal: ending.signal });
