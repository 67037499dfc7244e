// A participant over HTTP: node --import tsx examples/service/participant.ts [id] [port]
import { developmentAgent } from 'secagg/agent';
import type { DevelopmentIntroduction } from 'secagg/service';
import { exchangeWith, post } from './exchange.ts';

const [id = 0, port = 8787] = process.argv.slice(2).map(Number);
const url = `http://127.0.0.1:${port}`;
const ending = new AbortController();
const agent = await developmentAgent({
  id,
  introduction: (await (await fetch(`${url}/development`)).json()) as DevelopmentIntroduction,
  certify: (request) => post(`${url}/certificates`, request),
  exchange: exchangeWith(`${url}/secagg`),
  inputs: { load: ({ run }) => Promise.resolve({ id: `day ${run}`, data: [400 + id, 30 * id] }) },
  listener: (event) => event.type === 'done' && ending.abort(),
});
await agent.run({ signal: ending.signal });
