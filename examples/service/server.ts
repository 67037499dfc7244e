// An application server with a task, over HTTP: node --import tsx examples/service/server.ts [runs] [port]
import { createServer } from 'node:http';
import { developmentService } from 'secagg/coordinator';
import { nodeHandler } from './http.ts';
import { routesOf } from './routes.ts';

const [runs = 1, port = 8787] = process.argv.slice(2).map(Number);
const ending = new AbortController();
const service = developmentService({
  aggregate: { kind: 'mean', length: 2, clippingRange: 600 }, // minutes of sleep and of sport, of each participant
  threshold: 3,
  maxUsers: 5,
});
const { coordinator } = service;
const server = createServer(nodeHandler(routesOf(service)));
server.listen(port, '127.0.0.1', () => console.log(`listening on ${port}`));
const ticking = coordinator.run({ signal: ending.signal });
for (let i = 0; i < runs; i++) {
  const outcome = await coordinator.finished(await service.openRun());
  if (outcome.kind === 'failed') console.log(`run ${outcome.run}: no sum, ${outcome.code}`);
  else console.log(`run ${outcome.run}: mean over ${outcome.included.length} participants`, outcome.result);
}
await new Promise((resolve) => setTimeout(resolve, 3000)); // participants hear that the last run is over
ending.abort();
await ticking;
server.close();
