// Processes with rounds of PET in PostgreSQL that are killed while participants send: what was accepted is in the mean.
import { fork, type ChildProcess } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { petClient } from '../../examples/pet/client.ts';
import { freePort } from '../../scripts/local-postgres.ts';
import { genKeypair } from '../../src/index.ts';
import { MemoryAgentStore } from '../../src/agent/index.ts';
import { PetAgent, type PetClient, type Task } from '../../src/pet/index.ts';
import { PostgresPetCoordinator } from '../../src/postgres/index.ts';
import { meanOf, ONE, settings } from '../pet/worlds.ts';
import { bundled } from '../postgres/fleet.ts';
import { testDatabase, type TestDatabase } from '../postgres/support.ts';

/** How often a process is killed. */
const KILLS = 6;

describe('processes with rounds of PET', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  const children = new Set<ChildProcess>();
  before(async () => (database = await testDatabase()));
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await database.end();
  });

  it('that are killed again and again lose no model that was accepted', async () => {
    const options = { ...settings, network: 'killed', schema: database.schema };
    const coordinator = new PostgresPetCoordinator(database.pool, options);
    await coordinator.migrate();
    const ports = [await freePort(), await freePort()];
    const program = await bundled(new URL('pet-process.ts', import.meta.url));
    const start = async (port: number): Promise<ChildProcess> => {
      const child = fork(program, {
        execArgv: [],
        env: { ...process.env, POSTGRES_URL: database.server.url, PET_OPTIONS: JSON.stringify(options), PORT: String(port) },
      });
      children.add(child);
      await once(child, 'message');
      return child;
    };
    const running = await Promise.all(ports.map(start));

    const ending = new AbortController();
    const { signal } = ending;
    // A test that fails must end: nothing goes on after its time.
    const limit = globalThis.setTimeout(() => ending.abort(), 100_000);
    signal.addEventListener('abort', () => clearTimeout(limit));
    setMaxListeners(0, signal);
    const [first, second] = ports.map((port) => petClient(`http://127.0.0.1:${port}`)) as [PetClient, PetClient];
    let turn = 0;
    const client: PetClient = {
      parameters: (call) => (turn++ % 2 === 0 ? first : second).parameters(call),
      sums: (call) => (turn++ % 2 === 0 ? first : second).sums(call),
      seeds: (key, call) => (turn++ % 2 === 0 ? first : second).seeds(key, call),
      send: (message, call) => (turn++ % 2 === 0 ? first : second).send(message, call),
    };
    const tasks = new Map<number, Task | null>();
    const sent: string[] = [];
    let kills = 0;
    const modelOf = (i: number): Float32Array => Float32Array.of(i / 32, -1, 0.5);
    const agents = Array.from({ length: 24 }, (_, i) => {
      return new PetAgent({
        signSecretKey: genKeypair()[1],
        client,
        // They come one after the other, so that processes are killed in between.
        models: { load: () => setTimeout(100 * i, { model: modelOf(i) }) },
        store: new MemoryAgentStore(),
        storeKey: new Uint8Array(32),
        pollInterval: 200,
        listener(event) {
          if (event.type === 'sent') sent.push(`${event.message} ${i}`);
          if (event.type === 'round' && !tasks.has(i)) tasks.set(i, event.task);
        },
      });
    });
    const drawn = (task: Task): number[] => [...tasks].flatMap(([i, each]) => (each === task ? [i] : []));
    const killing = async (): Promise<void> => {
      for (let i = 0; i < KILLS && !signal.aborted; i++) {
        await setTimeout(500);
        const at = i % 2;
        running[at]!.kill('SIGKILL');
        await once(running[at]!, 'exit');
        kills++;
        running[at] = await start(ports[at]!);
      }
    };
    /** Ends a phase once everybody has an answer. */
    const phase = async (message: string, task: Task): Promise<void> => {
      const isMissing = (): boolean => tasks.size < agents.length || drawn(task).some((i) => !sent.includes(`${message} ${i}`));
      while (isMissing() && !signal.aborted) await setTimeout(50);
      expect(await coordinator.progress()).to.include({ phase: message, accepted: drawn(task).length });
      await coordinator.advance();
    };
    const ends = async (): Promise<void> => {
      try {
        await phase('sum', 'sum');
        await phase('update', 'update');
        await phase('sum2', 'sum');
      } finally {
        ending.abort();
      }
    };
    await Promise.all([killing(), ends(), ...agents.map((agent) => agent.run({ signal }))]);
    expect(kills).to.be.at.least(2);
    const heard = drawn('update').map((i) => ({ model: modelOf(i), weight: 1 }));
    expect((await coordinator.model())?.model).to.deep.equal(meanOf(heard, ONE));
  });
});
