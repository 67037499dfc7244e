// Rounds of the PET protocol with xaynet's own coordinator and participants. They are programs in Rust, which test/reference/pet-network/README.md
// builds; XAYNET_COORDINATOR and XAYNET_PARTICIPANTS are their paths. The coordinator needs redis-server on the path.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { petClient } from '../../examples/pet/client.ts';
import { petServer } from '../../examples/pet/http.ts';
import { equalBytes } from '../../src/leaves/bytes.ts';
import { freePort } from '../../scripts/local-postgres.ts';
import { decodeModel, decodeParameters, PetCoordinator, PetService } from '../../src/pet/index.ts';
import { isDrawn, signTask, type RoundParameters } from '../../src/pet/parameters.ts';
import { meanOf, memberOf, ONE, type Member, type Weighted } from '../pet/worlds.ts';

const { XAYNET_COORDINATOR, XAYNET_PARTICIPANTS } = process.env;
const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** Somebody whose secret key the test knows. */
interface Known extends Weighted {
  readonly signSecretKey: Uint8Array;
}

/** Participants of xaynet-sdk, in a process of their own. */
function ofRust(first: number, count: number, length: number): readonly Known[] {
  return Array.from({ length: count }, (_, k) => ({
    signSecretKey: new Uint8Array(32).fill(first + k),
    model: Float32Array.from({ length }, (_, j) => ((j + 1) * (first + k)) / 1024),
    weight: 1,
  }));
}

async function tasksOf(everybody: readonly Known[], parameters: RoundParameters): Promise<{ sum: number; updaters: Known[] }> {
  const { seed, sumProbability, updateProbability } = parameters;
  let sum = 0;
  const updaters: Known[] = [];
  for (const each of everybody) {
    if (isDrawn(await signTask(each.signSecretKey, seed, 'sum'), sumProbability)) sum++;
    else if (isDrawn(await signTask(each.signSecretKey, seed, 'update'), updateProbability)) updaters.push(each);
  }
  return { sum, updaters };
}

describe('a network of xaynet', function () {
  this.timeout(300_000);
  const processes: ChildProcess[] = [];
  let folder: string;
  let stopped = false;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'pet-network-'));
  });
  beforeEach(() => {
    stopped = false;
  });
  afterEach(() => {
    stopped = true;
    for (const each of processes.splice(0)) each.kill();
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const start = (program: string, ...options: string[]): void => {
    processes.push(spawn(program, options, { stdio: 'ignore' }));
  };
  const steps = async ({ participant }: Member): Promise<void> => {
    while (!stopped) {
      // Whoever comes late in a round is refused, and goes on in the next one.
      const outcome = await participant.transition().catch(() => 'pending');
      if (outcome === 'pending') await setTimeout(50);
    }
  };
  const ours = (url: string, count: number, length: number): Member[] => {
    const client = petClient(url);
    return Array.from({ length: count }, (_, i) => {
      const model = Float32Array.from({ length }, (_, j) => Math.sin(i + j) / 2);
      return memberOf(client, { model, weight: 0.5 + i / 100 }, { maxMessageBytes: 4096 });
    });
  };

  it('takes our participants beside those of xaynet-sdk: its coordinator gives the mean of all of them, round after round', async function () {
    if (XAYNET_COORDINATOR === undefined || XAYNET_PARTICIPANTS === undefined || !hasRedis) this.skip();
    const length = 700;
    const [port, redis] = [await freePort(), await freePort()];
    const settings = join(folder, 'coordinator.toml');
    writeFileSync(settings, settingsOf({ port, redis, length }));
    start('redis-server', '--port', String(redis), '--save', '', '--dir', folder);
    await setTimeout(1000);
    start(XAYNET_COORDINATOR, '-c', settings);
    await setTimeout(2000);
    const url = `http://127.0.0.1:${port}`;
    const members = ours(url, 12, length);
    start(XAYNET_PARTICIPANTS, url, '1', '24', String(length));
    const everybody = [...members, ...ofRust(1, 24, length)];
    const running = members.map(steps);
    const client = petClient(url);
    for (let round = 0; round < 3; round++) {
      const parameters = (await client.parameters({}))!;
      const { updaters } = await tasksOf(everybody, decodeParameters(parameters));
      do await setTimeout(200);
      while (equalBytes((await client.parameters({}))!, parameters));
      const shown = new Uint8Array(await (await fetch(`${url}/model`)).arrayBuffer());
      expect(decodeModel(shown, 'F32')).to.deep.equal(meanOf(updaters, ONE));
    }
    stopped = true;
    await Promise.all(running);
  });

  it('goes on with our coordinator: it gives the mean of the participants of xaynet-sdk and of ours', async function () {
    if (XAYNET_PARTICIPANTS === undefined) this.skip();
    const length = 2000;
    const coordinator = await PetCoordinator.create({
      sumProbability: 0.3,
      updateProbability: 0.9,
      config: ONE,
      modelLength: length,
    });
    const server = petServer(new PetService({ coordinator })).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const members = ours(url, 8, length);
    start(XAYNET_PARTICIPANTS, url, '1', '24', String(length));
    const everybody = [...members, ...ofRust(1, 24, length)];
    const running = members.map(steps);
    for (let round = 1; round <= 3; round++) {
      const { sum, updaters } = await tasksOf(everybody, decodeParameters(coordinator.parameters()));
      for (const count of [sum, updaters.length]) {
        while (coordinator.progress().accepted < count) await setTimeout(20);
        await coordinator.close();
      }
      while (coordinator.progress().accepted < sum) await setTimeout(20);
      expect((await coordinator.close()).model).to.deep.equal(meanOf(updaters, ONE));
    }
    stopped = true;
    await Promise.all(running);
    server.closeAllConnections();
    server.close();
  });
});

function settingsOf({ port, redis, length }: { readonly port: number; readonly redis: number; readonly length: number }): string {
  return `
[log]
filter = "warn"
[api]
bind_address = "127.0.0.1:${port}"
[pet]
min_sum_count = 1
max_sum_count = 100
min_sum_time = 5
max_sum_time = 60
min_update_count = 3
max_update_count = 1000
min_update_time = 8
max_update_time = 60
min_sum2_count = 1
max_sum2_count = 100
min_sum2_time = 5
max_sum2_time = 60
sum = 0.3
update = 0.9
[mask]
group_type = "Prime"
data_type = "F32"
bound_type = "B0"
model_type = "M3"
[model]
length = ${length}
[metrics.influxdb]
url = "http://127.0.0.1:8086"
db = "metrics"
[redis]
url = "redis://127.0.0.1:${redis}/0"
`;
}
